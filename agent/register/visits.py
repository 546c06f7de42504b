"""The visits register as a spreadsheet: the columns of CONTRACT, "visits.csv"."""

from agent.model import Visit
from agent.register import cells
from agent.register.faults import Fault, Notes, doubled
from agent.register.moments import Moment, parse_moment, span
from agent.register.reading import VisitsReading
from agent.register.sheet import Columns, Row, read_sheet
from agent.register.zones import WITHOUT_SUMMER, nearest_zone, zone_named

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
    read = [(_visit(row, zone, sheet.separator), row) for row in sheet.rows]
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
    zone_name = cell.get("timezone") or home
    zone = zone_named(zone_name)
    if zone is None:
        hint = nearest_zone(zone_name)
        notes.error(
            "timezone", f"unknown zone “{cells.printable(zone_name, 40)}”{f'; is {hint} meant?' if hint else ''}"
        )
    elif cell.get("timezone") in WITHOUT_SUMMER:
        notes.warning("timezone", f"{zone_name} has no summer time: write Europe/London, say, if that is meant")
    starts, ends = (_moment(cell[column], column, notes) for column in ("starts", "ends"))
    when = span((starts, zone), (ends, zone), ("starts", "ends"), notes) if starts and ends and zone else None
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
    return Visit(visit_id, title, when, zone_name, staff, cameras, where, radius_km, cancelled)


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
