"""Reading a published record from one entry to the next, whatever files it is in, and however these overlap."""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from agent.audit.evidence import Piece
from agent.audit.lines import LONGEST_LINE
from agent.record.leaf import LEAF_LINE


class Pieces:
    """The pieces of one record that have both entries and leaves. Ask for entries in their order."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._all = [
            one for one in pieces if one.size is not None and one.entries is not None and one.leaves is not None
        ]
        self._waiting = sorted(self._all, key=lambda one: one.first, reverse=True)
        self._open: list[tuple[int, int, Piece]] = []
        self._useless: set[int] = set()

    def at(self, index: int) -> Piece | None:
        """The piece that has this entry and reaches furthest; None if no piece has it."""
        while self._waiting and self._waiting[-1].first <= index:
            piece = self._waiting.pop()
            heapq.heappush(self._open, (-(piece.size or 0), len(self._waiting), piece))
        while self._open and (-self._open[0][0] <= index or id(self._open[0][2]) in self._useless):
            heapq.heappop(self._open)
        return self._open[0][2] if self._open else None

    def drop(self, piece: Piece) -> None:
        """Ignore this piece: let others take its place."""
        self._useless.add(id(piece))

    def without(self, piece: Piece) -> "Pieces":
        """The other pieces, to be asked from any entry on again."""
        return Pieces(one for one in self._all if one is not piece)


def lines_of(piece: Piece, index: int) -> Iterator[tuple[bytes, bytes]]:
    """Each line of a piece from entry `index` on, with its line end, and its leaf's line; fewer if either file is cut
    short.

    Raises OSError, or NotPlain if it is not a file. Nothing is checked.
    """
    if piece.entries is None or piece.leaves is None or piece.size is None:
        return
    with piece.entries.open() as entries, piece.leaves.open() as leaves:
        for _ in range(index - piece.first):
            if not entries.readline(LONGEST_LINE) or len(leaves.read(LEAF_LINE)) < LEAF_LINE:
                return
        for _ in range(index, piece.size):
            line, leaf = entries.readline(LONGEST_LINE), leaves.read(LEAF_LINE)
            if not line or not leaf:
                return
            yield line, leaf


class Coverage:
    """Which entries are in whole pieces, which have both entries and leaves."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        whole = sorted((one.first, one.size) for one in pieces if one.size is not None and one.entries and one.leaves)
        self._firsts = [first for first, _ in whole]
        self._reach = list(accumulate((size for _, size in whole), max))

    def has(self, piece: Piece) -> bool:
        """Whether a single whole piece has everything that this piece covers."""
        at = bisect_right(self._firsts, piece.first)
        return piece.size is not None and at > 0 and self._reach[at - 1] >= piece.size
