"""The visits register as a spreadsheet: the columns of CONTRACT, "visits.csv"."""

from functools import partial

from agent.model import Interval, Visit
from agent.register import cells
from agent.register.faults import Fault, Notes, contained_line, doubled
from agent.register.journey import journey
from agent.register.moments import Moment, parse_moment, span
from agent.register.reading import VisitsReading
from agent.register.sheet import Columns, Row, read_sheet
from agent.register.zones import zone_named

COLUMNS = Columns(
    "visits",
    needed=("id", "title", "starts", "ends"),
    optional=("timezone", "staff", "cameras", "latitude", "longitude", "radius_km", "status"),
    meant={
        "visit": "id", "visit_id": "id", "reference": "id", "name": "title", "visit_name": "title", "titel": "title",
        "from": "starts", "start_date": "starts", "start_time": "starts", "to": "ends", "until": "ends",
        "finish": "ends", "end_date": "ends", "end_time": "ends", "tz": "timezone", "zone": "timezone",
        "teacher": "staff", "teachers": "staff", "leader": "staff", "leaders": "staff",
        "lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude",
        "radius": "radius_km", "km": "radius_km", "distance": "radius_km",
        "state": "status", "cancelled": "status", "canceled": "status", "approved": "status",
    },
)  # fmt: skip


def read_visits_sheet(raw: bytes, *, zone: str) -> VisitsReading:
    """Read visits.csv; `zone` is the device's, for rows without one."""
    sheet = read_sheet(raw, COLUMNS)
    read = [(contained_line(row.notes, partial(_visit, row, zone, sheet.separator)), row) for row in sheet.rows]
    doubled([(row.cells.get("id"), row.notes) for _, row in read], "id")
    good = [(visit, row.notes.line) for visit, row in read if visit and not row.notes.failed()]
    faults = [*sheet.faults, *(fault for _, row in read for fault in row.notes.faults)]
    if not good and not any(fault.severity == "error" for fault in faults):
        faults.append(Fault(1, None, "the register holds no visit", "error"))
    return VisitsReading(tuple(visit for visit, _ in good), tuple(faults), tuple(line for _, line in good))


def _visit(row: Row, home: str, separator: str) -> Visit | None:
    """The row's visit; None, with an error in the row's notes, where there is none."""
    notes, cell = row.notes, row.cells
    if notes.failed() and not cell.get("id"):
        return None  # no CSV at all: more faults would only hide the one that matters
    visit_id = cells.visit_id(cell["id"], "id", notes)
    title = cells.title(cell["title"], "title", notes)
    zones = journey(cell.get("timezone") or home, "timezone", notes)
    starts, ends = (_moment(cell[column], column, notes) for column in ("starts", "ends"))
    when = _span(starts, ends, zones, notes) if starts and ends and zones else None
    staff, cameras = (cells.names(cell.get(column, ""), column, notes) for column in ("staff", "cameras"))
    where, radius_km = cells.place(
        cell.get("latitude", ""),
        cell.get("longitude", ""),
        cell.get("radius_km", ""),
        ("latitude", "longitude", "radius_km"),
        notes,
        separator=separator,
    )
    cancelled = _cancelled(cell.get("status", ""), notes)
    if notes.failed() or visit_id is None or when is None:
        return None
    return Visit(visit_id, title, when, zones[0], staff, cameras, where, radius_km, cancelled, zones[1:])


def _span(starts: Moment, ends: Moment, zones: tuple[str, ...], notes: Notes) -> Interval | None:
    """From a start in the first zone to an end in the last; who did not mean that is told how to say the other."""
    there, back = zone_named(zones[0]), zone_named(zones[-1])
    if there is None or back is None:
        return None
    if zones[0] != zones[-1] and ends.offset is None and not ends.whole_day:
        home = "; ".join((*zones, zones[0]))
        notes.warning("timezone", f"its end is read in {zones[-1]}, where this journey ends; for one that comes back "
                      f"write {home}")  # fmt: skip
    return span((starts, there), (ends, back), ("starts", "ends"), notes)


def _moment(cell: str, column: str, notes: Notes) -> Moment | None:
    if not cell:
        notes.error(column, "there is no date")
        return None
    if not cells.is_value(cell, column, notes):
        return None
    try:
        return parse_moment(cell)
    except ValueError as fault:
        notes.error(column, f"“{cells.printable(cell, 40)}”: {fault}")
        return None


def _cancelled(cell: str, notes: Notes) -> bool:
    status = cells.key(cell)
    if status not in {"", "approved", "cancelled", "canceled"}:
        notes.error("status", f"unknown status “{cells.printable(cell, 40)}”: approved, cancelled or empty")
    return status in {"cancelled", "canceled"}
