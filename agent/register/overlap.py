"""How a capture's possible times relate to a visit: inside, outside or across, by each reading.

Everything is in UTC, because Python compares two times of one zone by their digits, which go back when clocks do.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum

from agent.errors import RegisterError
from agent.model.capture import Capture
from agent.model.register import Visit
from agent.model.times import Interval, WallClock
from agent.register.zones import zone_named

ANY_OFFSET = timedelta(hours=24)
"""The furthest that any zone's time is from UTC."""


class Relation(Enum):
    """How all readings of a capture relate to a visit."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    ACROSS = "across"


def zone_of(name: str) -> tzinfo:
    """The zone with an IANA name; RegisterError if this laptop does not know it."""
    zone = zone_named(name)
    if zone is None:
        raise RegisterError(f"the time zone {name} is not known on this laptop: update it, or correct the register")
    return zone


def readings(capture: Capture, zone: tzinfo, ahead: timedelta) -> tuple[Interval, ...]:
    """Every interval in which the photo may have been taken, by a camera clock that runs `ahead`.

    A wall clock is read in `zone`, and twice in the hour that repeats when clocks go back. `also` are readings of other
    clocks (GPS), which the camera's clock error does not affect. OverflowError for times that no zone can apply to.
    """
    own: tuple[Interval, ...] = ()
    if isinstance(capture.taken, WallClock):
        own = capture.taken.shifted(-ahead).read_in(zone)
    elif capture.taken is not None:
        own = (capture.taken.shifted(-ahead),)
    return tuple(
        Interval(reading.earliest.astimezone(UTC), reading.latest.astimezone(UTC)) for reading in (*own, *capture.also)
    )


class Readings:
    """The readings of one capture by one clock error, with each zone worked out once.

    A wall clock is read in the visit's zone. On a visit abroad the camera may still be on the `home` zone, so that
    reading must agree: otherwise a picture from the hotel in the evening would count as one of the afternoon. On a
    visit through several zones nobody knows when the camera was changed, if at all: it is read in each of them.

    An offset in the file is evidence, not proof: a camera keeps an offset that was set once, on a holiday or in summer,
    while its clock is corrected by hand. So if the offset fits neither the visit's zone nor home at that time, the wall
    clock is read in those zones as well, and both ways must agree.
    """

    def __init__(self, capture: Capture, ahead: timedelta, home: tzinfo) -> None:
        self._capture = capture
        self._ahead = ahead
        self.at_home = readings(capture, home, ahead)
        self._home = home
        self._by_zone: dict[str, tuple[Interval, ...]] = {}
        self._by_wall: dict[tuple[str, ...], tuple[Interval, ...]] = {}

    def at_most(self) -> Interval:
        """From the earliest to the latest instant that the wall clock could mean in any zone."""
        known = list(self.at_home)
        for wall in (self._capture.taken, self._capture.wall):
            if isinstance(wall, WallClock):
                shown = wall.shifted(-self._ahead)
                known.append(Interval(shown.earliest.replace(tzinfo=UTC), shown.latest.replace(tzinfo=UTC)))
        whole = hull(known)
        if whole is None:
            raise ValueError("a capture without a time has no readings")
        return widened(whole, ANY_OFFSET)

    def in_zone(self, name: str) -> tuple[Interval, ...]:
        """As read in one zone."""
        if name not in self._by_zone:
            self._by_zone[name] = readings(self._capture, zone_of(name), self._ahead)
        return self._by_zone[name]

    def for_visit(self, visit: Visit) -> tuple[Interval, ...]:
        """As read in each of the visit's zones; also by the wall clock, if its offset does not belong there."""
        by_zone = (reading for zone in visit.zones for reading in self.in_zone(zone))
        return tuple(dict.fromkeys((*by_zone, *self.by_wall(visit))))

    def by_wall(self, visit: Visit) -> tuple[Interval, ...]:
        """The wall clock in the visit's zones and at home; empty if the file's offset fits one of these."""
        if visit.zones not in self._by_wall:
            self._by_wall[visit.zones] = self._past_its_offset([*map(zone_of, visit.zones), self._home])
        return self._by_wall[visit.zones]

    def _past_its_offset(self, zones: list[tzinfo]) -> tuple[Interval, ...]:
        wall, taken = self._capture.wall, self._capture.taken
        if wall is None or not isinstance(taken, Interval):
            return ()
        offset = wall.earliest.replace(tzinfo=UTC) - taken.earliest
        if any(taken.earliest.astimezone(zone).utcoffset() == offset for zone in zones):
            return ()
        shown = wall.shifted(-self._ahead)
        return tuple(dict.fromkeys(reading for zone in zones for reading in shown.read_in(zone)))

    def phone_from(self, visit: Visit) -> timedelta | None:
        """How far the zone of the phone that took it is from the nearest of the visit's and home; None if not known."""
        wall, recorded, taken = self._capture.wall, self._capture.recorded, self._capture.taken
        if not self._capture.by_phone or not isinstance(taken, Interval) or (wall is None and recorded is None):
            return None
        shown = wall.earliest if wall else datetime.fromisoformat(str(recorded))
        offset = shown.replace(microsecond=0, tzinfo=UTC) - taken.earliest.replace(microsecond=0)
        zones = (*map(zone_of, visit.zones), self._home)
        return min(abs(offset - (taken.earliest.astimezone(zone).utcoffset() or timedelta(0))) for zone in zones)

    def relation(self, visit: Visit) -> Relation:
        """Inside if every reading is; outside if none touches the visit, including its first and last instants."""
        taken = {*self.for_visit(visit), *self.at_home}
        if all(reading.within(visit.span) for reading in taken):
            return Relation.INSIDE
        if any(reading.overlaps(visit.span) for reading in taken):
            return Relation.ACROSS
        return Relation.OUTSIDE

    def there_only(self, visit: Visit) -> bool:
        """Whether it is inside by all of the visit's zones, and not by the home zone."""
        return self.inside_by(visit) == visit.zones and not self.by_wall(visit)

    def inside_by(self, visit: Visit) -> tuple[str, ...]:
        """The visit's zones by which it is wholly inside."""
        return tuple(zone for zone in visit.zones if all(reading.within(visit.span) for reading in self.in_zone(zone)))

    def miss(self, visit: Visit) -> tuple[timedelta, bool]:
        """For a visit that they are outside: by how much the nearest misses it, and whether it comes after it."""
        span = visit.span
        return min(
            (reading.earliest - span.latest, True)
            if reading.earliest > span.latest
            else (span.earliest - reading.latest, False)
            for reading in {*self.for_visit(visit), *self.at_home}
        )


def widened(time: Interval, by: timedelta) -> Interval:
    """Longer by `by` at both ends, as far as the calendar reaches."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    earliest = first if time.earliest - first < by else time.earliest - by
    latest = last if last - time.latest < by else time.latest + by
    return Interval(earliest, latest)


def hull(intervals: Iterable[Interval]) -> Interval | None:
    """The shortest interval that contains all of them; None if there are none."""
    whole: Interval | None = None
    for interval in intervals:
        whole = interval if whole is None else whole.hull(interval)
    return whole
