"""When a line that was not understood could have been a visit. Photos from that time wait.

Any dates that can be read limit that time. If only a start or an end can be read, the visit may be as long as the
settings allow; where nothing can be read, it may have been at any time (`Doubt.span` is None).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.model.register import Doubt
from agent.model.times import Interval
from agent.register.dates import FIRST_YEAR, LAST_YEAR, Order, Written, plain_date, read_written
from agent.register.faults import Notes

_ANY_ZONE = timedelta(hours=15)
"""No clock on Earth is further from UTC than this."""

_DAY = timedelta(days=1)
_LOOSE = re.compile(
    r"(?<![0-9])(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})"
    r"|[0-9]{1,2}(?:st|nd|rd|th|\.)?[ -]{0,3}[A-Za-zäéûà]{3,9}\.?,?[ -]{0,3}[0-9]{4})(?![0-9])"
)
_CLOCK = re.compile(r"[0-9]{1,2}[:.h][0-9]{2}(?:[:.][0-9]{2})?|[0-9]{1,2} ?[ap]\.?m", re.IGNORECASE)
_MORE = re.compile(r"[0-9]|\bw/?[ck]\b|week|woche|semaine|term|month", re.IGNORECASE)  # fmt: skip
"""What is left of a cell beside its dates if these are not all of its days."""


def doubt(notes: Notes, starts: Iterable[str], ends: Iterable[str], longest: timedelta, staff: frozenset[str]) -> Doubt:
    """The doubt about a line that was left out; `starts` and `ends` are the cells that should give its times."""
    why = next((str(fault) for fault in notes.faults if fault.severity == "error"), f"line {notes.line}")
    first, last = _days(starts, longest), _days(ends, longest)
    if not first and not last:
        return Doubt(notes.line, why, None, staff)
    if not first:
        low, high = min(last) - longest, max(last)
    elif not last:
        low, high = min(first), max(first) + longest
    else:  # also if they are in the wrong order
        low, high = min(*first, *last), max(*first, *last)
    return Doubt(notes.line, why, around(Interval(low, high + _DAY)), staff)


def around(span: Interval) -> Interval:
    """A span of days, widened because their zone is not known."""
    return Interval(span.earliest - _ANY_ZONE, span.latest + _ANY_ZONE)


def _days(cells: Iterable[str], longest: timedelta) -> list[datetime]:
    """Every day that the cells may name, in either order of day and month, as midnights in UTC.

    Beside other numbers, or a week, a date may be any day of the visit: then it stands for all that are near enough.
    """
    days = []
    for cell in cells:
        found = all_written(cell)
        more = longest if found and _MORE.search(_rest(cell)) else timedelta(0)
        for written in found:
            for order in (Order.DAY_FIRST, Order.MONTH_FIRST):
                try:
                    day = datetime.combine(written.moment(order).wall.date(), datetime.min.time(), UTC)
                except ValueError:
                    continue
                days += [day - more, day + more]
    return days


def all_written(cell: str) -> list[Written]:
    """The date in a cell, or every date in its text, without their weekdays, which may be what is wrong."""
    found = []
    for text in (cell, *_LOOSE.findall(plain_date(cell))):
        try:
            written = read_written(text)
        except ValueError:
            continue
        if FIRST_YEAR <= written.year <= LAST_YEAR:
            found.append(replace(written, weekday=None))
            if text is cell:
                break
    return found


def _rest(cell: str) -> str:
    """The cell without its dates and times of day."""
    try:
        read_written(cell)
    except ValueError:
        return _CLOCK.sub(" ", _LOOSE.sub(" ", plain_date(cell)))
    return ""
