"""Every small change to a published record, and every bit of every proof: `nice python -m tests.fuzz.record --proofs`.

The suite tries a part of these. Printed is how many there were of each kind, and how many were found; one that was not,
or that was called by another name than it should, makes the run fail.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from agent.record.tree import (
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    prove,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.record.changes import RECORDS, each_bit_of_a_proof, each_change
from tests.unit.record.copies import judged


def main() -> None:
    """Change, verify, count."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--proofs", type=int, nargs="?", const=200, default=0, help="of trees up to this size")
    chosen = options.parse_args()
    missed = changes()
    if chosen.proofs:
        missed += proofs(chosen.proofs)
    sys.exit(f"{missed} NOT FOUND" if missed else 0)


def changes() -> int:
    """How many changes to a published record were not called by their right name."""
    tried, right = Counter[str](), Counter[str]()
    for made in RECORDS:
        with tempfile.TemporaryDirectory(prefix="vpa-changes-") as home:
            copy, other, keys = made(Path(home))
            assert judged(copy, *keys).exit_code == 0
            for change in each_change(copy, other):
                with change.made():
                    code = judged(copy, *keys).exit_code
                tried[change.what] += 1
                right[change.what] += code == change.code
                if code != change.code:
                    print(f"{made.__name__}: {change.what} in {change.path.name}: {code} and not {change.code}")
    for what, count in tried.most_common():
        print(f"{what:<25} {count:>8,} tried {right[what]:>8,} found, by the right exit code")
    return tried.total() - right.total()


def proofs(largest: int) -> int:
    """How many flipped bits of proofs were not found, in all trees up to this size."""
    leaves = [leaf_hash(b"entry %d" % number) for number in range(largest)]
    roots: dict[tuple[int, int], bytes] = {}

    def root(low: int, high: int) -> bytes:
        if (low, high) not in roots:
            roots[low, high] = root_of(leaves[low:high])
        return roots[low, high]

    held = flips = found = 0
    for size in range(1, largest + 1):
        for place in range(size):
            proof = prove(inclusion_ranges(place, size), root)
            held += verify_inclusion(place, size, leaves[place], proof, root(0, size))
            for changed in each_bit_of_a_proof(proof):
                flips += 1
                found += not verify_inclusion(place, size, leaves[place], changed, root(0, size))
            proof = prove(consistency_ranges(place + 1, size), root)
            held += verify_consistency(place + 1, size, root(0, place + 1), root(0, size), proof)
            for changed in each_bit_of_a_proof(proof):
                flips += 1
                found += not verify_consistency(place + 1, size, root(0, place + 1), root(0, size), changed)
    wanted = largest * (largest + 1)
    print(f"proofs of trees up to {largest}: {held:,} of {wanted:,} hold; bits flipped {flips:,}, found {found:,}")
    return wanted - held + flips - found


if __name__ == "__main__":
    main()
