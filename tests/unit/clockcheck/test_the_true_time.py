"""The laptop's clock compared with a server that states whole seconds, over a slow network."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clockcheck import compare, unchecked
from agent.errors import ShareUnreachable

START = datetime(2026, 3, 14, 10, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class World:
    """True time, a laptop whose clock is `behind` it, and a server that answers after `there` and `back` seconds."""

    behind: float = 0.0
    there: float = 0.01
    back: float = 0.01
    begun: float = 0.0
    passed: float = 0.0
    leaps: dict[int, float] = field(default_factory=dict)
    asked: int = 0

    @property
    def true(self) -> datetime:
        return START + timedelta(seconds=self.begun + self.passed)

    def laptop(self) -> datetime:
        return self.true - timedelta(seconds=self.behind)

    def count(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def server(self) -> datetime:
        self.behind += self.leaps.get(self.asked, 0.0)
        self.asked += 1
        self.passed += self.there
        told = self.true.replace(microsecond=0)
        self.passed += self.back
        return told


seconds = st.floats(0, 2, allow_nan=False)


@given(behind=st.floats(-1e6, 1e6), there=seconds, back=seconds, begun=st.floats(0, 1))
def test_the_true_time_is_never_further_off_than_it_says(
    behind: float, there: float, back: float, begun: float
) -> None:
    world = World(behind, there, back, begun)
    clock = compare(world.server, world.laptop, world.count, world.sleep)
    assert clock.within is not None
    error = abs(clock.at(world.laptop()) - world.true)
    assert error <= clock.within + timedelta(milliseconds=1)


@given(begun=st.floats(0, 1))
def test_on_a_quick_network_it_is_known_to_a_fifth_of_a_second(begun: float) -> None:
    world = World(behind=37.3, begun=begun)
    clock = compare(world.server, world.laptop, world.count, world.sleep)
    assert clock.within is not None
    assert clock.within < timedelta(seconds=0.2)
    assert abs(clock.behind.total_seconds() - 37.3) < 0.2


def test_a_clock_set_while_it_is_compared_makes_no_checked_time() -> None:
    world = World(leaps={3: 3600.0})
    clock = compare(world.server, world.laptop, world.count, world.sleep)
    assert clock.within is None
    assert "was set" in str(clock.why)


def test_a_server_that_goes_back_makes_no_checked_time() -> None:
    world = World()
    told = iter([START + 30 * SECOND] * 3 + [START] * 3)
    clock = compare(lambda: next(told), world.laptop, world.count, world.sleep)
    assert clock.within is None


def test_a_server_that_takes_half_a_minute_to_answer_makes_no_checked_time() -> None:
    world = World(there=15, back=15)
    clock = compare(world.server, world.laptop, world.count, world.sleep)
    assert clock.within is None
    assert "slowly" in str(clock.why)


def test_a_share_lost_meanwhile_is_reported() -> None:
    def lost() -> datetime:
        raise ShareUnreachable("gone")

    world = World()
    with pytest.raises(ShareUnreachable):
        compare(lost, world.laptop, world.count, world.sleep)


def test_the_code_shows_the_second_that_has_begun() -> None:
    world = World(behind=37.0)
    clock = compare(world.server, world.laptop, world.count, world.sleep)
    laptop = START + timedelta(seconds=1.7)
    shown = clock.shown(laptop)
    assert shown.checked
    assert shown.at <= clock.at(laptop) < shown.at + SECOND


def test_an_unchecked_clock_shows_the_laptops_time_and_says_so() -> None:
    world = World(behind=37.0)
    clock = unchecked(world.laptop, world.count, "no network")
    shown = clock.shown(world.laptop())
    assert not shown.checked
    assert shown.at == START - 37 * SECOND


def test_a_comparison_goes_stale_when_the_laptop_slept_or_was_set_or_after_a_while() -> None:
    world = World()
    clock = unchecked(world.laptop, world.count, "")
    assert not clock.stale(START + 60 * SECOND, 60.0)
    assert clock.stale(START + 3660 * SECOND, 60.0), "slept: the count stood still"
    assert clock.stale(START - 3600 * SECOND, 60.0), "set back"
    assert clock.stale(START + 601 * SECOND, 601.0), "long ago"
