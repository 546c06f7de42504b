"""The time in a file's name, as phones, cameras and messengers name files. Never enough to delete on. Pure.

Google's Pixel writes UTC, all others the wall clock. Messengers name a picture by when it was sent or saved, so it was
taken at that time or before.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.capture.clock import BEGINNING, LEAST_OFFSET
from agent.model.times import Interval, Level, WallClock

SLACK = timedelta(minutes=1)
"""A file is named some time before or after the shutter: bursts and long exposures by some tens of seconds."""

_DATE = r"((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)"
_TIME = r"([0-2]\d)[-_.]?([0-5]\d)[-_.]?([0-5]\d)"

_PIXEL = re.compile(rf"PXL_{_DATE}_{_TIME}\d{{0,3}}(?!\d)", re.ASCII)
_MESSENGER = re.compile(
    rf"(?:[^\d]*WhatsApp[^\d]*{_DATE}|(?:photo|video|viber_image)_{_DATE}_|signal-{_DATE}-"
    rf"|(?:IMG|VID)-{_DATE}-WA\d)",
    re.ASCII,
)
_EXPORTED = re.compile(rf"(?:[^\d]{{0,40}})\d{{8}}-[A-Z]{{3,9}}-{_DATE}-", re.ASCII)
"""WhatsApp's export of a chat: `00000012-PHOTO-2026-03-14-10-11-12.jpg`."""

_SAVED = re.compile(r"(?:FB_IMG_|mmexport|wx_camera_|viber_image_|inbound|received_)(1\d{12})(?!\d)", re.ASCII)
"""Facebook, WeChat, Viber and similar: milliseconds since 1970, when it was saved."""

_COUNTED = re.compile(r"[^\d]{0,40}(1[2-9]\d{11})(?!\d)", re.ASCII)
"""Other programs name files by milliseconds too, with any word before them, or none: LINE, the apps of some cameras."""

_LOCAL = re.compile(rf"(?<!\d){_DATE}[^\d]{{0,8}}{_TIME}(?!\d{{4}})", re.ASCII)
"""With anything before it, in any language: `IMG_20260314_101112`, `Bildschirmfoto 2026-03-14 um 10.11`."""

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)([01]\d)\2([0-3]\d)(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Named:
    """A time from a name: where it comes from, how good it is."""

    taken: Interval | WallClock
    level: Level
    basis: str


def named_time(name: str) -> Named | None:
    """The time in a file's name, if it is one of the known patterns with a possible date."""
    try:
        return _messenger(name) or _saved(name) or _pixel(name) or _local(name) or _counted(name)
    except ValueError:  # 30 February: digits, but not a date
        return None


def named_day(name: str) -> Named | None:
    """The whole of a day that is in a file's name without an hour: `2026-03-14 museum`, Snapchat's memories."""
    match = _DAY.search(name)
    try:
        day = datetime(int(match[1]), int(match[3]), int(match[4])) if match else None  # noqa: DTZ001
    except ValueError:
        return None
    if day is None:
        return None
    return Named(WallClock(day, day + timedelta(days=1)), Level.FILE_NAME, "the file's name (a day)")


def _messenger(name: str) -> Named | None:
    match = _MESSENGER.match(name) or _EXPORTED.match(name)
    if match is None:
        return None
    year, month, day = (int(group) for group in match.groups() if group is not None)
    midnight = datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
    if midnight <= BEGINNING:
        return None
    sent = Interval(BEGINNING, midnight - LEAST_OFFSET)
    return Named(sent, Level.UPPER_BOUND, "the file's name, given by a messenger when it was sent or saved")


def _saved(name: str) -> Named | None:
    match = _SAVED.match(name)
    if match is None:
        return None
    saved = Interval(BEGINNING, datetime.fromtimestamp(int(match[1]) / 1000, UTC) + SLACK)
    return Named(saved, Level.UPPER_BOUND, "the file's name, given by a messenger when it was saved")


def _counted(name: str) -> Named | None:
    match = _COUNTED.match(name)
    if match is None:
        return None
    made = datetime.fromtimestamp(int(match[1]) / 1000, UTC)
    return Named(Interval(made - SLACK, made + SLACK), Level.FILE_NAME, "the file's name (milliseconds)")


def _pixel(name: str) -> Named | None:
    match = _PIXEL.match(name)
    if match is None:
        return None
    made = datetime(*(int(group) for group in match.groups()), tzinfo=UTC)  # type: ignore[arg-type,misc]  # six numbers
    return Named(Interval(made - SLACK, made + SLACK), Level.FILE_NAME, "the file's name (PXL_, in UTC)")


def _local(name: str) -> Named | None:
    match = _LOCAL.search(name)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group) for group in match.groups())
    made = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (a wall clock: no zone is known)
    return Named(WallClock(made - SLACK, made + SLACK), Level.FILE_NAME, "the file's name (local time)")
