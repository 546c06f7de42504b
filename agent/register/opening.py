"""Reading a register of visits in any of its formats."""

from agent.register.reading import Kind, Rules, VisitsReading

_CALENDAR = b"BEGIN:VCALENDAR"


def read_visits(raw: bytes, *, kind: Kind, rules: Rules) -> VisitsReading:
    """Read a register of visits: a spreadsheet or a calendar (RFC 5545). Never raises on bad content.

    The content shows the format; `kind`, from the file's name, decides if it does not. Lines with an error are left out
    and reported, and so are all lines that share an id.
    """
    if kind == "ics" or raw.lstrip(b"\xef\xbb\xbf \t\r\n")[: len(_CALENDAR)].upper() == _CALENDAR:
        from agent.register.calendar import read_calendar  # icalendar is slow to load

        return read_calendar(raw, rules)
    from agent.register.visits import read_visits_sheet  # needed only to read a new register

    return read_visits_sheet(raw, rules)
