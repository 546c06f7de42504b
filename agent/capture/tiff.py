"""TIFF's directories (IFDs), read within bounds: a JPEG's Exif block, TIFF itself, and every RAW format built on it.

Promises: either byte order; a directory is read once, so that cycles end; entries are counted over all directories
together; a value is read only when it is asked for, up to the caller's limit. A directory counts only if it is whole.
(TIFF 6.0, section 2; Exif 2.32, section 4.6.2.)
"""

import struct
from dataclasses import dataclass
from typing import Literal

from agent.capture.bounded import Broken, ByteSource

MAX_ENTRIES = 1_000
"""Most entries in one directory. Real ones hold under 100; a larger count is garbage, and so are its entries."""

MAX_DIRECTORIES = 32
"""Most directories in one block. A RAW file with all its previews has about ten."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}
"""Bytes of one value, by the field's type; 129 is UTF-8, from Exif 3.0."""

_MAGIC = {42, 0x4F52, 0x5352, 0x0055}
"""TIFF; Olympus ORF (`RO`, `RS`); Panasonic RW2 (`U`)."""

_TEXTS = {1, 2, 7, 129}
"""Characters have type 2 by the rule; some writers use bytes or undefined."""

_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}

_RATIONALS = {5: "I", 10: "i"}


@dataclass(frozen=True, slots=True)
class IfdEntry:
    """One field of a directory: its type, how many values, and where they start in the source."""

    type: int
    count: int
    where: int

    @property
    def is_text(self) -> bool:
        """Whether it may be read as characters."""
        return self.type in _TEXTS

    @property
    def size(self) -> int:
        """Bytes of all values, as the field says; 0 for a type that does not exist."""
        return _SIZES.get(self.type, 0) * self.count


class Tiff:
    """The directories of one block. Offsets count from the block's start, as they are written in it.

    `cut` says whether a directory held an entry whose value is outside; `garbled`, whether one had a type that does not
    exist, so that the data is not, or no longer, a directory; some cameras leave a blank of type 0 at the end.
    """

    def __init__(self, source: ByteSource) -> None:
        """Read the header; `Broken` if there is none."""
        self._source = source
        header = source.at(0, 8)
        order: Literal["<", ">"] = "<" if header[:2] == b"II" else ">"
        if header[:2] not in {b"II", b"MM"}:
            raise Broken("its Exif block does not start as one")
        magic, first = struct.unpack(order + "HI", header[2:])
        if magic not in _MAGIC:
            raise Broken("its Exif block does not start as one")
        self.magic: int = magic
        self.first: int = first
        self._order = order
        self._visited: set[int] = set()
        self.cut = self.garbled = False

    @property
    def order(self) -> Literal["<", ">"]:
        """The byte order, as `struct` writes it."""
        return self._order

    @classmethod
    def headless(cls, source: ByteSource, order: Literal["<", ">"]) -> "Tiff":
        """Directories without a header of their own, as in makers' notes."""
        self = cls.__new__(cls)
        self._source, self._order, self._visited = source, order, set()
        self.magic, self.first, self.cut, self.garbled = 42, 0, False, False
        return self

    def directory(self, offset: int) -> tuple[dict[int, IfdEntry], int]:
        """The fields of the directory at `offset` by tag (the first if a tag is repeated), and the next's offset.

        `Broken` if it was read before, is not wholly inside the source, does not begin with a field, or is one too
        many.
        """
        if offset in self._visited:
            raise Broken("its directories lead round in a circle")
        if len(self._visited) >= MAX_DIRECTORIES:
            raise Broken("it has more directories than any camera writes")
        self._visited.add(offset)
        (count,) = struct.unpack(self._order + "H", self._source.at(offset, 2))
        if count > MAX_ENTRIES:
            raise Broken("a directory in it is longer than any camera writes")
        rows = self._source.at(offset + 2, 12 * count)
        fields: dict[int, IfdEntry] = {}
        for index, (tag, kind, values, pointer) in enumerate(struct.iter_unpack(self._order + "HHII", rows)):
            self.garbled = self.garbled or (kind not in _SIZES and kind != 0)
            inline = _SIZES.get(kind, 0) * values <= 4
            entry = IfdEntry(kind, values, offset + 2 + 12 * index + 8 if inline else pointer)
            outside = entry.where + entry.size > self._source.size
            if index == 0 and (kind not in _SIZES or outside):
                raise Broken("a directory in it does not begin with a field")
            self.cut = self.cut or outside
            fields.setdefault(tag, entry)
        end = offset + 2 + 12 * count
        follows = end + 4 <= self._source.size
        return fields, struct.unpack(self._order + "I", self._source.at(end, 4))[0] if follows else 0

    def raw(self, entry: IfdEntry, limit: int) -> bytes:
        """The field's bytes, at most `limit` and at most those that exist."""
        size = min(entry.size, limit, max(0, self._source.size - entry.where))
        return self._source.at(entry.where, size)

    def text(self, entry: IfdEntry, limit: int) -> str | None:
        """A field of characters up to its first NUL, without outer blanks; None if nothing is left, or if it is not
        inside the content.

        By the rule it is ASCII, in practice UTF-8 or Latin-1. Unprintable characters are shown as a mark and never left
        out: `2000:03:` and a broken digit and `1` is not the first of March.
        """
        if not entry.is_text or entry.where + entry.size > self._source.size:
            return None
        found = self.raw(entry, limit).split(b"\0", 1)[0]
        try:
            decoded = found.decode("utf-8")
        except UnicodeDecodeError:
            decoded = found.decode("latin-1")
        return printable(decoded) or None

    def integer(self, entry: IfdEntry) -> int | None:
        """The first value of a field of whole numbers."""
        code = _INTEGERS.get(entry.type)
        if code is None or entry.count < 1:
            return None
        (value,) = struct.unpack(self._order + code, self._source.at(entry.where, _SIZES[entry.type]))
        return int(value)

    def integers(self, entry: IfdEntry, limit: int) -> tuple[int, ...]:
        """The first `limit` values of a field of whole numbers."""
        code = _INTEGERS.get(entry.type)
        if code is None:
            return ()
        values = self.raw(entry, limit * _SIZES[entry.type])
        whole = len(values) // _SIZES[entry.type]
        return struct.unpack(f"{self._order}{whole}{code}", values[: whole * _SIZES[entry.type]])

    def rationals(self, entry: IfdEntry, limit: int) -> tuple[float | None, ...]:
        """The first `limit` fractions of a field; None for a fraction whose denominator is 0."""
        code = _RATIONALS.get(entry.type)
        if code is None:
            return ()
        values = self.raw(entry, limit * 8)
        pairs = struct.iter_unpack(self._order + 2 * code, values[: len(values) // 8 * 8])
        return tuple(above / below if below else None for above, below in pairs)


def printable(text: str) -> str:
    """The text without outer blanks, each unprintable character shown as U+FFFD."""
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in text.strip())
