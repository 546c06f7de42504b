"""Times as a person says them: "today at 17:02", "17 March 2026". Pure: the zone and now come in."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from agent.model import Visit

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Times:
    """In the laptop's zone, as seen at `now`."""

    zone: tzinfo
    now: datetime

    def at(self, when: datetime | None) -> str:
        """For example "today at 17:02", "17 March 2026 at 09:05"; "not known" where it is."""
        if when is None:
            return "not known"
        local = when.astimezone(self.zone)
        return f"{self.day(when)} at {local:%H:%M}"

    def time(self, when: datetime) -> str:
        """For example "17:02"."""
        return f"{when.astimezone(self.zone):%H:%M}"

    def day(self, when: datetime) -> str:
        """For example "today", "yesterday", "17 March 2026"."""
        local, today = when.astimezone(self.zone).date(), self.now.astimezone(self.zone).date()
        if local == today:
            return "today"
        if local == today - timedelta(days=1):
            return "yesterday"
        return self.date(when)

    def date(self, when: datetime) -> str:
        """For example "17 March 2026"."""
        local = when.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def short(self, when: datetime) -> str:
        """For below a picture: "16 Feb, 11:42"."""
        local = when.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1][:3]}, {local:%H:%M}"

    def span(self, visit: Visit) -> str:
        """For example "17 March 2026, 09:00 to 16:30" or "14 to 21 February 2026"."""
        first, last = visit.span.earliest.astimezone(self.zone), visit.span.latest.astimezone(self.zone)
        if first.date() == last.date():
            day = self.day(visit.span.earliest)
            return f"{day[:1].upper()}{day[1:]}, {first:%H:%M} to {last:%H:%M}"
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day} to {self.date(visit.span.latest)}"
        return f"{self.date(visit.span.earliest)} to {self.date(visit.span.latest)}"

    def ahead(self, when: datetime) -> str:
        """For example "In 5 weeks"."""
        days = (when.astimezone(self.zone).date() - self.now.astimezone(self.zone).date()).days
        if days <= 0:
            return "Today"
        if days == 1:
            return "Tomorrow"
        return f"In {days} days" if days < 14 else f"In {days // 7} weeks"
