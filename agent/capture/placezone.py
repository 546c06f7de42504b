"""The time zone where a photo was taken, by its GPS position: with the optional extra `zones` (tzfpy), else nothing.

A phone sets its clock by the place it is in, a camera does not, so this is one more reading by which a decision must
hold: on a visit that changes zone half-way, or one whose zone in the register is that of another place.
"""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.model.capture import Capture, Place
from agent.model.times import WallClock

Zones = Callable[[Place], tuple[str, ...]]


def zones_at(place: Place) -> tuple[str, ...]:
    """The IANA zones of a place, several if borders are disputed; empty if the extra is not installed.

    Borders are simplified to within some kilometres.
    """
    try:
        import tzfpy
    except ImportError:
        return ()
    return tuple(tzfpy.get_tzs(place.longitude, place.latitude))


def with_zone_of_place(capture: Capture, zones: Zones = zones_at) -> Capture:
    """A capture whose wall clock is also read by the zones of its place, as readings that must hold too."""
    if not isinstance(capture.taken, WallClock) or capture.place is None or not capture.level.decides:
        return capture
    also = capture.also
    for name in zones(capture.place):
        try:
            also = (*also, *capture.taken.read_in(ZoneInfo(name)))
        except (ZoneInfoNotFoundError, ValueError, OverflowError):  # this laptop does not know the zone: leave it out
            continue
    return replace(capture, also=tuple(dict.fromkeys(also)))
