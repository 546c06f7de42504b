"""The visits register as a spreadsheet: the columns of config/README.md, "The visits register".

Dates and times may be in one column or in two, and the order of day and month is decided for the whole file before any
line is used.
"""

from functools import partial

from agent.model.register import Doubt, Visit
from agent.model.times import Interval
from agent.register import approval, cells
from agent.register.dates import CellDate, distrust
from agent.register.doubt import doubt
from agent.register.faults import Fault, Notes, as_warnings, contained_line, doubled
from agent.register.headings import without_headings
from agent.register.journey import journey
from agent.register.reading import Rules, VisitsReading
from agent.register.sheet import Columns, Row, read_sheet
from agent.register.spans import span
from agent.register.twelvehours import SMALL_HOURS, report_half_a_day, shows_24_hours
from agent.register.unread import other_length, report_unread, says_length
from agent.register.when import (
    Line,
    When,
    doubted_by_other_cells,
    line_of,
    report_blank_times,
)
from agent.register.zones import summer_place, zone_named

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
        "state": "status", "subject": "title", "betreff": "title", "objet": "title",
    },
    read_as={
        **dict.fromkeys(
            ("start", "begin", "begins", "from", "start_date", "starts_date", "date_start", "date_from", "from_date",
             "start_datetime", "start_date_time", "start_date_and_time", "starts_at", "start_at", "departs",
             "departure", "departure_date", "first_day", "begin_date", "start_time", "starts_time", "starttime",
             "startdate", "time_start", "time_from", "from_time", "departure_time", "begin_time", "beginn", "von",
             "startdatum", "startzeit", "beginn_datum", "beginn_uhrzeit", "uhrzeit_von", "datum_von",
             "beginnt_am", "beginnt_um",
             "depart", "depart_time", "time_of_departure", "leave_time", "leaving_time", "time_out", "dechrau",
             "dyddiad_dechrau", "amser_dechrau"), "starts"),
        **dict.fromkeys(
            ("end", "to", "until", "till", "finish", "finishes", "end_date", "ends_date", "date_end", "date_to",
             "to_date", "end_datetime", "end_date_time", "end_date_and_time", "ends_at", "end_at", "returns", "return",
             "return_date", "last_day", "finish_date", "end_time", "ends_time", "endtime", "enddate", "time_end",
             "time_to", "to_time", "return_time", "finish_time", "until_time", "ende", "bis", "enddatum", "endzeit",
             "ende_datum", "ende_uhrzeit", "uhrzeit_bis", "datum_bis", "endet_am", "endet_um",
             "time_of_return", "time_back", "back_time",
             "gorffen", "dyddiad_gorffen", "amser_gorffen"), "ends"),
        **dict.fromkeys(
            ("date", "dates", "day", "visit_date", "date_of_visit", "trip_date", "datum", "tag", "time", "times",
             "uhrzeit", "zeit", "visit_time", "dyddiad", "amser", "heure", "heures", "horaire"), "date"),
    },
    several=frozenset({"starts", "ends", "date"}),
    instead={"starts": "date", "ends": "date"},
)  # fmt: skip


_ORDER = {name: place for place, name in enumerate(COLUMNS.known)}
"""A row's faults are listed in the order of its columns."""


def read_visits_sheet(raw: bytes, rules: Rules) -> VisitsReading:
    """Read visits.csv, or the same register as a workbook."""
    sheet = read_sheet(raw, COLUMNS)
    rows, headings = without_headings(sheet.rows)
    lines = [line_of(row, workbook=sheet.workbook) for row in rows]
    dates = [(line.row.notes.line, when.column, when.written) for line in lines for when in line.both()]
    doubted = distrust(dates, rules.dates) or doubted_by_other_cells(
        lines, rules, dates, sheet.titles, workbook=sheet.workbook
    )
    report_blank_times(lines)
    shown_24 = shows_24_hours(lines)
    read = [
        (
            contained_line(
                line.row.notes, partial(_visit, line, rules, sheet.separator, dated=doubted is None, shown_24=shown_24)
            ),
            line.row,
        )
        for line in lines
    ]
    doubled([(row.cells.get("id"), row.notes) for _, row in read], "id")
    good = [(visit, row.notes.line) for visit, row in read if visit and not row.notes.failed()]
    doubtful = tuple(_doubt(row, rules) for _, row in read if row.notes.failed() and not _is_off(row))
    for _, row in read:
        row.notes.faults.sort(key=lambda fault: _ORDER.get(fault.column or "", 0))
        if row.notes.failed() and _is_off(row):
            as_warnings(row.notes)  # it is not a visit either way
    faults = [*sheet.faults, *headings, *(fault for _, row in read for fault in row.notes.faults)]
    if doubted is not None:
        whole = Fault(doubted.line, doubted.column, doubted.message, "error")
        return VisitsReading((), (whole, *faults), distrusted=whole)
    if not good and not any(fault.severity == "error" for fault in faults):
        faults.append(
            Fault(1, None, "the register contains no visits: write each one on a line below the header", "error")
        )
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
    dates = [*starts, *both]
    staff = Notes(row.notes.line)
    people = cells.names(row.cells.get("staff", ""), "staff", staff)
    lengths = {column for column, cell in row.unread if says_length(column, cell)}
    if any(fault.column in lengths for fault in row.notes.faults if fault.severity == "error"):
        ends = both = []  # it may last longer than its end says
    aside = {fault.column for fault in row.notes.faults if fault.severity == "error"}
    # With a cell too many or an unread column, nobody knows whether the staff cell holds the staff.
    known = people if aside <= set(COLUMNS.known) and not staff.failed() else frozenset()
    return doubt(row.notes, dates, [*ends, *both], rules.longest, known)


# --- A row ------------------------------------------------------------------------------------------------------------


def _visit(line: Line, rules: Rules, separator: str, *, dated: bool, shown_24: bool) -> Visit | None:
    """The row's visit; None, with an error in the row's notes, if it has none. `dated`: the dates can be used."""
    row = line.row
    notes, cell = row.notes, row.cells
    if notes.failed() and not cell.get("id"):
        return None
    off = _off(cell.get("status", ""), cell["title"], notes)
    if not off:
        agreed = cells.key(cell.get("status", "")) in approval.AGREED
        timed = any(when.timed for when in line.both())
        report_unread(row.unread, notes, known=row.cells, timed=timed, approved=agreed)
        report_half_a_day(line, rules.dates, shown_24=shown_24)
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


def _interval(line: Line, zones: tuple[str, ...], rules: Rules, notes: Notes) -> Interval | None:
    """From a start in the first zone to an end in the last; a warning says how to write a journey that comes back."""
    starts, ends = (_moment(when, rules, notes) for when in (line.starts, line.ends))
    there, back = zone_named(zones[0]), zone_named(zones[-1])
    if starts is None or ends is None or line.starts is None or line.ends is None or there is None or back is None:
        return None
    if zones[0] != zones[-1] and ends.offset is None and not ends.whole_day:
        home = "; ".join((*zones, zones[0]))
        notes.warning("timezone", f"its end is read in {zones[-1]}, where this journey ends; for one that comes back "
                      f"write {home}")  # fmt: skip
    when = span((starts, there), (ends, back), (line.starts.column, line.ends.column), notes)
    if when is not None and not ends.offset:
        days = (ends.wall.date() - starts.wall.date()).days + 1
        by_night = not ends.whole_day and days > 1 and ends.wall.time() < SMALL_HOURS
        if other := other_length(line.row.unread, days, by_night=by_night):
            notes.error(other[0], f"“{other[1]}” is another length than from the start to the end, and this column is "
                        "not read: correct the start or the end, or this cell")  # fmt: skip
            return None
    if when is not None:
        for name, moment, written in ((zones[0], when.earliest, starts), (zones[-1], when.latest, ends)):
            place = summer_place(name, moment) if written.offset is None else None
            if place is not None:
                notes.error(
                    "timezone",
                    f"{name} has no summer time, so this visit would be an hour off the clocks in {place}: write "
                    f"{place} if its time is meant, and Etc/UTC or an offset if it is not",
                )
                break
    return when


def _moment(when: When | None, rules: Rules, notes: Notes) -> CellDate | None:
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
    if not off and not by_title and cells.key(cell) not in approval.AGREED and approval.unsure_by_title(title):
        shown = cells.printable(title, 40)
        notes.error(
            "title",
            f"“{shown}” leaves open whether the visit takes place: write approved or cancelled in the column status",
        )
    if by_title and not off:
        notes.warning("title", f"not a visit, {by_title}, as its title says; write cancelled in status, or correct it")
    elif off not in {"", approval.CANCELLED}:
        notes.warning("status", f"not a visit, {off}: its photos stay where they are until it is approved")
    return off or by_title
