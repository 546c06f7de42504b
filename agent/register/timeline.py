"""One member of staff's visits in order of time, so that a photo is compared only with those near it.

A register of years has hundreds of visits, and a laptop many photos: comparing every visit with every photo would take
most of a run. Pure; the order worked out for the last register is remembered.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Self

from agent.model.register import Register, Visit
from agent.model.times import Interval
from agent.register.overlap import widened
from agent.register.people import Staff
from agent.register.uncertain import Unsure, is_on, staff_of, unsure_visits


@dataclass(frozen=True, slots=True)
class Timeline:
    """Visits by when they begin; `_ends` gives, for each, the latest end of it and all before it."""

    visits: tuple[Visit, ...]
    _starts: tuple[datetime, ...]
    _ends: tuple[datetime, ...]

    @classmethod
    def of(cls, visits: Iterable[Visit]) -> Self:
        """The order of the register's lines does not matter."""
        ordered = tuple(sorted(visits, key=lambda visit: (visit.span.earliest, visit.span.latest, visit.id)))
        starts = tuple(visit.span.earliest.astimezone(UTC) for visit in ordered)
        ends = accumulate((visit.span.latest.astimezone(UTC) for visit in ordered), max)
        return cls(ordered, starts, tuple(ends))

    def during(self, time: Interval) -> tuple[Visit, ...]:
        """The visits that overlap `time`."""
        some = self.visits[bisect_left(self._ends, time.earliest) : bisect_right(self._starts, time.latest)]
        return tuple(visit for visit in some if visit.span.overlaps(time))

    def closest(self, time: Interval, at_least: timedelta) -> tuple[Visit, ...]:
        """Visits that include the nearest one to any part of `time`, and all within `at_least` of it."""
        length = time.latest - time.earliest
        return self.during(widened(time, max(at_least, self._gap(time) + length)))

    def _gap(self, time: Interval) -> timedelta:
        """How far the nearest visit is from `time`; zero without any visits."""
        after = bisect_right(self._starts, time.latest)
        gaps = [self._starts[after] - time.latest] if after < len(self._starts) else []
        if after:
            gaps.append(max(time.earliest - self._ends[after - 1], timedelta(0)))
        return min(gaps, default=timedelta(0))


@dataclass(frozen=True, slots=True)
class Own:
    """A register as one member of staff sees it: visits that count for them, the others, and uncertain names."""

    register: Register
    staff: str
    people: Staff
    mine: Timeline
    others: Timeline
    unsure: tuple[Unsure, ...]


def own(register: Register, staff: str) -> Own:
    """The register as `staff` sees it."""
    global _last  # noqa: PLW0603  # a register is too large to be hashed for each photo
    if _last is None or _last.register is not register or _last.staff != staff:
        people = staff_of(register, staff)
        mine: list[Visit] = []
        others: list[Visit] = []
        for visit in register.visits:
            (mine if not visit.cancelled and is_on(people, visit) else others).append(visit)
        unsure = tuple(unsure_visits(register, people, staff))
        _last = Own(register, staff, people, Timeline.of(mine), Timeline.of(others), unsure)
    return _last


_last: Own | None = None
