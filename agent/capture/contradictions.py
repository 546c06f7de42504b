"""Other times in an Exif block that contradict its capture time. Pure.

A camera writes one moment several times: as DateTimeOriginal, DateTimeDigitized and DateTime, each with an offset of
its own since Exif 2.31. If these contradict each other, or damage to the block may have destroyed an offset, none of
them is picked: each becomes one more reading by which a decision must hold. Of 125 dated files of other people three
contradict themselves in this way, all three made by hand or by a clock that was never set.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.capture.clock import LEAST_OFFSET, MOST_OFFSET, Reading, at_offset, impossible, read_stamp
from agent.capture.evidence import Exif
from agent.model.times import Interval, WallClock

SAME_MOMENT = timedelta(minutes=1)
"""How far apart a camera may write the two halves of one moment; long exposures take less."""

EDITED_EARLY = timedelta(days=1)
"""How long before its capture time a file may seem to have been changed: an editor may be in another zone."""


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Other readings that must hold too, with the reasons."""

    also: tuple[Interval, ...] = ()
    notes: tuple[str, ...] = ()


def contradictions(reading: Reading, found: Exif, now: datetime) -> Contradictions:
    """Everything that contradicts a reading of DateTimeOriginal."""
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
    hold with that offset too.
    """
    readings = []
    for stamp in (found.modified, found.digitized):
        beside = read_stamp(stamp) if stamp else None
        if (
            beside is not None
            and beside.offset is not None
            and beside.recorded == reading.recorded
            and beside.offset != reading.offset
        ):
            readings.append(at_offset(reading.wall, beside.offset))
    return tuple(readings)
