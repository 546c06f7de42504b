"""The zone that a name in a calendar means: by IANA, by Windows, or as the calendar itself defines it (VTIMEZONE).

Outlook names zones as it pleases (`tzone://Microsoft/Custom`, `Customized Time Zone`, `GMT Standard Time 1`,
`(UTC+00:00) Dublin, Edinburgh, Lisbon, London`) and defines them in the file. Cameras are set to places, though, so
this module looks for an IANA zone that shows the same time as the definition throughout the years around the event.
"""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from agent.register import cells
from agent.register.contentlines import Component
from agent.register.zones import zone_named

IN_UTC = frozenset({"tzone://microsoft/utc", "(utc) coordinated universal time", "coordinated universal time"})
"""Names for UTC itself, which no place on a visit uses as its time."""

_MOST_LOOKED_UP = 20
"""Definitions that fit no place: a calendar with more of them is not searched any further."""
_MOST_KNOWN = 200

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})(?:[0-9]{2})?")
_RULE_KEYS = frozenset({"FREQ", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST", "INTERVAL"})

Changes = list[tuple[datetime, timedelta]]
"""When clocks were changed, in UTC, and the offset from then on."""


class OwnZones:
    """The zones that one calendar names. `home` applies to times that name none, and is tried first for the others."""

    def __init__(self, calendar: Component, home: str) -> None:
        self._defined: dict[str, list[Component]] = {}
        for part in calendar.parts:
            if part.kind == "VTIMEZONE" and part.text("TZID"):
                self._defined.setdefault(part.text("TZID").casefold(), []).append(part)
        used = {
            one.parameter("TZID").casefold()
            for part in calendar.parts
            if part.kind == "VEVENT"
            for name in ("DTSTART", "DTEND")
            for one in part.all(name)
        }
        unused = [tzid for tzid in self._defined if tzid not in used][:_MOST_LOOKED_UP]
        self._unused = [self._defined[tzid][0].text("TZID") for tzid in unused]
        self._home = home
        self._found: dict[tuple[str, int], str | None] = {}
        self._changes: dict[tuple[int, int], Changes] = {}
        self._looked_up: dict[tuple[tuple[datetime, timedelta], ...], str | None] = {}

    def contradicted(self, tzid: str, wall: datetime) -> str | None:
        """Why nobody knows what `wall` means in this zone: its definitions in the file disagree, or it has the name of
        a zone that shows another time.
        """
        defined = self._defined.get(tzid.casefold(), ())
        if not defined:
            return None
        name = cells.printable(tzid, 60)
        all_changes = [self._changes_of(own, wall.year) for own in defined[:_MOST_LOOKED_UP]]
        # A definition that begins later says nothing about this time.
        begun = [changes for changes in all_changes if changes and changes[0][0] < wall.replace(tzinfo=UTC)]
        shown = {_shown(changes, wall) for changes in begun}
        if len(shown) > 1:
            return f"the calendar defines the zone “{name}” twice, and not alike: create the calendar's file again"
        known = zone_named(self._by_name(tzid) or "")
        if known is not None and shown and shown != {wall.replace(tzinfo=known).utcoffset()}:
            return (
                f"the calendar's own definition of “{name}” is not the time there, and nobody can say which is meant: "
                "choose the event's time zone again"
            )
        return None

    def unused(self, wall: datetime, home: str) -> str | None:
        """A zone that is defined and that no time names, if `wall` is another time there than at `home`."""
        here = zone_named(home)
        for tzid in self._unused:
            there = zone_named(self.named(tzid, wall.year) or "")
            if here and there and wall.replace(tzinfo=there).utcoffset() != wall.replace(tzinfo=here).utcoffset():
                return cells.printable(tzid, 60)
        return None

    def named(self, tzid: str, year: int) -> str | None:
        """The IANA name of the zone that `tzid` means in that year; None if it cannot be found."""
        if (tzid, year) not in self._found:
            self._found[tzid, year] = self._look(tzid, year)
        return self._found[tzid, year]

    def _look(self, tzid: str, year: int) -> str | None:
        if by_name := self._by_name(tzid):
            return by_name
        meant = windows_zone(tzid)
        own = self._defined.get(tzid.casefold())
        if own and (changes := self._changes_of(own[0], year)):
            candidates = [self._home, *([meant] if meant else []), *_cities(tzid), *_well_known()]
            return self._place_with(changes, year, candidates)
        return meant or _by_cities(tzid, year)

    def _changes_of(self, own: Component, year: int) -> Changes:
        if (id(own), year) not in self._changes:
            self._changes[id(own), year] = _changes(own, year)
        return self._changes[id(own), year]

    def _by_name(self, tzid: str) -> str | None:
        """The zone that has this very name, after a maker's own prefix, if there is one."""
        if zone_named(tzid):
            return tzid
        parts = tzid.strip("/").split("/") if tzid.startswith("/") else []
        return next((name for at in range(1, len(parts[-6:])) if zone_named(name := "/".join(parts[-6:][at:]))), None)

    def _place_with(self, changes: Changes, year: int, candidates: Iterable[str]) -> str | None:
        """The place for a definition; looked for once, and for no more than a few of those that have none."""
        key = tuple(changes)
        if key not in self._looked_up:
            if list(self._looked_up.values()).count(None) >= _MOST_LOOKED_UP or len(self._looked_up) >= _MOST_KNOWN:
                return None
            self._looked_up[key] = _place_with(changes, year, candidates)
        return self._looked_up[key]


def windows_zone(name: str) -> str | None:
    """The IANA name for a Windows zone, also with the number that Outlook adds to a second definition."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # slow to load

    found: str | None = WINDOWS_TO_OLSON.get(name) or WINDOWS_TO_OLSON.get(re.sub(r" [0-9]{1,2}$", "", name))
    return found if found and zone_named(found) else None


def _place_with(changes: Changes, year: int, candidates: Iterable[str]) -> str | None:
    """The first of the candidates whose clocks match the definition, in that year and around it."""
    times = sorted(
        {datetime(year, month, day, tzinfo=UTC) for month in range(1, 13) for day in (1, 15)}
        | {moment + step for moment, _ in changes for step in (-timedelta(minutes=1), timedelta(minutes=1))}
    )
    near = [time for time in times if abs(time.year - year) <= 1]
    wanted = [_offset_at(changes, time) for time in near]
    for name in dict.fromkeys(candidates):
        zone = zone_named(name)
        if zone is not None and [time.astimezone(zone).utcoffset() for time in near] == wanted:
            return name
    return None


def _shown(changes: Changes, wall: datetime) -> timedelta:
    """The offset in which a wall clock is read, by a definition."""
    offset = _offset_at(changes, wall.replace(tzinfo=UTC) - changes[0][1])
    return _offset_at(changes, wall.replace(tzinfo=UTC) - offset)


def _offset_at(changes: Changes, time: datetime) -> timedelta:
    at = bisect_right([moment for moment, _ in changes], time)
    return changes[max(0, at - 1)][1]


@lru_cache(maxsize=1)
def _well_known() -> tuple[str, ...]:
    """One zone for each Windows name, and fixed offsets for those without summer time."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    fixed = (f"Etc/GMT{-hours:+d}" for hours in range(-12, 15) if hours)
    return (*dict.fromkeys(WINDOWS_TO_OLSON.values()), *fixed)


@lru_cache(maxsize=1)
def _by_city() -> dict[str, str]:
    return {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in sorted(available_timezones())
            if zone_named(name) and "/" in name and not name.startswith("Etc/")}  # fmt: skip


def _cities(name: str) -> list[str]:
    """The zones of the cities in a display name: "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"."""
    if not re.match(r"\((?:UTC|GMT)", name):
        return []
    after = name.partition(")")[2].partition(":")[2] or name.partition(")")[2]
    words = (word.strip().casefold() for word in after.split(","))
    return [_by_city()[word] for word in words if word in _by_city()]


def _by_cities(name: str, year: int) -> str | None:
    """The zone for such a name without a definition: only if all its cities have the same time, the one it states."""
    zones = _cities(name)
    stated = re.match(r"\((?:UTC|GMT)(?:([+-])([0-9]{1,2}):?([0-9]{2}))?\)", name)
    if not zones or stated is None:
        return None
    standard = timedelta(hours=int(stated[2] or 0), minutes=int(stated[3] or 0)) * (-1 if stated[1] == "-" else 1)
    seasons = [datetime(year, month, 1, tzinfo=UTC) for month in (1, 4, 7, 10)]
    shown = {tuple(season.astimezone(zone_named(zone)).utcoffset() for season in seasons) for zone in zones}
    offsets = next(iter(shown))
    return zones[0] if len(shown) == 1 and standard in offsets else None


# --- The definition ---------------------------------------------------------------------------------------------------


def _changes(zone: Component, year: int) -> Changes:
    """When the definition changes clocks around a year, oldest first; empty if it is not understood."""
    changes: Changes = []
    for part in zone.parts:
        if part.kind not in {"STANDARD", "DAYLIGHT"}:
            continue
        before, after = _offset(part.text("TZOFFSETFROM")), _offset(part.text("TZOFFSETTO"))
        first = _wall(part.text("DTSTART"))
        if before is None or after is None or first is None:
            return []
        onsets = _onsets(part, first, year)
        if onsets is None:
            return []
        for onset in onsets:
            changes.append(((onset - before).replace(tzinfo=UTC), after))
    return sorted(changes)


def _offset(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 15 or int(found[3]) > 59:
        return None
    return timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)


def _wall(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall clock, as the standard asks
    except ValueError:
        return None


def _onsets(part: Component, first: datetime, year: int) -> Sequence[datetime] | None:
    """When, by the wall clock, it begins in the last, this and the next year; None if its rule is not understood."""
    rules = part.all("RRULE")
    if not rules:
        single = [first, *(wall for one in part.all("RDATE") for text in one.value.split(",") if (wall := _wall(text)))]
        return [onset for onset in sorted(single) if onset.year <= year + 1]
    if len(rules) > 1:
        return None
    rule = dict(piece.partition("=")[::2] for piece in rules[0].value.upper().split(";") if piece)
    if rule.get("FREQ") != "YEARLY" or not rule.keys() <= _RULE_KEYS or rule.get("INTERVAL", "1") != "1":
        return None
    until = rule.get("UNTIL", "")
    last = int(until[:4]) if until[:4].isdigit() else 9999
    try:
        years = range(max(year - 2, first.year), min(year + 1, last) + 1)
        onsets = [_in_year(rule, first, each) for each in years]
    except (ValueError, IndexError):
        return None
    # A rule that has ended, or has not begun, still gives the offset in force from its first day.
    return onsets or ([first] if first.year <= year + 1 else [])


def _in_year(rule: dict[str, str], first: datetime, year: int) -> datetime:
    """Raises ValueError or IndexError for a rule that is not understood."""
    month = int(rule.get("BYMONTH", str(first.month)))
    days = range(1, monthrange(year, month)[1] + 1)
    if "BYMONTHDAY" in rule:
        days = [day for day in map(int, rule["BYMONTHDAY"].split(",")) if day in days]  # type: ignore[assignment]
    if "BYDAY" in rule:
        found = re.fullmatch(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", rule["BYDAY"])
        if found is None:
            raise ValueError(rule["BYDAY"])
        weekday = _WEEKDAYS.index(found[2])
        fitting = [day for day in days if datetime(year, month, day).weekday() == weekday]  # noqa: DTZ001
        nth = int(found[1] or 1)
        day = fitting[nth - 1 if nth > 0 else nth]
    elif "BYMONTHDAY" in rule:
        day = days[0]
    else:
        day = first.day
    return first.replace(year=year, month=month, day=day)
