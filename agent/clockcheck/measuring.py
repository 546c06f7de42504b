"""From a photo's time and the time it shows to the error of its camera's clock. Pure; intervals, never bare numbers.

The camera wrote its time to the second (or finer), and the display showed each second for a second and a moment more:
so one photo gives the error to about ±1.3 s. Each photo of a camera gives an interval; their common part is the answer,
and if there is none they do not agree.

The error is the one that the register corrects by (agent.register): of the wall clock in a zone, or, if the camera
writes its own offset, of the instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from agent.clockcheck.shown import ShownTime
from agent.errors import LocalFault
from agent.model.capture import Camera, Capture
from agent.model.times import Interval, WallClock

LAG = timedelta(seconds=0.3)
"""How much longer than its second a code may be visible: drawing it, the terminal, the screen."""

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)
MOST_OF_A_ZONE = timedelta(hours=26)
ZONE_SLACK = timedelta(seconds=90)
"""Offsets are multiples of 15 minutes; a clock in the wrong zone is also some seconds off, as all clocks are."""

_CAMERAS_WORD = "EXIF DateTimeOriginal"


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far a clock runs ahead: at least `least`, at most `most`; negative if it is behind."""

    least: timedelta
    most: timedelta

    @property
    def seconds(self) -> int:
        """The answer for the register: 0 if the clock may be right, else the middle, to the second."""
        if self.least <= timedelta(0) <= self.most:
            return 0
        return round((self.least + self.most) / 2 / SECOND)

    @property
    def within(self) -> float:
        """How many seconds the true error may be away from `seconds`, to a tenth, rounded up."""
        middle = timedelta(seconds=self.seconds)
        return -(-max(self.most - middle, middle - self.least) // timedelta(seconds=0.1)) / 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One photo: its camera, the time it showed, its clock's error, and whether that includes the camera's offset."""

    camera: Camera
    shown: ShownTime
    ahead: ClockOffset
    own_offset: bool


def measure(capture: Capture, shown: ShownTime, zone: tzinfo) -> Measured:
    """The clock's error by one photo; a time without an offset is compared in `zone`.

    Raises LocalFault if the file does not name its camera, or has no time from that camera's own clock.
    """
    camera = capture.camera
    if camera is None or not (camera.serial or (camera.make and camera.model)):
        raise LocalFault("the photo does not say which camera took it: use the camera's own file, not a sent copy")
    if _CAMERAS_WORD not in capture.basis:
        raise LocalFault(
            "the photo does not say when it was taken by the camera's clock: use the camera's own file, not a sent copy"
        )
    unsure = shown.within or timedelta(0)
    true = Interval(shown.at - unsure, shown.at + SECOND + LAG + unsure)
    taken = capture.taken
    if isinstance(taken, Interval):
        return Measured(camera, shown, ClockOffset(taken.earliest - true.latest, taken.latest - true.earliest), True)
    wall = taken if isinstance(taken, WallClock) else _as_recorded(capture.recorded)
    # Back and forth through the zone at one instant, so that only one offset applies in autumn's repeated hour too.
    there = shown.at.astimezone(zone)
    offset = there.utcoffset() or timedelta(0)
    earliest, latest = ((moment + offset).replace(tzinfo=None) for moment in (true.earliest, true.latest))
    return Measured(camera, shown, ClockOffset(wall.earliest - latest, wall.latest - earliest), False)


def _as_recorded(recorded: str | None) -> WallClock:
    """A time that would not be believed in any other photo, such as that of a reset clock, but shows its error."""
    try:
        start = datetime.fromisoformat(recorded or "").replace(tzinfo=None)
    except ValueError:
        raise LocalFault("the photo does not say when it was taken by the camera's clock") from None
    return WallClock(start, start + SECOND)


def agree(photos: Sequence[Measured]) -> ClockOffset:
    """The common part of all photos; at least one. Raises LocalFault if the cameras differ, or the photos disagree."""
    if len({photo.camera for photo in photos}) > 1:
        raise LocalFault("the photos are of more than one camera: measure each by itself")
    if len({photo.own_offset for photo in photos}) > 1:
        raise LocalFault("some of the photos carry a time zone and some do not: photograph the clock again")
    ahead = ClockOffset(max(photo.ahead.least for photo in photos), min(photo.ahead.most for photo in photos))
    if ahead.least > ahead.most:
        raise LocalFault(
            "the photos disagree about how far the clock is off: it was set between them, or one shows an old picture "
            "of the clock; photograph it again"
        )
    return ahead


def zone_part(ahead: ClockOffset) -> timedelta | None:
    """The part of an error that comes from a wrong zone or summer time: a multiple of 15 minutes, or None."""
    middle = timedelta(seconds=ahead.seconds)
    part = round(middle / QUARTER) * QUARTER
    if not part or abs(part) > MOST_OF_A_ZONE or abs(middle - part) > ZONE_SLACK:
        return None
    return part
