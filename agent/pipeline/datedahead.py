"""Remembers pictures that are dated after this laptop saw them, so that none passes for a new one when that day comes.

Their camera's clock was ahead when they were taken. A row of the journal forgets that: a renamed, copied or changed
file is a new photo, and a private one has no row. So a picture is known here by what its camera wrote into it, under a
keyed hash, and with it only by how much it was ahead: no time, no name, and nothing about a file that is not here.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from agent.errors import LocalFault, Unforeseen, contained
from agent.model.capture import Capture
from agent.model.times import Interval
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import CLOCK_DOUBTED, DATED_AHEAD

MOST = 20_000
"""The most pictures remembered; if there are more, some are forgotten."""


@dataclass(frozen=True, slots=True)
class Look:
    """A photo that is decided: its files' captures, and when this laptop first saw it by its own clock."""

    captures: tuple[Capture | LocalFault, ...]
    at: datetime


def remember(context: Context, looks: Iterable[Look], corrected: Callable[[datetime], datetime]) -> None:
    """Remember those of these photos that are dated after they were seen; `corrected` is `clocks.seen_by`.

    Nothing new is remembered while the clock is in doubt: it may be years behind.
    """
    journal = context.journal
    leads: dict[str, str | None] = {}
    for look in looks:
        with contextlib.suppress(Unforeseen), contained("a photo"):  # deciding about it ends in the same fault
            leads |= _leads(context, look, corrected)
    if not leads or journal.fact(CLOCK_DOUBTED) is not None:
        return
    known = journal.facts(DATED_AHEAD)
    too_many = len(known | leads) - MOST
    forgotten = dict.fromkeys(islice((name for name in known if name not in leads), max(too_many, 0)))
    journal.set_facts(leads | forgotten)


def _leads(context: Context, look: Look, corrected: Callable[[datetime], datetime]) -> dict[str, str]:
    found = {}
    for capture in look.captures:
        if isinstance(capture, LocalFault) or not _is_ahead(context, capture, corrected(look.at)):
            continue
        name, lead = _name(context, capture), _shown(capture) - look.at
        if lead > _lead(context.journal.fact(name)):
            found[name] = str(lead.total_seconds())
    return found


def earliest_look(context: Context, captures: Sequence[Capture | LocalFault], at: datetime) -> datetime:
    """When this laptop first saw a picture of these, by its own clock; `at` is when it saw its file as it is now."""
    return min([at, *(seen for capture in captures if (seen := _seen(context, capture)) is not None)])


def _seen(context: Context, capture: Capture | LocalFault) -> datetime | None:
    if isinstance(capture, LocalFault) or _shown_or_none(capture) is None:
        return None
    lead = context.journal.fact(_name(context, capture))
    return None if lead is None else _shown(capture) - _lead(lead)


def _is_ahead(context: Context, capture: Capture, seen: datetime) -> bool:
    """Whether it says, by the clocks at home, that it was taken after it was seen."""
    shown = _shown_or_none(capture)
    if shown is None:
        return False
    if isinstance(capture.taken, Interval):
        return capture.taken.earliest > seen
    return shown - (shown.astimezone(context.zone).utcoffset() or timedelta(0)) > seen


def _shown(capture: Capture) -> datetime:
    shown = _shown_or_none(capture)
    if shown is None:
        raise ValueError("a capture without a recorded time is not dated")
    return shown


def _shown_or_none(capture: Capture) -> datetime | None:
    """What the camera's clock showed, as if it had been on UTC; None if it is not a time in the calendar's middle."""
    try:
        shown = datetime.fromisoformat(capture.recorded or "")
    except ValueError:
        return None
    return shown.replace(tzinfo=UTC) if 1990 <= shown.year <= 9990 else None


def _name(context: Context, capture: Capture) -> str:
    return DATED_AHEAD + context.journal.keyed(repr((capture.recorded, capture.offset, capture.camera)))


def _lead(written: str | None) -> timedelta:
    return timedelta.min if written is None else timedelta(seconds=float(written))
