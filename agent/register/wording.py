"""Times, lengths and distances in plain English, the same on every laptop whatever its language."""

from datetime import datetime, timedelta, tzinfo

from agent.model.register import Visit
from agent.model.times import Interval

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime) -> str:
    """For example "14 Mar 2026"."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year:04}"


def taken(interval: Interval, zone: tzinfo, *, exact: bool = False) -> str:
    """A capture time: to the minute if that is all that is known, to the second if it matters (`exact`)."""
    first, last = interval.earliest.astimezone(zone), interval.latest.astimezone(zone)
    form = "%H:%M:%S" if exact else "%H:%M"
    start = f"{day(first)} {first:{form}}"
    if last - first <= timedelta(seconds=1) or (not exact and last - first < timedelta(minutes=1)):
        return start
    return f"{start}–{last:{form}}" if first.date() == last.date() else f"{start} – {day(last)} {last:{form}}"


def hours(visit: Visit, zone: tzinfo, ends_in: tzinfo, beside: datetime | None = None) -> str:
    """A visit's title and span: "Science Museum 09:00–16:30"; with its days unless all of it is on the day of `beside`.

    `zone` is that of its start, `ends_in` that of its end, which is named if clocks there show another time.
    """
    first, last = visit.span.earliest.astimezone(zone), visit.span.latest.astimezone(ends_in)
    there = "" if last.utcoffset() == last.astimezone(zone).utcoffset() else f" ({ends_in})"
    if first.date() != last.date():
        return f"{visit.title} {day(first)} {first:%H:%M} – {day(last)} {last:%H:%M}{there}"
    if beside is not None and beside.astimezone(zone).date() == first.date():
        return f"{visit.title} {first:%H:%M}–{last:%H:%M}{there}"
    return f"{visit.title} {day(first)} {first:%H:%M}–{last:%H:%M}{there}"


def length(time: timedelta) -> str:
    """For example "12 minutes", "3 h 20 min", "2 days"; never rounded down to nothing."""
    seconds = abs(time).total_seconds()
    if seconds < 90:
        return _count(max(1, round(seconds)), "second")
    if seconds < 90 * 60:
        return _count(round(seconds / 60), "minute")
    if seconds < 48 * 3600:
        whole, rest = divmod(round(seconds / 60), 60)
        return f"{whole} h {rest} min" if rest else _count(whole, "hour")
    return _count(round(seconds / 86400), "day")


def offset(from_utc: timedelta) -> str:
    """For example "+05:30"."""
    minutes = round(abs(from_utc).total_seconds() / 60)
    return f"{'-' if from_utc < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def distance(kilometres: float) -> str:
    """For example "640 m" or "12.3 km"."""
    return f"{kilometres * 1000:.0f} m" if kilometres < 1 else f"{kilometres:.1f} km"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
