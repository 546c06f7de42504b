"""Values that are only in a maker's own note: Apple's Live Photo identifier, the serial and the picture's number.

Each maker has its own form of note; a note that is broken, or was moved by an editor, is ignored. Offsets count from
the note's start with Apple, Nikon, Olympus and today's Pentax, and from the Exif block's with Canon and older Pentax
cameras.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

from agent.capture.bounded import Broken, ByteRange, ByteSource
from agent.capture.tiff import IfdEntry, Tiff

_LIMIT = 256

_Found = TypeVar("_Found")

_APPLE = b"Apple iOS\0"
_APPLE_FIELDS = 14
"""`Apple iOS`, NUL, two bytes of version, the byte order; then the directory."""

_APPLE_CONTENT_ID = 0x0011

_NIKON = b"Nikon\0\2"
_NIKON_BLOCK = 10
_OLYMPUS = (b"OLYMPUS\0", b"OM SYSTEM\0\0\0")
_PENTAX = b"AOC\0"
_PENTAX_LATER = b"PENTAX \0"

_CANON_SERIAL, _NIKON_SERIALS, _PENTAX_SERIAL = 0x000C, (0x001D, 0x00A0), 0x0229
_CANON_FILE, _NIKON_SHUTTER = 0x0008, 0x00A7
_IN_A_FOLDER = 10_000
"""Canon's file number is 1010163 for 101-0163: when a folder is full its number rises, and files start at 1 again."""

_OLYMPUS_EQUIPMENT, _OLYMPUS_SERIAL = 0x2010, 0x0101


def content_id(note: IfdEntry, source: ByteSource) -> str | None:
    """The Live Photo ContentIdentifier in an Apple note."""

    def read() -> str | None:
        inside = ByteRange(source, note.where, note.size)
        head = inside.at(0, _APPLE_FIELDS)
        if not head.startswith(_APPLE):
            return None
        tiff = Tiff.headless(inside, "<" if head[12:14] == b"II" else ">")
        return _word(tiff, _APPLE_FIELDS, _APPLE_CONTENT_ID)

    return _unless_broken(read)


def serial(note: IfdEntry, source: ByteSource, order: Literal["<", ">"], make: str) -> str | None:
    """The body's serial number as its maker's programs show it; `order` is the Exif block's byte order."""

    def read() -> str | None:
        inside = ByteRange(source, note.where, note.size)
        if make.startswith("Canon"):
            return _canon(Tiff.headless(source, order), note.where)
        if make.upper().startswith("NIKON"):
            return _nikon(inside)
        if make.upper().startswith(("OLYMPUS", "OM DIGITAL")):
            return _olympus(inside)
        if make.upper().startswith(("PENTAX", "RICOH")):
            return _pentax(inside, source, note.where, order)
        return None

    return _unless_broken(read)


def number(note: IfdEntry, source: ByteSource, order: Literal["<", ">"], make: str) -> int | None:
    """Canon's number of the file in its folder, or how often a Nikon's shutter had opened; None for other makers."""

    def read() -> int | None:
        if make.startswith("Canon"):
            tiff = Tiff.headless(source, order)
            fields, _ = tiff.directory(note.where)
            found = _whole(tiff, fields, _CANON_FILE)
            return found and found % _IN_A_FOLDER
        inside = ByteRange(source, note.where, note.size)
        if make.upper().startswith("NIKON") and inside.at(0, len(_NIKON)) == _NIKON:
            tiff = Tiff(ByteRange(inside, _NIKON_BLOCK, inside.size - _NIKON_BLOCK))
            fields, _ = tiff.directory(tiff.first)
            return _whole(tiff, fields, _NIKON_SHUTTER)
        return None

    return _unless_broken(read)


def _whole(tiff: Tiff, fields: dict[int, IfdEntry], tag: int) -> int | None:
    entry = fields.get(tag)
    return tiff.integer(entry) if entry is not None and entry.type == 4 and entry.count == 1 else None


def _canon(tiff: Tiff, where: int) -> str | None:
    """A whole number, shown with ten digits; 0 if the camera does not give it."""
    fields, _ = tiff.directory(where)
    entry = fields.get(_CANON_SERIAL)
    number = tiff.integer(entry) if entry is not None and entry.type == 4 and entry.count == 1 else None
    return f"{number:010d}" if number else None


def _nikon(note: ByteSource) -> str | None:
    if note.at(0, len(_NIKON)) != _NIKON:
        return None
    tiff = Tiff(ByteRange(note, _NIKON_BLOCK, note.size - _NIKON_BLOCK))
    fields, _ = tiff.directory(tiff.first)
    found = next((word for tag in _NIKON_SERIALS if tag in fields and (word := tiff.text(fields[tag], _LIMIT))), "")
    return found.removeprefix("No=").removeprefix("NO=").strip() or None


def _pentax(note: ByteSource, block: ByteSource, where: int, order: Literal["<", ">"]) -> str | None:
    if note.at(0, len(_PENTAX)) == _PENTAX:
        return _word(Tiff.headless(block, _order(note.at(4, 2), order)), where + 6, _PENTAX_SERIAL)
    if note.at(0, len(_PENTAX_LATER)) == _PENTAX_LATER:
        start = len(_PENTAX_LATER) + 2
        # Its mark says MM whatever the order is; only the true order gives a small count.
        true: Literal["<", ">"] = "<" if note.at(start + 1, 1) == b"\0" else ">"
        return _word(Tiff.headless(note, true), start, _PENTAX_SERIAL)
    return None


def _olympus(note: ByteSource) -> str | None:
    head = note.at(0, 16)
    start = next((start for start in _OLYMPUS if head.startswith(start)), None)
    if start is None:
        return None
    tiff = Tiff.headless(note, _order(head[len(start) : len(start) + 2], "<"))
    fields, _ = tiff.directory(len(start) + 4)
    entry = fields.get(_OLYMPUS_EQUIPMENT)
    if entry is None:
        return None
    # A pointer by the rule, or the directory itself if a firmware counts it in bytes.
    where = tiff.integer(entry) if entry.type in {4, 13} else entry.where
    return _word(tiff, where, _OLYMPUS_SERIAL) if where else None


def _word(tiff: Tiff, directory: int, tag: int) -> str | None:
    fields, _ = tiff.directory(directory)
    return tiff.text(fields[tag], _LIMIT) if tag in fields else None


def _order(mark: bytes, otherwise: Literal["<", ">"]) -> Literal["<", ">"]:
    return {b"II": "<", b"MM": ">"}.get(mark, otherwise)  # type: ignore[return-value]  # one of the two


def _unless_broken(read: Callable[[], _Found | None]) -> _Found | None:
    try:
        return read()
    except Broken:
        return None
