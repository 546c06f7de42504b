"""The tree agrees with its definition, with vectors that no one here made, and with nothing that is not so."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.record.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    prove,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.record.changes import each_bit_of_a_proof

LARGEST = 200
WHOLE = bool(os.environ.get("PHOTO_AGENT_LONG_TESTS"))
"""Set it to flip every bit of every proof, which takes a quarter of an hour; without it each bit of a few sizes is."""

LEAVES = [leaf_hash(b"entry %d" % number) for number in range(LARGEST)]


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, read off the page."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


_known: dict[tuple[int, int], bytes] = {}


def root(low: int, high: int) -> bytes:
    if (low, high) not in _known:
        _known[low, high] = by_definition(LEAVES[low:high])
    return _known[low, high]


def test_a_tree_that_grows_has_at_every_size_the_root_of_the_definition() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for size in range(LARGEST):
        assert frontier.root() == root(0, size)
        assert root_of(LEAVES[:size]) == root(0, size)
        assert len(frontier.hashes) <= 8
        assert Frontier(size, frontier.hashes).root() == root(0, size)
        frontier.add(LEAVES[size])


def test_a_copy_grows_by_itself() -> None:
    one = Frontier()
    one.add(LEAVES[0])
    two = one.copy()
    two.add(LEAVES[1])
    assert (one.size, one.root(), two.size, two.root()) == (1, LEAVES[0], 2, node_hash(LEAVES[0], LEAVES[1]))


def test_a_frontier_that_is_not_one_of_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="complete subtrees"):
        Frontier(3, [LEAVES[0]])


def test_every_inclusion_proof_up_to_200_leaves_holds_and_holds_for_nothing_else() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = prove(inclusion_ranges(index, size), root)
            assert len(proof) <= (size - 1).bit_length()
            assert verify_inclusion(index, size, LEAVES[index], proof, root(0, size))
            assert not verify_inclusion(index, size, LEAVES[index - 1], proof, root(0, size)) or size == 1
            assert not verify_inclusion(index + 1, size, LEAVES[index], proof, root(0, size))
            assert not verify_inclusion(index, size, LEAVES[index], [*proof, LEAVES[0]], root(0, size))
            assert not proof or not verify_inclusion(index, size, LEAVES[index], proof[:-1], root(0, size))


def test_every_consistency_proof_up_to_200_leaves_holds_and_holds_for_nothing_else() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            proof = prove(consistency_ranges(old, new), root)
            assert len(proof) <= new.bit_length() + 1
            assert verify_consistency(old, new, root(0, old), root(0, new), proof)
            assert not verify_consistency(old, new, root(0, old - 1), root(0, new), proof)
            assert not verify_consistency(old, new, root(0, old), root(0, new - 1), proof)
            assert not verify_consistency(old, new, root(0, old), root(0, new), [*proof, LEAVES[0]])
            assert not proof or not verify_consistency(old, new, root(0, old), root(0, new), proof[1:])


def test_every_bit_of_a_proof_counts() -> None:
    """All sizes up to 12, and those about 64 and at 200; with PHOTO_AGENT_LONG_TESTS all sizes up to 200."""
    sizes = range(1, LARGEST + 1) if WHOLE else [*range(1, 13), 63, 65, LARGEST]
    for size in sizes:
        places = range(size) if WHOLE or size < 20 else (0, 1, size // 2, size - 1)
        for place in places:
            proof = prove(inclusion_ranges(place, size), root)
            for changed in each_bit_of_a_proof(proof):
                assert not verify_inclusion(place, size, LEAVES[place], changed, root(0, size))
            proof = prove(consistency_ranges(place + 1, size), root)
            for changed in each_bit_of_a_proof(proof):
                assert not verify_consistency(place + 1, size, root(0, place + 1), root(0, size), changed)


@pytest.mark.parametrize("index_size", [(-1, 1), (0, 0), (1, 1), (5, 4)])
def test_there_is_no_proof_of_what_is_not_there(index_size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_ranges(*index_size)
    assert not verify_inclusion(*index_size, LEAVES[0], [], LEAVES[0])


@pytest.mark.parametrize("old_new", [(0, 1), (2, 1), (0, 0), (-1, 3)])
def test_there_is_no_consistency_with_an_empty_or_a_later_tree(old_new: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="does not come after"):
        consistency_ranges(*old_new)
    assert not verify_consistency(*old_new, EMPTY_ROOT, EMPTY_ROOT, [])


# --- Vectors of github.com/transparency-dev/merkle ---


def cases(vectors: Path, kind: str) -> list[tuple[str, dict[str, Any]]]:
    files = sorted((vectors / kind).rglob("*.json"))
    assert len(files) > 50
    return [(str(file.relative_to(vectors)), json.loads(file.read_text("utf-8"))) for file in files]


def steps(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(step) for step in case["proof"] or ()]


def test_inclusion_is_judged_as_the_vectors_demand(merkle_vectors: Path) -> None:
    for name, case in cases(merkle_vectors, "inclusion"):
        leaf, root = base64.b64decode(case["leafHash"]), base64.b64decode(case["root"])
        held = verify_inclusion(case["leafIdx"], case["treeSize"], leaf, steps(case), root)
        assert held is not case["wantErr"], name


def test_consistency_is_judged_as_the_vectors_demand(merkle_vectors: Path) -> None:
    for name, case in cases(merkle_vectors, "consistency"):
        roots = base64.b64decode(case["root1"]), base64.b64decode(case["root2"])
        held = verify_consistency(case["size1"], case["size2"], *roots, steps(case))
        assert held is not case["wantErr"], name
