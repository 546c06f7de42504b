"""Which visits a held photo may be of, the likeliest first, each with why: by time, by staff, by camera.

A proposal is for a person to look at, and never a decision. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.model import Interval, Level, Register, Visit
from agent.register import Candidates, wording
from agent.register.people import Staff
from agent.register.uncertain import is_on, staff_of

MOST = 3
"""Visits that are proposed for one photo."""

NOT_MINE = timedelta(days=2)
"""A visit of other staff, or of other cameras, counts as so much further away."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A visit, and what speaks for and against it, in words."""

    visit: Visit
    why: tuple[str, ...]


def not_after(taken: Interval | None, level: Level) -> datetime | None:
    """When the photo was there at the latest, where that is all that is known of its time."""
    return taken.latest if taken is not None and level is Level.UPPER_BOUND else None


def propose(
    register: Register | None, taken: Interval | None, level: Level, *, staff: str, camera: Candidates | None
) -> tuple[Proposal, ...]:
    """At most `MOST` visits. `camera` is None where nothing is known of it, or nothing hangs on it."""
    if register is None:
        return ()
    people = staff_of(register, staff)
    possible = [visit for visit in register.visits if not visit.cancelled and _can_be(visit, taken, level)]

    def unlikeliness(visit: Visit) -> tuple[timedelta, float]:
        away = _distance(visit, taken, level)
        away += timedelta(0) if is_on(people, visit) else NOT_MINE
        away += NOT_MINE if _other_camera(camera, visit) else timedelta(0)
        return away, -visit.span.earliest.timestamp()

    nearest = sorted(possible, key=unlikeliness)[:MOST]
    return tuple(Proposal(visit, tuple(_why(visit, taken, level, people, camera))) for visit in nearest)


def _can_be(visit: Visit, taken: Interval | None, level: Level) -> bool:
    latest = not_after(taken, level)
    return latest is None or visit.span.earliest <= latest


def _distance(visit: Visit, taken: Interval | None, level: Level) -> timedelta:
    if taken is None:
        return timedelta(0)
    gap = taken.latest - visit.span.latest if not_after(taken, level) else _gap(visit.span, taken)
    return max(gap, timedelta(0))


def _gap(one: Interval, other: Interval) -> timedelta:
    return max(one.earliest - other.latest, other.earliest - one.latest)


def _why(visit: Visit, taken: Interval | None, level: Level, people: Staff, camera: Candidates | None) -> Iterator[str]:
    yield _when(visit, taken, level)
    if not is_on(people, visit):
        yield "you are not on its list of staff"
    elif visit.staff:
        yield "you are on its list of staff"
    if _other_camera(camera, visit):
        yield "its cameras are others"
    elif visit.cameras and camera is not None:
        yield "taken with one of its cameras"


def _when(visit: Visit, taken: Interval | None, level: Level) -> str:
    day = wording.day(visit.span.earliest.astimezone(ZoneInfo(visit.zone)))
    if taken is None:
        return f"it was on {day}; nothing says when the photo was taken"
    if not_after(taken, level):
        over = taken.latest - visit.span.latest
        if over <= timedelta(0):
            return f"it was on {day}, and the photo was there before it ended"
        return f"it was on {day} and ended {wording.length(over)} before the latest time the photo can be from"
    if taken.within(visit.span):
        return "taken during it"
    if taken.overlaps(visit.span):
        return "taken around its start or its end"
    before = taken.latest < visit.span.earliest
    gap = wording.length(_gap(visit.span, taken))
    return f"taken {gap} before it started" if before else f"taken {gap} after it ended"


def _other_camera(camera: Candidates | None, visit: Visit) -> bool:
    return bool(visit.cameras) and camera is not None and not camera.certainly_among(visit.cameras)
