"""When a visit begins and ends: two moments as instants, each in a zone, never guessed.

A time that the zone's clocks skipped is an error. A time that they showed twice is read so that the visit is longer,
and a warning is given. An offset that may be the end of a range of times (09:00-11:00) is believed only if it is the
zone's own.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from agent.model.times import Interval
from agent.register.dates import CellDate
from agent.register.faults import Notes


def span(
    starts: tuple[CellDate, tzinfo], ends: tuple[CellDate, tzinfo], columns: tuple[str, str], notes: Notes
) -> Interval | None:
    """From when to when, in UTC. A whole day in `ends` means until its end. None, with an error, if impossible."""
    first = _instant(*starts, columns[0], notes, end=False)
    last = _instant(*ends, columns[1], notes, end=True)
    if first is None or last is None:
        return None
    if last <= first:
        notes.error(columns[1], _backwards(starts[0], ends[0], columns, same=last == first))
        return None
    return Interval(first, last)


def _backwards(starts: CellDate, ends: CellDate, columns: tuple[str, str], *, same: bool) -> str:
    """The most likely mistake in a visit that does not end after it starts."""
    if same:
        return "the visit ends when it starts"
    afternoon, turned = ends.wall + timedelta(hours=12), _exchanged(ends)
    hint = ""
    if starts.wall.date() == ends.wall.date() and ends.wall.hour < 12 and afternoon > starts.wall:
        hint = f": is {afternoon:%H:%M} meant, or the day after?"
    elif ends.wall.year < starts.wall.year:
        hint = f": is the year {starts.wall.year} meant?"
    elif turned is not None and starts.wall <= turned <= starts.wall + timedelta(days=60):
        hint = ": are day and month swapped?"
    elif starts.wall - ends.wall <= timedelta(days=60) and columns[0] != columns[1]:
        hint = f": are {columns[0]} and {columns[1]} swapped?"
    return f"the visit ends before it starts{hint}"


def _exchanged(moment: CellDate) -> datetime | None:
    """The moment with day and month swapped; None if that day does not exist."""
    try:
        return moment.wall.replace(month=moment.wall.day, day=moment.wall.month)
    except ValueError:
        return None


def _instant(moment: CellDate, zone: tzinfo, column: str, notes: Notes, *, end: bool) -> datetime | None:
    if moment.whole_day:
        # Midnight, even if clocks skip it: by the offset before (fold=0), that is the first instant of the new day.
        midnight = moment.wall + timedelta(days=1) if end else moment.wall
        return midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.offset is not None:
        exact = moment.wall.replace(tzinfo=timezone(moment.offset)).astimezone(UTC)
        there = exact.astimezone(zone).utcoffset()
        if there != moment.offset and moment.doubt:  # also 19:00-00:00, which ends at midnight
            notes.error(column, f"{moment.doubt}; if it is an offset, name its zone in the column timezone")
            return None
        if moment.offset and there != moment.offset:
            notes.warning(column, f"this offset is not that of {zone} at that time; the offset is used")
        return exact
    before, after = (moment.wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before.astimezone(zone).replace(tzinfo=None) != moment.wall:
        notes.error(
            column, f"this time does not exist in {zone}: the clocks go forward over it; write an earlier or later one"
        )
        return None
    if before == after:
        return before
    which = "second" if end else "first"
    notes.warning(column, f"clocks in {zone} showed this time twice: the {which} is used; add an offset to be exact")
    return after if end else before
