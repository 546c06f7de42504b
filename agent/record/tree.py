"""The Merkle tree of RFC 6962 and RFC 9162: roots, proofs, and their verification. Pure.

Hashes are 32 bytes (SHA-256). `leaf_hash` is of a leaf's data; everything else works on leaf hashes. A `Frontier` grows
by a leaf in O(log n) and remembers O(log n); a proof needs the roots of O(log n) ranges of leaves, which whoever has
the leaves can give (`inclusion_ranges`, `consistency_ranges`, `root_of`).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]
"""Leaves from the first up to, and without, the second."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data): RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right): RFC 6962, 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree that remembers only the roots of its complete subtrees, the largest first."""

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self._size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees at its edge")

    @property
    def size(self) -> int:
        """How many leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, one for each bit set in the size, the largest first."""
        return tuple(self._hashes)

    def copy(self) -> "Frontier":
        """Another tree with these leaves, which grows independently."""
        return Frontier(self._size, self._hashes)

    def add(self, leaf: bytes) -> None:
        """Grow by this leaf hash."""
        hashes, size = self._hashes, self._size
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self._size += 1

    def root(self) -> bytes:
        """The Merkle Tree Hash of all leaves so far."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The Merkle Tree Hash of these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


# --- Making proofs ---------------------------------------------------------------------------------------------------


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose roots are the inclusion proof of leaf `index` in a tree of `size` leaves (PATH, RFC 6962)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    ranges: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose roots prove that a tree of `old` leaves is the beginning of one of `new` (PROOF, RFC 6962)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} leaves does not come after one of {old}")
    ranges: list[Range] = []
    low, high, whole = 0, new, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return ranges[::-1]


def prove(ranges: Sequence[Range], root: Callable[[int, int], bytes]) -> list[bytes]:
    """A proof, from its ranges and a way to the root of a range of leaves."""
    return [root(low, high) for low, high in ranges]


def _split(count: int) -> int:
    """The largest power of two below `count`, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)


# --- Verifying -------------------------------------------------------------------------------------------------------


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that the leaf hash is at `index` in the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != 32:
        return False
    node, last, seen = index, size - 1, leaf
    for step in proof:
        if last == 0 or len(step) != 32:
            return False
        if node & 1 or node == last:
            seen = node_hash(step, seen)
            while not node & 1 and node != 0:
                node >>= 1
                last >>= 1
        else:
            seen = node_hash(seen, step)
        node >>= 1
        last >>= 1
    return last == 0 and seen == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the first tree is the beginning of the second (RFC 9162, 2.1.4.2).

    False for an empty tree: nothing can be shown about it.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = list(proof)
    if old & (old - 1) == 0:  # a complete tree: its root is the proof's first step, which is left out
        steps.insert(0, old_root)
    if not steps or any(len(step) != 32 for step in steps):
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    seen_old = seen_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            seen_old = node_hash(step, seen_old)
            seen_new = node_hash(step, seen_new)
            while not node & 1 and node != 0:
                node >>= 1
                last >>= 1
        else:
            seen_new = node_hash(seen_new, step)
        node >>= 1
        last >>= 1
    return last == 0 and seen_old == old_root and seen_new == new_root
