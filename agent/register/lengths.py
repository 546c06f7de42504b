"""A visit that is longer than the settings allow is more likely a mistake: a person has to accept it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from agent.model.register import Doubt, Visit
from agent.register.faults import Fault
from agent.register.reading import Rules, VisitsReading

_HOUR = timedelta(hours=1)
"""A day is this much longer when clocks go back."""


def without_the_longest(reading: VisitsReading, rules: Rules, known: Iterable[Visit] = ()) -> VisitsReading:
    """The reading without visits that are too long; `known` are the visits in use now, which were accepted before."""
    accepted = {(visit.id, visit.span) for visit in known}
    short, faults, doubts = [], [], []
    for visit, line in zip(reading.visits, reading.lines, strict=True):
        lasts = visit.span.latest - visit.span.earliest
        if visit.cancelled or lasts <= rules.longest + _HOUR or (visit.id, visit.span) in accepted:
            short.append((visit, line))
            continue
        days = -(-lasts // timedelta(days=1))
        fault = Fault(line, "ends", f"the visit is {days} days long: correct it, or accept it with `photo-agent visits "
                      "accept`; until then its photos wait", "error")  # fmt: skip
        faults.append(fault)
        doubts.append(Doubt(line, str(fault), visit.span, visit.staff))
    return replace(
        reading,
        visits=tuple(visit for visit, _ in short),
        lines=tuple(line for _, line in short),
        faults=(*reading.faults, *faults),
        doubtful=(*reading.doubtful, *doubts),
    )
