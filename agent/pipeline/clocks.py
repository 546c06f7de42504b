"""Clocks lie: what this program concludes from the laptop's clock, and what it does not.

A laptop's clock leaps: the battery was empty, the zone was wrong, or a person set it. So no difference of two times is
trusted. An age below zero counts as zero; a time in the future, written into the journal while the clock was ahead,
counts as now; and nobody is called late by a clock that disagrees with the share's. Waiting ends early rather than
late, because another attempt costs nothing. Where one process sees both ends of a span, it measures with the monotonic
clock (`Run`, the supervisor).
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.counting import counted
from agent.journal import State, TrackedPhoto
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import CLOCK_AHEAD, CLOCK_DOUBTED, CLOCK_SEEN, CLOCK_WAS_BEHIND, GROUNDS
from agent.pipeline.whereabouts import OPEN

TRUSTED = timedelta(minutes=10)
"""How far the laptop's clock may be from the share's and still be believed: far less than anything counted in hours."""

CAMERAS = timedelta(minutes=70)
"""How far a camera's clock may be ahead: an hour, if nobody set it to winter time, and a little for both clocks."""

MOST_TIMES = 8
"""As many times are remembered at which the clock was behind."""


def age(since: datetime, now: datetime) -> timedelta:
    """How long ago that was; zero if it is in the future."""
    return max(now - since, timedelta(0))


def notice_a_leap(context: Context) -> None:
    """If the clock shows an earlier time than before, treat times that are now in the future as now.

    Which of the two times is wrong, only the share can tell. If it is the new one (a flat battery, say), the clock will
    show the old one again, and photos are then decided afresh. Called when a run begins and when it ends, so that the
    newest time in the journal is known.
    """
    now, journal = context.clock(), context.journal
    seen, doubted = _time(context, CLOCK_SEEN), _time(context, CLOCK_DOUBTED)
    if seen is not None and now < seen:
        for chunk in journal.chunks(*State):
            _change(context, [(one, one.not_after(now)) for one in chunk])
        if seen - now > TRUSTED and (doubted is None or seen > doubted):
            journal.set_fact(CLOCK_DOUBTED, seen.isoformat())
    elif doubted is not None and now >= doubted:
        journal.set_fact(CLOCK_DOUBTED, None)
        _seen_first_now(context)
    journal.set_fact(CLOCK_SEEN, now.isoformat())


def compare_with_share(context: Context) -> timedelta | None:
    """How far the laptop's clock is ahead of the share's, noted in the journal if it is more than `TRUSTED`.

    If it is later there than was known, open photos are decided afresh: a clock that was behind took their times to be
    in the future. None if the share did not say what time it is when it was asked, right after the connection was made.
    """
    there, journal = context.share_clock(), context.journal
    if there is None:
        return None
    ahead, known = context.clock() - there, _ahead(context)
    if there - latest(context) > TRUSTED or journal.fact(CLOCK_DOUBTED) is not None:
        journal.set_fact(GROUNDS, None)
    if ahead - known > TRUSTED and known < -TRUSTED:  # it has been set right, or nearer to that
        _note_that_it_was_behind(context, min(ahead, timedelta(0)) - known)
    journal.set_fact(CLOCK_DOUBTED, None)
    journal.set_fact(CLOCK_AHEAD, str(ahead.total_seconds()) if abs(ahead) > TRUSTED else None)
    return ahead


def believed(context: Context) -> datetime:
    """The time now: the laptop's clock, corrected if the share's clock last disagreed with it."""
    return context.clock() - _ahead(context)


def latest(context: Context) -> datetime:
    """The latest that it can be now: a photo with a later time than this is wrong."""
    own = context.clock()
    return max(own, believed(context), _time(context, CLOCK_SEEN) or own, _time(context, CLOCK_DOUBTED) or own)


def seen_by(context: Context) -> Callable[[datetime], datetime]:
    """For the time of a first look at a photo, by this laptop's clock: the latest that its camera can have shown then.

    A photo that says that it was taken after that is from a camera whose clock is wrong.
    """
    behind, doubted = max(-_ahead(context), timedelta(0)), _time(context, CLOCK_DOUBTED)
    times = _was_behind(context)

    def corrected(looked_at: datetime) -> datetime:
        try:
            earlier = (min(looked_at + by, until) for by, until in times if looked_at < until)
            return max(looked_at, doubted or looked_at, *earlier) + behind + CAMERAS
        except OverflowError:  # by a clock that shows the year 9999, nothing is early
            return datetime.max.replace(tzinfo=UTC)

    return corrected


def earliest(context: Context) -> datetime:
    """The earliest that it can be now: whoever is late by only one of the two clocks is not called late."""
    return min(context.clock(), believed(context))


def wrong_clock(ahead: timedelta) -> str | None:
    """The notice about a clock that is this far ahead of the share's; None if the clock is right."""
    if abs(ahead) <= TRUSTED:
        return None
    return (
        f"This laptop's clock is {how_far(ahead)} the clock of the school network. Photos are still sent. Set the "
        "clock to the right time, or ask IT."
    )


def known_wrong(context: Context) -> str | None:
    """The same notice, by what the share said last."""
    return wrong_clock(_ahead(context))


def went_back(context: Context) -> str | None:
    """The notice about a clock that now shows an earlier time than before, if the share has not said which is right."""
    doubted = _time(context, CLOCK_DOUBTED)
    if doubted is None:
        return None
    return (
        f"This laptop's clock went back: it showed {doubted.astimezone(context.zone):%d %b %Y %H:%M} before. The next "
        "connection to the school network shows which time is right. Until then, photos may wait."
    )


def how_far(ahead: timedelta) -> str:
    """For example "2 days ahead of"; `ahead` is more than a minute, either way."""
    minutes = round(abs(ahead).total_seconds() / 60)
    units = ((1440, "day"), (60, "hour"), (1, "minute"))
    length = next((counted(minutes // unit, name) for unit, name in units if minutes >= 2 * unit), "1 minute")
    return f"{length} {'ahead of' if ahead > timedelta(0) else 'behind'}"


def _time(context: Context, name: str) -> datetime | None:
    """The time stored under `name`."""
    stored = context.journal.fact(name)
    return None if stored is None else datetime.fromisoformat(stored)


def _ahead(context: Context) -> timedelta:
    """How far the laptop's clock was last known to be ahead of the share's; zero if they agreed."""
    return timedelta(seconds=float(context.journal.fact(CLOCK_AHEAD) or 0))


def _seen_first_now(context: Context) -> None:
    """The clock was behind, so when open photos were first seen is not known: it was now at the latest.

    What was dated ahead by the clock before that stays known (`datedahead`).
    """
    now = context.clock()
    for chunk in context.journal.chunks(*OPEN):
        _change(context, [(one, replace(one, looked_at=max(one.looked_at, now))) for one in chunk])
    context.journal.set_fact(GROUNDS, None)


def _was_behind(context: Context) -> list[tuple[timedelta, datetime]]:
    """By how much the clock was behind, and until when by the clock that was then right; the last times of that."""
    stored: list[tuple[float, str]] = json.loads(context.journal.fact(CLOCK_WAS_BEHIND) or "[]")
    return [(timedelta(seconds=behind), datetime.fromisoformat(until)) for behind, until in stored]


def _note_that_it_was_behind(context: Context, by: timedelta) -> None:
    times = [*_was_behind(context), (by, context.clock())][-MOST_TIMES:]
    stored = [(behind.total_seconds(), until.isoformat()) for behind, until in times]
    context.journal.set_fact(CLOCK_WAS_BEHIND, json.dumps(stored))


def _change(context: Context, changes: list[tuple[TrackedPhoto, TrackedPhoto]]) -> None:
    context.journal.save_if_unchanged([(before, after) for before, after in changes if after != before])
