"""Whether a photo was taken on a registered visit. Pure: from a capture and a register to a decision with its reasons.

A wrong `visit` would send and delete a private photo, so `visit` needs all of this: every reading of the capture time
wholly inside exactly one visit of this member of staff, no other such visit touched, the right camera, the right place.
`private` needs every reading wholly outside all of their visits. Everything else is `review`: a person decides.

`private` moves nothing, is reported to nobody and is decided again when the register changes. So if there is no visit
that a photo could be from, the answer is `private`, whatever else is known about the photo.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import asin, cos, isfinite, nan, radians, sin, sqrt

from agent.model.capture import Capture, Place
from agent.model.decision import Decision, Verdict
from agent.model.ids import VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import reasons, wording
from agent.register.identify import Candidates, identify
from agent.register.overlap import Readings, Relation, hull, readings, zone_of
from agent.register.reach import left_alone
from agent.register.timeline import Timeline, own
from agent.register.uncertain import why_it_waits

SUN = timedelta(hours=4)
"""How far a zone's clocks are from the sun's time at most: in western China three hours, in Spain in summer two and a
half. A place whose sun is further from a visit's clocks is in another zone."""

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

FAR = timedelta(hours=3)
"""How far a phone's zone may be from a visit's and from home: a visit to Greece may be entered without its zone."""

WESTMOST = timedelta(hours=12)
"""A wall clock that showed t, in any zone, did so no later than t + 12 h UTC."""


def decide(capture: Capture, register: Register, *, staff: str, zone: str, seen_by: datetime | None = None) -> Decision:
    """Decide by the rules in config/README.md. `staff` is this laptop's member of staff, `zone` its IANA zone.

    `seen_by` is when the photo was here at the latest; None if that is not known. If it was here before its own time, a
    clock was wrong. Once that day has come, the time would look like any other, and a private photo might be sent.

    The order of the register's lines does not matter. Cancelled visits, and visits of other staff only, do not count on
    this laptop. A photo that only an uncertain part of the register could claim waits for a person. Raises
    RegisterError if a zone is unknown here.
    """
    mine = own(register, staff)
    camera = identify(capture.camera, register.cameras)
    case = _Case(capture, mine.mine, mine.others, zone_of(zone), camera, seen_by)
    try:
        finding = _judge(case)
        if finding.verdict is Verdict.PRIVATE:
            clocks = (timedelta(0), *(camera.clock_errors if capture.clock_bound else ()))
            why = why_it_waits(capture, register, mine.people, mine.unsure, clocks, case.home)
            if why is not None:
                finding = _Finding(Verdict.REVIEW, (*finding.reasons, why), taken=finding.taken)
    except OverflowError:  # the years 1 and 9999: no zone can be applied to them
        finding = _Finding(Verdict.REVIEW, ("the time in the file is impossible",))
    return Decision(
        finding.verdict,
        finding.reasons,
        register.version,
        visit=finding.visit,
        taken=finding.taken,
        level=capture.level,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """A capture with all it is judged by: the visits it can be from (`mine`), and the others, only for the reasons."""

    capture: Capture
    mine: Timeline
    others: Timeline
    home: tzinfo
    camera: Candidates
    seen_by: datetime | None


@dataclass(frozen=True, slots=True)
class _Finding:
    verdict: Verdict
    reasons: tuple[str, ...]
    visit: VisitId | None = None
    taken: Interval | None = None


def _judge(case: _Case) -> _Finding:
    capture = case.capture
    if not capture.is_photo:
        return _Finding(Verdict.NOT_A_PHOTO, ("neither a picture nor a video",))
    if not case.mine.visits:
        whose = " of this member of staff" if case.others.visits else ""
        of_others: tuple[str, ...] = ()
        if capture.taken is not None and capture.level.decides:
            taken = Readings(capture, timedelta(0), case.home)
            of_others = reasons.in_time_of_others(capture, taken, case.others.during(taken.at_most()))
        return _Finding(Verdict.PRIVATE, (f"the register contains no visits{whose}", *of_others), taken=_roughly(case))
    if capture.taken is None or not capture.level.decides:
        return _without_a_time(case)
    errors = case.camera.clock_errors if capture.clock_bound else ()
    if len(errors) > 1:
        return _by_some_clock(case, errors)
    return _by_clock(case, errors[0] if errors else timedelta(0))


def _without_a_time(case: _Case) -> _Finding:
    """A capture without a time, or without one good enough to delete on, waits for a person.

    But a file that existed before the first visit began was certainly not taken on one. This relies on the evidence no
    more than any other time outside all visits does, and moves nothing; otherwise a person would be asked about every
    old picture without Exif. And a picture with neither signs of a camera nor a time near a visit is left alone
    (`reach`).
    """
    capture = case.capture
    unmarked = left_alone(capture, case.mine.visits)
    if unmarked is not None:
        return _Finding(Verdict.PRIVATE, (unmarked,), taken=_roughly(case))
    if capture.level is Level.UPPER_BOUND and capture.taken is not None:
        behind = max([timedelta(0), *(-error for error in case.camera.clock_errors)])  # a slow clock: taken later
        bounds = [_no_later_than(bound) + behind for bound in (capture.taken, *capture.also)]
        if max(bounds) < case.mine.visits[0].span.earliest:
            by = wording.day(max(bounds).astimezone(case.home))
            why = f"it existed by {by}, before the first visit in the register"
            return _Finding(Verdict.PRIVATE, (why,), taken=_roughly(case))
    return _Finding(Verdict.REVIEW, (reasons.no_time(capture),), taken=_roughly(case))


def _by_some_clock(case: _Case, errors: tuple[timedelta, ...]) -> _Finding:
    """The finding if cameras that cannot be told apart have different clock errors.

    Nothing is corrected, and the answer counts only if it is the same for each of them and for a correct clock.
    """
    findings = [_by_clock(case, error) for error in dict.fromkeys((timedelta(0), *errors))]
    first = findings[0]
    may_be = f"the camera may be {' or '.join(case.camera.labels)}, whose clocks differ"
    if any((finding.verdict, finding.visit) != (first.verdict, first.visit) for finding in findings):
        why = f"{may_be}: the answer would differ between them"
        return _Finding(Verdict.REVIEW, (*first.reasons, why), taken=first.taken)
    widest = hull(finding.taken for finding in findings if finding.taken)
    why = f"{may_be}: the answer is the same for each"
    return _Finding(first.verdict, (*first.reasons, why), first.visit, widest)


def _by_clock(case: _Case, ahead: timedelta) -> _Finding:
    """The finding if the camera's clock runs `ahead`."""
    taken = Readings(case.capture, ahead, case.home)
    at_most = taken.at_most()
    relations = [(visit, taken.relation(visit)) for visit in case.mine.during(at_most)]
    touched = [visit for visit, relation in relations if relation is not Relation.OUTSIDE]
    inside = [visit for visit, relation in relations if relation is Relation.INSIDE]
    corrected = reasons.corrected(case.camera, ahead)
    at_home = hull(taken.at_home)
    if not touched:
        closest = case.mine.closest(at_most, reasons.NEAR_MISS)
        why = reasons.missed(case.capture, taken, closest, case.others.during(at_most))
        near = [visit for visit in closest if taken.miss(visit)[0] <= reasons.NEAR_MISS]
        ways = reasons.both_ways(case.capture, taken, near)
        return _Finding(Verdict.PRIVATE, (why, *ways, *corrected), taken=at_home)
    ways = reasons.both_ways(case.capture, taken, touched)
    if len(touched) > 1 or not inside:
        why_not = reasons.across(case.capture, taken, touched)
        return _Finding(Verdict.REVIEW, (*why_not, *ways, *corrected), taken=at_home)
    visit = inside[0]
    when = reasons.taken_when(case.capture, taken, visit)
    why = f"{when}, within {reasons.visit_hours(visit, taken)}"
    there = hull(taken.for_visit(visit))
    objections = [
        reasons.wrong_camera(case.camera, visit),
        _wrong_place(case.capture, visit),
        _far_off(taken, visit),
        _under_another_sun(case.capture, visit),
        _too_early(taken, visit, case.seen_by),
    ]
    if any(objections):
        return _Finding(Verdict.REVIEW, (why, *ways, *corrected, *filter(None, objections)), taken=there)
    return _Finding(Verdict.VISIT, (why, *ways, *corrected), visit.id, there)


def _wrong_place(capture: Capture, visit: Visit) -> str | None:
    """Why it was not certainly taken where the visit was; None if the file or the visit gives no place."""
    if capture.place is None or visit.place is None or visit.radius_km is None:
        return None
    away = kilometres(capture.place, visit.place)
    if away <= visit.radius_km:
        return None
    return f"taken {wording.distance(away)} from {visit.title}, which has a radius of {visit.radius_km:g} km"


def _far_off(taken: Readings, visit: Visit) -> str | None:
    """Why a phone was not certainly where the visit was, by the zone that the network gave it; None if it may have."""
    away = taken.phone_from(visit)
    if away is None or away < FAR:
        return None
    return (
        f"a phone took it in a time zone {wording.length(away)} from that of {visit.title}: it was taken elsewhere, or "
        "the visit's time zone in the visits list is wrong"
    )


def _under_another_sun(capture: Capture, visit: Visit) -> str | None:
    """Why it was not certainly taken where the visit was, if the register does not say where that was: the sun at the
    photo's place shows another time than the clocks in the visit's zones. None if it may have been.
    """
    if capture.place is None or (visit.place is not None and visit.radius_km is not None):
        return None
    if not isfinite(capture.place.longitude):
        return None
    sun = timedelta(hours=capture.place.longitude / 15)
    aways = []
    for zone in map(zone_of, visit.zones):
        away = abs((visit.span.earliest.astimezone(zone).utcoffset() or timedelta(0)) - sun) % timedelta(days=1)
        aways.append(min(away, timedelta(days=1) - away))
    if min(aways) <= SUN:
        return None
    return (
        f"its GPS place is in another part of the world than the time zone of {visit.title}: it was taken elsewhere, "
        "or the visit's time zone in the visits list is wrong"
    )


def _too_early(taken: Readings, visit: Visit, seen_by: datetime | None) -> str | None:
    """Why its time cannot be right, if it was here before it by every reading."""
    if seen_by is None or min(one.earliest for one in (*taken.for_visit(visit), *taken.at_home)) <= seen_by:
        return None
    return "it was on this laptop before that time, so a clock was wrong: please say whether it is from a visit"


def kilometres(one: Place, other: Place) -> float:
    """The distance along the Earth's surface, by the haversine formula; for a bad place NaN, which is in no radius."""
    if not all(map(isfinite, (one.latitude, one.longitude, other.latitude, other.longitude))):
        return nan
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    half = sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(1.0 if half > 1 else half))


def _no_later_than(bound: Interval | WallClock) -> datetime:
    """The last instant that a bound allows, wherever its clock was."""
    return bound.latest.replace(tzinfo=UTC) + WESTMOST if isinstance(bound, WallClock) else bound.latest


def _roughly(case: _Case) -> Interval | None:
    """The capture time in the device's zone, for a decision that does not depend on it."""
    capture = case.capture
    errors = case.camera.clock_errors if capture.clock_bound and capture.level is not Level.UPPER_BOUND else ()
    try:
        return hull(readings(capture, case.home, errors[0] if len(errors) == 1 else timedelta(0)))
    except OverflowError:
        return capture.taken if isinstance(capture.taken, Interval) else None
