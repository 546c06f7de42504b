"""AVI: the time that a camera puts into its header (IDIT), and the Exif directories of some (strd).

Only the header's lists are walked; pictures and sound are skipped. IDIT is not in the standard, and each maker writes
it in its own way; a value in an unknown form is ignored.
"""

import re

from agent.capture.bounded import BoundedFile, Broken, ByteRange
from agent.capture.evidence import Clock, Evidence, Exif, Stamp
from agent.capture.exif import read_directories
from agent.capture.tiff import Tiff

MAX_CHUNKS = 2_000
"""Most chunks in a file. A header has under 40, and hours of recording a few hundred pieces of a gigabyte (OpenDML)."""

MAX_TEXT = 256

_LISTS = {b"hdrl", b"strl", b"INFO"}
_DEPTH = 3

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d{1,2}:\d{2}:\d{2}) (\d{4})", re.ASCII)
"""As C's asctime writes it: `Mon Mar 10 15:04:43 2003`."""

_DIGITS = re.compile(
    r"(\d{4})[-/:] ?(\d{1,2})[-/:] ?(\d{1,2})/? +(\d{1,2}): ?(\d{2})(?:: ?(\d{2}))? ?([AP]M)?", re.ASCII | re.IGNORECASE
)
"""`2002-12-16  15:35:01`, `2009:10:27 12:14:00`, `2005/11/28/ 09:19`, `2001/ 1/27  1:42PM`."""

_STREAM_EXIF = b"AVIF"
"""The bytes before Exif's directories in a stream's data; they begin four bytes on, without a header."""


def read_avi(file: BoundedFile) -> Evidence:
    """All evidence in an AVI."""
    walk = _Walk(file)
    complete = False
    try:
        complete = walk.pieces()
    except Broken as fault:
        walk.notes.append(f"its header cannot be read: {fault}")
    if not complete:
        walk.notes.append("its end is missing: it was cut, or is not yet copied whole")
    clock = Clock(Stamp(walk.idit), "AVI IDIT") if walk.idit else None
    return Evidence("avi", complete=complete, blocks=tuple(walk.blocks), clock=clock, notes=tuple(walk.notes))


class _Walk:
    """One walk over an AVI's chunks, with one count for all of them."""

    def __init__(self, file: BoundedFile) -> None:
        self._file = file
        self._left = MAX_CHUNKS
        self.idit: str | None = None
        self.blocks: list[Exif] = []
        self.notes: list[str] = []

    def pieces(self) -> bool:
        """Read the first RIFF's header; true if all RIFFs of the file are there whole (a long one has several)."""
        position = 0
        while position + 12 <= self._file.size:
            kind, size = self._head(position)
            if kind != b"RIFF":
                return True  # a program's trailer after the last RIFF
            if position == 0:
                self._inside(12, min(8 + size, self._file.size), _DEPTH)
            position += 8 + size + size % 2
        return position <= self._file.size + 1

    def _head(self, position: int) -> tuple[bytes, int]:
        self._left -= 1
        if self._left < 0:
            raise Broken("it has more chunks than any camera writes")
        head = self._file.at(position, 8)
        return head[:4], int.from_bytes(head[4:], "little")

    def _inside(self, position: int, end: int, depth: int) -> None:
        while position + 8 <= end:
            kind, size = self._head(position)
            inside = position + 8
            if kind == b"LIST" and size >= 4:
                listed = self._file.at(inside, 4)
                if listed == b"movi":
                    return  # the header comes before the pictures, so it has been read
                if listed in _LISTS and depth:
                    if inside + size > end:
                        raise Broken("a list in it is cut")
                    self._inside(inside + 4, inside + size, depth - 1)
            elif kind == b"IDIT" and self.idit is None:
                self.idit = stamp_of(self._file.at(inside, min(size, MAX_TEXT)))
            elif kind == b"strd" and size > 16 and not self.blocks and self._file.at(inside, 4) == _STREAM_EXIF:
                self._stream(ByteRange(self._file, inside + 8, size - 8))
            position = inside + size + size % 2

    def _stream(self, block: ByteRange) -> None:
        try:
            tiff = Tiff.headless(block, "<")
            self.blocks.append(read_directories(tiff, tiff.directory(0)[0], block, self.notes))
        except Broken as fault:
            self.notes.append(f"its Exif block cannot be read: {fault}")


def stamp_of(written: bytes) -> str | None:
    """IDIT in Exif's form; None if it is in none of the known forms."""
    text = written.split(b"\0", 1)[0].decode("latin-1").strip()
    english = _ENGLISH.fullmatch(text)
    if english is not None and english[1].lower() in _MONTHS:
        return f"{english[4]}:{_MONTHS.index(english[1].lower()) + 1:02d}:{int(english[2]):02d} {english[3]}"
    digits = _DIGITS.fullmatch(text)
    if digits is None:
        return None
    year, month, day, hour, minute = (int(digits[group]) for group in range(1, 6))
    if digits[7]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if digits[7].upper() == "PM" else 0)
    second = f":{digits[6]}" if digits[6] else ""
    return f"{year:04d}:{month:02d}:{day:02d} {hour:02d}:{minute:02d}{second}"
