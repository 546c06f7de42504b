"""Times by a clock of twelve hours whose half of the day is missing. They are asked about, never guessed.

“1:00–3:00pm”, “6:30 to 8:30” and “1:15 to 3:15” were most likely meant after noon. Read as they are, they would be a
visit that begins half a day too early, in which private photos would be sent. Pure.
"""

import re
from collections.abc import Iterable
from datetime import time, timedelta

from agent.register.dates import CellDate, Order
from agent.register.when import Line, When

_HALF = re.compile(r"[0-9] ?[ap]\.?m\b", re.IGNORECASE)
_ONE_DIGIT = re.compile(r"(?:^|[^0-9:.])[0-9][:.h][0-9]{2}(?![:.]?[0-9])")
"""A time such as 6:30, without a zero before it and without seconds, which spreadsheets write."""

SMALL_HOURS = time(6)
"""Few visits begin before this; one that also ends by noon was more likely meant in the afternoon."""
_EARLY = time(8)
_NOON = time(12)
_HALF_A_DAY = timedelta(hours=12)


def shows_24_hours(lines: Iterable[Line]) -> bool:
    """Whether a time in the file has no am or pm and is after noon: then people there write 19:00, not 7:00."""
    return any(
        clock is not None and clock.hour > _NOON.hour and not _HALF.search(when.said)
        for line in lines
        for when in line.both()
        for clock in (when.clock or when.written.clock,)
    )


def report_half_a_day(line: Line, order: Order, *, shown_24: bool) -> None:
    """Add an error if a time may be half a day later than it is read. `shown_24`: see `shows_24_hours`."""
    if line.starts is None or line.ends is None or line.row.notes.failed():
        return
    try:
        first, last = line.starts.moment(order), line.ends.moment(order)
    except ValueError:
        return  # reported with its cell
    if first.whole_day or last.whole_day or first.offset is not None or last.wall <= first.wall:
        return
    marked = [bool(_HALF.search(when.said)) for when in (line.starts, line.ends)]
    if marked[0] != marked[1]:
        _one_marked(line, line.starts, line.ends, first, last, at_start=marked[0])
    elif first.wall.date() == last.wall.date() and last.wall.time() <= _NOON:
        _before_noon(line, line.starts, first, last, marked=marked[0], shown_24=shown_24)


def _one_marked(line: Line, starts: When, ends: When, first: CellDate, last: CellDate, *, at_start: bool) -> None:
    """Only one of two times has am or pm. The other one is sure if half a day later it could not be meant."""
    one_day = first.wall.date() == last.wall.date()
    if at_start:
        bare, unsure, column = last, not one_day, ends.column
    else:
        later = first.wall + _HALF_A_DAY
        bare, unsure, column = first, later < last.wall and (one_day or first.wall.time() < _EARLY), starts.column
    if unsure and 1 <= bare.wall.hour < _NOON.hour:
        line.row.notes.error(column, f"only one of the two times has am or pm, so this one may be {bare.wall:%H:%M} or "
                             f"{bare.wall + _HALF_A_DAY:%H:%M}: write both with am or pm, or neither")  # fmt: skip


def _before_noon(line: Line, starts: When, first: CellDate, last: CellDate, *, marked: bool, shown_24: bool) -> None:
    """A visit that begins and ends before noon, by two times that both have am or pm, or neither."""
    notes, begins, later = line.row.notes, first.wall, first.wall + _HALF_A_DAY
    hours = f"{begins:%H:%M} to {last.wall:%H:%M}"
    if last.wall.time() < SMALL_HOURS or (begins.time() < SMALL_HOURS and not marked):
        notes.error(starts.column, f"{hours} is at night, at least in part: is {later:%H:%M} meant? If not, write the "
                    f"start with its offset from UTC, such as {begins:%Y-%m-%dT%H:%M}+00:00")  # fmt: skip
    elif begins.time() < _EARLY and not marked and not shown_24 and _ONE_DIGIT.search(starts.said):
        notes.error(starts.column, f"{hours} may be in the morning or in the evening: write {begins:%H:%M} or "
                    f"{later:%H:%M}, with four digits")  # fmt: skip
