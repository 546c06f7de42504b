"""Proposes visits for a held photo, the likeliest first, each with its reasons: time, staff, camera.

A proposal is for a person to consider, and never decides. A visit that began only after the photo was on this laptop is
not proposed, whatever the photo says about its time: the clock of its camera was ahead. Pure.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.language import text
from agent.language.times import length, short_date
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level
from agent.register import Candidates
from agent.register.people import Staff
from agent.register.uncertain import is_on, staff_of

MOST = 3
"""The most visits proposed for one photo."""

NOT_MINE = timedelta(days=2)
"""A visit of other staff counts as this much further away."""

OTHER_CAMERA = timedelta(hours=6)
"""A visit with other cameras counts as further away too, but less: cameras are lent, and a photo is rarely taken days
away from its visit.
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A visit, and the reasons for and against it, in words."""

    visit: Visit
    why: tuple[str, ...]


def not_after(taken: Interval | None, level: Level) -> datetime | None:
    """The latest time at which the photo can have been taken, if nothing else is known about its time."""
    return taken.latest if taken is not None and level is Level.UPPER_BOUND else None


class Proposer:
    """The visits of a register, arranged so that those near a time are found without searching all of them."""

    def __init__(self, register: Register | None, staff: str) -> None:
        visits = () if register is None else tuple(one for one in register.visits if not one.cancelled)
        self._visits = sorted(visits, key=lambda visit: visit.span.earliest)
        self._starts = [visit.span.earliest for visit in self._visits]
        self._longest = max((visit.span.latest - visit.span.earliest for visit in visits), default=timedelta(0))
        self._people = None if register is None else staff_of(register, staff)
        self._undated: dict[tuple[Candidates | None, int], tuple[Visit, ...]] = {}

    def propose(
        self, taken: Interval | None, level: Level, camera: Candidates | None, here_by: datetime | None = None
    ) -> tuple[Proposal, ...]:
        """At most `MOST` visits. `camera` is None if it is not known or does not matter.

        `here_by` is when the photo was here at the latest; None if that is not known.
        """
        if self._people is None:
            return ()
        people = self._people
        begun = len(self._visits) if here_by is None else bisect_right(self._starts, here_by)
        likeliest = self._without_time(camera, begun) if taken is None else self._nearest(taken, level, camera, begun)
        return tuple(Proposal(visit, tuple(_why(visit, taken, level, people, camera))) for visit in likeliest)

    def _without_time(self, camera: Candidates | None, begun: int) -> tuple[Visit, ...]:
        """The same for every photo without a time: no visit is nearer, so the latest come first."""
        if (camera, begun) not in self._undated:
            latest_first = self._visits[:begun][::-1]
            latest_first.sort(key=lambda visit: self._counts_against(visit, camera))
            self._undated[camera, begun] = tuple(latest_first[:MOST])
        return self._undated[camera, begun]

    def _nearest(self, taken: Interval, level: Level, camera: Candidates | None, begun: int) -> tuple[Visit, ...]:
        best: list[tuple[timedelta, float, Visit]] = []

        def look_at(visit: Visit) -> None:
            unlikeliness = _distance(visit, taken, level) + self._counts_against(visit, camera)
            best.append((unlikeliness, -visit.span.earliest.timestamp(), visit))
            best.sort(key=lambda one: one[:2])
            del best[MOST:]

        def too_far(at_least: timedelta) -> bool:
            return len(best) == MOST and at_least > best[-1][0]

        # Search from the photo's time in both directions, until all further visits are further away than the three
        # found.
        middle = min(bisect_right(self._starts, taken.latest), begun)
        since = not_after(taken, level) or taken.earliest
        for visit in reversed(self._visits[:middle]):
            if too_far(since - visit.span.earliest - self._longest):
                break
            look_at(visit)
        if not_after(taken, level) is None:
            for visit in self._visits[middle:begun]:
                if too_far(visit.span.earliest - taken.latest):
                    break
                look_at(visit)
        return tuple(visit for *_, visit in best)

    def _counts_against(self, visit: Visit, camera: Candidates | None) -> timedelta:
        mine = self._people is not None and is_on(self._people, visit)
        return (timedelta(0) if mine else NOT_MINE) + (OTHER_CAMERA if _other_camera(camera, visit) else timedelta(0))


def _distance(visit: Visit, taken: Interval, level: Level) -> timedelta:
    gap = taken.latest - visit.span.latest if not_after(taken, level) else _gap(visit.span, taken)
    return max(gap, timedelta(0))


def _gap(one: Interval, other: Interval) -> timedelta:
    return max(one.earliest - other.latest, other.earliest - one.latest)


def _why(visit: Visit, taken: Interval | None, level: Level, people: Staff, camera: Candidates | None) -> Iterator[str]:
    yield _when(visit, taken, level)
    if not is_on(people, visit):
        yield text("you are not on its list of staff")
    elif visit.staff:
        yield text("you are on its list of staff")
    if _other_camera(camera, visit):
        yield text("it is registered for other cameras")
    elif visit.cameras and camera is not None:
        yield text("taken with one of its cameras")


def _when(visit: Visit, taken: Interval | None, level: Level) -> str:
    day = short_date(visit.span.earliest.astimezone(ZoneInfo(visit.zone)).date())
    if taken is None:
        return text("it was on %(day)s; nothing says when the photo was taken", day=day)
    if not_after(taken, level):
        over = taken.latest - visit.span.latest
        if over <= timedelta(0):
            return text("it was on %(day)s, and the photo was there before it ended", day=day)
        return text(
            "it was on %(day)s and ended %(time)s before the latest time the photo can be from",
            day=day,
            time=length(over),
        )
    if taken.within(visit.span):
        return text("taken during it")
    if taken.overlaps(visit.span):
        return text("taken around its start or its end")
    before = taken.latest < visit.span.earliest
    gap = length(_gap(visit.span, taken))
    return (
        text("taken %(time)s before it started", time=gap)
        if before
        else text("taken %(time)s after it ended", time=gap)
    )


def _other_camera(camera: Candidates | None, visit: Visit) -> bool:
    return bool(visit.cameras) and camera is not None and not camera.certainly_among(visit.cameras)
