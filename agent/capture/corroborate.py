"""How the files beside a photo affect its capture: they confirm it or cast doubt on it, and never replace its time.

A file beside it may be the other half of the same moment (a Live Photo's clip), or a program's later opinion. So the
photo's own time counts. If another file contradicts it, a decision must hold by both. If the photo itself has no time,
theirs is a hint, which is never enough to delete on. Pure.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.capture.clock import (
    BEGINNING,
    LEAST_OFFSET,
    MOST_OFFSET,
    Reading,
    at_offset,
    impossible,
    read_stamp,
)
from agent.capture.companions import Companion
from agent.model.capture import Capture
from agent.model.times import Interval, Level, WallClock

SAME_MOMENT = timedelta(minutes=1)
"""How far apart two halves of one moment, or a program's rounding, may be."""

EDITED_EARLY = timedelta(minutes=10)
"""How long before its capture time a photo may seem to have been edited before one of the clocks must be wrong."""


def corroborated(capture: Capture, others: Sequence[Companion], now: datetime) -> Capture:
    """The capture with the evidence from the files beside it."""
    for other in others:
        if other.alien:
            doubt = f"{other.name} is a separate picture or video: a person must see whether they belong together"
            capture = replace(_noted(capture, doubt), also=(*capture.also, Interval(BEGINNING, now)))
        elif other.stamp is not None:
            reading = read_stamp(other.stamp)
            if reading is not None and impossible(reading, now) is None:
                capture = _with_time(capture, other, reading)
        elif other.not_later is not None:
            bound = read_stamp(other.not_later)
            if bound is not None and bound.instant is not None and impossible(bound, now) is None:
                capture = _with_bound(capture, other, bound.instant)
    return capture


def _with_time(capture: Capture, other: Companion, reading: Reading) -> Capture:
    if capture.taken is None:
        return _hint(capture, other, reading)
    if not capture.level.decides:
        return _noted(capture, f"{other.name} says it was taken {_said(reading)}")
    apart = _apart(capture, reading)
    if apart is None and _cannot_both_be(capture, reading):
        apart = timedelta.max
    if apart is not None and apart > SAME_MOMENT:
        doubt = f"{other.name} says it was taken {_said(reading)}: both times must lead to the same decision"
        return replace(_noted(capture, doubt), also=(*capture.also, _instants(capture, reading)))
    return _borne_out(capture, other, reading) if other.own and apart is not None else capture


def _borne_out(capture: Capture, other: Companion, reading: Reading) -> Capture:
    bound_together = other.content_id is not None and other.content_id == capture.content_id
    if bound_together and isinstance(capture.taken, WallClock) and reading.offset is not None:
        # One device wrote both in one moment: the clip's offset also applies to the picture's clock.
        basis = (*capture.basis, f"the offset of {other.name}")
        return replace(capture, taken=at_offset(capture.taken, reading.offset), level=Level.OWN_OFFSET, basis=basis)
    return replace(capture, basis=(*capture.basis, other.name))


def _with_bound(capture: Capture, other: Companion, bound: Interval) -> Capture:
    taken = capture.taken
    if taken is None:
        if capture.recorded is not None:
            return capture
        known = Interval(BEGINNING, bound.latest)
        return replace(capture, taken=known, level=Level.UPPER_BOUND, basis=(other.name,))
    earliest = at_offset(taken, MOST_OFFSET).earliest if isinstance(taken, WallClock) else taken.earliest
    if capture.level is Level.UPPER_BOUND or earliest <= bound.latest + EDITED_EARLY:
        return capture
    doubt = f"{other.name} says it was edited before it was taken: one of the two clocks is wrong"
    return replace(_noted(capture, doubt), also=(*capture.also, Interval(BEGINNING, bound.latest)))


def _hint(capture: Capture, other: Companion, reading: Reading) -> Capture:
    """A time for a photo that has none: at most as good as a file's name. A time that was refused stays refused."""
    if capture.recorded is not None or capture.basis:
        return _noted(capture, f"{other.name} says it was taken {_said(reading)}")
    hint = replace(capture, taken=reading.instant or reading.wall, level=Level.FILE_NAME, basis=(other.name,))
    return _noted(hint, f"only {other.name} says when it was taken")


def _apart(capture: Capture, reading: Reading) -> timedelta | None:
    """How far apart the two times are, by instants if both have them, else by what the clocks showed.

    None if they cannot be compared: a time in UTC and a wall clock.
    """
    if isinstance(capture.taken, Interval) and reading.instant is not None:
        return abs(capture.taken.earliest - reading.instant.earliest)
    if capture.level is Level.UTC_ALONE or capture.recorded is None:
        return None
    return abs(datetime.fromisoformat(capture.recorded) - reading.wall.earliest)


def _cannot_both_be(capture: Capture, reading: Reading) -> bool:
    """Whether a time in UTC excludes a wall clock, whatever its zone."""
    taken = capture.taken
    around = at_offset(reading.wall, MOST_OFFSET).hull(at_offset(reading.wall, LEAST_OFFSET))
    return isinstance(taken, Interval) and not taken.overlaps(
        Interval(around.earliest - SAME_MOMENT, around.latest + SAME_MOMENT)
    )


def _instants(capture: Capture, reading: Reading) -> Interval:
    """The instants that it can mean: with its own offset, else the photo's, else in any zone."""
    if reading.instant is not None:
        return reading.instant
    if isinstance(capture.taken, Interval) and capture.recorded is not None and capture.level is not Level.UTC_ALONE:
        shown = datetime.fromisoformat(capture.recorded).replace(tzinfo=capture.taken.earliest.tzinfo)
        return at_offset(reading.wall, shown - capture.taken.earliest.replace(microsecond=0))
    return at_offset(reading.wall, MOST_OFFSET).hull(at_offset(reading.wall, LEAST_OFFSET))


def _said(reading: Reading) -> str:
    return reading.recorded.replace("T", " ") + (f" {reading.written_offset}" if reading.written_offset else "")


def _noted(capture: Capture, note: str) -> Capture:
    return replace(capture, notes=(*dict.fromkeys((*capture.notes, note)),))
