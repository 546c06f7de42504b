"""ASF, which is WMV: the creation date in its File Properties Object (ASF specification 1.2, 3.2).

Some early cameras wrote it, Panasonic's and Sharp's among them; most of these files come from a program. Only the
objects inside the Header Object are walked.
"""

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.evidence import Clip, Evidence
from agent.capture.tiff import printable

MAX_OBJECTS = 200
"""Most objects in the header; a file has some ten."""

MAX_WORDS = 500
MAX_DESCRIPTION = 256 * 1024

_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_DESCRIPTION = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
_TOOL = "WM/ToolName"

_FROM_1601 = 9_561_628_800
"""Seconds from 1601-01-01, the epoch of Windows, to 1904-01-01, the epoch of `Clip.created`."""

_TICKS = 10_000_000
"""Ticks in a second."""

_BROADCAST = 1
"""The flag that says that dates and lengths are not filled in."""


def read_asf(file: BoundedFile) -> Evidence:
    """All evidence in the header."""
    notes: list[str] = []
    clip, complete = None, False
    try:
        head = file.at(0, 30)
        found = _objects(file, min(int.from_bytes(head[16:24], "little"), file.size))
        if _PROPERTIES in found:
            clip, size = _clip(file, found)
            complete = size is None or size <= file.size
    except Broken as fault:
        notes.append(f"its header cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence("wmv", complete=complete, clip=clip, notes=tuple(notes))


def _objects(file: BoundedFile, end: int) -> dict[bytes, tuple[int, int]]:
    """The offset and length of the content of the first object of each kind in the header."""
    found: dict[bytes, tuple[int, int]] = {}
    position = 30
    for _ in range(MAX_OBJECTS):
        if position + 24 > end:
            return found
        head = file.at(position, 24)
        size = int.from_bytes(head[16:], "little")
        if size < 24:
            raise Broken("an object in it is smaller than its own head")
        found.setdefault(head[:16], (position + 24, size - 24))
        position += size
    raise Broken("it has more objects than any recorder writes")


def _clip(file: BoundedFile, found: dict[bytes, tuple[int, int]]) -> tuple[Clip, int | None]:
    """The clip's evidence in the header, and the whole file's size according to it."""
    start, size = found[_PROPERTIES]
    if size < 80:
        raise Broken("its properties are cut short")
    content = file.at(start, 80)
    whole, date, _, length, _, preroll = (int.from_bytes(content[at : at + 8], "little") for at in range(16, 64, 8))
    if content[64] & _BROADCAST:
        return Clip(software=_tool(file, found), header="ASF creation date"), None
    return Clip(
        created=date // _TICKS - _FROM_1601 if date else None,
        duration=max(0.0, length / _TICKS - preroll / 1000),
        software=_tool(file, found),
        header="ASF creation date",
    ), whole


def _tool(file: BoundedFile, found: dict[bytes, tuple[int, int]]) -> str | None:
    """The program that says it wrote the file (3.10: names and values, each with its length)."""
    start, size = found.get(_DESCRIPTION, (0, 0))
    content = file.at(start, min(size, MAX_DESCRIPTION))
    position = 2
    for _ in range(min(int.from_bytes(content[:2], "little"), MAX_WORDS)):
        long = int.from_bytes(content[position : position + 2], "little")
        name = content[position + 2 : position + 2 + long].decode("utf-16-le", "replace").rstrip("\0")
        position += 2 + long
        kind = int.from_bytes(content[position : position + 2], "little")
        long = int.from_bytes(content[position + 2 : position + 4], "little")
        if name == _TOOL and kind == 0:
            text = content[position + 4 : position + 4 + min(long, 512)].decode("utf-16-le", "replace")
            return printable(text.split("\0", 1)[0]) or None
        position += 4 + long
    return None
