"""A few of a photo's bytes, remembered while it is sent, to look for under its final name.

If every byte of a file was read back under its temporary name, no second reading is needed to show that the final name
belongs to the same file: the beginning, the tag, the end and places that nobody can predict are enough to tell it from
any other. For the smallest files only the fingerprint is remembered, and they are read in full.
"""

import secrets
from bisect import bisect_left
from typing import Self

from agent.model.delivery import Splice

SMALL = 12 * 1024  # bytes; up to this size, the whole file costs no more than the samples
LENGTH = 4096  # bytes of one sample
LARGER = 256 * 1024  # bytes; from this size on, there are more samples, and they still cost next to nothing
UNFORESEEN = 2  # samples at unpredictable places; in a smaller file one


class Samples:
    """Pieces of the `size` bytes that are sent from `start` on; `see` them in order. `whole` means without pieces."""

    def __init__(self, size: int, splice: Splice | None = None, start: int = 0) -> None:
        self._bytes: dict[int, bytearray] = {}
        self._starts: list[int] = []
        self.whole = size <= SMALL or size - start < LENGTH
        if self.whole:
            return
        last = size - LENGTH
        unforeseen = UNFORESEEN if size >= LARGER else 1
        wanted = {start, last, *(start + secrets.randbelow(max(1, last - start)) for _ in range(unforeseen))}
        if splice is not None:
            wanted.add(min(max(splice.at, start), last))
        self._bytes = {at: bytearray() for at in sorted(wanted)}
        self._starts = list(self._bytes)

    @classmethod
    def none(cls) -> Self:
        """No pieces to look for, if the content is known already."""
        samples = cls(0)
        samples.whole = False
        return samples

    def see(self, offset: int, data: bytes) -> None:
        """Note the bytes that are sent for `offset`."""
        if not self._starts:
            return
        end = offset + len(data)
        for at in self._starts[: bisect_left(self._starts, end)]:
            piece = self._bytes[at]
            begin = max(offset, at)
            if begin < min(end, at + LENGTH):
                piece += memoryview(data)[begin - offset : min(end, at + LENGTH) - offset]

    @property
    def pieces(self) -> list[tuple[int, bytes]]:
        """Offsets, and the bytes that must be there."""
        return [(at, bytes(piece)) for at, piece in self._bytes.items()]
