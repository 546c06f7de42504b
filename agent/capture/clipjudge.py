"""The judge's rules for videos: QuickTime's own creation date, else the movie header's time. Pure.

Of 33 videos 7 had no time in `mvhd`; it is written when a clip *ends*, in UTC by the standard and in local time by many
cameras, and anew by an editor's export. Where Keys com.apple.quicktime.creationdate stands, it was right.
"""

import math
import re
from datetime import UTC, datetime, timedelta

from agent.capture.clock import BEGINNING, LEAST_OFFSET, MOST_OFFSET, Reading, impossible, plausible, read_stamp
from agent.capture.doubts import anywhere
from agent.capture.evidence import Clip, Stamp
from agent.capture.judgement import Judgement
from agent.model import Interval, Level, Place

EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
"""Where mvhd counts from (ISO 14496-12, 8.2.2.3)."""

SLACK = timedelta(minutes=1)
"""How much later than its end a clip's header may be written, and how much its duration may leave out (pauses)."""

LONGEST = timedelta(days=1)
"""A duration above this is not believed: no camera records for a day."""

_EDITORS = re.compile(
    r"lavf|handbrake|premiere|davinci|imovie|movie maker|final cut|vegas|capcut|inshot|kinemaster|shotcut|kdenlive"
    r"|mkvmerge|makemkv",
    re.IGNORECASE,
)
"""Marks of programs that write a clip anew; their header's time is that of the export."""

_LOCATION = re.compile(
    r"([+\-]\d{1,2}(?:\.\d+)?)([+\-]\d{1,3}(?:\.\d+)?)(?:[+\-]\d+(?:\.\d+)?)?(?:CRS[\w]+)?/?", re.ASCII
)


def judge_clip(clip: Clip, now: datetime) -> Judgement | None:
    """What a video's header amounts to; None where it says nothing of the time."""
    where = location(clip.location)
    if clip.creation_date:
        reading = read_stamp(Stamp(clip.creation_date))
        if reading is not None and not impossible(reading, now):
            early = _written_early(reading, clip.created, now)
            return Judgement(
                Level.OWN_OFFSET if reading.instant else Level.ASSUMED_ZONE,
                reading.instant or reading.wall,
                reading.recorded,
                reading.written_offset,
                ("QuickTime Keys creationdate",),
                () if early is None else (early,),
                place=where,
                notes=("its header was written before it was taken: both times must lead to the same decision",)
                * (early is not None),
            )
    if not clip.created:
        return Judgement(Level.IMPOSSIBLE, place=where, notes=("its header's time is zero",)) if where else None
    return _by_header(clip, clip.created, where, now)


def _written_early(reading: Reading, created: int | None, now: datetime) -> Interval | None:
    """The header's time in any zone, where that is before the clip's own, which cannot be; later is an export's."""
    try:
        written = EPOCH + timedelta(seconds=created or 0)
    except OverflowError:
        return None
    any_zone = Interval(written - MOST_OFFSET, written - LEAST_OFFSET)
    if not created or not plausible(any_zone, now) or any_zone.latest + SLACK >= anywhere(reading.wall).earliest:
        return None
    return any_zone


def _by_header(clip: Clip, created: int, where: Place | None, now: datetime) -> Judgement:
    try:
        ended = EPOCH + timedelta(seconds=created)
    except OverflowError:
        ended = EPOCH
    recorded = ended.replace(tzinfo=None).isoformat()
    basis = (clip.header,)
    if not plausible(Interval(ended, ended), now):
        notes = ("its header's time is in the future, before digital cameras, or that of a clock that was reset",)
        return Judgement(Level.IMPOSSIBLE, None, recorded, None, basis, place=where, notes=notes)
    if clip.software and _EDITORS.search(clip.software):
        taken = Interval(BEGINNING, ended - LEAST_OFFSET)
        notes = ("a program wrote this clip anew: its header's time is that of the export",)
        return Judgement(Level.UPPER_BOUND, taken, recorded, None, basis, place=where, notes=notes)
    began = ended - _length(clip.duration) - SLACK
    if clip.phone:
        taken = Interval(began, ended + SLACK)
        return Judgement(Level.UTC_ALONE, taken, recorded, "+00:00", basis, place=where)
    taken = Interval(began - MOST_OFFSET, ended + SLACK - LEAST_OFFSET)
    notes = ("its header's time may be UTC or local time: read as either, in any zone",)
    return Judgement(Level.UTC_ALONE, taken, recorded, None, basis, place=where, notes=notes)


def _length(seconds: float | None) -> timedelta:
    """A believable duration; the longest where it is none, so that the clip's beginning is not put too late."""
    if seconds is None or not math.isfinite(seconds) or not 0 <= seconds <= LONGEST.total_seconds():
        return LONGEST
    return timedelta(seconds=seconds)


def location(text: str | None) -> Place | None:
    """ISO 6709 in degrees, as phones write it (`+51.4978-000.1745+021.0/`); None for anything else, and for 0° 0°."""
    match = _LOCATION.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        return None
    return Place(latitude, longitude)
