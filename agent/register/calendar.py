"""The visits register as a calendar (iCalendar, RFC 5545): each VEVENT is a visit.

- id: the property X-VISIT-ID, else made from UID, always the same way; title: SUMMARY.
- times: DTSTART with DTEND (exclusive for whole days, RFC 5545, 3.6.1) or DURATION; a TZID is the visit's zone, by its
  IANA or Windows name; a floating or UTC time is of a visit in the device's zone. Where those of DTSTART and DTEND
  differ, the visit goes from one to the other; X-VISIT-TIMEZONE lists the zones of a journey as visits.csv does, and is
  the zone of times that name none.
- GEO is the place. RFC 5545 has no radius, no list of staff and none of cameras: X-VISIT-RADIUS-KM, X-VISIT-STAFF and
  X-VISIT-CAMERAS say these as the columns of visits.csv do. ORGANIZER and ATTENDEE are *not* lists of staff: they are
  addresses, and whoever is invited has not yet come.
- STATUS:CANCELLED, or METHOD:CANCEL for the whole calendar, is a cancelled visit; a tentative one is none yet.
- A recurring event is an error: a visit is one outing, and each has its own id.
"""

import re
import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from hashlib import sha256
from itertools import groupby
from typing import Any

from agent.model import Interval, Visit, VisitId
from agent.register import cells
from agent.register.faults import Fault, Notes, contained_line, doubled
from agent.register.journey import journey
from agent.register.moments import FIRST_YEAR, LAST_YEAR, Moment, span
from agent.register.reading import VisitsReading
from agent.register.sheet import decode
from agent.register.zones import nearest_zone, zone_named

_RECURRING = ("RRULE", "RDATE", "RECURRENCE-ID")
_READ = frozenset(
    {"UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "GEO", "STATUS", *_RECURRING}
    | {"X-VISIT-ID", "X-VISIT-STAFF", "X-VISIT-CAMERAS", "X-VISIT-RADIUS-KM", "X-VISIT-TIMEZONE"}
)
_A_DAY = timedelta(days=1)
_TIME = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


def read_calendar(raw: bytes, *, zone: str) -> VisitsReading:
    """Read a calendar; `zone` is the device's, for times without one. Never raises on bad content."""
    text, told = decode(raw, "visits")
    if text is None:
        return VisitsReading((), told)
    starts = [number for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if _is(line, "BEGIN:VEVENT")]
    try:
        calendars = _calendars(text)
    except ValueError as fault:
        return VisitsReading((), (*told, Fault(1, None, f"this is not a calendar: {fault}", "error")))
    events = [(event, calendar) for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != len(starts):
        starts = list(range(1, len(events) + 1))  # oddly nested: say which event instead
    read = []
    for (event, calendar), line in zip(events, starts, strict=True):
        notes = Notes(line)
        name = contained_line(notes, partial(_id, event, notes))
        called_off = _text(calendar, "METHOD").upper() == "CANCEL"
        visit = contained_line(notes, partial(_visit, event, name, notes, zone, called_off=called_off))
        read.append((name, notes, visit))
    doubled([(name, notes) for name, notes, _ in read], "UID")
    good = [(visit, notes.line) for _, notes, visit in read if visit and not notes.failed()]
    faults = [*told, *(fault for _, notes, _ in read for fault in notes.faults)]
    if not good and not any(fault.severity == "error" for fault in faults):
        faults.append(Fault(1, None, "the calendar holds no visit", "error"))
    return VisitsReading(tuple(visit for visit, _ in good), tuple(faults), tuple(line for _, line in good))


def _is(line: str, start: str) -> bool:
    return line.strip().upper() == start


def _calendars(text: str) -> list[Any]:
    """The calendars in a file. ValueError if it is none, or is cut off: the library takes that for an empty one."""
    from icalendar import Calendar  # a tenth of a second, and only here

    open_parts: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        word, _, part = line.strip().upper().partition(":")
        if word == "BEGIN" and not line[:1].isspace():
            open_parts.append(part)
        elif word == "END" and not line[:1].isspace() and (not open_parts or open_parts.pop() != part):
            raise ValueError(f"an END:{part[:20]} without its BEGIN")
    if open_parts:
        raise ValueError(f"it is cut off, END:{open_parts[-1][:20]} is missing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its guesses at zones, which are not used here
        calendars: list[Any] = list(Calendar.from_ical(text, multiple=True))
    if not calendars:
        raise ValueError("there is no BEGIN:VCALENDAR in it")
    return calendars


def _text(component: Any, name: str) -> str:
    """A property's value as text; empty if it is not there or stands there more than once."""
    value = component.get(name)
    return "" if value is None or isinstance(value, list) else str(value)


def _id(event: Any, notes: Notes) -> VisitId | None:
    given = _text(event, "X-VISIT-ID").strip()
    if given:
        return cells.visit_id(given, "X-VISIT-ID", notes)
    uid = _text(event, "UID").strip()
    if not uid:
        notes.error("UID", "the event has no UID and no X-VISIT-ID")
        return None
    return _safe(uid)


def _safe(uid: str) -> VisitId:
    """A folder's name for a UID: itself where it is one, else what is safe of it with eight digits of its hash."""
    if cells.unsafe_id(uid) is None:
        return VisitId(uid)
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", uid).strip("-")[:48].rstrip("-") or "visit"
    return VisitId(f"{kept}-{sha256(uid.encode()).hexdigest()[:8]}")


def _visit(event: Any, visit_id: VisitId | None, notes: Notes, home: str, *, called_off: bool) -> Visit | None:
    for name, message in event.errors:
        if name is None or name.upper() in _READ:
            notes.error(name and name.upper(), cells.printable(str(message), 120))
    for name in sorted(_READ):
        if isinstance(event.get(name), list) and name not in _RECURRING:
            notes.error(name, "stands there more than once: which one is meant?")
    for name in _RECURRING:
        if name in event:
            notes.error(name, "a recurring event is not read: give every visit an event of its own")
    if notes.failed():
        return None
    title = cells.printable(_text(event, "SUMMARY"), cells.LONGEST_TITLE)
    if not title:
        notes.warning("SUMMARY", "the visit has no title")
    route = journey(_text(event, "X-VISIT-TIMEZONE").strip(), "X-VISIT-TIMEZONE", notes)
    when, ends_named = _when(event, notes, *((route[0], route[-1]) if route else (home, home)))
    zones = [zone for zone, _ in groupby((*ends_named[:1], *route, *ends_named[1:]))]
    staff, cameras = (
        cells.names(_text(event, name).strip(), name, notes) for name in ("X-VISIT-STAFF", "X-VISIT-CAMERAS")
    )
    radius = _text(event, "X-VISIT-RADIUS-KM").strip()
    geo = event.get("GEO")
    north, east = (f"{geo.latitude:.7f}", f"{geo.longitude:.7f}") if geo is not None else ("", "")
    where, radius_km = cells.place(north, east, radius, ("GEO", "GEO", "X-VISIT-RADIUS-KM"), notes)
    status = _text(event, "STATUS").strip().upper() or "CONFIRMED"
    if status not in {"CONFIRMED", "CANCELLED", "CANCELED"}:
        why = "not approved yet" if status == "TENTATIVE" else "no status of an event"
        notes.error("STATUS", f"{cells.printable(status, 40)} is {why}: CONFIRMED or CANCELLED")
    if notes.failed() or visit_id is None or when is None:
        return None
    cancelled = called_off or status != "CONFIRMED"
    return Visit(
        visit_id, title or str(visit_id), when, zones[0], staff, cameras, where, radius_km, cancelled, tuple(zones[1:])
    )


def _when(event: Any, notes: Notes, home: str, home_at_end: str) -> tuple[Interval | None, tuple[str, ...]]:
    """The event's span, None with an error where it has none; and the zone of its start, with that of its end where
    the end names one.

    `home` and `home_at_end` are for times that name no zone.
    """
    starts, zone_name = _moment(event, "DTSTART", notes, home)
    zone = zone_named(zone_name)
    if starts is None or zone is None:
        return None, (home,)
    if "DTEND" in event and "DURATION" in event:
        notes.error("DURATION", "DTEND and DURATION exclude each other")
        return None, (home,)
    if "DTEND" in event:
        ends, end_zone_name = _moment(event, "DTEND", notes, home_at_end)
        end_zone = zone_named(end_zone_name)
        if ends is None or end_zone is None:
            return None, (home,)
        if ends.whole_day != starts.whole_day:
            notes.error("DTEND", "one of start and end is a day, the other a time: which one is meant?")
            return None, (home,)
        if ends.whole_day:  # exclusive here, inclusive for `span`
            ends = Moment(ends.wall - _A_DAY, whole_day=True)
        named = (end_zone_name,) if "TZID" in event["DTEND"].params else ()
        return span((starts, zone), (ends, end_zone), ("DTSTART", "DTEND"), notes), (zone_name, *named)
    over = _end_by_duration(event, starts, zone, notes)
    return span((starts, zone), (over, zone), ("DTSTART", "DURATION"), notes) if over else None, (zone_name,)


def _end_by_duration(event: Any, starts: Moment, zone: tzinfo, notes: Notes) -> Moment | None:
    """The end by DURATION, or of the one day that a whole-day event without an end lasts (RFC 5545, 3.6.1)."""
    lasting = event["DURATION"].dt if "DURATION" in event else _A_DAY if starts.whole_day else None
    if lasting is None:
        notes.error("DTEND", "the event has no end: give it DTEND or DURATION")
        return None
    if not isinstance(lasting, timedelta) or not timedelta(0) < lasting < 3660 * _A_DAY:
        notes.error("DURATION", "this is no duration of a visit")
        return None
    if starts.whole_day:
        return Moment(starts.wall + lasting - _A_DAY, whole_day=True)
    if starts.offset is not None or lasting % _A_DAY == timedelta(0):
        return Moment(starts.wall + lasting, starts.offset)  # days are days of the calendar (RFC 5545, 3.3.6)
    return Moment((starts.wall.replace(tzinfo=zone).astimezone(UTC) + lasting).replace(tzinfo=None), timedelta(0))


def _moment(event: Any, name: str, notes: Notes, home: str) -> tuple[Moment | None, str]:
    """What a date property says, and its zone by name.

    The digits count; the zone is looked up here, for the library takes a time of an unknown zone for a floating one.
    """
    value = event.get(name)
    if value is None:
        notes.error(name, "is missing")
        return None, home
    found = _TIME.fullmatch(value.to_ical().decode("utf-8", "replace"))
    if not found:
        notes.error(name, "this is neither a date nor a time")
        return None, home
    date, time, utc = found.groups()
    year = int(date[:4])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        notes.error(name, f"the year {year} cannot be meant")
        return None, home
    try:
        wall = datetime.strptime(date + (time or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock still
    except ValueError:
        notes.error(name, "there is no such day or time of day")
        return None, home
    tzid = str(value.params.get("TZID", "")).strip()
    zone_name = _zone_of(tzid) if tzid and time and not utc else home
    if zone_name is None or zone_named(zone_name) is None:
        unknown = tzid or home
        hint = nearest_zone(unknown)
        notes.error(name, f"unknown zone “{cells.printable(unknown, 60)}”{f'; is {hint} meant?' if hint else ''}")
        return None, home
    return Moment(wall, timedelta(0) if utc else None, whole_day=time is None), zone_name


def _zone_of(tzid: str) -> str | None:
    """The IANA name for a TZID: itself, what stands behind a maker's prefix (/maker/Europe/London), or Windows' own."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    if zone_named(tzid):
        return tzid
    if tzid.startswith("/"):
        parts = tzid.strip("/").split("/")
        for first in range(1, len(parts)):
            if zone_named(name := "/".join(parts[first:])):
                return name
    return WINDOWS_TO_OLSON.get(tzid)
