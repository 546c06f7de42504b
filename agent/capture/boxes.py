"""The boxes of ISO base media files (ISO 14496-12, 4.2): HEIF, AVIF, CR3, MP4 and QuickTime are made of them.

Promises: boxes are counted over the whole file and stay inside the box that contains them; a box's content is read only
when asked for and up to a limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.capture.bounded import Broken, ByteSource

MAX_BOXES = 2_000
"""Most boxes walked in one file. Only a few levels of headers are walked; a phone's clip has under 200."""


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
"""The boxes at the top of a camera's file. The bytes after the last of them may not be a box at all."""

_FIRST = b"ftyp"
"""The box that a file has once at its top, at its beginning (ISO 14496-12, 4.3)."""

_DATA = {b"mdat", b"free", b"skip", b"wide"}
"""Boxes that may be cut short without a loss to the header: pictures and sound, and padding."""


class Boxes:
    """The walk over one file's boxes, with one count for all of it.

    `torn` says whether a header box was found that reaches past the box around it, or past the end of the file.
    """

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._left = MAX_BOXES
        self.torn = False

    def inside(self, start: int, end: int, *, at_top: bool = False) -> Iterator[Box]:
        """The boxes between two offsets. A box that reaches past `end` is returned cut there; see `cut_short`."""
        position = start
        begun = False
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
            if at_top and head[4:] == _FIRST:
                if begun:
                    return
                begun = True
            self.torn = self.torn or (position + size > end and head[4:] not in _DATA)
            yield Box(head[4:], begins, min(position + size, end))
            position += size

    def top(self) -> Iterator[Box]:
        """The boxes of the whole file, up to its trailer.

        Samsung's phones (SEFT), Insta360's cameras and others write data of their own after the last box, and its first
        bytes, read as a box, give any size. So a box with an unknown name that reaches past the end of the file is not
        a torn box but a trailer, and the boxes end before it. So they do where another file begins: a motion photo's
        clip, or what a rescued card had there before.
        """
        return self.inside(0, self._source.size, at_top=True)

    def within(self, box: Box, skip: int = 0) -> Iterator[Box]:
        """The boxes in a box, after `skip` bytes (4 for a version and flags)."""
        return self.inside(box.start + skip, box.end)

    def content(self, box: Box, limit: int) -> bytes:
        """A box's content; `Broken` if it is longer than `limit`."""
        if box.size > limit:
            raise Broken(f"a box in it is larger than any camera writes ({box.size} bytes)")
        return self._source.at(box.start, box.size)

    def cut_short(self) -> bool:
        """Whether the last box of the whole file reaches past the file's end; data after it may be a trailer."""
        position = 0
        begun = False
        for _ in range(MAX_BOXES):
            if position + 8 > self._source.size:
                return False
            head = self._source.at(position, 8)
            size, kind = int.from_bytes(head[:4], "big"), head[4:]
            if size == 1 and position + 16 <= self._source.size:
                size = int.from_bytes(self._source.at(position + 8, 8), "big")
            if size < 8 or (begun and kind == _FIRST):
                return False
            begun = begun or kind == _FIRST
            position += size
            if position > self._source.size:
                return kind in _TOP
        return False
