"""Dates, durations and numbers as people in a school write them. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

MINUTE, HOUR, DAY = 60, 3600, 86_400


def span(seconds: float | None) -> str:
    """A duration in its two largest units: `34 s`, `4 min`, `1 h 30 min`, `2 days 4 h`."""
    if seconds is None:
        return "–"
    whole = max(1, round(seconds))  # anything shorter is shown as a second
    if whole < 2 * MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{round(whole / MINUTE)} min"
    if whole < DAY:
        hours, rest = divmod(round(whole / MINUTE), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(round(whole / HOUR), 24)
    return count(days, "day") + (f" {rest} h" if rest else "")


def count(number: int, one: str, several: str = "") -> str:
    """A number with its noun: `1 photo`, `2,000 photos`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def size(octets: int) -> str:
    """Bytes in the unit that file managers show."""
    return f"{octets / 1e9:,.1f} GB" if octets >= 1e9 else f"{octets / 1e6:,.1f} MB"


def listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def month(year: int, number: int) -> str:
    """`March 2026`."""
    return f"{MONTHS[number - 1]} {year}"


@dataclass(frozen=True, slots=True)
class Clock:
    """Instants as a clock in this zone shows them."""

    zone: tzinfo
    name: str

    def day(self, when: datetime | date | str | None) -> str:
        """`14 March 2026`; `–` for None. A day or an instant may also be given in ISO 8601."""
        if not when:
            return "–"
        if isinstance(when, str):
            when = datetime.fromisoformat(when) if "T" in when else date.fromisoformat(when)
        day = self._there(when).date() if isinstance(when, datetime) else when
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"

    def moment(self, when: datetime | str | None) -> str:
        """`14 March 2026, 10:11`; an instant may also be given in ISO 8601."""
        if isinstance(when, str):
            when = datetime.fromisoformat(when)
        return "–" if when is None else f"{self.day(when)}, {self._there(when):%H:%M}"

    def _there(self, when: datetime) -> datetime:
        """As this clock shows it; unchanged at either end of the calendar, where not every zone has a time."""
        try:
            return when.astimezone(self.zone)
        except (OverflowError, ValueError):
            return when
