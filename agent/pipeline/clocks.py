"""Clocks lie: what is concluded from the laptop's clock, and what is not.

A laptop's clock leaps: an empty battery, a wrong zone, a person who sets it. So no difference of two times is trusted:
an age below zero is none; a time from the future, which a clock that was ahead has left in the journal, counts as now;
and nobody is called late by a clock that the share's contradicts. Where waiting is concerned it ends early rather than
late, for nothing is lost by another try. Pure decisions rest on the monotonic clock where one process can see both
ends (`Run`, the supervisor).
"""

from datetime import datetime, timedelta

from agent.journal import State
from agent.pipeline.context import Context
from agent.pipeline.counting import counted
from agent.pipeline.journal_keys import CLOCK_AHEAD, CLOCK_SEEN

TRUSTED = timedelta(minutes=10)
"""How far the laptop's clock may be from the share's and still be believed: far less than anything counted in hours."""


def age(since: datetime, now: datetime) -> timedelta:
    """How long ago that was; none where it is in the future."""
    return max(now - since, timedelta(0))


def notice_a_leap_back(context: Context) -> None:
    """Where the clock shows an earlier time than it did before, times that are now in the future count as now.

    Called where a run begins and where it ends, so that the newest time in the journal is known.
    """
    now = context.clock()
    seen = context.journal.fact(CLOCK_SEEN)
    if seen is not None and now < datetime.fromisoformat(seen):
        for chunk in context.journal.chunks(*State):
            changes = [(one, one.not_after(now)) for one in chunk]
            context.journal.save_if_unchanged([(before, after) for before, after in changes if after != before])
    context.journal.set_fact(CLOCK_SEEN, now.isoformat())


def compare_with_share(context: Context) -> timedelta | None:
    """How far the laptop's clock is ahead of the share's, put down where that is more than `TRUSTED`.

    None where the share, which was asked when it was connected to, did not say what time it is.
    """
    there = context.share_clock()
    if there is None:
        return None
    ahead = context.clock() - there
    wrong = abs(ahead) > TRUSTED
    context.journal.set_fact(CLOCK_AHEAD, str(ahead.total_seconds()) if wrong else None)
    return ahead


def believed(context: Context) -> datetime:
    """What time it is: by the laptop's clock, corrected where the share's has contradicted it last."""
    ahead = context.journal.fact(CLOCK_AHEAD)
    now = context.clock()
    return now if ahead is None else now - timedelta(seconds=float(ahead))


def latest(context: Context) -> datetime:
    """The latest that it can be now: a photo that says a later time than this lies."""
    seen = context.journal.fact(CLOCK_SEEN)
    own = context.clock()
    return max(own, believed(context), own if seen is None else datetime.fromisoformat(seen))


def earliest(context: Context) -> datetime:
    """The earliest that it can be now: nobody is called late by the other clock."""
    return min(context.clock(), believed(context))


def wrong_clock(ahead: timedelta) -> str | None:
    """What to tell a person of a clock that is so far ahead of the share's; None where it is right."""
    if abs(ahead) <= TRUSTED:
        return None
    minutes = round(abs(ahead).total_seconds() / 60)
    units = ((1440, "day"), (60, "hour"), (1, "minute"))
    length = next(counted(minutes // unit, name) for unit, name in units if minutes >= 2 * unit)
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return (
        f"This laptop's clock is {length} {way} the clock of the school network. Photos are sent all the same. Set the "
        "clock to the right time, or ask IT."
    )
