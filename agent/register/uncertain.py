"""Photos that only an uncertain part of the register could claim. They wait, although no visit is known for their time.

Lines that were not understood are uncertain, and so are visits of somebody who may be this laptop's member of staff. If
that person is on no visit at all, every visit is uncertain: a name is then misspelt somewhere, until a person has
looked.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from agent.model.capture import Capture
from agent.model.register import Doubt, Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import wording
from agent.register.overlap import Readings, Relation, readings, zone_of
from agent.register.people import Staff, recognise

Unsure = tuple[Visit, str]
"""A visit that may be of a member of staff, and why that is not certain."""

_ANY_ZONE = timedelta(hours=15)
_NAMES_DAY = timedelta(days=2)
"""How many days the day in a file's name may be away from the day on which it was taken."""


def staff_of(register: Register, staff: str) -> Staff:
    """Which names in the register are this person, and which may be."""
    names = frozenset(name for visit in register.visits for name in visit.staff)
    return _recognised(staff, names.union(*(doubt.staff for doubt in register.doubtful)))


_recognised = lru_cache(maxsize=4)(recognise)


def is_on(people: Staff, visit: Visit | Doubt) -> bool:
    """Whether the person certainly takes part."""
    return not visit.staff or not visit.staff.isdisjoint(people.same)


def occurs(people: Staff, visits: Iterable[Visit]) -> bool:
    """Whether the person is, or may be, on any of the visits; on a cancelled visit only if it names them."""
    return any(
        not visit.staff.isdisjoint(people.same | people.perhaps) or not (visit.staff or visit.cancelled)
        for visit in visits
    )


def why_it_waits(
    capture: Capture,
    register: Register,
    people: Staff,
    unsure: Collection[Unsure],
    clocks: Iterable[timedelta],
    home: tzinfo,
) -> str | None:
    """Why a photo outside all visits still waits; None if nothing uncertain could claim it.

    `unsure` are the register's `unsure_visits`; `clocks` are how far ahead its camera's clock may run. OverflowError
    for times that no zone can be applied to.
    """
    if not unsure and not register.doubtful:
        return None
    times = _possible(capture, clocks, home)
    for doubt in register.doubtful:
        concerns = is_on(people, doubt) or not doubt.staff.isdisjoint(people.perhaps)
        if concerns and _meets(times, doubt.span or school_years(register.visits)):
            when = "at this time" if doubt.span is not None else "at any time"
            return f"{doubt.why}: this line was not understood and may be a visit {when}, so the photo waits"
    for visit, why in unsure:
        if _in_time_of(capture, visit, clocks, home, times):
            hours = wording.hours(visit, zone_of(visit.zone), zone_of(visit.ends_in))
            return f"in the time of {hours}, and {why}"
    return None


def school_years(visits: Iterable[Visit]) -> Interval | None:
    """From the September before the first visit to the August after the last; None without any visits.

    A visit whose line has no readable date may have taken place at any time in these years.
    """
    spans = [visit.span for visit in visits]
    if not spans:
        return None
    first, last = min(span.earliest for span in spans), max(span.latest for span in spans)
    begins = datetime(first.year - (first.month < 9), 9, 1, tzinfo=UTC)
    ends = datetime(last.year + (last.month >= 9), 9, 1, tzinfo=UTC)
    return Interval(begins - _ANY_ZONE, ends + _ANY_ZONE)


def unsure_visits(register: Register, people: Staff, staff: str) -> Iterator[Unsure]:
    """The visits that may be of this member of staff."""
    nowhere = not occurs(people, register.visits)
    for visit in sorted(register.visits, key=lambda visit: (visit.span.earliest, visit.id)):  # not the file's order
        if visit.cancelled or is_on(people, visit):
            continue
        if perhaps := sorted(visit.staff & people.perhaps):
            yield visit, f"“{perhaps[0]}” in the register may be {staff} or somebody else"
        elif nowhere:
            yield visit, f"{staff} is on no visit in the register: check how the name is spelt there"


def _in_time_of(
    capture: Capture, visit: Visit, clocks: Iterable[timedelta], home: tzinfo, times: list[Interval] | None
) -> bool:
    if times is None or not capture.level.decides:
        return _meets(times, visit.span)
    return any(Readings(capture, ahead, home).relation(visit) is not Relation.OUTSIDE for ahead in clocks)


def _possible(capture: Capture, clocks: Iterable[timedelta], home: tzinfo) -> list[Interval] | None:
    """Every interval in which it may have been taken; None means at any time."""
    if capture.taken is None or capture.level is Level.IMPOSSIBLE:
        return None
    if capture.level is Level.UPPER_BOUND:
        bounds = [capture.taken, *capture.also]
        latest = max(
            bound.latest.replace(tzinfo=UTC) + _ANY_ZONE if isinstance(bound, WallClock) else bound.latest
            for bound in bounds
        )
        return [Interval(datetime.min.replace(tzinfo=UTC), latest)]
    around = timedelta(0) if capture.level.decides else _NAMES_DAY
    return [
        Interval(reading.earliest - around, reading.latest + around)
        for ahead in clocks
        for reading in readings(capture, home, ahead)
    ]


def _meets(times: list[Interval] | None, span: Interval | None) -> bool:
    return times is None or span is None or any(time.overlaps(span) for time in times)
