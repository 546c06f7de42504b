"""Two kinds of time that are never mixed, and how good the evidence for a time is.

An *instant* is an aware datetime; an `Interval` is made of two of them. A *wall clock* is the time that a camera
without a zone wrote: a naive datetime, in a `WallClock`, which becomes an `Interval` only by being read in a zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Interval:
    """From `earliest` to `latest`, both aware and both possible."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        if self.earliest.tzinfo is None or self.latest.tzinfo is None:
            raise ValueError("an interval is made of instants, not of wall clocks")
        if self.latest < self.earliest:
            raise ValueError("an interval ends before it starts")

    def within(self, other: "Interval") -> bool:
        """Whether this is wholly inside `other`."""
        return other.earliest <= self.earliest and self.latest <= other.latest

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two have an instant in common."""
        return self.earliest <= other.latest and other.earliest <= self.latest

    def shifted(self, by: timedelta) -> "Interval":
        """The same length of time, later by `by`."""
        return Interval(self.earliest + by, self.latest + by)

    def hull(self, other: "Interval") -> "Interval":
        """The shortest interval that contains both."""
        return Interval(min(self.earliest, other.earliest), max(self.latest, other.latest))


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time shown by a clock without a zone, from `earliest` to `latest`, both naive."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        if self.earliest.tzinfo is not None or self.latest.tzinfo is not None:
            raise ValueError("a wall clock has no zone")
        if self.latest < self.earliest:
            raise ValueError("a wall clock interval ends before it starts")

    def shifted(self, by: timedelta) -> "WallClock":
        """The same length of time, later by `by`."""
        return WallClock(self.earliest + by, self.latest + by)

    def read_in(self, zone: tzinfo) -> tuple[Interval, ...]:
        """The instants this can mean in `zone`: one interval, or two in the hour that repeats when clocks go back.

        Also two in the hour that clocks skip: no clock set to the zone showed it, so the clock was not yet, or already,
        put forward (PEP 495: fold=0 reads with the offset before the change, fold=1 with the offset after it).
        """
        readings = []
        for fold in (0, 1):
            first = self.earliest.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            last = self.latest.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            reading = Interval(min(first, last), max(first, last))
            if reading not in readings:
                readings.append(reading)
        return tuple(sorted(readings, key=lambda reading: reading.earliest))


class Level(StrEnum):
    """How good the evidence for a capture time is: the table in config/README.md, "When a photo was taken"."""

    CONFIRMED = "A"  # wall clock and offset, agreeing with GPS
    OWN_OFFSET = "B"  # one source with its own offset
    UTC_ALONE = "C"  # UTC from one source, widened
    ASSUMED_ZONE = "D"  # a wall clock, read in the visit's zone
    FILE_NAME = "E"  # the file's name; never enough to delete on
    UPPER_BOUND = "F"  # not later than; never enough to delete on
    IMPOSSIBLE = "X"  # no time, or an impossible one

    @property
    def decides(self) -> bool:
        """Whether a photo may be sent and removed on this evidence without a person."""
        return self in {Level.CONFIRMED, Level.OWN_OFFSET, Level.UTC_ALONE, Level.ASSUMED_ZONE}
