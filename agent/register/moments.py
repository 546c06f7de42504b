"""When a visit starts and ends: from what stands in a cell to an instant, in a zone, never guessed.

Days come before months (14/03/2026) or years come first (2026-03-14). A time that the zone's clocks skipped is an
error; one that they showed twice is read so that the visit is longer, with a warning.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from agent.model import Interval
from agent.register.faults import Notes

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years outside are typing errors; and the sums below cannot leave what a datetime can hold."""

LONGEST_VISIT = timedelta(days=60)

_DAY = re.compile(
    r"(?:(?P<y>[0-9]{4})(?P<s>[-/])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"
    r"|(?P<d2>[0-9]{1,2})(?P<s2>[-/.])(?P<m2>[0-9]{1,2})(?P=s2)(?P<y2>[0-9]{4}))"
    r"(?:(?:[Tt]|,? +)(?P<h>[0-9]{1,2})[:.](?P<min>[0-9]{2})(?:[:.](?P<sec>[0-9]{2})(?:[.,]0+)?)?"
    r"(?: *(?:(?P<z>[Zz])|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?))?)?"
)
_FORM = "write 2026-03-14 08:30 or 14/03/2026 08:30"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a cell says: a wall clock, an offset if it gives one, and whether it names a whole day without a time."""

    wall: datetime
    offset: timedelta | None = None
    whole_day: bool = False


def parse_moment(cell: str) -> Moment:
    """Read a date with or without time and offset. Raises ValueError with what is wrong, in words for the cell."""
    text = " ".join(cell.split()).replace("−", "-")
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(_why_not(text))
    part = found.groupdict()
    iso = part["y"] is not None
    year, month, day = (int(part[name]) for name in (("y", "m", "d") if iso else ("y2", "m2", "d2")))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year {year} cannot be meant")
    if month > 12 >= day:
        order = "year-month-day" if iso else "day/month/year"
        raise ValueError(f"there is no month {month}: dates are {order}; {_FORM}")
    try:
        midnight = datetime(year, month, day)  # noqa: DTZ001 - a wall clock, until it is read in a zone
    except ValueError:
        raise ValueError(f"there is no such day: {day:02}/{month:02}/{year}") from None
    if part["h"] is None:
        return Moment(midnight, whole_day=True)
    hour, minute, second = int(part["h"]), int(part["min"]), int(part["sec"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"there is no such time of day: {part['h']}:{part['min']}; midnight is 00:00 of the next day")
    return Moment(midnight.replace(hour=hour, minute=minute, second=second), _offset(part))


def _offset(part: dict[str, str | None]) -> timedelta | None:
    if part["z"]:
        return timedelta(0)
    if not part["sign"]:
        return None
    hours, minutes = int(part["oh"] or 0), int(part["om"] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(f"there is no such offset from UTC: {part['sign']}{hours:02}:{minutes:02}")
    ahead = timedelta(hours=hours, minutes=minutes)
    return -ahead if part["sign"] == "-" else ahead


def _why_not(text: str) -> str:
    if re.search(r"(?i)[0-9] ?[ap]\.?m\.?$", text):
        # Excel writes am and pm where it also writes the month first: 3/4/2026 would be another day.
        return f"am and pm are not read, for such dates often have the month first; {_FORM}"
    if re.fullmatch(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1[0-9]{2}(\s.*)?", text):
        return f"the year needs four digits; {_FORM}"
    if re.fullmatch(r"[0-9]{5}([.,][0-9]+)?", text):
        return f"this is a spreadsheet's number, not a date: give the cell the format of a date; {_FORM}"
    return f"this is not a date as it is read here; {_FORM}"


def span(
    starts: tuple[Moment, tzinfo], ends: tuple[Moment, tzinfo], columns: tuple[str, str], notes: Notes
) -> Interval | None:
    """From when to when, in UTC. `ends` as a whole day means to that day's end. None, with an error, if impossible."""
    first = _instant(*starts, columns[0], notes, end=False)
    last = _instant(*ends, columns[1], notes, end=True)
    if first is None or last is None:
        return None
    if last <= first:
        notes.error(columns[1], "the visit ends before it starts" if last < first else "the visit ends as it starts")
        return None
    if last - first > LONGEST_VISIT:
        notes.warning(columns[1], f"the visit is {(last - first).days} days long: is that meant?")
    return Interval(first, last)


def _instant(moment: Moment, zone: tzinfo, column: str, notes: Notes, *, end: bool) -> datetime | None:
    if moment.whole_day:
        # Midnight, even where clocks skip it: by the offset before (fold=0) that is the new day's first instant.
        midnight = moment.wall + timedelta(days=1) if end else moment.wall
        return midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.offset is not None:
        exact = moment.wall.replace(tzinfo=timezone(moment.offset)).astimezone(UTC)
        there = exact.astimezone(zone).utcoffset()
        if moment.offset and there != moment.offset:
            notes.warning(column, f"the offset is not the one that {zone} has at that time; the offset counts")
        return exact
    before, after = (moment.wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before.astimezone(zone).replace(tzinfo=None) != moment.wall:
        notes.error(
            column, f"clocks in {zone} were put forward over this time: it never was; write an earlier or later one"
        )
        return None
    if before == after:
        return before
    which = "second" if end else "first"
    notes.warning(column, f"clocks in {zone} showed this time twice: the {which} is taken; add an offset to be exact")
    return after if end else before
