"""The school's cameras: those registered, those found in the photos here, and the clock error that a photo shows.

Nothing here moves, changes or records a photo. A measured clock error is shown, and written only into a file on this
laptop that the person names: the register on the share belongs to the coordinator.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.clockcheck import (
    ClockOffset,
    Measured,
    TrueClock,
    agree,
    compare,
    measure,
    reader_missing,
    unchecked,
    zone_part,
)
from agent.errors import LocalFault, ShareFault, ShareUnreachable, UsageError
from agent.folders import scan
from agent.model.capture import Camera, Capture
from agent.model.register import RegisteredCamera
from agent.pipeline.context import Context
from agent.pipeline.jobs import clock_in
from agent.register import clock_line, identify, named

AHEAD_OF_NOW = timedelta(days=1)
"""A clock in a photo that is further ahead than this was not the one that `cameras clock --show` displays."""


@dataclass(frozen=True, slots=True)
class SeenCamera:
    """A camera as the photos name it, the number of its photos, and the labels of the registered cameras it may be."""

    camera: Camera
    photos: int
    labels: tuple[str, ...]


def registered(context: Context) -> tuple[RegisteredCamera, ...] | None:
    """The cameras register in use here; None if this laptop has not read one yet."""
    register = context.registers.current()
    return None if register is None else register.cameras


def seen(context: Context, paths: Sequence[Path]) -> tuple[SeenCamera, ...]:
    """The cameras that took the photos in `paths` (files and folders), those with most photos first."""
    from agent.capture import ReadRequest  # readers of photos are imported when first needed

    photos = scan(paths, read=lambda _file: Capture("unknown")).photos
    found: Counter[Camera] = Counter()
    for capture in context.capture.read_all((ReadRequest(photo.main.path) for photo in photos), now=context.clock()):
        # A file that cannot be read names no camera; `explain` says what is wrong with it.
        if isinstance(capture, Capture) and capture.camera is not None:
            found[capture.camera] += 1
    known = registered(context) or ()
    return tuple(SeenCamera(camera, count, identify(camera, known).labels) for camera, count in found.most_common())


def true_clock(context: Context, count: Callable[[], float] = time.monotonic) -> TrueClock:
    """Compares the laptop's clock with the share's.

    If the share does not answer, the result is unchecked, with a reason. Raises ShareRefused: if the server's identity
    has changed, its time cannot be trusted either, and IT must know.
    """
    try:
        with context.connect() as share:
            return compare(share.now, context.clock, count, context.sleep)
    except (ShareUnreachable, ShareFault) as fault:
        return unchecked(context.clock, count, str(fault))


def zone_called(name: str) -> ZoneInfo:
    """The IANA zone of that name. Raises UsageError if there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{name!r} is not a time zone. Give its IANA name, such as Europe/London.") from None


@dataclass(frozen=True, slots=True)
class SeenCameras:
    """A photo of the clock: the time it shows, or what is wrong with it."""

    path: Path
    found: Measured | LocalFault


@dataclass(frozen=True, slots=True)
class ClockError:
    """The error of a camera's clock, from all its photos.

    `zone` is the part of the error that comes from a zone or summer-time setting, None if there is no such part;
    `checked` says whether every photo shows the server's time; `line` is the camera's line for the register; `label` is
    the label under which the camera is registered, None if it is not registered or more than one camera fits.
    """

    camera: Camera
    ahead: ClockOffset
    zone: timedelta | None
    own_offset: bool
    checked: bool
    label: str | None
    line: str


def look_at_clocks(context: Context, paths: Sequence[Path], zone: ZoneInfo) -> tuple[SeenCameras, ...]:
    """Read each photo by itself. Raises UsageError if QR codes cannot be read on this laptop."""
    if missing := reader_missing():
        raise UsageError(missing)
    return tuple(SeenCameras(path, _looked_at(context, path, zone)) for path in paths)


def _looked_at(context: Context, path: Path, zone: ZoneInfo) -> Measured | LocalFault:
    try:
        shown = clock_in(context.worker, path)
        if shown.at > context.clock() + AHEAD_OF_NOW:
            return LocalFault("the clock in the photo shows a time that has not come yet, so it cannot be right")
        return measure(context.capture.read(path, now=context.clock()), shown, zone)
    except LocalFault as fault:
        return fault


def clock_error(
    context: Context, looked: Sequence[SeenCameras], *, label: str | None = None, owner: str | None = None
) -> ClockError:
    """The error that all photos agree on. Raises LocalFault if a photo shows no clock, or if they disagree."""
    measured = [one.found for one in looked if isinstance(one.found, Measured)]
    if len(measured) < len(looked):
        raise LocalFault(
            "Not every photo could be used. Leave out those that could not, or photograph the clock again."
        )
    ahead = agree(measured)
    camera = measured[0].camera
    known = identify(camera, registered(context) or ()).cameras
    now = known[0] if len(known) == 1 else None
    by = timedelta(seconds=ahead.seconds)
    new = named(camera, by, label=label or (now.label if now else None), owner=owner or (now.owner if now else "staff"))
    return ClockError(
        camera=camera,
        ahead=ahead,
        zone=zone_part(ahead),
        own_offset=measured[0].own_offset,
        checked=all(one.shown.checked for one in measured),
        label=now.label if now else None,
        line=clock_line(new),
    )
