"""The boxes of ISO base media files (ISO 14496-12, 4.2): HEIF, AVIF, CR3, MP4 and QuickTime are made of them.

Promises: boxes are counted over the whole file and never leave the box they are in; a box's content is read only when
asked for and up to a limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.capture.bounded import Broken, ByteSource

MAX_BOXES = 2_000
"""Over all that is walked in one file. Only headers of a few levels are; a phone's clip has under 200."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box's four letters and where its content starts and ends in the source."""

    kind: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self.end - self.start


_TOP = frozenset(
    {b"ftyp", b"styp", b"pdin", b"moov", b"moof", b"mfra", b"mdat", b"idat", b"free", b"skip", b"wide", b"pnot"}
    | {b"meta", b"meco", b"uuid", b"sidx", b"ssix", b"prft", b"emsg", b"udta"}
    | {b"jP  ", b"jp2h", b"jp2c", b"jp2i", b"xml ", b"JXL ", b"Exif", b"jxlc", b"jxlp", b"jxll", b"jbrd", b"brob"}
)
"""What boxes a camera's file is made of at its top. Behind the last of them may follow what is no box at all."""

_DATA = {b"mdat", b"free", b"skip", b"wide"}
"""Boxes whose end may be missing without a loss to the header: pictures and sound, and what fills gaps."""


class Boxes:
    """The walk over one file's boxes, with one count for all of it.

    `torn` is whether a box of the header was met that reaches past the one it is in, or past the end of the file.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._left = MAX_BOXES
        self.torn = False

    def inside(self, start: int, end: int, *, at_top: bool = False) -> Iterator[Box]:
        """The boxes between two offsets. One that reaches past `end` is given cut there; see `cut_short`."""
        position = start
        while position + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise Broken("it has more boxes than any camera writes")
            head = self._source.at(position, 8)
            size, begins = int.from_bytes(head[:4], "big"), position + 8
            if size == 1:
                size, begins = int.from_bytes(self._source.at(begins, 8), "big"), begins + 8
            elif size == 0:
                size = end - position
            if size < begins - position or (at_top and head[4:] not in _TOP and position + size > end):
                return
            self.torn = self.torn or (position + size > end and head[4:] not in _DATA)
            yield Box(head[4:], begins, min(position + size, end))
            position += size

    def top(self) -> Iterator[Box]:
        """The boxes of the whole file, up to its trailer.

        Samsung's phones (SEFT), Insta360's cameras and others write things of their own behind the last box, and their
        first bytes, read as a box, name any size. So what has no known name and reaches past the end of the file is
        no torn box but a trailer, and the file ends before it.
        """
        return self.inside(0, self._source.size, at_top=True)

    def within(self, box: Box, skip: int = 0) -> Iterator[Box]:
        """The boxes in a box, past `skip` bytes (4 for a version and flags)."""
        return self.inside(box.start + skip, box.end)

    def content(self, box: Box, limit: int) -> bytes:
        """A box's content; `Broken` where it is longer than `limit`."""
        if box.size > limit:
            raise Broken(f"a box of it is larger than any camera writes ({box.size} bytes)")
        return self._source.at(box.start, box.size)

    def cut_short(self) -> bool:
        """Whether the last box of the whole file reaches past the file's end; what follows it may be a trailer."""
        position = 0
        for _ in range(MAX_BOXES):
            if position + 8 > self._source.size:
                return False
            head = self._source.at(position, 8)
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if size == 1 and position + 16 <= self._source.size:
                size = int.from_bytes(self._source.at(position + 8, 8), "big")
            if size < 8:
                return False
            position += size
            if position > self._source.size:
                return kind in _TOP
        return False
