"""How long each step took, of many photos: half within, 95 in 100 within, the longest. Pure.

Seconds are kept as four bytes each, so that a million photos with three steps take twelve megabytes.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Spread:
    """Of how many photos, and within how many seconds: half, 95 in 100, all of them."""

    photos: int
    half: float
    most: float
    longest: float


class Delays:
    """The seconds of one step. What a clock that was set back made negative counts as zero."""

    __slots__ = ("_seconds",)

    def __init__(self, several: Iterable["Delays"] = ()) -> None:
        self._seconds = array("f")
        for one in several:
            self._seconds.extend(one._seconds)  # noqa: SLF001  # its own kind

    def add(self, since: datetime | None, until: datetime | None) -> None:
        """One photo, where both ends of the step are on record."""
        if since is not None and until is not None:
            self._seconds.append(max(0.0, (until - since).total_seconds()))

    def spread(self) -> Spread | None:
        """None where no photo says."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        last = len(ordered) - 1
        return Spread(len(ordered), ordered[last // 2], ordered[-(-last * 95 // 100)], ordered[-1])
