"""Whether an Exif block refers only to bytes inside itself.

Its offsets count from the block's TIFF header, so they stay right wherever the block is moved to, unless they point
outside it: some cameras put a preview after the picture (Sony, Minolta, Olympus, Pentax) or their whole notes (Leica).
Bytes inserted in between would make those offsets wrong, and no reader could notice.

Maker notes are not documented; they are read here in the form that nearly all have, an IFD with offsets from the TIFF
header or from the note itself. A value counts as inside if it is inside by either; a number that may be an offset
counts as pointing outside if a JPEG begins at that place in the file. Everything is bounded: entries, IFDs, reads.
"""

import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

Look = Callable[[int, int], bytes]
"""`look(at, size)`: bytes of the file, counted from the TIFF header; fewer at its end."""

MOST_ENTRIES = 65_536
MOST_IFDS = 64
MOST_LOOKS = 64

# TIFF 6.0, page 15, and the IFD type of TIFF Technical Note 1: type -> size in bytes.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SUB_IFDS = {0x8769, 0x8825, 0xA005}  # Exif, GPS, Interoperability
_MAKER_NOTE = 0x927C
# (where, how long): the thumbnail's JPEGInterchangeFormat and its length, and strips.
_PAIRS = {0x0201: 0x0202, 0x0111: 0x0117}
# Where the IFD of a maker's note begins, after its maker's header; for other makers, where it may.
_KNOWN_HEADERS = {
    b"AOC\0": 6,
    b"Apple iOS\0": 14,
    b"EPSON\0": 8,
    b"FUJIFILM": 12,
    b"JVC ": 4,
    b"LEICA\0": 8,
    b"MOT\0": 8,
    b"Nikon\0\1": 8,
    b"OLYMP\0": 8,
    b"OLYMPUS\0": 12,
    b"OM SYSTEM\0": 16,
    b"PENTAX \0": 10,
    b"Panasonic\0": 12,
    b"QVC\0": 6,
    b"Ricoh\0": 8,
    b"SANYO\0": 8,
    b"SIGMA\0": 10,
    b"SONY": 12,
}
_SANE = range(1, 1 << 25)  # bytes of a value in a maker's note
_OTHER_HEADERS = (0, 4, 6, 8, 10, 12, 14, 16, 18)
# Where the offsets in a note may count from: the note, or a TIFF header of its own (Nikon).
_NOTE_BASES = (0, 10)

_Order = Literal["<", ">"]
_Entry = tuple[int, int, int, int, int]  # tag, type, count, value as a number, place of the value field


class Reaches(ValueError):
    """The block points outside itself, or is too damaged to tell."""


def check_self_contained(block: bytes, look: Look) -> None:
    """Raises `Reaches` unless all offsets of this TIFF structure are known to stay inside it."""
    orders: dict[bytes, _Order] = {b"II*\0": "<", b"MM\0*": ">"}
    order = orders.get(block[:4])
    if order is None or len(block) < 8:
        raise Reaches("its Exif block is damaged")
    _Walk(block, order, look).run()


class _Walk:
    """One pass over a block; it counts everything it reads."""

    def __init__(self, block: bytes, order: _Order, look: Look) -> None:
        self._block = block
        self._order = order
        self._look = look
        self._entries = 0
        self._looks = 0
        self._seen: set[int] = set()

    def run(self) -> None:
        """All IFDs, then everything they refer to."""
        first = self._number(4)
        todo = [(first, True)]  # only IFD0's successor is followed: others' are often rubbish
        while todo:
            at, chained = todo.pop()
            if at == 0 or at in self._seen:
                continue
            if len(self._seen) >= MOST_IFDS:
                raise Reaches("its Exif block has too many directories")
            self._seen.add(at)
            entries = self._directory(at, self._order)
            if entries is None:
                raise Reaches("its Exif block is damaged, or points outside itself")
            todo += [(value, False) for tag, _, _, value, _ in entries if tag in _SUB_IFDS]
            if chained and at == first and at + 2 + 12 * len(entries) + 4 <= len(self._block):
                todo.append((self._number(at + 2 + 12 * len(entries)), False))
            self._check(entries)

    def _check(self, entries: list[_Entry]) -> None:
        """Check a documented IFD: every value and every picture it points to is inside."""
        simple = {tag: self._alone(kind, value) for tag, kind, count, value, _ in entries if count == 1}
        for start, length in _PAIRS.items():
            if start in simple and length in simple and simple[start] + simple[length] > len(self._block):
                raise Reaches("its Exif block points to a picture outside itself")
        for tag, kind, count, value, place in entries:
            size = _SIZES.get(kind, 0) * count
            at = value if size > 4 else place
            if at + size > len(self._block):
                raise Reaches("its Exif block points outside itself")
            if tag == _MAKER_NOTE and size > 4:
                self._check_note(at, size)

    def _check_note(self, note: int, size: int) -> None:
        """Check a maker's note: the first place that reads as an IFD, in either byte order, and the IFDs inside it."""
        headers: tuple[int, ...] = _OTHER_HEADERS
        for known, header in _KNOWN_HEADERS.items():
            if self._block.startswith(known, note):
                headers = (header,)
        if self._block[note + 10 : note + 14] in {b"II*\0", b"MM\0*"}:  # a TIFF header of its own
            own: _Order = "<" if self._block[note + 10 : note + 11] == b"I" else ">"
            headers = (10 + self._number(note + 14, own),)
        swapped: _Order = ">" if self._order == "<" else "<"
        for header in headers:
            for order in (self._order, swapped):
                if header + 2 <= size and (entries := self._likely(note + header, order)):
                    self._check_note_entries(note, entries, order)
                    return

    def _check_note_entries(self, note: int, entries: list[_Entry], order: _Order, depth: int = 0) -> None:
        """Check the values of a note's IFD, counted from either base."""
        bases = (0, *(note + base for base in _NOTE_BASES))
        for _, kind, count, value, _ in entries:
            size = _SIZES[kind] * count
            if size > 4 and all(base + value + size > len(self._block) for base in bases):
                raise Reaches("its maker's notes point out of the Exif block")
            if count == 1 and kind in {4, 9, 13}:
                for base in bases:
                    self._check_pointer(base + value)
            if depth < 2 and kind in {4, 7, 13} and (size > 4 or count == 1):
                self._check_inner(note, [base + value for base in bases], order, depth)

    def _check_inner(self, note: int, places: list[int], order: _Order, depth: int) -> None:
        """Check an IFD inside a note (Olympus, Nikon's preview), given by a number or as a value of undefined bytes."""
        for at in places:
            if at in self._seen or len(self._seen) >= MOST_IFDS:
                continue
            entries = self._likely(at, order)
            if entries:
                self._seen.add(at)
                self._check_note_entries(note, entries, order, depth + 1)
                return

    def _check_pointer(self, at: int) -> None:
        """Check a number that may be an offset: does a JPEG begin there, after the block? (Minolta alters byte 0.)"""
        if at < len(self._block) or at >= 1 << 31:
            return
        self._looks += 1
        if self._looks > MOST_LOOKS:
            raise Reaches("its maker's notes have too many offsets to tell")
        if self._look(at, 3)[1:3] == b"\xd8\xff":
            raise Reaches("its maker's notes point to a picture after it")

    def _likely(self, at: int, order: _Order) -> list[_Entry] | None:
        """The IFD at `at` if the bytes there read as one: known types, sane sizes, tags in ascending order."""
        entries = self._directory(at, order)
        if not entries or any(_SIZES.get(kind, 0) * count not in _SANE for _, kind, count, _, _ in entries):
            return None
        return entries if all(one[0] < other[0] for one, other in pairwise(entries)) else None

    def _directory(self, at: int, order: _Order) -> list[_Entry] | None:
        """The entries of the IFD at `at`; None if there cannot be one."""
        block = self._block
        if at + 2 > len(block):
            return None
        (count,) = struct.unpack_from(order + "H", block, at)
        if count > 1_024 or at + 2 + 12 * count > len(block):
            return None
        self._entries += count
        if self._entries > MOST_ENTRIES:
            raise Reaches("its Exif block has too many entries")
        places = range(at + 2, at + 2 + 12 * count, 12)
        return [(*struct.unpack_from(order + "HHII", block, place), place + 8) for place in places]

    def _alone(self, kind: int, value: int) -> int:
        """The one number in a value field: a SHORT is in its first two bytes."""
        if kind != 3:
            return value
        return value >> 16 if self._order == ">" else value & 0xFFFF

    def _number(self, at: int, order: _Order | None = None) -> int:
        """Four bytes as a number."""
        return int.from_bytes(self._block[at : at + 4], "little" if (order or self._order) == "<" else "big")
