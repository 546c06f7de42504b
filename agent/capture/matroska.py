"""Matroska and WebM (RFC 9559): DateUTC in the segment's Info, nanoseconds from 2001, set by a recorder or program.

No camera writes this format by itself, but the camera app of Chromebooks did and some phones' apps can. Only the
elements before the first Cluster are walked, until Info; sizes and counts are bounded (RFC 8794).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.evidence import Clip, Evidence
from agent.capture.tiff import printable

MAX_ELEMENTS = 500
"""Most elements in the file. A segment has some ten before its first Cluster, and its Info under fifteen."""

MAX_TEXT = 256

_SEGMENT, _INFO, _CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
_DATE, _SCALE, _DURATION, _MUXING_APP, _WRITING_APP = 0x4461, 0x2AD7B1, 0x4489, 0x4D80, 0x5741

_FROM_1904 = 3_061_152_000
"""Seconds from 1904-01-01, the epoch of `Clip.created`, to 2001-01-01."""

_USUAL_SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Element:
    """Its content is `size` bytes from `start`; None means an unknown size, as live recorders write it."""

    id: int
    start: int
    size: int | None


def read_matroska(file: BoundedFile) -> Evidence:
    """All evidence in the segment's Info."""
    notes: list[str] = []
    clip, complete = None, False
    walk = _Walk(file)
    try:
        segment = next((one for one in walk.inside(0, file.size) if one.id == _SEGMENT), None)
        if segment is not None:
            end = file.size if segment.size is None else segment.start + segment.size
            complete = end <= file.size
            clip = _clip(file, walk, segment.start, min(end, file.size))
    except Broken as fault:
        notes.append(f"its header cannot be read: {fault}")
    if not complete:
        notes.append("its end is missing: it was cut, or is not yet copied whole")
    return Evidence("mkv", complete=complete, clip=clip, notes=tuple(notes))


def _clip(file: BoundedFile, walk: "_Walk", start: int, end: int) -> Clip | None:
    for element in walk.inside(start, end):
        if element.id == _CLUSTER:
            return None
        if element.id == _INFO and element.size is not None:
            found = {one.id: one for one in walk.inside(element.start, element.start + element.size)}
            return _from_info(file, found)
    return None


def _from_info(file: BoundedFile, found: dict[int, _Element]) -> Clip:
    def content(id_: int, most: int) -> bytes:
        element = found.get(id_)
        return b"" if element is None else file.at(element.start, min(element.size or 0, most))

    date = content(_DATE, 8)
    since = int.from_bytes(date, "big", signed=True) // 1_000_000_000 if len(date) == 8 else 0
    length = content(_DURATION, 8)
    ticks = struct.unpack(">d" if len(length) == 8 else ">f", length)[0] if len(length) in {4, 8} else None
    scale = int.from_bytes(content(_SCALE, 8), "big") or _USUAL_SCALE
    programs = (content(id_, MAX_TEXT).split(b"\0", 1)[0] for id_ in (_WRITING_APP, _MUXING_APP))
    return Clip(
        created=_FROM_1904 + since if since else None,  # zero: not set
        duration=None if ticks is None else ticks * scale / 1e9,
        software=printable(" ".join(program.decode("utf-8", "replace") for program in programs)).strip() or None,
        header="Matroska DateUTC",
    )


class _Walk:
    """Walks over elements, with one count for all of them."""

    def __init__(self, file: BoundedFile) -> None:
        self._file = file
        self._left = MAX_ELEMENTS

    def inside(self, position: int, end: int) -> Iterator[_Element]:
        """The elements from `position` to `end`; it stops after one of unknown size."""
        while position < end:
            self._left -= 1
            if self._left < 0:
                raise Broken("it has more elements before its pictures than any recorder writes")
            id_, wide = self._number(position, 4, marked=True)
            size, broad = self._number(position + wide, 8, marked=False)
            unknown = size == (1 << 7 * broad) - 1
            start = position + wide + broad
            yield _Element(id_, start, None if unknown else size)
            if unknown:
                return
            position = start + size

    def _number(self, position: int, most: int, *, marked: bool) -> tuple[int, int]:
        """A number of variable size (RFC 8794, 4) and its length in bytes; an ID includes its size mark."""
        first = self._file.at(position, 1)[0]
        wide = 9 - first.bit_length()
        if wide > most:
            raise Broken("a size in it is invalid")
        value = int.from_bytes(self._file.at(position, wide), "big")
        return value if marked else value & ((1 << 7 * wide) - 1), wide
