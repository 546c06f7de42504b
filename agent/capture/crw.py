"""Canon's CRW (CIFF): a heap of records with its directory at the end, and inner directories built the same way.

The capture time is a count of seconds by the camera's own clock, so a wall clock; the zone stored with it is zero in
most files whatever the clock's, and is not read.
"""

import struct
from datetime import datetime, timedelta
from typing import Literal

from agent.capture.bounded import BoundedFile, Broken, ByteRange, ByteSource
from agent.capture.evidence import Clock, Evidence, Exif, Stamp
from agent.capture.tiff import printable

MAX_RECORDS = 500
"""Most records in one directory; cameras write under 40."""

MAX_DIRECTORIES = 16
_DEPTH = 4

_TIME, _MAKE_MODEL, _SERIAL = 0x180E, 0x080A, 0x180B
_DIRECTORIES = (0x2800, 0x3000)
_IN_THE_RECORD = 0x4000
"""A flag in the tag: the value is the record's own eight bytes."""


def read_crw(file: BoundedFile) -> Evidence:
    """All evidence in a CRW."""
    notes: list[str] = []
    clock, camera, complete = None, Exif(), False
    try:
        clock, camera = read_heap(file)
        complete = True
    except Broken as fault:
        # The directory is at the end: without it the file was cut.
        notes.append(f"its directory cannot be read: {fault}")
    return Evidence("crw", complete=complete, blocks=(camera,), clock=clock, notes=tuple(notes))


def read_heap(source: ByteSource) -> tuple[Clock | None, Exif]:
    """A heap with its header, as in a CRW and in Canon's first JPEGs; `Broken` without its directory."""
    order: Literal["<", ">"] = "<" if source.at(0, 2) == b"II" else ">"
    start = struct.unpack(order + "I", source.at(2, 4))[0]
    found: dict[int, bytes] = {}
    _Heap(order).read(ByteRange(source, start, source.size - start), found, _DEPTH)
    make, model = ([*found.get(_MAKE_MODEL, b"").split(b"\0"), b"", b""])[:2]
    camera = Exif(make=_text(make), model=_text(model), serial=_serial(found.get(_SERIAL, b""), order))
    return _clock(found.get(_TIME, b""), order), camera


class _Heap:
    """The directories of one file, with one count for all of them."""

    def __init__(self, order: Literal["<", ">"]) -> None:
        self._order = order
        self._left = MAX_DIRECTORIES

    def read(self, block: ByteSource, found: dict[int, bytes], depth: int) -> None:
        """Add the wanted values of a block, and of those inside it, to `found`; the first of each counts."""
        self._left -= 1
        if self._left < 0 or depth < 0:
            raise Broken("it has more directories than any camera writes")
        where = struct.unpack(self._order + "I", block.at(block.size - 4, 4))[0]
        count = struct.unpack(self._order + "H", block.at(where, 2))[0]
        rows = block.at(where + 2, 10 * min(count, MAX_RECORDS))
        for row, (mark, size, offset) in enumerate(struct.iter_unpack(self._order + "HII", rows)):
            tag = mark & 0x3FFF
            if tag & 0x3800 in _DIRECTORIES and not mark & 0xC000:
                self.read(ByteRange(block, offset, size), found, depth - 1)
            elif tag in {_TIME, _MAKE_MODEL, _SERIAL} and tag not in found:
                inline = bool(mark & _IN_THE_RECORD)
                found[tag] = block.at(where + 2 + 10 * row + 2, 8) if inline else block.at(offset, min(size, 128))


def _clock(value: bytes, order: str) -> Clock | None:
    if len(value) < 4:
        return None
    (seconds,) = struct.unpack(order + "I", value[:4])
    if not seconds:
        return None
    shown = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001  # a wall clock: no zone is known
    return Clock(Stamp(shown.strftime("%Y:%m:%d %H:%M:%S")), "Canon CIFF TimeStamp")


def _serial(value: bytes, order: str) -> str | None:
    """Ten digits, as Canon's own programs show it and as Exif from later cameras has it."""
    number = struct.unpack(order + "I", value[:4])[0] if len(value) >= 4 else 0
    return f"{number:010d}" if number else None


def _text(value: bytes) -> str | None:
    return printable(value.decode("latin-1")) or None
