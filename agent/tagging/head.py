"""The head of a JPEG: its segments from SOI to the first SOS, found without trusting any of them.

Promises: at most `HEAD_LIMIT` bytes, `MOST_SEGMENTS` segments and `LONGEST_FILL` fill bytes are read; bytes may come in
pieces; if the structure is not exactly as in ISO/IEC 10918-1, B.1.1 and B.2.1, it is reported as broken and nothing is
guessed.
"""

from dataclasses import dataclass

SOI = b"\xff\xd8"
APP0, APP1, APP2 = 0xE0, 0xE1, 0xE2
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
EXIF_HEADER = b"Exif\0"
MOST_IN_SEGMENT = 65_533  # a segment's length is 16 bits and counts itself

HEAD_LIMIT = 8 * 1024 * 1024
MOST_SEGMENTS = 4_096
LONGEST_FILL = 1_024

_SOS, _EOI = 0xDA, 0xD9
# TEM, RSTn and SOI have no length; none of them may occur between the segments of a head.
_WITHOUT_LENGTH = {0x00, 0x01, 0xFF, *range(0xD0, 0xD9)}


class BrokenHead(ValueError):
    """The segments are not in order, or too many; says how, in words that fit after "because"."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment from `start` (its marker's 0xFF; fill bytes come before) to `end`; its content is from `start + 4`."""

    marker: int
    start: int
    end: int


class Head:
    """Takes a JPEG's first bytes in pieces until `complete`: all segments before the first SOS are then known."""

    def __init__(self, limit: int = HEAD_LIMIT) -> None:
        self.data = bytearray()
        self.segments: list[Segment] = []
        self.complete = False
        self._limit = limit
        self._at = len(SOI)

    def feed(self, piece: bytes) -> None:
        """Take more bytes and read as far as they reach. BrokenHead."""
        self.data += piece
        if not self.data.startswith(SOI[: len(self.data)]):
            raise BrokenHead("it does not begin as a JPEG")
        while not self.complete and self._step():
            pass
        if not self.complete and len(self.data) > self._limit:
            raise BrokenHead("no picture begins within its first megabytes")

    def content(self, segment: Segment) -> bytes:
        """The content of a segment, without marker and length."""
        return bytes(self.data[segment.start + 4 : segment.end])

    def holds(self, segment: Segment, marker: int, beginning: bytes) -> bool:
        """Whether a segment has this marker and its content begins with these bytes."""
        at = segment.start + 4
        return segment.marker == marker and self.data[at : min(at + len(beginning), segment.end)] == beginning

    def _step(self) -> bool:
        """Read one more segment; False if more bytes are needed."""
        data, at = self.data, self._at
        if at + 4 > len(data):
            return False
        if data[at] != 0xFF:
            raise BrokenHead("there are other bytes between its segments")
        while data[at + 1] == 0xFF:  # B.1.1.2: any marker may be preceded by fill bytes
            at += 1
            if at - self._at > LONGEST_FILL:
                raise BrokenHead("it has too many fill bytes")
            if at + 4 > len(data):
                return False
        marker = data[at + 1]
        if marker == _SOS:
            self.complete = True
            return False
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _WITHOUT_LENGTH or marker == _EOI or length < 2:
            raise BrokenHead("it has a marker that is not allowed there")
        if len(self.segments) >= MOST_SEGMENTS:
            raise BrokenHead("it has too many segments")
        if at + 2 + length > len(data):
            return False
        self.segments.append(Segment(marker, at, at + 2 + length))
        self._at = at + 2 + length
        return True
