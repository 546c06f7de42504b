"""Times as people say them: "today at 17:02", "17 March 2026". Pure: the zone and the present time come in."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from agent.language import plural, text
from agent.language.times import full_date, short_month
from agent.model.register import Visit


@dataclass(frozen=True, slots=True)
class Times:
    """Writes times in the laptop's zone, as seen at `now`."""

    zone: tzinfo
    now: datetime

    def at(self, when: datetime | None) -> str:
        """For example "today at 17:02" or "17 March 2026 at 09:05"; "not known" for None."""
        if when is None:
            return text("not known")
        match self._days_ago(when):
            case 0:
                return text("today at %(time)s", time=self.time(when))
            case 1:
                return text("yesterday at %(time)s", time=self.time(when))
        return text("%(date)s at %(time)s", date=self.date(when), time=self.time(when))

    def time(self, when: datetime) -> str:
        """For example "17:02"."""
        return f"{when.astimezone(self.zone):%H:%M}"

    def date(self, when: datetime) -> str:
        """For example "17 March 2026"."""
        return full_date(when.astimezone(self.zone).date())

    def short(self, when: datetime) -> str:
        """A short form for the line below a picture: "16 Feb, 11:42"."""
        local = when.astimezone(self.zone)
        return text("%(day)s %(month)s, %(time)s", day=local.day, month=short_month(local.month), time=self.time(when))

    def span(self, visit: Visit) -> str:
        """For example "17 March 2026, 09:00 to 16:30" or "14 to 21 February 2026"."""
        start, end = visit.span.earliest, visit.span.latest
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        if first.date() == last.date():
            hours = {"start": f"{first:%H:%M}", "end": f"{last:%H:%M}"}
            match self._days_ago(start):
                case 0:
                    return text("Today, %(start)s to %(end)s", **hours)
                case 1:
                    return text("Yesterday, %(start)s to %(end)s", **hours)
            return text("%(date)s, %(start)s to %(end)s", date=self.date(start), **hours)
        if (first.year, first.month) == (last.year, last.month):
            return text("%(day)s to %(date)s", day=first.day, date=self.date(end))
        return text("%(start)s to %(end)s", start=self.date(start), end=self.date(end))

    def ahead(self, when: datetime) -> str:
        """For example "In 5 weeks"."""
        days = -self._days_ago(when)
        if days <= 0:
            return text("Today")
        if days == 1:
            return text("Tomorrow")
        if days < 14:
            return plural("In %(count)s day", "In %(count)s days", days)
        return plural("In %(count)s week", "In %(count)s weeks", days // 7)

    def taken(self, first: datetime, last: datetime) -> str:
        """A sentence that says on which days pictures from `first` to `last` were taken."""
        days = self._days_ago(first)
        if days != self._days_ago(last):
            return text("Taken between %(start)s and %(end)s.", start=self.date(first), end=self.date(last))
        match days:
            case 0:
                return text("Taken today.")
            case 1:
                return text("Taken yesterday.")
        return text("Taken on %(date)s.", date=self.date(first))

    def _days_ago(self, when: datetime) -> int:
        return (self.now.astimezone(self.zone).date() - when.astimezone(self.zone).date()).days
