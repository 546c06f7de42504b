"""The judge's rules for videos: QuickTime's own creation date, else the movie header's time. Pure.

Of 33 videos 7 had no time in `mvhd`; it is written when a clip *ends*, in UTC by the standard and in local time by many
cameras, and again by an editor's export. Keys com.apple.quicktime.creationdate, in the clips that had it, was right.
"""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.capture.clock import (
    BEGINNING,
    LEAST_OFFSET,
    MOST_OFFSET,
    RESET,
    Reading,
    at_offset,
    impossible,
    of_a_phone,
    perhaps_reset,
    plausible,
    read_offset,
    read_stamp,
)
from agent.capture.contradictions import anywhere
from agent.capture.evidence import Clip, Stamp
from agent.capture.judgement import Judgement
from agent.capture.names import named_time
from agent.model.capture import Place
from agent.model.times import Interval, Level, WallClock

EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
"""The epoch of mvhd (ISO 14496-12, 8.2.2.3)."""

SLACK = timedelta(minutes=1)
"""How long after its end a clip's header may be written, and how much its duration may leave out (pauses)."""

LONGEST = timedelta(days=1)
"""A longer duration is not believed: no camera records for a day."""

EDITORS = re.compile(
    r"lavf|handbrake|premiere|davinci|imovie|movie maker|final cut|vegas|capcut|inshot|kinemaster|shotcut|kdenlive"
    r"|mkvmerge|makemkv",
    re.IGNORECASE,
)
"""Marks of programs that rewrite a clip; their header's time is that of the export."""

AGREEMENT = timedelta(seconds=10)
"""How far apart a name and a header may be and still mean one moment."""

EARLY = "its header was written before it was taken: both times must lead to the same decision"

_ANY_DIGIT = re.compile(r"[1-9]", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)

_LOCATION = re.compile(
    r"([+\-]\d{1,2}(?:\.\d+)?)([+\-]\d{1,3}(?:\.\d+)?)(?:[+\-]\d+(?:\.\d+)?)?(?:CRS[\w]+)?/?", re.ASCII
)


def judge_clip(clip: Clip, now: datetime, name: str = "") -> Judgement | None:
    """The judgement on a video's header; None if it gives no time. `name` is the file's."""
    where = location(clip.location)
    stated = (
        _by_stated(clip, clip.creation_date, "QuickTime Keys creationdate", where, now) if clip.creation_date else None
    ) or _by_user_data(clip, where, now)
    if stated is not None:
        return _with_other_dates(stated, clip, now)
    if clip.creation_date and _ANY_DIGIT.search(clip.creation_date) and _day_alone(clip.creation_date) is None:
        note = "its creation date cannot be read, and may be another time than its header's"
        return Judgement(Level.IMPOSSIBLE, recorded=clip.creation_date[:40], place=where, notes=(note,))
    if not clip.created:
        return Judgement(Level.IMPOSSIBLE, place=where, notes=("its header's time is zero",)) if where else None
    judged = _by_header(clip, clip.created, where, now, name)
    day = _day_alone(clip.creation_date) or _day_alone(clip.user_date)
    if day is None or not judged.level.decides:
        return judged
    note = "its header's time has another day beside it: both must lead to the same decision"
    return replace(judged, also=(*judged.also, day), notes=(*judged.notes, note))


def _by_stated(clip: Clip, written: str, basis: str, where: Place | None, now: datetime) -> Judgement | None:
    """A stated time with its own offset, compared with the header's."""
    reading = read_stamp(Stamp(written))
    if reading is None:
        return None
    phone = reading.offset is not None and of_a_phone(clip.make)
    make = clip.make or clip.maker
    refused = impossible(reading, now) or (not phone and perhaps_reset(reading.wall.earliest, now, make=make))
    if refused:
        why = f"its {basis} cannot be believed: {refused if isinstance(refused, str) else RESET}"
        return Judgement(
            Level.IMPOSSIBLE, None, reading.recorded, reading.written_offset, (basis,), place=where, notes=(why,)
        )
    early = _written_early(reading, clip.created, now)
    also: tuple[Interval, ...] = () if early is None else (early,)
    notes: tuple[str, ...] = (EARLY,) * (early is not None)
    if reading.offset is None and reading.written_offset is not None:
        also, notes = (*also, anywhere(reading.wall)), (*notes, f"the offset in its {basis} does not exist on Earth")
    return Judgement(
        Level.OWN_OFFSET if reading.instant else Level.ASSUMED_ZONE,
        reading.instant or reading.wall,
        reading.recorded,
        reading.written_offset,
        (basis,),
        also,
        place=where,
        notes=notes,
        wall=reading.wall if reading.instant else None,
        by_phone=phone,
    )


def _with_other_dates(judged: Judgement, clip: Clip, now: datetime) -> Judgement:
    """The judgement, if the clip states other dates too: each must lead to the same decision."""
    if not judged.level.decides or judged.taken is None:
        return judged
    taken = judged.taken if isinstance(judged.taken, Interval) else anywhere(judged.taken)
    offset = read_offset(judged.offset) if judged.offset else None
    others: list[Interval] = []
    for written in clip.other_dates:
        reading, day = read_stamp(Stamp(written)), _day_alone(written)
        if reading is not None and not impossible(reading, now):
            others.append(
                reading.instant or (anywhere(reading.wall) if offset is None else at_offset(reading.wall, offset))
            )
        elif day is not None and (day.latest < taken.earliest or taken.latest < day.earliest):
            others.append(day)
    if not others:
        return judged
    note = "it states another date too: both must lead to the same decision"
    return replace(judged, also=(*judged.also, *others), notes=(*judged.notes, note))


def with_early_header(judged: Judgement, reading: Reading, clip: Clip, now: datetime) -> Judgement:
    """The judgement on a camera's own record in a film, whose header may have been written before that, which cannot
    be: then both must lead to one decision.
    """
    early = _written_early(reading, clip.created, now)
    if early is None or not judged.level.decides:
        return judged
    return replace(judged, also=(*judged.also, early), notes=(*judged.notes, EARLY))


def _by_user_data(clip: Clip, where: Place | None, now: datetime) -> Judgement | None:
    """`date`, which an iPhone's exports have, and `©day`, which programs write too. For `©day`, and for `date` without
    a camera's name beside it, the header's time in any zone must lead to the same decision.
    """
    if not clip.user_date:
        return None
    judged = _by_stated(clip, clip.user_date, f"QuickTime user data {'©day' if clip.by_day else 'date'}", where, now)
    if judged is None or (not clip.by_day and (clip.make or clip.model)):
        return judged
    header = _any_zone(clip, now)
    if header is None:
        return judged
    note = "its header's time must lead to the same decision"
    return replace(judged, also=(*judged.also, header), notes=(*judged.notes, note))


def _any_zone(clip: Clip, now: datetime) -> Interval | None:
    if not clip.created:
        return None
    try:
        written = EPOCH + timedelta(seconds=clip.created)
        known = Interval(written - _length(clip.duration) - SLACK - MOST_OFFSET, written + SLACK - LEAST_OFFSET)
    except OverflowError:
        return None
    return known if plausible(known, now) else None


def _day_alone(written: str | None) -> Interval | None:
    """The whole of a day that is given without an hour, wherever that was."""
    match = _DAY.fullmatch((written or "").strip())
    if match is None:
        return None
    try:
        day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
        return Interval(day - MOST_OFFSET, day + timedelta(days=1) - LEAST_OFFSET)
    except (ValueError, OverflowError):
        return None


def _written_early(reading: Reading, created: int | None, now: datetime) -> Interval | None:
    """The header's time in any zone, if it is before the clip's own, which is impossible; a later one is an export."""
    try:
        written = EPOCH + timedelta(seconds=created or 0)
    except OverflowError:
        return None
    any_zone = Interval(written - MOST_OFFSET, written - LEAST_OFFSET)
    if not created or not plausible(any_zone, now) or any_zone.latest + SLACK >= anywhere(reading.wall).earliest:
        return None
    return any_zone


def _by_header(clip: Clip, created: int, where: Place | None, now: datetime, name: str) -> Judgement:
    try:
        ended = EPOCH + timedelta(seconds=created)
    except OverflowError:
        ended = EPOCH
    recorded = ended.replace(tzinfo=None).isoformat()
    basis: tuple[str, ...] = (clip.header,)
    phone = clip.phone or _agrees(name, ended, _length(clip.duration))
    shown = ended.replace(tzinfo=None)
    reset = impossible(Reading(recorded, WallClock(shown, shown)), now) or (
        not phone and perhaps_reset(shown, now, make=clip.make or clip.maker, in_utc=True)
    )
    if reset or not plausible(Interval(ended, ended), now):
        notes = ("its header's time is in the future, before digital cameras, or that of a clock that was reset",)
        return Judgement(Level.IMPOSSIBLE, None, recorded, None, basis, place=where, notes=notes)
    if clip.software and EDITORS.search(clip.software):
        taken = Interval(BEGINNING, ended - LEAST_OFFSET)
        notes = ("a program rewrote this clip: its header's time is that of the export",)
        return Judgement(Level.UPPER_BOUND, taken, recorded, None, basis, place=where, notes=notes)
    began = ended - _length(clip.duration) - SLACK
    if phone:
        taken = Interval(began, ended + SLACK)
        basis = basis if clip.phone else (clip.header, "the file's name (PXL_, in UTC)")
        return _by_phone(Judgement(Level.UTC_ALONE, taken, recorded, "+00:00", basis, place=where, by_phone=True), clip)
    taken = Interval(began - MOST_OFFSET, ended + SLACK - LEAST_OFFSET)
    notes = ("its header's time may be UTC or local time: read as either, in any zone",)
    return Judgement(Level.UTC_ALONE, taken, recorded, None, basis, place=where, notes=notes)


def _by_phone(judged: Judgement, clip: Clip) -> Judgement:
    """With the time that the phone showed, if it wrote its offset: it may have been in another zone than the visit."""
    offset = read_offset(clip.utc_offset.strip()) if clip.utc_offset else None
    if offset is None or not isinstance(judged.taken, Interval):
        return judged
    shown = judged.taken.shifted(offset)
    wall = WallClock(shown.earliest.replace(tzinfo=None), shown.latest.replace(tzinfo=None))
    return replace(judged, wall=wall)


def _agrees(name: str, ended: datetime, length: timedelta) -> bool:
    """Whether a Pixel's name, which is in UTC, matches the header to within seconds: then the header is in UTC too."""
    named = named_time(name)
    if named is None or not name.upper().startswith("PXL_") or not isinstance(named.taken, Interval):
        return False
    begun = named.taken.earliest + (named.taken.latest - named.taken.earliest) / 2
    return min(abs(ended - begun), abs(ended - length - begun)) <= AGREEMENT


def duration(clip: Clip) -> timedelta | None:
    """How long the clip is; None if that is not believable."""
    return None if _length(clip.duration) == LONGEST else _length(clip.duration)


def _length(seconds: float | None) -> timedelta:
    """A believable duration; else the longest, so that the clip's beginning is not put too late."""
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
