"""Drawing by lot: the transfers with the lowest hashes, so that anybody who knows the seed can repeat the draw. Pure.

A transfer's lot is SHA-256(seed ‖ origin ‖ index): the seed and the record's origin in UTF-8, the entry's index in
eight bytes, big-endian. A file's lot is SHA-256(seed ‖ its name on the share).
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Lot = bytes


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A transfer that may be drawn: its record, the index of its entry, and that entry's leaf hash."""

    origin: str
    index: int
    hash: str
    transfer: str
    visit: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A transfer that was drawn; `why` is "sample", or "device" or "visit" if that would otherwise have had none."""

    candidate: Candidate
    why: str


def lot(seed: str, origin: str, index: int) -> Lot:
    """A transfer's lot."""
    return hashlib.sha256(seed.encode() + origin.encode() + index.to_bytes(8, "big")).digest()


def file_lot(seed: str, name: str) -> Lot:
    """A file's lot; names on the share may have bytes that are not valid text."""
    return hashlib.sha256(seed.encode() + name.encode("utf-8", "surrogateescape")).digest()


def draw(candidates: Iterable[Candidate], seed: str, sample: int) -> tuple[Drawn, ...]:
    """The `sample` lowest lots; then the lowest of each device and each visit that is not among them.

    The first ones alone are a random sample of all transfers; those added for devices and visits do not weaken it.
    Candidates are read once, and only those that may be drawn are remembered.
    """
    lowest: dict[tuple[str, str], tuple[Lot, Candidate]] = {}

    def lots() -> Iterator[tuple[Lot, Candidate]]:
        for one in candidates:
            mine = (lot(seed, one.origin, one.index), one)
            for stratum in (("device", one.origin), ("visit", one.visit)):
                if stratum not in lowest or mine < lowest[stratum]:
                    lowest[stratum] = mine
            yield mine

    found = [Drawn(one, "sample") for _, one in heapq.nsmallest(max(sample, 1), lots())[:sample]]
    had = {stratum for one in found for stratum in _strata(one.candidate)}
    for stratum, (_, one) in sorted(lowest.items(), key=lambda item: (item[0][0], item[1])):
        if stratum not in had:
            found.append(Drawn(one, stratum[0]))
            had.update(_strata(one))
    return tuple(found)


def draw_files(names: Iterable[str], seed: str, sample: int) -> Sequence[str]:
    """The `sample` files with the lowest lots."""
    return heapq.nsmallest(sample, names, key=lambda name: file_lot(seed, name))


def _strata(one: Candidate) -> tuple[tuple[str, str], ...]:
    return (("device", one.origin), ("visit", one.visit))
