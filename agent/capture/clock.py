"""Times as cameras write them, and which of them are impossible. Pure.

A time to the second covers the whole of that second, and one with two digits of fraction a hundredth of it. Only
offsets that exist on Earth count: from −12:00 to +14:00.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.capture.evidence import Stamp
from agent.model.times import Interval, WallClock

LEAST_OFFSET = timedelta(hours=-12)
MOST_OFFSET = timedelta(hours=14)

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
"""Before the first digital camera that anyone takes on a school visit."""

LEEWAY = timedelta(days=1)
"""How far ahead of this laptop's clock a camera's may run before its time counts as impossible."""

_FUTURE = "the time was in the future when the file was read"
"""In the past tense, because the reason is shown for as long as the photo waits."""

_RESET_DAYS = {
    (1904, 1, 1),  # QuickTime
    (1970, 1, 1),  # Unix
    (1980, 1, 1),  # FAT
    (1980, 1, 6),  # GPS
    (2000, 1, 1),  # cameras of the turn of the century
    (2001, 1, 1),  # Apple
}
"""Where clocks start again after a flat battery. No time on these days is believed, whatever the hour."""

_COUNT_BEGINS = {(1999, 8, 22), (2019, 4, 7)}
"""Days on which GPS's week count began again; receivers without a fix begin there too."""

_EVES = {(1999, 12, 31), (2000, 12, 31)}
_WEST_OF_GREENWICH = 12
"""The hour from which these evenings show the reset days of 2000 and 2001 in a zone west of Greenwich."""

_ACTION_CAMERAS = re.compile(
    r"gopro|dji|insta ?360|arashi vision|garmin|nextbase|viofo|blackvue|thinkware|70mai|mio|yi\b|xiaoyi|akaso|sjcam"
    r"|drift|contour|tomtom|apeman|campark|victure|crosstour|kodak pixpro|novatek|vtech|reconyx|bushnell|browning"
    r"|moultrie|spypoint|cuddeback|stealth",
    re.IGNORECASE,
)
"""Makers whose cameras have a small clock battery or none: action cameras (Insta360 writes Arashi Vision), dashcams,
children's and wildlife cameras."""

_PHONES = re.compile(
    r"apple|google|samsung|huawei|honor|xiaomi|redmi|oneplus|oppo|vivo|realme|motorola|fairphone|nothing|nokia|hmd|htc"
    r"|lge?|zte|tcl|asus",
    re.IGNORECASE,
)
"""Makers whose devices get their time from the network."""

RESET_HOURS = 6
"""How long after midnight on 1 January of a past year a clock may still be one that was reset: cameras that are not in
the list above start from the first day of the year in which they were made, and count on while they are used. Action
cameras' clocks, which start there again and again, are not believed at any time on that day."""

RESET = "the camera's clock may have been reset: clocks start again in the first hours of a year"

RESET_IN_CHINA = 16
"""The hour in UTC when that 1 January began where many cameras are made; videos' headers are in UTC."""

_TIME = re.compile(
    r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})(?:[ T]|(?<=\d\d)[ T]{2}(?=\d\d)|:)"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d+))?\s*(Z|[+\-]\d{1,2}(?::?\d{2}){0,2})?",
    re.ASCII,
)
"""Some cameras write months, days and hours with one digit; one after two blanks has lost another digit."""

_DAY = re.compile(r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})", re.ASCII)

_OFFSET = re.compile(r"([+\-])(\d{1,2})(?::?(\d{2}))?(?::?00)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """A time as written: the wall clock it covers, and its own offset if it has a believable one.

    `recorded` is the time in ISO 8601, to the second, and `written_offset` the offset as it is in the file.
    """

    recorded: str
    wall: WallClock
    offset: timedelta | None = None
    written_offset: str | None = None

    @property
    def instant(self) -> Interval | None:
        """The instants that this can mean, if the offset is known."""
        return at_offset(self.wall, self.offset) if self.offset is not None else None


def read_stamp(stamp: Stamp) -> Reading | None:
    """An Exif time with its fraction and offset; None if it is blank, zeros, impossible or not a time."""
    match = _TIME.fullmatch(stamp.time.strip())
    if match is None:
        return None
    year, month, day, hour, minute = (int(match[group]) for group in range(1, 6))
    second = int(match[6]) if match[6] else 0
    try:
        start = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (a wall clock: no zone is known)
        fraction, width = _fraction(match[7] or stamp.subsec) if match[6] else (timedelta(0), timedelta(minutes=1))
        wall = WallClock(start + fraction, start + fraction + width)
    except (ValueError, OverflowError):
        return None
    written = (stamp.offset or match[8] or "").strip() or None
    return Reading(start.isoformat(), wall, read_offset(written) if written else None, written)


def day_of(written: str) -> WallClock | None:
    """The whole of a day that is written without an hour (`2026-03-14`); None for anything else."""
    match = _DAY.fullmatch(written.strip())
    try:
        start = datetime(*map(int, match.groups())) if match else None  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
    return None if start is None or start.year > 9998 else WallClock(start, start + timedelta(days=1))


def _fraction(digits: str | None) -> tuple[timedelta, timedelta]:
    """How far into its second a time is, and how long the stretch that it covers (SubSecTime, tag 0x9291)."""
    found = (digits or "").strip()
    if not (found.isascii() and found.isdigit()):
        return timedelta(0), timedelta(seconds=1)
    found = found[:6]
    width = 10 ** (6 - len(found))
    return timedelta(microseconds=int(found) * width), timedelta(microseconds=width)


def read_offset(text: str) -> timedelta | None:
    """`+01:00`, `-0500`, `+01`, `+01:00:00` or `Z`; None for anything else, and for offsets that do not exist."""
    if text == "Z":
        return timedelta(0)
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
    return offset if LEAST_OFFSET <= offset <= MOST_OFFSET else None


def at_offset(wall: WallClock, offset: timedelta) -> Interval:
    """A wall clock read with one offset."""
    moved = wall.shifted(-offset)
    return Interval(moved.earliest.replace(tzinfo=UTC), moved.latest.replace(tzinfo=UTC))


def up_to(reading: Reading) -> Interval:
    """From the beginning of time to the latest instant that this time can mean."""
    offset = reading.offset if reading.offset is not None else LEAST_OFFSET
    return Interval(BEGINNING, at_offset(reading.wall, offset).latest)


def impossible(reading: Reading, now: datetime) -> str | None:
    """Why a time cannot be a capture time, in words for a person; None if it can."""
    wall = reading.wall.earliest
    if (wall.year, wall.month, wall.day) in _RESET_DAYS:
        return "the camera's clock had been reset: this is the day it starts from"
    if (wall.month, wall.day, wall.hour, wall.minute) == (1, 1, 0, 0):
        return "the camera's clock had been reset: this is the first minute of a year"
    if wall.year < BEGINNING.year:
        return f"the year {wall.year} is before digital cameras"
    if wall.year > 9998:
        return _FUTURE
    if not plausible(reading.instant or reading.wall, now):
        return _FUTURE
    return None


def of_a_phone(make: str | None) -> bool:
    """Whether a device of this maker gets its time and zone from the network."""
    return _PHONES.match(make or "") is not None


def perhaps_reset(shown: datetime, now: datetime, *, make: str | None = None, in_utc: bool = False) -> bool:
    """Whether a clock that showed this may have been reset to a year's first midnight, hours ago at most.

    A picture taken on New Year's night is then asked about, which does no harm. `in_utc` is for a video's header.
    """
    if shown.year >= now.year:
        return False
    day = (shown.month, shown.day)
    hours = 24 if _ACTION_CAMERAS.match(make or "") else RESET_HOURS
    begins = day == (1, 1) or (shown.year, *day) in _COUNT_BEGINS
    if (shown.year, *day) in _EVES and shown.hour >= _WEST_OF_GREENWICH:
        return True
    return (begins and shown.hour < hours) or (in_utc and day == (12, 31) and shown.hour >= RESET_IN_CHINA)


def plausible(taken: Interval | WallClock, now: datetime) -> bool:
    """Whether a time is between the first digital cameras and now, with a margin if the zone is not known."""
    if isinstance(taken, WallClock):
        if not 2 <= taken.earliest.year <= 9998:
            return False
        taken = at_offset(taken, MOST_OFFSET)
    return taken.latest >= BEGINNING and taken.earliest <= now + LEEWAY
