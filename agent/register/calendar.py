"""The visits register as a calendar (iCalendar, RFC 5545): each VEVENT is a visit.

- id: the property X-VISIT-ID, else derived from UID, always in the same way; title: SUMMARY.
- times: DTSTART with DTEND (exclusive for whole days, RFC 5545, 3.6.1) or DURATION; a TZID is the visit's zone, by its
  IANA or Windows name or as the calendar defines it; a floating or UTC time belongs to the calendar's zone
  (X-WR-TIMEZONE), else to the device's. If DTSTART and DTEND have different zones, the visit goes from one to the
  other; X-VISIT-TIMEZONE lists the zones of a journey as visits.csv does, and applies to times that name no zone.
- GEO is the place. RFC 5545 has no property for a radius, staff or cameras: X-VISIT-RADIUS-KM, X-VISIT-STAFF and
  X-VISIT-CAMERAS give these as the columns of visits.csv do. ORGANIZER and ATTENDEE are *not* lists of staff: they are
  addresses, and an invitation does not mean that somebody came.
- Cancelled, tentative, free and declined events are not visits (`invitation`), and are reported as such.
- A recurring event is an error: a visit is one outing, and each has its own id.

All other properties, alarms and additions by a maker are skipped: they cannot make or cancel a visit.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from itertools import groupby

from agent.model.ids import VisitId
from agent.model.register import Doubt, Visit
from agent.model.times import Interval
from agent.register import approval, cells
from agent.register.contentlines import Component, NoCalendar, Property, folds_between_letters, read_components
from agent.register.dates import FIRST_YEAR, LAST_YEAR, CellDate
from agent.register.doubt import doubt
from agent.register.faults import Fault, Notes, as_warnings, contained_line, doubled
from agent.register.invitation import why_off
from agent.register.journey import journey
from agent.register.ownzones import IN_UTC, OwnZones
from agent.register.reading import Rules, VisitsReading
from agent.register.sheet import MOST_ROWS
from agent.register.spans import span
from agent.register.text import decode
from agent.register.unread import says_off
from agent.register.zones import nearest_zone, summer_place, zone_named

_RECURRING = ("RRULE", "RDATE", "RECURRENCE-ID")
_READ = frozenset(
    {"UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "GEO", "STATUS", "TRANSP", *_RECURRING}
    | {"X-VISIT-ID", "X-VISIT-STAFF", "X-VISIT-CAMERAS", "X-VISIT-RADIUS-KM", "X-VISIT-TIMEZONE"}
    | {"X-MICROSOFT-CDO-BUSYSTATUS"}
)
_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT"})
_A_DAY = timedelta(days=1)
_AGAIN = ": set the event's start and end again in the calendar program, and export the calendar again"
_ZIP_NAME = 300
"""Within so many bytes of a ZIP file its first member's name ends (30, and the name)."""
_ICELAND = "greenwich standard time"
_TIME = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?"
)


def read_calendar(raw: bytes, rules: Rules) -> VisitsReading:
    """Read a calendar. Never raises on bad content."""
    if raw.startswith(b"PK\3\4") and b".ics" in raw[:_ZIP_NAME]:
        words = "this is a packed file (ZIP), as Google exports calendars: unpack it, and use the .ics file in it"
        return VisitsReading((), (Fault(1, None, words, "error"),))
    text, undecoded = decode(folds_between_letters(raw), "visits")
    if text is None:
        return VisitsReading((), undecoded)
    try:
        calendars = read_components(text)
    except NoCalendar as fault:
        return VisitsReading((), (*undecoded, Fault(1, None, f"this is not a calendar: {fault}", "error")))
    if sum(part.kind == "VEVENT" for calendar in calendars for part in calendar.parts) > MOST_ROWS:
        words = f"the calendar has more than {MOST_ROWS} events: is it the right one?"
        return VisitsReading((), (*undecoded, Fault(1, None, words, "error")))
    settings = [(calendar, Setting(calendar, rules)) for calendar in calendars]
    events = [_Event(part, setting) for calendar, setting in settings for part in calendar.parts
              if part.kind == "VEVENT"]  # fmt: skip
    read = [(event, contained_line(event.notes, event.visit)) for event in events]
    doubled([(event.id, event.notes) for event, _ in read], "UID")
    good = [(visit, event.notes.line) for event, visit in read if visit and not event.notes.failed()]
    doubtful = tuple(event.doubt(rules.longest) for event, _ in read if event.notes.failed() and not event.off)
    for event, _ in read:
        if event.off:
            as_warnings(event.notes)  # it is not a visit either way
    faults = [*undecoded, *(fault for event, _ in read for fault in event.notes.faults)]
    if not good and not any(fault.severity == "error" for fault in faults):
        faults.append(Fault(1, None, "the calendar contains no visits", "error"))
    return VisitsReading(tuple(visit for visit, _ in good), tuple(faults), tuple(line for _, line in good), doubtful)


class Setting:
    """What a calendar says about all its events: the zone for times that name none, its own zones, and its method.

    `local` is the zone for whole days: a calendar kept in UTC means the school's days. `old` is whether it is a
    vCalendar 1.0; `old_clock` is then why times without a zone cannot be read.
    """

    def __init__(self, calendar: Component, rules: Rules) -> None:
        named = {
            one.value.strip().strip('"') for name in ("X-WR-TIMEZONE", "TIMEZONE-ID") for one in calendar.all(name)
        }
        own_zone = " and ".join(sorted(named - {""}))
        self.home = own_zone or rules.zone
        own = OwnZones(calendar, rules.zone)
        if own_zone and not zone_named(own_zone):
            self.home = own.named(own_zone, 2026) or own_zone  # an unknown zone is reported by each event that uses it
        self.zones = OwnZones(calendar, self.home)
        self._says_its_zone = bool(own_zone)
        self.local = rules.zone if self.home in _UTC else self.home
        self.method = calendar.text("METHOD").upper()
        self.old = calendar.text("VERSION") == "1.0"
        clock = cells.printable(calendar.text("TZ"), 10) if self.old else ""
        self.old_clock = (
            f"this old calendar (vCalendar 1.0) gives its time as TZ:{clock}, without a place: export it as iCalendar"
            if clock
            else ""
        )

    def unused(self, wall: datetime, home: str) -> str | None:
        """A zone that the calendar defines without using it, if this time would be another one there."""
        return None if self._says_its_zone else self.zones.unused(wall, home)


class _Event:
    """One VEVENT while it is being read."""

    def __init__(self, event: Component, setting: Setting) -> None:
        self._event = event
        self._setting = setting
        self.notes = Notes(event.line)
        self.id = self._id()
        self.off = why_off(event, setting.method)

    def visit(self) -> Visit | None:
        """The visit; None, with an error in the notes, if the event does not give one."""
        notes = self.notes
        self._check()
        if notes.failed():
            return None
        title = cells.printable(self._event.text("SUMMARY"), cells.LONGEST_TITLE)
        if not title:
            notes.warning("SUMMARY", "the visit has no title")
        if self.off and self.off != approval.CANCELLED:
            notes.warning(*_off_warning(self.off))
        if not self.off and approval.unsure_by_title(self._event.text("SUMMARY")):
            notes.error(
                "SUMMARY", f"“{title[:40]}” leaves open whether the visit takes place: rename the event, or cancel it"
            )
        remark = self._event.text("DESCRIPTION").partition("\n")[0]
        if not self.off and says_off(remark):
            notes.error("DESCRIPTION", f"“{cells.printable(remark, 40)}” may mean that the visit does not take place: "
                        "cancel the event, or begin its description otherwise")  # fmt: skip
        for name in ("X-VISIT-STAFF", "X-VISIT-CAMERAS"):
            if (
                self._setting.old
                and "QUOTED-PRINTABLE" in "".join(one.parameters for one in self._event.all(name)).upper()
            ):
                notes.error(name, "this old calendar (vCalendar 1.0) writes names in a code: export it as iCalendar")
        route = journey(self._event.text("X-VISIT-TIMEZONE"), "X-VISIT-TIMEZONE", notes)
        home = self._setting.home
        when, ends_named = self._when(*((route[0], route[-1]) if route else (home, home)))
        zones = [zone for zone, _ in groupby((*ends_named[:1], *route, *ends_named[1:]))]
        staff, cameras = (
            cells.names(self._event.text(name), name, notes) for name in ("X-VISIT-STAFF", "X-VISIT-CAMERAS")
        )
        north, east, radius = self._place()
        where, radius_km = cells.place(north, east, radius, ("GEO", "GEO", "X-VISIT-RADIUS-KM"), notes)
        status = self._event.text("STATUS").upper()
        if status not in {"", "CONFIRMED", "CANCELLED", "CANCELED", "TENTATIVE"}:
            notes.error("STATUS", f"{cells.printable(status, 40)} is not a known status: write CONFIRMED or CANCELLED")
        if notes.failed() or self.id is None or when is None:
            return None
        return Visit(
            self.id, title or str(self.id), when, zones[0], staff, cameras, where, radius_km, bool(self.off),
            tuple(zones[1:]), "" if self.off == approval.CANCELLED else self.off, notes.line,
        )  # fmt: skip

    def doubt(self, longest: timedelta) -> Doubt:
        """When the event could have taken place, if no visit could be read from it."""
        staff = Notes(self.notes.line)
        people = cells.names(self._event.text("X-VISIT-STAFF"), "staff", staff)
        days = {
            name: [
                f"{value[:4]}-{value[4:6]}-{value[6:8]}" for value in (one.value for one in self._event.all(name)[:9])
            ]
            for name in ("DTSTART", "DTEND")
        }
        again = any(self._event.all(name) for name in ("RRULE", "RDATE"))
        found = doubt(self.notes, days["DTSTART"], days["DTEND"], longest, frozenset() if staff.failed() else people)
        return Doubt(found.line, found.why, None, found.staff) if again else found

    def _id(self) -> VisitId | None:
        given = self._event.text("X-VISIT-ID")
        if given:
            return cells.visit_id(given, "X-VISIT-ID", self.notes)
        uid = self._event.text("UID")
        if not uid:
            self.notes.error("UID", "the event has no UID and no X-VISIT-ID")
            return None
        return _safe(uid)

    def _check(self) -> None:
        """Add an error for each property that is needed and cannot be read, with the event's name."""
        notes, called = self.notes, cells.printable(self._event.text("SUMMARY"), 40)
        of = f" (the event “{called}”)" if called else ""
        if self._event.unclosed:
            notes.error(None, f"BEGIN:{self._event.unclosed} has no END{of}")
        for line in self._event.strange:
            if (word := re.match(r"[A-Z-]+(?=[\s;]|$)", line)) and word[0] in _READ:
                notes.error(None, f"“{cells.printable(line, 40)}” cannot be read{of}")
        for name in sorted(_READ):
            if len(self._event.all(name)) > 1 and name not in _RECURRING:
                notes.error(name, f"appears more than once: which one is meant?{of}")
        for name in _RECURRING:
            if self._event.all(name):
                notes.error(name, f"a recurring event is not read: create a separate event for every visit{of}")

    def _place(self) -> tuple[str, str, str]:
        """Latitude, longitude and radius as written; a place that cannot be read only matters if there is a radius."""
        radius = self._event.text("X-VISIT-RADIUS-KM")
        geo = "".join(one.value for one in self._event.all("GEO")).strip()
        north, _, east = (part.strip() for part in geo.partition(";"))
        if not geo.strip("; "):
            return "", "", radius
        aside = Notes(0)
        cells.place(north, east, "", ("GEO", "GEO", ""), aside)
        if (aside.failed() or not east) and not radius:
            self.notes.warning("GEO", "the place cannot be read; it is not needed without X-VISIT-RADIUS-KM")
            return "", "", ""
        return north, east, radius

    def _when(self, home: str, home_at_end: str) -> tuple[Interval | None, tuple[str, ...]]:
        """The event's span (None with an error if it has none), and its zones: that of its start, then that of its end
        if the end names one.

        `home` and `home_at_end` apply to times that name no zone.
        """
        event, notes = self._event, self.notes
        starts, zone_name = self._moment("DTSTART", home)
        zone = zone_named(zone_name)
        if starts is None or zone is None:
            return None, (home,)
        ended, lasting = event.all("DTEND"), event.all("DURATION")
        if ended and lasting:
            notes.error("DURATION", "give either DTEND or DURATION, not both")
            return None, (home,)
        if ended:
            ends, end_zone_name = self._moment("DTEND", home_at_end)
            end_zone = zone_named(end_zone_name)
            if ends is None or end_zone is None:
                return None, (home,)
            named = (end_zone_name,) if ended[0].parameter("TZID") else ()
            bare = home == home_at_end and not event.all("DTSTART")[0].parameter("TZID") and starts.offset is None
            floating = home == home_at_end and not named and ends.offset is None
            if unlike := _unlike((starts, zone_name), (ends, end_zone_name), bare=bare, floating=floating):
                notes.error("DTEND", f"{unlike}: give both in the same way")
                return None, (home,)
            if ends.whole_day and ends.wall == starts.wall:  # some programs write the last day itself
                notes.warning("DTEND", "the event ends on the day on which it starts, and is read as that one day")
                ends = CellDate(ends.wall + _A_DAY, whole_day=True)
            if ends.whole_day:  # exclusive here, inclusive for `span`
                ends = CellDate(ends.wall - _A_DAY, whole_day=True)
            return span((starts, zone), (ends, end_zone), ("DTSTART", "DTEND"), notes), (zone_name, *named)
        over = self._end_by_duration(starts, zone, lasting)
        return span((starts, zone), (over, zone), ("DTSTART", "DURATION"), notes) if over else None, (zone_name,)

    def _end_by_duration(self, starts: CellDate, zone: tzinfo, given: list[Property]) -> CellDate | None:
        """The end by DURATION, or after the one day that a whole-day event without an end lasts (RFC 5545, 3.6.1)."""
        lasting = _duration(given[0].value) if given else _A_DAY if starts.whole_day else None
        if lasting is None and not given:
            self.notes.error("DTEND", "the event has no end: give it DTEND or DURATION")
            return None
        if lasting is None or not timedelta(0) < lasting < 3660 * _A_DAY:
            self.notes.error("DURATION", f"this cannot be how long a visit lasts{_AGAIN}")
            return None
        if starts.whole_day and lasting % _A_DAY:
            self.notes.error(
                "DURATION", "this event has a day without a time, and hours for its length: give it a time"
            )
            return None
        if starts.whole_day:
            return CellDate(starts.wall + lasting - _A_DAY, whole_day=True)
        if starts.offset is not None or lasting % _A_DAY == timedelta(0):
            return CellDate(starts.wall + lasting, starts.offset)  # days are days of the calendar (RFC 5545, 3.3.6)
        return CellDate((starts.wall.replace(tzinfo=zone).astimezone(UTC) + lasting).replace(tzinfo=None), timedelta(0))

    def _moment(self, name: str, home: str) -> tuple[CellDate | None, str]:
        """The value of a date property, and the name of its zone."""
        notes = self.notes
        there = self._event.all(name)
        if not there:
            notes.error(name, f"is missing{_AGAIN}")
            return None, home
        found = _TIME.fullmatch(there[0].value)
        if not found:
            notes.error(name, f"this is neither a date nor a time{_AGAIN}")
            return None, home
        date, time, utc = found.groups()
        year = int(date[:4])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            notes.error(name, f"the year {year} cannot be meant")
            return None, home
        try:
            wall = datetime.strptime(date + (time or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock still
        except ValueError:
            notes.error(name, f"there is no such day or time of day{_AGAIN}")
            return None, home
        tzid = there[0].parameter("TZID")
        if tzid.casefold() in IN_UTC:
            tzid, utc = "", "Z"
        if time is None and home == self._setting.home:
            home = self._setting.local
        zone_name = self._zone(name, tzid, wall, home) if tzid and time and not utc else home
        if time and not tzid and not utc and self._setting.old_clock:
            notes.error(name, self._setting.old_clock)
        elif zone_name is not None and zone_named(zone_name) is None:
            self._unknown_zone(name, zone_name)
        elif time and not tzid and not utc and home == self._setting.home:
            self._unless_elsewhere(name, wall, home)
        if notes.failed() or zone_name is None:
            return None, home
        return CellDate(wall, timedelta(0) if utc else None, whole_day=time is None), zone_name

    def _zone(self, name: str, tzid: str, wall: datetime, home: str) -> str | None:
        """The zone that a property names; None, with an error, if nobody can say which that is."""
        contradicted = self._setting.zones.contradicted(tzid, wall)
        found = None if contradicted else self._setting.zones.named(tzid, wall.year)
        if contradicted:
            self.notes.error(name, contradicted)
        elif found is None:
            self._unknown_zone(name, tzid or home)
        elif place := summer_place(found, wall.replace(tzinfo=zone_named(found))):
            self.notes.error(name, f"{tzid} has no summer time, so this visit would be an hour off the clocks in "
                             f"{place}: choose that place as the event's time zone")  # fmt: skip
        elif tzid.casefold() == _ICELAND and name == "DTSTART":
            self.notes.warning(name, "this is the time of Reykjavik, which has no summer time; for a visit in Britain "
                               "choose the time zone “Dublin, Edinburgh, Lisbon, London”")  # fmt: skip
        return found

    def _unless_elsewhere(self, name: str, wall: datetime, home: str) -> None:
        """Add an error if a time that names no zone may be of one that the calendar defines and never uses."""
        if called := self._setting.unused(wall, home):
            self.notes.error(name, f"this time names no zone, and the calendar defines “{called}” without using it: "
                             "choose the event's time zone again, or give it X-VISIT-TIMEZONE")  # fmt: skip

    def _unknown_zone(self, name: str, unknown: str) -> None:
        hint = nearest_zone(unknown)
        advice = f"is {hint} meant?" if hint else "choose a place, such as Europe/Paris, as the event's time zone"
        words = f"unknown zone “{cells.printable(unknown, 60)}”; {advice}"
        self.notes.error(name, words)


def _unlike(starts: tuple[CellDate, str], ends: tuple[CellDate, str], *, bare: bool, floating: bool) -> str:
    """How the end is given otherwise than the start, each with its zone's name; empty if it is not.

    A `floating` end after a start with a zone of its own (which RFC 5545, 3.8.2.2 forbids) may be meant in either, and
    so may a `bare` start before an end with a zone.
    """
    (first, zone), (last, end_zone) = starts, ends
    if first.whole_day != last.whole_day:
        return "one of start and end is a day, the other a time"
    if floating and not last.whole_day and (first.offset, zone) != (None, end_zone):
        return "the start gives its zone and the end does not"
    if bare and not first.whole_day and (last.offset, end_zone) != (None, zone):
        return "the end gives its zone and the start does not"
    return ""


def _off_warning(off: str) -> tuple[str, str]:
    """The column and the text of the warning that an event is not a visit."""
    if off == approval.FREE:
        return "TRANSP", (
            "not a visit: the calendar marks it as free time, as Outlook and Google do by default for all-day events. "
            "If it is a visit, set Show As to Busy"
        )
    if off == approval.PRIVATE:
        return "CLASS", "not a visit: the event is marked as private; if it is a visit, remove that mark"
    return "STATUS", f"not a visit, {off}: its photos stay where they are until it is confirmed"


def _duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _safe(uid: str) -> VisitId:
    """A folder name for a UID: the UID if it is a safe name, or else its safe part with eight digits of its hash."""
    if cells.unsafe_id(uid) is None:
        return VisitId(uid)
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", uid).strip("-")[:48].rstrip("-") or "visit"
    return VisitId(f"{safe}-{sha256(uid.encode(errors='replace')).hexdigest()[:8]}")
