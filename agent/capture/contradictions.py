"""What else an Exif block says against its own time of capture. Pure.

A camera writes one moment several times over: as DateTimeOriginal, DateTimeDigitized and DateTime, each with an offset
of its own since Exif 2.31. Where these contradict each other, or the block is damaged so that an offset may be lost, no
one of them is picked: each is one more reading by which a decision must hold. Of 125 dated files of other people three
contradict themselves so, all three made by hand or by a clock that was never set.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.capture.clock import LEAST_OFFSET, MOST_OFFSET, Reading, at_offset, impossible, read_stamp
from agent.capture.evidence import Exif
from agent.model import Interval, WallClock

SAME_MOMENT = timedelta(minutes=1)
"""How far apart a camera may write the two halves of one moment; long exposures lie below."""

EDITED_EARLY = timedelta(days=1)
"""How much earlier than its time of capture a file may seem to have been changed: an editor may sit in another zone."""


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Other readings that must hold too, with the reasons."""

    also: tuple[Interval, ...] = ()
    notes: tuple[str, ...] = ()


def contradictions(reading: Reading, found: Exif, now: datetime) -> Contradictions:
    """All that is to be said against a reading of DateTimeOriginal."""
    also: list[Interval] = list(_by_neighbouring_offsets(reading, found))
    notes: list[str] = []
    if reading.offset is None:
        if reading.written_offset is not None and any(map(str.isalnum, reading.written_offset)):
            also.append(anywhere(reading.wall))
            notes.append("its OffsetTimeOriginal is none that exists: its clock is read in every zone")
        elif found.damaged:
            also.append(anywhere(reading.wall))
            notes.append("part of its Exif block is lost, perhaps an offset too: its clock is read in every zone")
    for other, what in _contradicting(reading, found, now):
        also.append(_instants(other, reading))
        notes.append(f"its {what} says {other.recorded.replace('T', ' ')}: both times must lead to the same decision")
    return Contradictions(tuple(dict.fromkeys(also)), tuple(notes))


def anywhere(wall: WallClock) -> Interval:
    """The instants that a wall clock can have shown this at, in any zone there is."""
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
    """By its own offset, else by that of the time it contradicts, else in every zone."""
    if other.instant is not None:
        return other.instant
    return at_offset(other.wall, reading.offset) if reading.offset is not None else anywhere(other.wall)


def _by_neighbouring_offsets(reading: Reading, found: Exif) -> tuple[Interval, ...]:
    """Readings by OffsetTime and OffsetTimeDigitized, where those stand beside the very same time and differ.

    Their offsets belong to ModifyDate and DateTimeDigitized (Exif 2.31), which an editor in another zone rewrites; so
    they are no offset of DateTimeOriginal. Where the three times are equal nothing was rewritten, and then a decision
    must hold by that offset too.
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
