"""The visits register as a spreadsheet: the columns of config/README.md, "The visits register".

Dates and times may be in one column or in two, and the order of day and month is decided for the whole file before any
line is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial

from agent.model.register import Doubt, Visit
from agent.model.times import Interval
from agent.register import approval, cells
from agent.register.dates import CellDate, Distrust, Order, Written, distrust, read_time, read_written
from agent.register.doubt import doubt
from agent.register.faults import Fault, Notes, as_warnings, contained_line, doubled
from agent.register.journey import journey
from agent.register.reading import Rules, VisitsReading
from agent.register.sheet import Columns, Row, read_sheet
from agent.register.spans import span
from agent.register.zones import zone_named

COLUMNS = Columns(
    "visits",
    needed=("id", "title", "starts", "ends"),
    optional=("timezone", "staff", "cameras", "latitude", "longitude", "radius_km", "status"),
    meant={
        "visit": "id", "visit_id": "id", "reference": "id", "name": "title", "visit_name": "title", "titel": "title",
        "tz": "timezone", "zone": "timezone",
        "teacher": "staff", "teachers": "staff", "leader": "staff", "leaders": "staff",
        "lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude",
        "radius": "radius_km", "km": "radius_km", "distance": "radius_km",
        "state": "status", "cancelled": "status", "canceled": "status", "approved": "status",
    },
    read_as={
        **dict.fromkeys(
            ("start", "begin", "begins", "from", "start_date", "starts_date", "date_start", "date_from", "from_date",
             "start_datetime", "start_date_time", "start_date_and_time", "starts_at", "start_at", "departs",
             "departure", "departure_date", "first_day", "begin_date", "start_time", "starts_time", "starttime",
             "startdate", "time_start", "time_from", "from_time", "departure_time", "begin_time", "beginn", "von",
             "startdatum", "startzeit", "beginn_datum", "beginn_uhrzeit", "uhrzeit_von", "datum_von"), "starts"),
        **dict.fromkeys(
            ("end", "to", "until", "till", "finish", "finishes", "end_date", "ends_date", "date_end", "date_to",
             "to_date", "end_datetime", "end_date_time", "end_date_and_time", "ends_at", "end_at", "returns", "return",
             "return_date", "last_day", "finish_date", "end_time", "ends_time", "endtime", "enddate", "time_end",
             "time_to", "to_time", "return_time", "finish_time", "until_time", "ende", "bis", "enddatum", "endzeit",
             "ende_datum", "ende_uhrzeit", "uhrzeit_bis", "datum_bis"), "ends"),
        **dict.fromkeys(
            ("date", "dates", "day", "visit_date", "date_of_visit", "trip_date", "datum", "tag", "time", "times",
             "uhrzeit", "zeit", "visit_time"), "date"),
    },
    several=frozenset({"starts", "ends", "date"}),
    instead={"starts": "date", "ends": "date"},
)  # fmt: skip


_ORDER = {name: place for place, name in enumerate(COLUMNS.known)}
"""A row's faults are listed in the order of its columns."""


@dataclass(frozen=True, slots=True)
class _When:
    """A start or an end in a row: a date, and a time of day if it is in a cell of its own."""

    column: str
    written: Written
    clock: time | None = None

    def moment(self, order: Order) -> CellDate:
        """Raises ValueError with the reason, in words for the cell."""
        moment = self.written.moment(order)
        if self.clock is None:
            return moment
        return CellDate(datetime.combine(moment.wall, self.clock), moment.offset)


@dataclass(slots=True)
class _Line:
    """A row with its start and end as written; None, with an error, if one is not understood."""

    row: Row
    starts: _When | None = None
    ends: _When | None = None


def read_visits_sheet(raw: bytes, rules: Rules) -> VisitsReading:
    """Read visits.csv, or the same register as a workbook."""
    sheet = read_sheet(raw, COLUMNS)
    lines = [_line(row, workbook=sheet.workbook) for row in sheet.rows]
    dates = [
        (line.row.notes.line, when.column, when.written) for line in lines for when in (line.starts, line.ends) if when
    ]
    doubted = distrust(dates, rules.dates) or _longer_by_order(lines, rules, dates)
    read = [
        (contained_line(line.row.notes, partial(_visit, line, rules, sheet.separator, dated=doubted is None)), line.row)
        for line in lines
    ]
    doubled([(row.cells.get("id"), row.notes) for _, row in read], "id")
    good = [(visit, row.notes.line) for visit, row in read if visit and not row.notes.failed()]
    doubtful = tuple(_doubt(row, rules) for _, row in read if row.notes.failed() and not _is_off(row))
    for _, row in read:
        row.notes.faults.sort(key=lambda fault: _ORDER.get(fault.column or "", 0))
        if row.notes.failed() and _is_off(row):
            as_warnings(row.notes)  # it is not a visit either way
    faults = [*sheet.faults, *(fault for _, row in read for fault in row.notes.faults)]
    if doubted is not None:
        whole = Fault(doubted.line, doubted.column, doubted.message, "error")
        return VisitsReading((), (whole, *faults), distrusted=whole)
    if not good and not any(fault.severity == "error" for fault in faults):
        faults.append(Fault(1, None, "the register contains no visits", "error"))
    return VisitsReading(
        tuple(visit for visit, _ in good),
        tuple(faults),
        tuple(line for _, line in good),
        doubtful,
    )


def _is_off(row: Row) -> bool:
    """Whether a row says, in spite of other faults, that the visit does not take place."""
    status, title = row.cells.get("status", ""), row.cells.get("title", "")
    return bool(approval.by_status(cells.key(status)) or approval.by_title(title))


def _doubt(row: Row, rules: Rules) -> Doubt:
    starts, ends, both = ([cell for _, cell in row.parts.get(name, ())] for name in ("starts", "ends", "date"))
    staff = Notes(row.notes.line)
    people = cells.names(row.cells.get("staff", ""), "staff", staff)
    aside = {fault.column for fault in row.notes.faults if fault.severity == "error"}
    # With a cell too many or an unread column, nobody knows whether the staff cell holds the staff.
    known = people if aside <= set(COLUMNS.known) and not staff.failed() else frozenset()
    return doubt(row.notes, [*starts, *both], [*ends, *both], rules.longest, known)


# --- Dates ------------------------------------------------------------------------------------------------------------


def _line(row: Row, *, workbook: bool) -> _Line:
    """Gather a row's dates and times. A contradiction between them is an error in the row's notes."""
    notes = row.notes
    if notes.failed() and not row.cells.get("id"):
        return _Line(row)  # not valid CSV: more faults would only hide the one that matters
    shared, shared_times = _pieces(row.parts.get("date", ()), notes)
    starts, start_times = _pieces(row.parts.get("starts", ()), notes)
    ends, end_times = _pieces(row.parts.get("ends", ()), notes)
    if len(shared_times) > 2 or (len(shared_times) == 2 and (start_times or end_times)):
        notes.error("date", "more times of day than a start and an end: which are meant?")
    start = _one(starts or shared, start_times or shared_times[:1], "starts", notes)
    # One date and an end that is only a time of day: the visit ends on the day on which it starts.
    own = ends or shared or starts
    if not ends and end_times:
        own = [(column, replace(written, clock=None)) for column, written in own]
    elif not ends and not shared:
        own = []
    end = _one(own, end_times or shared_times[1:2], "ends", notes)
    line = _Line(row, start, end)
    if start and end and not notes.failed():
        _whole(line, notes, workbook=workbook)
    return line


def _pieces(parts: Sequence[tuple[str, str]], notes: Notes) -> tuple[list[tuple[str, Written]], list[tuple[str, time]]]:
    """The dates and the times of day in cells that belong together."""
    dates: list[tuple[str, Written]] = []
    times: list[tuple[str, time]] = []
    for column, cell in parts:
        if not cells.is_value(cell, column, notes):
            continue
        try:
            listed = [read_time(piece) for piece in _range(cell)]
            if None not in listed:
                times += [(column, clock) for clock in listed if clock is not None]
            else:
                dates.append((column, read_written(cell)))
        except ValueError as fault:
            notes.error(column, f"“{cells.printable(cell, 40)}”: {fault}")
    return dates, times


def _range(cell: str) -> list[str]:
    """The two times in "08:30–16:30"; else the cell itself. Raises ValueError for an impossible time."""
    for dash in ("–", "—", " to ", " bis ", "-"):
        before, found, after = cell.partition(dash)
        if found and len(cell) < 30 and read_time(before) is not None and read_time(after) is not None:
            return [before, after]
    return [cell]


def _one(
    dates: Sequence[tuple[str, Written]], times: Sequence[tuple[str, time]], column: str, notes: Notes
) -> _When | None:
    """The one start or end in these pieces; None, with an error, if they give none or several."""
    if not dates:
        if not any(fault.severity == "error" and fault.column not in COLUMNS.known[:2] for fault in notes.faults):
            notes.error(column, "there is no date")
        return None
    name, written = dates[0]
    if any(other != written for _, other in dates[1:]):
        notes.error(dates[1][0], f"two dates, “{written.text}” and “{dates[1][1].text}”: which one is meant?")
        return None
    clocks = {clock for _, clock in times}
    if len(clocks) > 1 or (clocks and written.clock is not None and clocks != {written.clock}):
        notes.error(times[-1][0], "two times of day: which one is meant?")
        return None
    return _When(name, written, next(iter(clocks)) if clocks and written.clock is None else None)


def _whole(line: _Line, notes: Notes, *, workbook: bool) -> None:
    """Report a day without a time if a time is meant: otherwise the whole day would count as the visit."""
    starts, ends = line.starts, line.ends
    if starts is None or ends is None:
        return
    timed = [when.clock is not None or when.written.clock is not None for when in (starts, ends)]
    if all(timed):
        return
    for column, cell in line.row.unread:
        try:
            time_of_day = read_time(cell)
        except ValueError:
            continue
        if time_of_day is not None and ":" in cell:
            notes.error(column, f"“{cells.printable(cell, 20)}” is not read: name the column start time or end time")
    if any(when.clock is not None for when in (starts, ends)):
        if timed[0]:
            notes.error(ends.column, "the end has a date and no time of day, unlike the start")
        else:
            notes.error(starts.column, "the start has a date and no time of day, unlike the end")
    elif workbook and timed[0]:
        notes.error(ends.column, "the end is a day without a time, or midnight: give it a time such as 16:30 or 23:59")


def _longer_by_order(
    lines: Sequence[_Line], rules: Rules, dates: Sequence[tuple[int, str, Written]]
) -> Distrust | None:
    """A line that makes a visit only with day and month swapped, if no date in the file proves their order."""
    if rules.dates is Order.ISO or any(written.proves is rules.dates for _, _, written in dates):
        return None
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


def _length(line: _Line, order: Order) -> timedelta | None:
    if line.starts is None or line.ends is None:
        return None
    try:
        return line.ends.moment(order).wall - line.starts.moment(order).wall
    except ValueError:
        return None


# --- A row ------------------------------------------------------------------------------------------------------------


def _visit(line: _Line, rules: Rules, separator: str, *, dated: bool) -> Visit | None:
    """The row's visit; None, with an error in the row's notes, if it has none. `dated`: the dates can be used."""
    row = line.row
    notes, cell = row.notes, row.cells
    if notes.failed() and not cell.get("id"):
        return None
    visit_id = cells.visit_id(cell["id"], "id", notes)
    title = cells.title(cell["title"], "title", notes)
    zones = journey(cell.get("timezone") or rules.zone, "timezone", notes)
    when = _interval(line, zones, rules, notes) if dated and zones else None
    staff, cameras = (cells.names(cell.get(column, ""), column, notes) for column in ("staff", "cameras"))
    where, radius_km = cells.place(
        cell.get("latitude", ""),
        cell.get("longitude", ""),
        cell.get("radius_km", ""),
        ("latitude", "longitude", "radius_km"),
        notes,
        separator=separator,
    )
    off = _off(cell.get("status", ""), title, notes)
    if notes.failed() or visit_id is None or when is None:
        return None
    return Visit(
        visit_id,
        title,
        when,
        zones[0],
        staff,
        cameras,
        where,
        radius_km,
        bool(off),
        zones[1:],
        "" if off == approval.CANCELLED else off,
        notes.line,
    )


def _interval(line: _Line, zones: tuple[str, ...], rules: Rules, notes: Notes) -> Interval | None:
    """From a start in the first zone to an end in the last; a warning says how to write a journey that comes back."""
    starts, ends = (_moment(when, rules, notes) for when in (line.starts, line.ends))
    there, back = zone_named(zones[0]), zone_named(zones[-1])
    if starts is None or ends is None or line.starts is None or line.ends is None or there is None or back is None:
        return None
    if zones[0] != zones[-1] and ends.offset is None and not ends.whole_day:
        home = "; ".join((*zones, zones[0]))
        notes.warning("timezone", f"its end is read in {zones[-1]}, where this journey ends; for one that comes back "
                      f"write {home}")  # fmt: skip
    return span((starts, there), (ends, back), (line.starts.column, line.ends.column), notes)


def _moment(when: _When | None, rules: Rules, notes: Notes) -> CellDate | None:
    if when is None:
        return None
    try:
        return when.moment(rules.dates)
    except ValueError as fault:
        notes.error(when.column, f"“{cells.printable(when.written.text, 40)}”: {fault}")
        return None


def _off(cell: str, title: str, notes: Notes) -> str:
    """Why the visit does not take place; empty if it does."""
    off = approval.by_status(cells.key(cell))
    if off is None:
        notes.error(
            "status", f"unknown status “{cells.printable(cell, 40)}”: write approved or cancelled, or leave it empty"
        )
        return ""
    by_title = approval.by_title(title)
    if by_title and not off:
        notes.warning("title", f"not a visit, {by_title}, as its title says; write cancelled in status, or correct it")
    elif off not in {"", approval.CANCELLED}:
        notes.warning("status", f"not a visit, {off}: its photos stay where they are until it is approved")
    return off or by_title
