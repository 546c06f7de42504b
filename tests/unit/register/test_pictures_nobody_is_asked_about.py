"""Pictures without a sign of a camera are left alone where nothing brings them near a visit, and else asked about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.model.capture import Capture, Origin
from agent.model.decision import Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import decide

MUSEUM = Visit(
    VisitId("museum"),
    "Museum",
    Interval(datetime(2026, 3, 14, 9, tzinfo=UTC), datetime(2026, 3, 14, 16, 30, tzinfo=UTC)),
    "Europe/London",
)


def verdict(**known: Any) -> Verdict:
    register = Register((MUSEUM,), (), Sha256("0" * 64), datetime(2026, 11, 1, tzinfo=UTC))
    return decide(Capture("png", **known), register, staff="j.smith", zone="Europe/London").verdict


def by_name(day: int, *, hour: int = 12) -> dict[str, Any]:
    shown = datetime(2026, 3, day, hour)  # noqa: DTZ001
    return {"taken": WallClock(shown, shown + timedelta(minutes=1)), "level": Level.FILE_NAME}


def test_an_icon_is_left_alone() -> None:
    assert verdict(marked=False) is Verdict.PRIVATE


@pytest.mark.parametrize(
    "known",
    [
        {"marked": True},
        {"marked": False, "complete": False},
        {"marked": False, "recorded": "2026-03-14T10:11:12"},
        {"marked": False, **by_name(14)},
        {"marked": False, **by_name(13)},
        {"marked": False, **by_name(15)},
        {"marked": True, **by_name(20)},
        {
            "marked": False,
            "taken": Interval(datetime(1990, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)),
            "level": Level.UPPER_BOUND,
        },
    ],
    ids=["a camera's sign", "damage", "a time that cannot be", "of the visit's day", "the day before", "the day after",
         "a camera's sign, days away", "written after the visit"],
)  # fmt: skip
def test_a_person_is_asked_about_a_possible_visit_photo(known: dict[str, Any]) -> None:
    assert verdict(**known) is Verdict.REVIEW


@pytest.mark.parametrize(
    ("sent", "right"),
    [("2026-03-10", "private"), ("2026-03-14", "review"), ("2026-03-27", "review"), ("2026-05-20", "private")],
)
def test_messenger_pictures_count_for_two_weeks_after_a_visit(sent: str, right: str) -> None:
    until = datetime.fromisoformat(sent).replace(tzinfo=UTC) + timedelta(days=1, hours=12)
    taken = Interval(datetime(1990, 1, 1, tzinfo=UTC), until)
    known = {"marked": False, "origin": Origin.RECEIVED, "taken": taken, "level": Level.UPPER_BOUND}
    assert verdict(**known) == right


@pytest.mark.parametrize("day", [2, 11, 17, 30])
def test_a_name_of_another_day_is_no_visits(day: int) -> None:
    assert verdict(marked=False, **by_name(day)) is Verdict.PRIVATE
