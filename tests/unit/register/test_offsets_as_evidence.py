"""An offset in a file is evidence: where it is neither the visit's nor home's, the clock itself is read as well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.model.capture import Capture
from agent.model.decision import Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import decide

SECOND = timedelta(seconds=1)


def visit(name: str, starts: str, ends: str, zone: str, **more: Any) -> Visit:
    span = Interval(datetime.fromisoformat(starts + "Z"), datetime.fromisoformat(ends + "Z"))
    return Visit(VisitId(name), name, span, zone, **more)


MUSEUM = visit("museum", "2026-03-14T09:00", "2026-03-14T16:30", "Europe/London")
SKI = visit("ski", "2026-02-08T05:00", "2026-02-14T21:00", "Europe/Paris")
BEACH = visit("beach", "2026-06-20T08:00", "2026-06-20T15:30", "Europe/London")
TOUR = visit("tour", "2026-04-20T06:00", "2026-04-20T18:00", "Europe/London", then=("America/New_York",))


def verdict(shown: str, offset: float, *, confirmed: bool = False, by_phone: bool = False) -> Verdict:
    wall = datetime.fromisoformat(shown)
    taken = (wall - timedelta(hours=offset)).replace(tzinfo=UTC)
    capture = Capture(
        "jpeg",
        recorded=shown,
        offset=f"{offset:+}",
        taken=Interval(taken, taken + SECOND),
        level=Level.CONFIRMED if confirmed else Level.OWN_OFFSET,
        wall=None if confirmed else WallClock(wall, wall + SECOND),
        by_phone=by_phone,
    )
    register = Register((MUSEUM, SKI, BEACH, TOUR), (), Sha256("0" * 64), datetime(2026, 11, 1, tzinfo=UTC))
    return decide(capture, register, staff="j.smith", zone="Europe/London").verdict


@pytest.mark.parametrize(
    ("shown", "offset", "right"),
    [
        ("2026-03-14T20:11:12", 9, Verdict.REVIEW),  # Tokyo's offset, the evening's clock: by it inside, by clock not
        ("2026-03-14T10:11:12", -8, Verdict.REVIEW),  # and the other way round
        ("2026-03-14T12:11:12", 2, Verdict.VISIT),  # both ways are of the visit
        ("2026-03-14T17:30:00", 2, Verdict.REVIEW),  # a summer's offset in winter: 15:30 or 17:30
        ("2026-03-14T08:30:00", -1, Verdict.REVIEW),
        ("2026-03-10T20:11:12", 9, Verdict.PRIVATE),  # neither way
        ("2026-03-14T10:11:12", 0, Verdict.VISIT),
        ("2026-06-20T10:11:12", 1, Verdict.VISIT),  # summer time is home's in June
        ("2026-06-20T08:30:00", 0, Verdict.REVIEW),  # and winter's is not: 8:30 UTC is inside, 8:30 in London is not
        ("2026-02-11T10:11:12", 1, Verdict.VISIT),  # the visit's own zone
        ("2026-02-11T10:11:12", 0, Verdict.VISIT),  # home's
        ("2026-02-14T22:45:00", 2, Verdict.REVIEW),  # summer time in the ski week: 20:45 UTC or 21:45
        ("2026-02-14T21:45:00", 1, Verdict.VISIT),
        ("2026-04-20T08:00:00", -4, Verdict.VISIT),  # a zone that the journey continues to
    ],
)
def test_both_readings_must_lead_to_one_decision(shown: str, offset: float, right: Verdict) -> None:
    assert verdict(shown, offset) is right


@pytest.mark.parametrize(
    ("shown", "offset", "right"),
    [
        ("2026-03-14T15:41:12", 5.5, Verdict.REVIEW),  # 10:11 UTC and 15:41 are both inside, and the phone was in India
        ("2026-02-11T20:00:00", 9, Verdict.REVIEW),  # Tokyo, in the middle of the ski week
        ("2026-02-11T12:00:00", -8, Verdict.REVIEW),
        ("2026-03-14T12:11:12", 2, Verdict.VISIT),  # the visit's zone may not be in the register
        ("2026-04-20T08:00:00", -4, Verdict.VISIT),  # a zone that the journey continues to
        ("2026-03-10T20:11:12", 9, Verdict.PRIVATE),
    ],
)
def test_a_phone_far_from_the_visits_zone_was_elsewhere(shown: str, offset: float, right: Verdict) -> None:
    assert verdict(shown, offset, by_phone=True) is right


def test_a_cameras_offset_may_have_been_left_from_a_journey() -> None:
    assert verdict("2026-03-14T15:41:12", 5.5) is Verdict.VISIT
    assert verdict("2026-02-11T12:00:00", -8) is Verdict.VISIT


def test_a_phone_whose_zone_satellites_confirm_was_there() -> None:
    assert verdict("2026-03-14T20:11:12", 9, confirmed=True, by_phone=True) is Verdict.REVIEW
    assert verdict("2026-03-14T10:11:12", 0, confirmed=True, by_phone=True) is Verdict.VISIT


def test_satellites_confirm_an_offset_that_fits_nowhere() -> None:
    assert verdict("2026-03-14T20:11:12", 9, confirmed=True) is Verdict.VISIT


def test_the_reasons_say_both_readings() -> None:
    wall = datetime(2026, 3, 14, 20, 11, 12)  # noqa: DTZ001
    taken = datetime(2026, 3, 14, 11, 11, 12, tzinfo=UTC)
    capture = Capture(
        "jpeg",
        offset="+09:00",
        taken=Interval(taken, taken + SECOND),
        level=Level.OWN_OFFSET,
        wall=WallClock(wall, wall + SECOND),
    )
    register = Register((MUSEUM,), (), Sha256("0" * 64), taken)
    said = " ".join(decide(capture, register, staff="j.smith", zone="Europe/London").reasons)
    assert "its clock showed 20:11" in said
    assert "+09:00 from UTC" in said
