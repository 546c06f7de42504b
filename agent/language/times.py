"""Days, months and lengths of time in the language in use. Pure."""

from datetime import date, timedelta

from agent.language import plural, text


def month(number: int) -> str:
    """The name of month 1 to 12."""
    names = (
        *(text("January"), text("February"), text("March"), text("April"), text("May"), text("June")),
        *(text("July"), text("August"), text("September"), text("October"), text("November"), text("December")),
    )
    return names[number - 1]


def short_month(number: int) -> str:
    """The same in three letters or so."""
    names = (
        *(text("Jan"), text("Feb"), text("Mar"), text("Apr"), text("May"), text("Jun")),
        *(text("Jul"), text("Aug"), text("Sep"), text("Oct"), text("Nov"), text("Dec")),
    )
    return names[number - 1]


def full_date(day: date) -> str:
    """For example "17 March 2026"."""
    return text("%(day)s %(month)s %(year)s", day=day.day, month=month(day.month), year=day.year)


def short_date(day: date) -> str:
    """For example "14 Mar 2026"."""
    return text("%(day)s %(month)s %(year)s", day=day.day, month=short_month(day.month), year=day.year)


def length(time: timedelta) -> str:
    """For example "12 minutes", "3 h 20 min", "2 days"; never rounded to nothing."""
    seconds = abs(time).total_seconds()
    if seconds < 90:
        return plural("%(count)s second", "%(count)s seconds", max(1, round(seconds)))
    if seconds < 90 * 60:
        return plural("%(count)s minute", "%(count)s minutes", round(seconds / 60))
    if seconds < 48 * 3600:
        whole, rest = divmod(round(seconds / 60), 60)
        if rest:
            return text("%(hours)s h %(minutes)s min", hours=whole, minutes=rest)
        return plural("%(count)s hour", "%(count)s hours", whole)
    return plural("%(count)s day", "%(count)s days", round(seconds / 86400))
