"""Whether day and month have been swapped since the last good register, as a spreadsheet may do when it saves dates."""

from collections.abc import Iterable
from datetime import date

from agent.model.register import Visit
from agent.register.zones import zone_named


def exchanged(now: Iterable[Visit], before: Iterable[Visit]) -> tuple[Visit, Visit] | None:
    """The first visit of both registers whose day and month have been swapped, as it is now and as it was."""
    known = {visit.id: visit for visit in before}
    for visit in now:
        was = known.get(visit.id)
        if was is not None and any(
            first != second and first == _turned(second) for first, second in zip(_days(visit), _days(was), strict=True)
        ):
            return visit, was
    return None


def _days(visit: Visit) -> tuple[date, date]:
    starts, ends = zone_named(visit.zone), zone_named(visit.ends_in)
    return visit.span.earliest.astimezone(starts).date(), visit.span.latest.astimezone(ends).date()


def _turned(day: date) -> date | None:
    return day.replace(month=day.day, day=day.month) if day.day <= 12 else None
