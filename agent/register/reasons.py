"""The reasons for a decision, as a teacher reads them.

The reasons for a private photo are shown only on the screen of its own laptop.
"""

from collections.abc import Iterable
from datetime import UTC, timedelta

from agent.model.capture import Capture
from agent.model.register import Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import wording
from agent.register.identify import Candidates
from agent.register.overlap import Readings, Relation, zone_of

NEAR_MISS = timedelta(hours=24)
"""If a photo missed a visit by less than this, the reasons say by how much."""

_EVIDENCE = {
    Level.CONFIRMED: "camera clock with its offset, as GPS says too",
    Level.OWN_OFFSET: "clock with its own offset",
    Level.UTC_ALONE: "recorded in UTC",
}


def taken_when(capture: Capture, readings: Readings, visit: Visit, *, exact: bool = False) -> str:
    """When it was taken, in the visit's zone, and how that is known; to the second if `exact`.

    A wall clock that is read in several zones is given as it read in each of them.
    """
    if isinstance(capture.taken, WallClock):
        zones, known = visit.zones, f"camera clock, read as {' or '.join(visit.zones)}"
    else:
        zones, known = (visit.zone,), _EVIDENCE.get(capture.level, "by what the file says")
    own = (
        wording.taken(reading, zone_of(zone), exact=exact)
        for zone in zones
        for reading in _own(capture, readings.in_zone(zone))
    )
    others = (wording.taken(reading, zone_of(visit.zone), exact=exact) for reading in capture.also)
    return f"taken {' or '.join(dict.fromkeys((*own, *others)))} ({known})"


def _own(capture: Capture, read: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """The readings of the capture's own clock, which come before those of other clocks."""
    return read[: len(read) - len(capture.also)]


def both_ways(capture: Capture, readings: Readings, visits: Iterable[Visit]) -> tuple[str, ...]:
    """Says that the photo's own offset fits neither the school nor a visit, so its clock is also read without it."""
    if capture.wall is None or not isinstance(capture.taken, Interval):
        return ()
    if not any(readings.by_wall(visit) for visit in visits):
        return ()
    shown = f"{capture.wall.earliest:%H:%M}"
    offset = wording.offset(capture.wall.earliest.replace(tzinfo=UTC) - capture.taken.earliest)
    why = (
        f"its clock showed {shown} and was set to a zone {offset} from UTC, which is neither the school's nor "
        f"the visit's: it is read both by that zone and as {shown} there, and both must give the same answer"
    )
    return (why,)


def visit_hours(visit: Visit, readings: Readings) -> str:
    """The visit with its hours; with its day too if that is not the photo's."""
    return wording.hours(visit, zone_of(visit.zone), zone_of(visit.ends_in), readings.for_visit(visit)[0].earliest)


def corrected(camera: Candidates, ahead: timedelta) -> tuple[str, ...]:
    """Says that the camera's known clock error was applied."""
    if not ahead:
        return ()
    way = "ahead" if ahead > timedelta(0) else "behind"
    return (f"the clock of {' or '.join(camera.labels)} runs {wording.length(ahead)} {way}: corrected",)


def missed(capture: Capture, readings: Readings, mine: Iterable[Visit], others: Iterable[Visit]) -> str:
    """Why a photo outside all of `mine` is private: how close it came to one, or whose visit it fell in.

    `others` are cancelled visits and those of other staff.
    """
    if theirs := in_time_of_others(capture, readings, others):
        return theirs[0]
    nearest = min(mine, key=lambda visit: readings.miss(visit)[0])
    gap, after = readings.miss(nearest)
    when = taken_when(capture, readings, nearest)
    if gap <= NEAR_MISS:
        way = "after" if after else "before"
        return f"{when}, {wording.length(gap)} {way} {visit_hours(nearest, readings)}"
    return f"{when}, outside every visit in the register"


def in_time_of_others(capture: Capture, readings: Readings, others: Iterable[Visit]) -> tuple[str, ...]:
    """The first visit that does not count here but covers the photo's time, and why that visit does not count."""
    for visit in others:
        if readings.relation(visit) is not Relation.OUTSIDE:
            why = visit.why_not or ("which was cancelled" if visit.cancelled else "a visit of other staff")
            return (f"{taken_when(capture, readings, visit)}, in the time of {visit_hours(visit, readings)}, {why}",)
    return ()


def across(capture: Capture, readings: Readings, visits: Iterable[Visit]) -> tuple[str, ...]:
    """How the photo's time relates to each visit that it may be from."""
    reasons = []
    for visit in visits:
        whole = readings.relation(visit) is Relation.INSIDE
        abroad = not whole and readings.there_only(visit)
        when = taken_when(capture, readings, visit, exact=not whole)
        how = "within" if whole or abroad else "partly or perhaps within"
        doubt = ", but not if the camera still showed home time" if abroad else _by_some_zone(readings, visit)
        reasons.append(f"{when}, {how} {visit_hours(visit, readings)}{doubt}")
    return (*reasons, "it may be from more than one visit") if len(reasons) > 1 else tuple(reasons)


def _by_some_zone(readings: Readings, visit: Visit) -> str:
    """Which zones of the journey put it in the visit, if not all of them do."""
    by = readings.inside_by(visit)
    if not by or by == visit.zones:
        return ""
    others = " and ".join(zone for zone in visit.zones if zone not in by)
    return f": it is if the camera showed the time of {' or '.join(by)}, but not by {others}"


def wrong_camera(camera: Candidates, visit: Visit) -> str | None:
    """Why it is not certain that one of the visit's cameras took it."""
    if not visit.cameras or camera.certainly_among(visit.cameras):
        return None
    wanted = ", ".join(sorted(visit.cameras))
    if not camera.cameras:
        return f"its camera is not in the register, and {visit.title} is for {wanted} only"
    return f"its camera ({' or '.join(camera.labels)}) may not be one of those of {visit.title} ({wanted})"


_NAME = "the file's name"
_HINTS = {
    "XMP": "its capture time is only in XMP, which programs write",
    "IPTC": "its capture time is only in IPTC, which programs write",
    "PNG": "its capture time is only in a text in it, which programs write",
    "GPS": "it has a GPS time but no capture time, and a GPS time may be hours old",
}


def _hint(capture: Capture) -> str:
    """What alone says when it was taken. No file beside it is named: its name may be private."""
    basis = capture.basis[0] if capture.basis else _NAME
    if basis.startswith(_NAME):
        return "only its name says when it was taken"
    return _HINTS.get(basis.split(maxsplit=1)[0], "only a file beside it says when it was taken")


def no_time(capture: Capture) -> str:
    """Why there is no capture time to decide on."""
    if capture.taken is None:
        return "; ".join(capture.notes) or "nothing in it says when it was taken"
    if capture.level is Level.UPPER_BOUND:
        return "it shows only that it existed by then, not when it was taken; that is not enough to delete it"
    if capture.level is Level.FILE_NAME:
        return f"{_hint(capture)}; that is not enough to delete it"
    return "its capture time cannot be trusted"
