"""A register of visits, whichever form it is kept in."""

from agent.register.reading import Kind, VisitsReading
from agent.register.visits import read_visits_sheet


def read_visits(raw: bytes, *, kind: Kind, zone: str) -> VisitsReading:
    """Read a register of visits: a spreadsheet's CSV or a calendar (RFC 5545). Never raises on bad content.

    `zone` is the device's IANA zone, for lines that name none. Lines with an error are left out and told, and so are
    all lines that share an id.
    """
    if kind == "ics":
        from agent.register.calendar import read_calendar  # icalendar is slow to load

        return read_calendar(raw, zone=zone)
    return read_visits_sheet(raw, zone=zone)
