"""Clocks lie: what this program concludes from the laptop's clock, and what it does not.

A laptop's clock leaps: the battery was empty, the zone was wrong, or a person set it. So no difference of two times is
trusted. An age below zero counts as zero; a time in the future, written into the journal while the clock was ahead,
counts as now; and nobody is called late by a clock that disagrees with the share's. Waiting ends early rather than
late, because another attempt costs nothing. Where one process sees both ends of a span, it measures with the monotonic
clock (`Run`, the supervisor).
"""

import json
from datetime import datetime, timedelta

from agent.journal import State
from agent.pipeline.context import Context
from agent.pipeline.counting import counted
from agent.pipeline.journal_keys import CLOCK_AHEAD, CLOCK_BEHIND, CLOCK_SEEN, GROUNDS

TRUSTED = timedelta(minutes=10)
"""How far the laptop's clock may be from the share's and still be believed: far less than anything counted in hours."""


A_DAY, A_CENTURY = timedelta(days=1), timedelta(days=36525)


def age(since: datetime, now: datetime) -> timedelta:
    """How long ago that was; zero if it is in the future."""
    return max(now - since, timedelta(0))


def notice_a_leap_back(context: Context) -> None:
    """If the clock shows an earlier time than before, treat times that are now in the future as now.

    Called when a run begins and when it ends, so that the newest time in the journal is known.
    """
    now = context.clock()
    seen = context.journal.fact(CLOCK_SEEN)
    if seen is not None and now < (before := datetime.fromisoformat(seen)):
        if before - now > TRUSTED:  # perhaps it is wrong only from now on, and will be set right unseen
            _was_behind(context, before - now, now + A_DAY)
        for chunk in context.journal.chunks(*State):
            changes = [(one, one.not_after(now)) for one in chunk]
            context.journal.save_if_unchanged([(before, after) for before, after in changes if after != before])
    context.journal.set_fact(CLOCK_SEEN, now.isoformat())


def compare_with_share(context: Context) -> timedelta | None:
    """How far the laptop's clock is ahead of the share's, noted in the journal if it is more than `TRUSTED`.

    If it is later there than was known, open photos are decided afresh: a clock that was behind took their times to be
    in the future. None if the share did not say what time it is when it was asked, right after the connection was made.
    """
    there = context.share_clock()
    if there is None:
        return None
    ahead = context.clock() - there
    wrong = abs(ahead) > TRUSTED
    if there - latest(context) > TRUSTED:
        context.journal.set_fact(GROUNDS, None)
    if ahead < -TRUSTED:
        _was_behind(context, -ahead, context.clock())
    context.journal.set_fact(CLOCK_AHEAD, str(ahead.total_seconds()) if wrong else None)
    return ahead


def believed(context: Context) -> datetime:
    """The time now: the laptop's clock, corrected if the share's clock last disagreed with it."""
    ahead = context.journal.fact(CLOCK_AHEAD)
    now = context.clock()
    return now if ahead is None else now - timedelta(seconds=float(ahead))


def latest(context: Context) -> datetime:
    """The latest that it can be now: a photo with a later time than this is wrong."""
    seen = context.journal.fact(CLOCK_SEEN)
    own = context.clock()
    return max(own, believed(context), own if seen is None else datetime.fromisoformat(seen))


def seen_by(context: Context, looked_at: datetime) -> datetime:
    """The latest that it can have been when the laptop's clock showed this, by clocks that are a little wrong too."""
    ahead, behind = context.journal.fact(CLOCK_AHEAD), context.journal.fact(CLOCK_BEHIND)
    short = 0.0 if ahead is None else max(0.0, -float(ahead))
    if behind is not None:
        seconds, until = json.loads(behind)
        short = max(short, seconds) if looked_at <= datetime.fromisoformat(until) else short
    return looked_at + timedelta(seconds=short) + TRUSTED


def _was_behind(context: Context, by: timedelta, until: datetime) -> None:
    by = min(by, A_CENTURY)  # a clock may have shown any year, and what is added to must stay a date
    context.journal.set_fact(CLOCK_BEHIND, json.dumps([by.total_seconds(), until.isoformat()]))


def earliest(context: Context) -> datetime:
    """The earliest that it can be now: whoever is late by only one of the two clocks is not called late."""
    return min(context.clock(), believed(context))


def wrong_clock(ahead: timedelta) -> str | None:
    """The notice about a clock that is this far ahead of the share's; None if the clock is right."""
    if abs(ahead) <= TRUSTED:
        return None
    minutes = round(abs(ahead).total_seconds() / 60)
    units = ((1440, "day"), (60, "hour"), (1, "minute"))
    length = next(counted(minutes // unit, name) for unit, name in units if minutes >= 2 * unit)
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return (
        f"This laptop's clock is {length} {way} the clock of the school network. Photos are still sent. Set the clock "
        "to the right time, or ask IT."
    )
