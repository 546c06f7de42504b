"""Other times in an Exif block that contradict its capture time. Pure.

A camera writes one moment several times: as DateTimeOriginal, DateTimeDigitized and DateTime, each with an offset of
its own since Exif 2.31. If these contradict each other, or damage to the block may have destroyed an offset, none of
them is picked: each becomes one more reading by which a decision must hold. Of 125 dated files of other people three
contradict themselves in this way, all three made by hand or by a clock that was never set.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.capture.clock import (
    LEAST_OFFSET,
    MOST_OFFSET,
    Reading,
    at_offset,
    impossible,
    plausible,
    read_offset,
    read_stamp,
)
from agent.capture.evidence import Evidence, Exif, Stamp
from agent.capture.judgement import Judgement
from agent.capture.names import named_time
from agent.model.times import Interval, Level, WallClock

SAME_MOMENT = timedelta(minutes=1)
"""How far apart a camera may write the two halves of one moment; long exposures take less."""

EDITED_EARLY = timedelta(days=1)
"""How long before its capture time a file may seem to have been changed: an editor may be in another zone."""


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Other readings that must hold too, with the reasons."""

    also: tuple[Interval, ...] = ()
    notes: tuple[str, ...] = ()


def contradictions(reading: Reading, found: Exif, evidence: Evidence, now: datetime) -> Contradictions:
    """Everything that contradicts a reading of the camera's own time: in each Exif block, and what programs wrote.

    `found` is one view of all blocks.
    """
    blocks = evidence.blocks if len(evidence.blocks) > 1 else ()
    each = [*(_in_block(reading, block, now) for block in (found, *blocks)), _by_programs(reading, evidence, now)]
    also = (reading for one in each for reading in one.also)
    notes = (note for one in each for note in one.notes)
    return Contradictions((*dict.fromkeys(also),), (*dict.fromkeys(notes),))


def with_earlier_name(judged: Judgement, name: str, now: datetime) -> Judgement:
    """A time, if the file's name says that the file was made earlier: then both must lead to one decision.

    Phones name a file when they make it and editing keeps the name, but some programs write the time of editing as the
    capture time (a clip that is cut on a phone gets a new header). A later name says nothing: it may be a copy's.
    """
    named = named_time(name)
    if not judged.level.decides or judged.level is Level.CONFIRMED or judged.taken is None:
        return judged
    if named is None or named.level is not Level.FILE_NAME or not plausible(named.taken, now):
        return judged
    # Two clocks without a zone are one device's, but some programs name in UTC: hence a day.
    both = isinstance(named.taken, WallClock) and isinstance(judged.taken, WallClock)
    told, taken = (named.taken, judged.taken) if both else (_instant(named.taken), _instant(judged.taken))
    if told.latest + (EDITED_EARLY if both else timedelta(0)) >= taken.earliest:
        return judged
    note = "its name says that it was made earlier than its time says: both times must lead to the same decision"
    return replace(judged, also=(*judged.also, _instant(named.taken)), notes=(*judged.notes, note))


def _instant(taken: Interval | WallClock) -> Interval:
    return anywhere(taken) if isinstance(taken, WallClock) else taken


def _by_programs(reading: Reading, evidence: Evidence, now: datetime) -> Contradictions:
    """XMP's, IPTC's and a text's capture time, which programs copy from the camera's: another was set by somebody.

    They agree if they show the same time, whatever the zone (programs write that of their desk), or are one instant.
    """
    also: list[Interval] = []
    notes: list[str] = []
    by_program = (
        (evidence.xmp_original, "XMP"),
        (evidence.iptc_original, "IPTC data"),
        (evidence.text_original, "text"),
    )
    for written, what in by_program:
        other = read_stamp(Stamp(written)) if written else None
        if other is None or impossible(other, now) is not None or _agree(reading, other):
            continue
        also.append(_instants(other, reading))
        notes.append(f"its {what} says {other.recorded.replace('T', ' ')}: both times must lead to the same decision")
    return Contradictions(tuple(also), tuple(notes))


def _agree(one: Reading, other: Reading) -> bool:
    if abs(one.wall.earliest - other.wall.earliest) <= SAME_MOMENT:
        return True
    first, second = one.instant, other.instant
    return first is not None and second is not None and abs(first.earliest - second.earliest) <= SAME_MOMENT


def _in_block(reading: Reading, found: Exif, now: datetime) -> Contradictions:
    also: list[Interval] = list(_by_neighbouring_offsets(reading, found))
    notes: list[str] = []
    if reading.offset is None:
        if reading.written_offset is not None and any(map(str.isalnum, reading.written_offset)):
            also.append(anywhere(reading.wall))
            notes.append("its OffsetTimeOriginal does not exist on Earth: its clock is read in every zone")
        elif found.damaged:
            also.append(anywhere(reading.wall))
            notes.append("part of its Exif block is lost, perhaps an offset too: its clock is read in every zone")
    for other, what in _contradicting(reading, found, now):
        also.append(_instants(other, reading))
        notes.append(f"its {what} says {other.recorded.replace('T', ' ')}: both times must lead to the same decision")
    return Contradictions(tuple(dict.fromkeys(also)), tuple(notes))


def anywhere(wall: WallClock) -> Interval:
    """The instants at which a wall clock may have shown this, in any zone."""
    return at_offset(wall, MOST_OFFSET).hull(at_offset(wall, LEAST_OFFSET))


def _contradicting(reading: Reading, found: Exif, now: datetime) -> list[tuple[Reading, str]]:
    contradicting = []
    digitized = read_stamp(found.digitized) if found.digitized else None
    if (
        digitized is not None
        and impossible(digitized, now) is None
        and abs(digitized.wall.earliest - reading.wall.earliest) > SAME_MOMENT
    ):
        contradicting.append((digitized, "DateTimeDigitized"))
    modified = read_stamp(found.modified) if found.modified else None
    if (
        modified is not None
        and impossible(modified, now) is None
        and modified.wall.latest < reading.wall.earliest - EDITED_EARLY
    ):
        contradicting.append((modified, "ModifyDate, which cannot be earlier,"))
    return contradicting


def _instants(other: Reading, reading: Reading) -> Interval:
    """Read with its own offset, else with that of the time it contradicts, else in every zone."""
    if other.instant is not None:
        return other.instant
    return at_offset(other.wall, reading.offset) if reading.offset is not None else anywhere(other.wall)


def _by_neighbouring_offsets(reading: Reading, found: Exif) -> tuple[Interval, ...]:
    """Readings with OffsetTime and OffsetTimeDigitized, if these come with the same time and differ.

    These offsets belong to ModifyDate and DateTimeDigitized (Exif 2.31), which an editor in another zone rewrites, so
    they do not belong to DateTimeOriginal. If the three times are equal nothing was rewritten, and then a decision must
    hold with that offset too. So it must with an offset that has lost its time, or TIFF/EP's in whole hours, if the
    photo has no other, and with that of a second Exif block that gives the same time.
    """
    offsets = []
    for stamp in filter(None, (found.modified, found.digitized)):
        beside = read_stamp(stamp)
        if beside is not None and beside.recorded == reading.recorded:
            offsets.append(beside.offset)
        elif not stamp.time and stamp.offset and reading.offset is None:
            offsets.append(read_offset(stamp.offset))
    if reading.offset is None and found.zone_hours is not None:
        hours = timedelta(hours=found.zone_hours)
        offsets.append(hours if LEAST_OFFSET <= hours <= MOST_OFFSET else None)
    again = read_stamp(found.original) if found.original else None
    if again is not None and abs(again.wall.earliest - reading.wall.earliest) <= SAME_MOMENT:
        offsets.append(again.offset)
    return tuple(
        at_offset(reading.wall, offset) for offset in offsets if offset is not None and offset != reading.offset
    )
