"""What a GPS fix can say about the time, and how far to trust it. Pure.

A receiver's time is right, but it is the time of the *fix*: seconds before the photo, or hours if the camera used an
old one. So a fix confirms a time that it agrees with, and otherwise raises a doubt; it never replaces the clock.
Of 73 photos with a GPS time in 3,505 real files, 12 contradicted their own clock: mostly a date one day late, and one
receiver whose ten-bit week counter had rolled over.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.capture.clock import BEGINNING, LEAST_OFFSET, LEEWAY, MOST_OFFSET, Reading, at_offset
from agent.capture.evidence import Fix
from agent.model.capture import Place
from agent.model.times import Interval

AGREEMENT = timedelta(minutes=5)
"""How far apart a fix and a clock may be and still mean one moment: phones reuse a fix for a few minutes, and camera
clocks that nobody has set for a year are off by about as much. Far below the quarter of an hour between two zones."""

QUARTER = timedelta(minutes=15)
"""Every zone in use is a multiple of this from UTC."""

A_DAY = timedelta(days=1)
"""How far a receiver's date is off if it turns to the next day too soon or too late while its time of day is right."""

WEEKS_LOST = timedelta(weeks=1024)
"""A GPS receiver counts weeks in ten bits (IS-GPS-200, 20.3.3.3.1.1): a receiver that is too old loses these weeks."""

_TWO_TIMES = "{}: an old fix, or a clock that is wrong; both times must lead to the same decision"

_DATE = re.compile(r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a fix affects a reading: it confirms it, adds other readings (`also`), or is ignored; with the reason."""

    confirms: bool = False
    also: tuple[Interval, ...] = ()
    note: str | None = None


def place(fix: Fix | None) -> Place | None:
    """Where it was, if that is on Earth. Devices without a fix write exactly 0° 0°, which is open sea."""
    if fix is None or fix.latitude is None or fix.longitude is None:
        return None
    if abs(fix.latitude) > 90 or abs(fix.longitude) > 180 or (fix.latitude == 0 and fix.longitude == 0):
        return None
    return Place(fix.latitude, fix.longitude)


def instant(fix: Fix | None) -> datetime | None:
    """The fix's time; None if date or time is missing, impossible, or exactly midnight (which means "none")."""
    if fix is None or fix.date is None or fix.time is None:
        return None
    date = _DATE.fullmatch(fix.date)
    hours, minutes, seconds = fix.time
    inside = 0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 61
    if date is None or not inside or fix.time == (0, 0, 0):
        return None
    try:
        day = datetime(int(date[1]), int(date[2]), int(date[3]), tzinfo=UTC)
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None


def believable(fixed: datetime, now: datetime) -> bool:
    """Whether a fix is neither in the future nor from before digital cameras."""
    return BEGINNING <= fixed <= now + LEEWAY


def around(fixed: datetime) -> Interval:
    """The instants that a fresh fix at this time allows."""
    return Interval(fixed - AGREEMENT, fixed + AGREEMENT)


def compare(reading: Reading, fix: Fix | None, now: datetime) -> Comparison:
    """Compare a fix with a reading of the camera's clock."""
    if fix is None or (fix.date is None and fix.time is None):
        return Comparison()
    fixed = instant(fix)
    if fixed is None:
        return Comparison(note="its GPS time is blank or impossible and was not used")
    if not believable(fixed, now):
        return Comparison(note="its GPS time is in the future or before digital cameras and was not used")
    taken = reading.instant
    return _with_offset(taken, fixed) if taken is not None else _without_offset(reading, fixed)


def _with_offset(taken: Interval, fixed: datetime) -> Comparison:
    apart = fixed - taken.earliest
    if abs(apart) <= AGREEMENT:
        return Comparison(confirms=True)
    if put_aside := _date_is_wrong(apart, abs(abs(apart) - A_DAY) <= AGREEMENT):
        return Comparison(note=put_aside)
    return Comparison(
        also=(around(fixed),),
        note=f"its GPS time is {_length(apart)} {'later' if apart > timedelta(0) else 'earlier'} than its clock says: "
        "an old fix, or a clock that is wrong; both times must lead to the same decision",
    )


def _may_be_offset(distance: timedelta) -> bool:
    return LEAST_OFFSET - AGREEMENT <= distance <= MOST_OFFSET + AGREEMENT


def _without_offset(reading: Reading, fixed: datetime) -> Comparison:
    """The clock's distance from the fix is its offset, if that offset exists.

    A distance between two quarters of an hour means that the fix was old, and then shows only that the photo was not
    taken before it, or that the clock is wrong. Nothing shows which, so both the clock and a fresh fix must lead to one
    decision.
    """
    distance = reading.wall.earliest - fixed.replace(tzinfo=None)
    if not _may_be_offset(distance):
        if put_aside := _date_is_wrong(distance, _may_be_offset(distance - A_DAY) or _may_be_offset(distance + A_DAY)):
            return Comparison(note=put_aside)
        return Comparison(also=(around(fixed),), note=_TWO_TIMES.format("its GPS time and its clock are days apart"))
    offset = round(distance / QUARTER) * QUARTER
    if abs(distance - offset) <= AGREEMENT:
        return Comparison(
            also=(at_offset(reading.wall, offset),),
            note=f"by its GPS time the camera's clock was {_signed(offset)} from UTC",
        )
    return Comparison(
        also=(around(fixed),),
        note=_TWO_TIMES.format("its GPS time and its clock are not a whole zone apart"),
    )


def _date_is_wrong(apart: timedelta, a_day_off: bool) -> str | None:
    """Why only the receiver's date can be wrong, so that the fix is ignored; None if the clock may be wrong too."""
    for rounds in (1, 2):
        if abs(abs(apart) - rounds * WEEKS_LOST) <= A_DAY:
            return "its GPS receiver lost count of the weeks (1024-week rollover); its GPS time was not used"
    return "its GPS date is a day away from its clock's and was not used" if a_day_off else None


def _length(apart: timedelta) -> str:
    if abs(apart) < A_DAY:
        return _minutes(apart)
    days = round(abs(apart) / A_DAY)
    return "a day" if days == 1 else f"{days} days"


def _minutes(apart: timedelta) -> str:
    return f"{round(abs(apart) / timedelta(minutes=1))} minutes"


def _signed(offset: timedelta) -> str:
    total = round(abs(offset) / timedelta(minutes=1))
    return f"{'−' if offset < timedelta(0) else '+'}{total // 60:02d}:{total % 60:02d}"
