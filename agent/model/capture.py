"""When, where and by which camera a photo was taken, as far as its file says."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from agent.model.times import Interval, Level, WallClock


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera named in the file; empty strings are None."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, north and east positive (WGS 84)."""

    latitude: float
    longitude: float


class Origin(StrEnum):
    """How a picture or a video came about, as far as it shows."""

    CAMERA = "camera"  # a camera or a phone made it: its own marks are in it
    RECEIVED = "received"  # a messenger or a download gave it its name, or left its mark
    SCREEN = "screen"  # a screenshot, or a recording of a screen
    EDITED = "edited"  # a program wrote it, and the camera's own marks are gone
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Capture:
    """When, where and by which camera, with the evidence for it. Broken content gives notes, never an exception.

    `format` is by content ("jpeg", "heic", "mp4", …), or "unknown" if it is not a photo or video.
    `recorded` and `offset` are the text in the file, unread: "2026-03-14T10:11:12" and "+00:00".
    `taken` is the time as judged: an `Interval`, a `WallClock` if the zone is not in the file, or None (level X).
    `also` are other readings that the same evidence allows (a GPS time that disagrees, say): a decision must hold for
    each of them. `clock_bound` says whether the camera's own clock error moves `taken` (not if GPS confirms it).
    `complete` says whether the container's end was there; `content_id` is the Live Photo ContentIdentifier. `wall` is
    the time on the clock if `taken` relies on an offset in the file, because an offset may be wrong too. `length` is a
    video's duration.
    `origin` is how it came about, and `origin_basis` the sign of that, in words. `marked` is False only if the file is
    whole and neither it nor its name shows any sign of a camera. `by_phone` says that the offset in it is a phone's,
    which gets it from the network, so that the phone was in a zone with this offset.
    """

    format: str
    recorded: str | None = None
    offset: str | None = None
    taken: Interval | WallClock | None = None
    level: Level = Level.IMPOSSIBLE
    basis: tuple[str, ...] = ()
    also: tuple[Interval, ...] = ()
    clock_bound: bool = True
    camera: Camera | None = None
    place: Place | None = None
    content_id: str | None = None
    complete: bool = True
    notes: tuple[str, ...] = ()
    wall: WallClock | None = None
    length: timedelta | None = None
    origin: Origin = Origin.NOT_KNOWN
    origin_basis: str = ""
    marked: bool = True
    by_phone: bool = False

    @property
    def is_photo(self) -> bool:
        """Whether this is a format that cameras write: a picture or a video."""
        return self.format != "unknown"
