"""IANA time zones by name: the same answer on every system, and the nearest valid name for a wrong one."""

import re
from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_NAME = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}")
# In the system's folder of zones, but not zones: this machine's own, a template, and two copies of the tree.
_NO_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")
_OFFSET = re.compile(r"(?:etc/)?(?:gmt|utc|z)?_?[+−-]?[0-9:.]{1,5}")
_CITIES = {"bst": "Europe/London", "uk": "Europe/London", "gb": "Europe/London", "london": "Europe/London"}
WITHOUT_SUMMER = frozenset({"GMT", "EST", "MST", "HST"})
"""Names of fixed zones that people give for a place which has summer time."""
_PLACES = {"GMT": "Europe/London", "EST": "America/New_York", "MST": "America/Denver"}


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone with that IANA name, or None. Case matters: macOS would accept "europe/london", Linux would not."""
    if not _NAME.fullmatch(name) or name.startswith(_NO_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def summer_place(name: str, moment: datetime) -> str | None:
    """The place for whose time people give that name, if its clocks show another time then; `moment` is aware."""
    fixed, place = zone_named(name), zone_named(_PLACES.get(name, ""))
    if fixed is None or place is None or moment.astimezone(fixed).utcoffset() == moment.astimezone(place).utcoffset():
        return None
    return place.key


@lru_cache(maxsize=256)
def nearest_zone(name: str) -> str | None:
    """The IANA name most likely meant."""
    wanted = "_".join(name[:60].split()).casefold()
    if _OFFSET.fullmatch(wanted):
        return None  # Etc/GMT+1 is an hour *behind* UTC: a name that looks alike means another time
    if wanted in _CITIES:
        return _CITIES[wanted]
    known, by_city = _known()
    found = known.get(wanted) or by_city.get(wanted)
    near = ((by_city, 0.8), (known, 0.7)) if "/" not in wanted else ((known, 0.7),)
    close = (names[name] for names, cutoff in near for name in _close(wanted, names, cutoff))
    return found or next(close, None)


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Every zone by its name and by its city, in lower case."""
    known = {zone.casefold(): zone for zone in sorted(available_timezones()) if not zone.startswith(_NO_ZONES)}
    return known, {zone.rpartition("/")[2].casefold(): zone for zone in known.values()}


def _close(wanted: str, names: Iterable[str], cutoff: float) -> list[str]:
    """The nearest of the names that begin alike, as their cities do: a register may have thousands of wrong ones."""
    city = wanted.rpartition("/")[2][:1]
    alike = [name for name in names if name[:2] == wanted[:2] and name.rpartition("/")[2][:1] == city]
    return get_close_matches(wanted, alike, n=1, cutoff=cutoff)
