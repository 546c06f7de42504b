"""The visits proposed for a photo are the nearest of all, however many the register has."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from agent.model.capture import Camera
from agent.model.ids import VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level
from agent.pipeline.proposals import MOST, NOT_MINE, Proposer, not_after
from agent.register import identify

START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def _visits(chance: random.Random) -> tuple[Visit, ...]:
    found = []
    for number in range(60):
        begins = START + timedelta(hours=chance.randrange(24 * 200))
        ends = begins + timedelta(hours=chance.choice((3, 7, 24 * 5)))
        staff = chance.choice((frozenset(), frozenset({"j.smith"}), frozenset({"a.jones"})))
        found.append(
            Visit(
                id=VisitId(f"v{number}"),
                title=f"Visit {number}",
                span=Interval(begins, ends),
                zone="UTC",
                staff=staff,
                cancelled=chance.random() < 0.1,
            )
        )
    return tuple(found)


def _unlikeliness(visit: Visit, taken: Interval, level: Level) -> timedelta:
    """The intended order: by the time between photo and visit, plus two days if it is not this person's visit."""
    if not_after(taken, level):
        away = taken.latest - visit.span.latest
    else:
        away = max(visit.span.earliest - taken.latest, taken.earliest - visit.span.latest)
    mine = not visit.staff or "j.smith" in visit.staff
    return max(away, timedelta(0)) + (timedelta(0) if mine else NOT_MINE)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("level", [Level.ASSUMED_ZONE, Level.UPPER_BOUND])
def test_the_nearest_visits_are_found_without_looking_at_all(seed: int, level: Level) -> None:
    chance = random.Random(seed)
    register = Register(visits=_visits(chance), cameras=(), version="v", read_at=START)
    moment = START + timedelta(hours=chance.randrange(24 * 200))
    taken = Interval(moment - timedelta(hours=chance.choice((0, 1, 30))), moment)
    possible = [one for one in register.visits if not one.cancelled]
    if level is Level.UPPER_BOUND:
        possible = [one for one in possible if one.span.earliest <= taken.latest]
    wanted = sorted(_unlikeliness(one, taken, level) for one in possible)[:MOST]
    proposed = Proposer(register, "j.smith").propose(taken, level, None)
    assert [_unlikeliness(one.visit, taken, level) for one in proposed] == wanted


def test_without_a_time_the_latest_visits_come_first() -> None:
    register = Register(visits=_visits(random.Random(1)), cameras=(), version="v", read_at=START)
    proposed = Proposer(register, "j.smith").propose(None, Level.IMPOSSIBLE, None)
    starts = [one.visit.span.earliest for one in proposed]
    assert starts == sorted(starts, reverse=True)
    assert not any(one.visit.staff == {"a.jones"} for one in proposed)


def test_a_visit_during_which_a_lent_camera_took_it_comes_before_one_two_days_away() -> None:
    def visit(name: str, begins: datetime, cameras: frozenset[str] = frozenset()) -> Visit:
        span = Interval(begins, begins + timedelta(hours=3))
        return Visit(VisitId(name), name, span, "UTC", cameras=cameras)

    during = visit("walk", START, frozenset({"School Nikon"}))
    later = visit("museum", START + timedelta(hours=47))
    register = Register(visits=(during, later), cameras=(), version="v", read_at=START)
    taken = Interval(START + timedelta(hours=1), START + timedelta(hours=1))
    stranger = identify(Camera(make="Canon", model="EOS R6"), register.cameras)
    proposed = Proposer(register, "j.smith").propose(taken, Level.ASSUMED_ZONE, stranger)
    assert [one.visit.id for one in proposed] == ["walk", "museum"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("level", [Level.ASSUMED_ZONE, Level.UPPER_BOUND, Level.IMPOSSIBLE])
def test_a_visit_that_began_after_the_photo_was_here_is_not_proposed(seed: int, level: Level) -> None:
    chance = random.Random(seed)
    visits = _visits(chance)
    here_by = START + timedelta(hours=chance.randrange(24 * 200))
    moment = here_by + timedelta(hours=chance.randrange(24 * 10))
    taken = None if level is Level.IMPOSSIBLE else Interval(moment, moment)
    begun = tuple(one for one in visits if one.span.earliest <= here_by)
    wanted = Proposer(Register(visits=begun, cameras=(), version="v", read_at=START), "j.smith")
    asked = Proposer(Register(visits=visits, cameras=(), version="v", read_at=START), "j.smith")
    assert asked.propose(taken, level, None, here_by) == wanted.propose(taken, level, None)
