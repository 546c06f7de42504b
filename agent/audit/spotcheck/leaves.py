"""A whole Merkle tree in memory, for inclusion proofs of many leaves. Pure.

A tree of RFC 6962 can be built from the leaves up, pair by pair; a last node without a neighbour moves up unchanged. It
takes two hashes of 32 bytes for each leaf: 64 MB for a million.
"""

from agent.record.tree import EMPTY_ROOT, node_hash

_HASH = 32


class Tree:
    """The tree over these leaf hashes, joined into one byte string."""

    __slots__ = ("_levels", "size")

    def __init__(self, leaves: bytes) -> None:
        self.size = len(leaves) // _HASH
        self._levels = [leaves]
        while len(self._levels[-1]) > _HASH:
            below = self._levels[-1]
            pairs = len(below) // (2 * _HASH)
            above = bytearray()
            for at in range(0, pairs * 2 * _HASH, 2 * _HASH):
                above += node_hash(below[at : at + _HASH], below[at + _HASH : at + 2 * _HASH])
            above += below[pairs * 2 * _HASH :]
            self._levels.append(bytes(above))

    @property
    def root(self) -> bytes:
        """The Merkle Tree Hash of all leaves."""
        return self._levels[-1] or EMPTY_ROOT

    def proof(self, index: int) -> list[bytes]:
        """The inclusion proof of the leaf at `index` (PATH, RFC 6962, 2.1.1)."""
        steps = []
        for level in self._levels[:-1]:
            beside = (index ^ 1) * _HASH
            if beside < len(level):
                steps.append(level[beside : beside + _HASH])
            index >>= 1
        return steps
