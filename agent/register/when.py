"""When a row's visit starts and ends: dates and times of day, gathered from one column or from several.

A period that is wider than the person meant would move private photos. So a time that cannot be read, one that is left
blank although other lines have it, and two dates that differ are errors of their line, not whole days. The order
of day and month is decided by the dates of all lines (`dates.distrust`), and, if these prove nothing, by the dates that
are in other cells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from agent.register import cells
from agent.register.dates import CellDate, Distrust, Order, Written, contrary, read_written, weekday_named
from agent.register.doubt import all_written
from agent.register.faults import Notes
from agent.register.reading import Rules
from agent.register.sheet import Row
from agent.register.unread import Clock, clock_times, weekday_beside, whole_day_beside

_CAPITAL_HALF = re.compile(r"[0-9] ?[AP]M\b")
_OF_TIMES = re.compile(r"\b(?:time|uhrzeit|heure|amser|zeit)", re.IGNORECASE)
_LONGEST_CELL = 400


@dataclass(frozen=True, slots=True)
class When:
    """A start or an end in a row: a date, and a time of day if it is in a cell of its own; `text` is that time as it is
    written.
    """

    column: str
    written: Written
    clock: time | None = None
    text: str = ""

    @property
    def timed(self) -> bool:
        """Whether it has a time of day."""
        return self.clock is not None or self.written.clock is not None

    @property
    def said(self) -> str:
        """Its time of day as it is written, perhaps with the date around it."""
        return self.text if self.clock is not None else self.written.text

    def moment(self, order: Order) -> CellDate:
        """Raises ValueError with the reason, in words for the cell."""
        moment = self.written.moment(order)
        if self.clock is None:
            return moment
        return replace(moment, wall=datetime.combine(moment.wall, self.clock), whole_day=False)


@dataclass(slots=True)
class Line:
    """A row with its start and end as written; None, with an error, if one is not understood.

    `aside` are dates that are not used, with their columns: in cells that cannot be read, and in other columns. They
    may prove the order of day and month.
    """

    row: Row
    starts: When | None = None
    ends: When | None = None
    aside: list[tuple[str, Written]] = field(default_factory=list)

    def both(self) -> Iterator[When]:
        """Its start and its end, as far as they are understood."""
        yield from (when for when in (self.starts, self.ends) if when)


def line_of(row: Row, *, workbook: bool) -> Line:
    """Gather a row's dates and times. A contradiction between them is an error in the row's notes."""
    notes, line = row.notes, Line(row)
    if notes.failed() and not row.cells.get("id"):
        return line  # not valid CSV: more faults would only hide the one that matters
    shared, shared_times = _pieces(row.parts.get("date", ()), line)
    starts, start_times = _pieces(row.parts.get("starts", ()), line)
    ends, end_times = _pieces(row.parts.get("ends", ()), line)
    if len(shared_times) > 2 or (len(shared_times) == 2 and (start_times or end_times)):
        notes.error("date", "more times of day than a start and an end: which are meant?")
    _same_day(shared, starts, ends, notes)
    start = _one(starts or shared, start_times or shared_times[:1], "starts", notes)
    # One date and an end that is only a time of day: the visit ends on the day on which it starts.
    own = ends or shared or starts
    if not ends and end_times:
        own = [(column, replace(written, clock=None)) for column, written in own]
    elif not ends and not shared:
        own = []
    end = _one(own, end_times or shared_times[1:2], "ends", notes)
    line.starts, line.ends = _as_elsewhere(start, row), _as_elsewhere(end, row, weekday=False)
    line.aside += [(column, written) for column, cell in row.unread for written in all_written(cell[:_LONGEST_CELL])]
    if start and end and not notes.failed():
        _whole(start, end, notes, workbook=workbook)
    return line


def _same_day(
    shared: Sequence[tuple[str, Written]],
    starts: Sequence[tuple[str, Written]],
    ends: Sequence[tuple[str, Written]],
    notes: Notes,
) -> None:
    """Report a start on another day than the date beside it, and so an end if its column is one of times.

    A spreadsheet may show a date and a time as a time only, and copying such a cell down counts its days on.
    """
    of_times = [(column, written) for column, written in ends if _OF_TIMES.search(column) and "date" not in column]
    for column, written in [*starts, *of_times]:
        for name, day in shared:
            if written.sure == day.sure and _day(written) != _day(day):
                notes.error(
                    column,
                    f"“{written.text}” is another day than “{day.text}” in the column {name}: which one is meant? "
                    "Write only the time here, or rename that column if it is a date of another kind",
                )
                return


def report_blank_times(lines: Sequence[Line]) -> None:
    """Add an error for each day without a time if other lines have times of day in columns of their own."""
    if not any(when.clock is not None for line in lines for when in line.both()):
        return
    for line in lines:
        blank = line.starts and line.ends and not (line.starts.timed or line.ends.timed)
        if line.starts and blank and not line.row.notes.failed() and not whole_day_beside(line.row.unread):
            line.row.notes.error(line.starts.column, "there is no time of day, unlike on other lines: fill it in; a "
                                 "visit that lasts all day is from 00:00 to 23:59")  # fmt: skip


def _pieces(parts: Sequence[tuple[str, str]], line: Line) -> tuple[list[tuple[str, Written]], list[tuple[str, Clock]]]:
    """The dates and the times of day in cells that belong together."""
    dates: list[tuple[str, Written]] = []
    times: list[tuple[str, Clock]] = []
    for column, cell in parts:
        if not cells.is_value(cell, column, line.row.notes):
            continue
        if weekday_named(cell) is not None and sum(map(len, line.row.parts.values())) > 1:
            continue  # it is compared with the date
        try:
            clocks = clock_times(cell, column)
            if clocks:
                times += [(column, clock) for clock in clocks]
            else:
                dates.append((column, read_written(cell)))
        except ValueError as fault:
            line.row.notes.error(column, f"“{cells.printable(cell, 40)}”: {fault}")
            line.aside += [(column, written) for written in all_written(cell[:_LONGEST_CELL])]
    return dates, times


def _one(
    dates: Sequence[tuple[str, Written]], times: Sequence[tuple[str, Clock]], column: str, notes: Notes
) -> When | None:
    """The one start or end in these pieces; None, with an error, if they give none or several."""
    if not dates:
        if not any(fault.severity == "error" and fault.column not in {"id", "title"} for fault in notes.faults):
            notes.error(column, "there is no date: write one such as 2026-03-14 08:30")
        return None
    name, written = dates[0]
    if any(other != written for _, other in dates[1:]):
        notes.error(dates[1][0], f"two dates, “{written.text}” and “{dates[1][1].text}”: which one is meant?")
        return None
    clocks = {clock.time for _, clock in times}
    if len(clocks) > 1 or (clocks and written.clock is not None and clocks != {written.clock}):
        notes.error(times[-1][0], "two times of day: which one is meant?")
        return None
    if not times or written.clock is not None:
        return When(name, written)
    return When(name, written, times[0][1].time, times[0][1].text)


def _as_elsewhere(when: When | None, row: Row, *, weekday: bool = True) -> When | None:
    """With what cells of their own say about it: its weekday, and AM or PM in capitals."""
    if when is None:
        return None
    parts = [part for name in ("date", "starts", "ends") for part in row.parts.get(name, ())]
    written = when.written
    if any(_CAPITAL_HALF.search(cell[:_LONGEST_CELL]) for _, cell in parts):
        written = replace(written, capital_half=True)
    beside = weekday_beside([*row.unread, *parts]) if weekday else None
    if beside is not None and written.weekday is None:
        written = replace(written, weekday=beside)
    return replace(when, written=written)


def _whole(starts: When, ends: When, notes: Notes, *, workbook: bool) -> None:
    """Report a start or an end without a time if the other one has a time."""
    if starts.timed == ends.timed:
        return
    one_day = not ends.written.sure and not starts.written.sure and _day(starts.written) == _day(ends.written)
    one_day = one_day or (starts.written.sure and ends.written.sure and _day(starts.written) == _day(ends.written))
    if starts.clock is None and ends.clock is None and not one_day and not (workbook and starts.timed):
        return
    if not starts.timed:
        notes.error(starts.column, "the start has a date and no time of day, unlike the end")
    elif workbook and ends.clock is None and starts.clock is None:
        notes.error(ends.column, "the end is a day without a time, or midnight: give it a time such as 16:30 or 23:59")
    else:
        notes.error(ends.column, "the end has a date and no time of day, unlike the start")


def _day(written: Written) -> tuple[int, int, int]:
    return written.year, written.first, written.second


# --- The order of day and month, by more than the dates themselves ----------------------------------------------------


def doubted_by_other_cells(
    lines: Sequence[Line],
    rules: Rules,
    dates: Sequence[tuple[int, str, Written]],
    titles: Sequence[tuple[int, str]],
    *,
    workbook: bool,
) -> Distrust | None:
    """A reason to distrust dates that prove no order themselves: other cells, lengths of visits, a workbook's text.

    `titles` are the cells above the header, with their line numbers.
    """
    if workbook and (found := _turned_by_the_workbook(dates)):
        return found
    if rules.dates is Order.ISO or any(written.proves is rules.dates for _, _, written in dates):
        return None
    if any(written.either for _, _, written in dates):
        aside: list[tuple[int, str | None, Written]] = [
            (line.row.notes.line, column, written) for line in lines for column, written in line.aside
        ]
        aside += [(number, None, written) for number, cell in titles for written in all_written(cell[:_LONGEST_CELL])]
        for number, column, written in aside:
            if not written.sure and written.proves not in {None, rules.dates}:
                return contrary(number, column, written, rules.dates)
    return _longer_by_order(lines, rules)


def _turned_by_the_workbook(dates: Sequence[tuple[int, str, Written]]) -> Distrust | None:
    """Text such as 14/03/2026 among real dates that all fit the other order.

    A spreadsheet set to another country takes 3/4/2026 for 4 March, and leaves 14/3/2026 as text.
    """
    text = next((entry for entry in dates if not entry[2].sure and entry[2].proves), None)
    real = [written for _, _, written in dates if re.match(r"[0-9]{4}-", written.text)]
    if text is None or not real or any(written.first > 12 or written.first == written.second for written in real):
        return None
    line, column, written = text
    return Distrust(
        line,
        column,
        f"“{written.text}” is text, and every real date in this workbook is one that a spreadsheet set to another "
        "country may have made with day and month swapped: none of its dates can be used. Check each date, and write "
        "this one with the year first: 2026-03-14 08:30",
    )


def _longer_by_order(lines: Sequence[Line], rules: Rules) -> Distrust | None:
    """A line that makes a visit only with day and month swapped."""
    other = Order.MONTH_FIRST if rules.dates is Order.DAY_FIRST else Order.DAY_FIRST
    for line in lines:
        if not line.starts or not line.ends or line.starts.written.sure or line.ends.written.sure:
            continue
        as_set, exchanged = (_length(line, order) for order in (rules.dates, other))
        if exchanged is None or not timedelta(0) <= exchanged <= rules.longest:
            continue
        if as_set is None or not timedelta(0) <= as_set <= rules.longest:
            texts = f"“{line.starts.written.text}” to “{line.ends.written.text}”"
            return Distrust(
                line.row.notes.line,
                line.starts.column,
                f"{texts} makes a visit only with day and month swapped, and no date in this file proves their "
                "order: none of its dates can be used. Write every date with the year first: 2026-03-14 08:30",
            )
    return None


def _length(line: Line, order: Order) -> timedelta | None:
    if line.starts is None or line.ends is None:
        return None
    try:
        return line.ends.moment(order).wall - line.starts.moment(order).wall
    except ValueError:
        return None
