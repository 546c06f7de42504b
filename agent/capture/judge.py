"""The one judge of time: evidence in, a capture with its level and reasons out. Pure: no file, no clock.

The order of trust is the table in config/README.md. Weaker evidence is not consulted if there is stronger evidence. If
two sources of equal rank contradict each other (two Exif blocks; a GPS time that disagrees), neither is picked: the
decision must hold for both, or a person decides.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePath

from agent.capture import gps
from agent.capture.clipjudge import duration, judge_clip, with_early_header
from agent.capture.clock import (
    RESET,
    Reading,
    day_of,
    impossible,
    of_a_phone,
    perhaps_reset,
    plausible,
    read_stamp,
    up_to,
)
from agent.capture.contradictions import contradictions, with_earlier_name
from agent.capture.evidence import Clip, Evidence, Exif, Stamp
from agent.capture.judgement import Judgement
from agent.capture.names import named_day, named_time
from agent.capture.origin import made
from agent.model.capture import Camera, Capture
from agent.model.times import Level, WallClock

NOT_READ_YET = "this program cannot read the capture time of this format yet, so a person must decide"
NO_TIME = "nothing in it says when it was taken"
DISORDERLY = "it is damaged near the place where its time is stored, so that time cannot be relied on"

ONE_MOMENT = timedelta(minutes=1)
"""How far apart two Exif blocks of one file may give one moment; some cameras write the second a little later."""

_ANY_DIGIT = re.compile(r"[1-9]", re.ASCII)
"""In a time that is more than zeros and blanks."""

_ORIGINAL = "EXIF DateTimeOriginal"
_OFFSET = "EXIF OffsetTimeOriginal"


def judge(evidence: Evidence, *, name: str, now: datetime, folder: str = "") -> Capture:
    """The capture that this evidence gives, for a file called `name` in a folder called `folder`, at `now` (aware)."""
    if evidence.format == "unknown":
        return Capture("unknown", complete=evidence.complete, notes=evidence.notes)
    found = _merged(evidence)
    judged = with_earlier_name(_time(evidence, found, name, now), name, now)
    if judged.level is Level.IMPOSSIBLE and not evidence.readable:
        judged = replace(judged, notes=(NOT_READ_YET,))
    if judged.level.decides and (found.garbled or not evidence.orderly):
        judged = replace(
            judged, level=Level.IMPOSSIBLE, taken=None, also=(), wall=None, notes=(DISORDERLY, *judged.notes)
        )
    clip = evidence.clip or Clip()
    camera = Camera(found.make or clip.make or clip.maker, found.model or clip.model, found.serial)
    how = made(evidence, found, PurePath(folder, name), phone=judged.by_phone)
    return Capture(
        format=evidence.format,
        recorded=judged.recorded,
        offset=judged.offset,
        taken=judged.taken,
        level=judged.level,
        basis=judged.basis,
        also=judged.also,
        clock_bound=judged.clock_bound,
        camera=camera if camera != Camera() else None,
        place=gps.place(found.fix) or judged.place,
        content_id=evidence.content_id,
        complete=evidence.complete,
        notes=(*dict.fromkeys((*judged.notes, *evidence.notes)),),
        wall=judged.wall,
        length=None if evidence.clip is None else duration(evidence.clip),
        origin=how.origin,
        origin_basis=how.basis,
        marked=how.marked,
        by_phone=judged.by_phone and (judged.wall is not None or judged.level is Level.CONFIRMED),
    )


def _merged(evidence: Evidence) -> Exif:
    """One view of all blocks: each value comes from the first block that has it."""

    def first(field: str) -> object:
        return next((value for block in evidence.blocks if (value := getattr(block, field)) is not None), None)

    return Exif(**{field: first(field) for field in Exif.__dataclass_fields__})  # type: ignore[arg-type]  # same fields


def _time(evidence: Evidence, found: Exif, name: str, now: datetime) -> Judgement:
    """Down the table: the camera's own time, a video's header, a program's time, upper bounds, the file's name."""
    blocks = [reading for block in evidence.blocks if block.original and (reading := read_stamp(block.original))]
    if _contradict(blocks):
        recorded = found.original.time if found.original else None
        return Judgement(
            Level.IMPOSSIBLE,
            recorded=_as_written(found.original) or recorded,
            notes=("it holds two Exif blocks that disagree about when it was taken: a person must decide",),
        )
    notes: tuple[str, ...] = ()
    if found.original is not None:
        reading = read_stamp(found.original)
        if reading is not None:
            return _by_original(_with_all(reading, blocks), found, evidence, now)
        notes = ("its DateTimeOriginal is blank, zeros or impossible",)
    if found.noted is not None:
        reading = read_stamp(found.noted)
        if reading is not None:
            return _by_original(reading, found, evidence, now, "the maker's own note")
    if evidence.clock is not None:
        reading = read_stamp(evidence.clock.stamp)
        if reading is not None:
            return _by_original(reading, found, evidence, now, evidence.clock.basis)
        notes = (*notes, f"its time ({evidence.clock.basis}) is blank, zeros or impossible")
    judged = (
        (judge_clip(evidence.clip, now, name) if evidence.clip else None)
        or _by_program(evidence.xmp_original, "XMP DateTimeOriginal", now)
        or _by_program(evidence.iptc_original, "IPTC DateCreated", now)
        or _by_program(evidence.text_original, "PNG Creation Time", now)
        or _not_later_than(found.digitized, "EXIF DateTimeDigitized", found, now)
        or _not_later_than(found.modified, "EXIF ModifyDate", found, now)
        or _by_fix_alone(found, now)
        or _by_name(name, now)
        or Judgement(Level.IMPOSSIBLE, notes=() if notes else (NO_TIME,))
    )
    if judged.level is Level.UPPER_BOUND and found.original is not None and _ANY_DIGIT.search(found.original.time):
        # A time that nobody can read may be later than the one that can be read: neither is relied on.
        judged = Judgement(Level.IMPOSSIBLE, notes=judged.notes)
    recorded = found.original.time.strip() if found.original else judged.recorded
    return replace(judged, recorded=recorded, notes=(*notes, *judged.notes))


def _as_written(stamp: Stamp | None) -> str | None:
    reading = read_stamp(stamp) if stamp else None
    return reading.recorded if reading else None


def _contradict(readings: list[Reading]) -> bool:
    """Whether two Exif blocks give capture times that cannot both be true."""
    return any(
        other.wall.earliest - one.wall.latest > ONE_MOMENT
        or (one.offset is not None and other.offset is not None and one.offset != other.offset)
        for one in readings
        for other in readings
    )


def _with_all(reading: Reading, readings: list[Reading]) -> Reading:
    """The reading, widened to all blocks of a file together, because they mean one moment."""
    first = min([reading.wall.earliest, *(one.wall.earliest for one in readings)])
    last = max([reading.wall.latest, *(one.wall.latest for one in readings)])
    return replace(reading, wall=WallClock(first, last))


def _of_a_phone(reading: Reading, found: Exif) -> bool:
    """Whether a phone wrote this time: with its offset, by a clock that the network sets."""
    return reading.offset is not None and of_a_phone(found.make)


def _by_original(
    reading: Reading, found: Exif, evidence: Evidence, now: datetime, source: str = _ORIGINAL
) -> Judgement:
    """Levels A, B and D, and X for a clock that had been reset; a film's header must not be earlier."""
    judged = _by_clock(reading, found, evidence, now, source)
    return judged if evidence.clip is None else with_early_header(judged, reading, evidence.clip, now)


def _by_clock(reading: Reading, found: Exif, evidence: Evidence, now: datetime, source: str) -> Judgement:
    compared = gps.compare(reading, found.fix, now)
    refused = impossible(reading, now)
    if refused is None and not compared.confirms and not _of_a_phone(reading, found):
        refused = RESET if perhaps_reset(reading.wall.earliest, now, make=found.make) else None
    if refused is not None:
        reason = f"its {source.removeprefix('EXIF ')} cannot be believed: {refused}"
        return Judgement(Level.IMPOSSIBLE, None, reading.recorded, reading.written_offset, (source,), notes=(reason,))
    doubted = contradictions(reading, found, evidence, now)
    notes: tuple[str, ...] = (*((compared.note,) if compared.note else ()), *doubted.notes)
    # The photo's own clock and the satellites together outweigh a third time.
    also = compared.also if compared.confirms else (*compared.also, *doubted.also)
    taken = reading.instant
    if taken is not None:
        level = Level.CONFIRMED if compared.confirms else Level.OWN_OFFSET
        offset = _OFFSET if source == _ORIGINAL else f"{source}'s own offset"
        basis = (source, offset, "GPS time") if compared.confirms else (source, offset)
        return Judgement(
            level,
            taken,
            reading.recorded,
            reading.written_offset,
            basis,
            also,
            clock_bound=not compared.confirms,
            notes=notes,
            wall=None if compared.confirms else reading.wall,
            by_phone=_of_a_phone(reading, found),
        )
    return Judgement(
        Level.ASSUMED_ZONE, reading.wall, reading.recorded, reading.written_offset, (source,), also, notes=notes
    )


def _by_program(written: str | None, basis: str, now: datetime) -> Judgement | None:
    """XMP's or IPTC's capture time without an Exif time: programs write it, some with the zone of their desk. As weak
    as a name.
    """
    reading = read_stamp(Stamp(written)) if written else None
    day = day_of(written) if written else None
    if reading is None and day is not None and plausible(day, now):
        note = f"only a day is in {basis.split(maxsplit=1)[0]}, which programs write"
        return Judgement(Level.FILE_NAME, day, basis=(basis,), notes=(note,))
    if reading is None or impossible(reading, now):
        return None
    return Judgement(
        Level.FILE_NAME,
        reading.instant or reading.wall,
        reading.recorded,
        reading.written_offset,
        (basis,),
        notes=(f"its capture time is only in {basis.split(maxsplit=1)[0]}, which programs write",),
    )


def _not_later_than(stamp: Stamp | None, basis: str, found: Exif, now: datetime) -> Judgement | None:
    """An upper bound: a scanner, an editor or a messenger wrote this file by then; the picture may be years older.

    A clock that was reset gives no bound: the picture may be years younger.
    """
    reading = read_stamp(stamp) if stamp else None
    if reading is None or impossible(reading, now):
        return None
    if perhaps_reset(reading.wall.earliest, now, make=found.make) and not _of_a_phone(reading, found):
        what = basis.removeprefix("EXIF ")
        return Judgement(
            Level.IMPOSSIBLE,
            recorded=reading.recorded,
            basis=(basis,),
            notes=(f"its {what} cannot be believed: {RESET}",),
        )
    return Judgement(
        Level.UPPER_BOUND,
        up_to(reading),
        reading.recorded,
        reading.written_offset,
        (basis,),
        notes=(f"it says only when it was written ({basis.removeprefix('EXIF ')}), not when it was taken",),
    )


def _by_fix_alone(found: Exif, now: datetime) -> Judgement | None:
    """A GPS time without a clock: the camera's time was removed, or a program added the place. A hint."""
    fixed = gps.instant(found.fix)
    if fixed is None or not gps.believable(fixed, now):
        return None
    return Judgement(
        Level.FILE_NAME,
        gps.around(fixed),
        fixed.replace(tzinfo=None, microsecond=0).isoformat(),
        "+00:00",
        ("GPS time",),
        clock_bound=False,
        notes=("it has a GPS time but no capture time; a fix may be hours old",),
    )


def _by_name(name: str, now: datetime) -> Judgement | None:
    named = named_time(name) or named_day(name)
    if named is None or not plausible(named.taken, now):
        return None
    return Judgement(named.level, named.taken, basis=(named.basis,), notes=("only its name says when it was taken",))
