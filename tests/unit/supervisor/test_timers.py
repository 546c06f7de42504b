"""When the service starts a run: every moment is handed in, so no test waits for one."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.supervisor import Backoff, Timers, put_back, slept
from agent.supervisor.timers import KNOCK, QUIET, REFUSED, RESTLESS

RESCAN = 900.0


def even(low: float, high: float) -> float:
    return (low + high) / 2


def nobody() -> bool:
    raise AssertionError("there was no reason to knock")


def silent() -> bool:
    return False


def answering() -> bool:
    return True


@pytest.fixture
def timers() -> Timers:
    """After a run that went well at 1000 s; nothing waits for a day."""
    timers = Timers(RESCAN, Backoff(even))
    timers.begin(1000.0)
    timers.went_well(1000.0, soonest=86400.0)
    return timers


# --- Backoff ---------------------------------------------------------------------------------------------------------


def test_waiting_doubles_up_to_five_minutes_and_begins_anew_after_a_success() -> None:
    backoff = Backoff(even)
    assert [backoff.failed() for _ in range(10)] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    backoff.reset()
    assert backoff.failed() == 2


@given(failures=st.integers(0, 5000))
def test_waiting_is_spread_by_a_quarter_and_never_overflows(failures: int) -> None:
    backoff = Backoff()
    backoff.failures = min(failures, 16)
    for _ in range(min(failures, 50)):
        wait = backoff.failed()
        assert 1.5 <= wait <= 375


# --- Due -------------------------------------------------------------------------------------------------------------


def test_the_first_run_is_due_at_once_and_renews_the_register() -> None:
    timers = Timers(RESCAN)
    assert timers.due(5.0, nobody)
    assert timers.begin(5.0)


def test_nothing_is_due_until_the_rescan(timers: Timers) -> None:
    assert not timers.due(1000.0 + RESCAN - 1, nobody)
    assert timers.due(1000.0 + RESCAN, nobody)


def test_a_hint_is_followed_once_the_folder_is_at_rest(timers: Timers) -> None:
    timers.hint(1010.0)
    timers.hint(1011.0)
    assert not timers.due(1011.0 + QUIET - 0.1, nobody)
    assert timers.due(1011.0 + QUIET, nobody)
    timers.begin(1011.0 + QUIET)
    timers.went_well(1013.1, soonest=86400.0)
    assert not timers.due(1020.0, nobody), "the hint is used up"


def test_a_folder_that_never_rests_is_looked_at_all_the_same(timers: Timers) -> None:
    moment = 1010.0
    while moment < 1010.0 + RESTLESS:
        timers.hint(moment)
        assert not timers.due(moment + 0.5, nobody)
        moment += 1
    assert timers.due(1010.0 + RESTLESS, nobody)


def test_a_photo_that_settles_soon_can_only_bring_the_next_run_forward(timers: Timers) -> None:
    timers.went_well(1000.0, soonest=5.0)
    assert not timers.due(1004.9, nobody)
    assert timers.due(1005.0, nobody)
    timers.went_well(1000.0, soonest=5000.0)
    assert timers.due(1005.0, nobody)


def test_the_register_is_renewed_as_often_as_the_rescan_and_not_with_every_hint(timers: Timers) -> None:
    assert not timers.begin(1010.0)
    assert timers.begin(1000.0 + RESCAN)


def test_after_sleep_everything_is_due(timers: Timers) -> None:
    timers.everything_now()
    assert timers.due(1000.1, nobody)
    assert timers.begin(1000.1)


# --- Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [silent, answering])
def test_a_fault_is_waited_out_and_then_everything_is_tried(timers: Timers, answers: Callable[[], bool]) -> None:
    wait = timers.failed(1000.0)
    assert wait == 2
    assert not timers.due(1001.9, answers)
    assert timers.due(1002.0, answers)
    assert timers.begin(1002.0), "the register, too"


def test_a_fault_is_not_tried_again_every_moment_for_a_photo_that_waits(timers: Timers) -> None:
    """One that has settled long ago, because no run got far enough to look at it."""
    for _ in range(8):
        timers.begin(1000.0)
        wait = timers.failed(1000.0)
    assert wait == 256
    assert not any(timers.due(1000.0 + second, silent) for second in range(int(wait)))


def test_a_share_whose_port_was_closed_and_opens_is_tried_at_once(timers: Timers) -> None:
    for _ in range(9):
        timers.failed(1000.0)
    assert not timers.due(1000.0 + KNOCK, silent)
    assert not timers.due(1000.0 + 1.5 * KNOCK, nobody), "not before the next knock"
    assert timers.due(1000.0 + 2 * KNOCK, answering)


def test_that_is_so_also_after_another_try_that_failed_meanwhile(timers: Timers) -> None:
    for _ in range(9):
        timers.failed(1000.0)
    assert not timers.due(1000.0 + KNOCK, silent)
    timers.begin(1300.0)
    timers.failed(1300.0)
    assert timers.due(1300.0 + KNOCK, answering)


def test_a_port_that_was_open_all_along_does_not_shorten_the_wait(timers: Timers) -> None:
    for _ in range(9):
        timers.failed(1000.0)
    assert not any(timers.due(1000.0 + second, answering) for second in range(300))


def test_a_share_that_refused_us_is_left_alone_for_a_while_and_not_knocked_at(timers: Timers) -> None:
    timers.begin(1000.0 + RESCAN)
    timers.refused(2000.0)
    timers.begin(2000.0)
    timers.refused(2000.0)
    assert not timers.due(2000.0 + REFUSED - 1, nobody)
    assert timers.due(2000.0 + REFUSED, nobody)


def test_a_hint_is_followed_also_while_a_fault_is_waited_out(timers: Timers) -> None:
    for _ in range(9):
        timers.failed(1000.0)
    timers.hint(1001.0)
    assert timers.due(1001.0 + QUIET, nobody)


def test_after_a_success_nobody_knocks_any_more(timers: Timers) -> None:
    timers.failed(1000.0)
    timers.begin(1002.0)
    timers.went_well(1002.0, soonest=86400.0)
    assert not timers.due(1002.0 + 5 * KNOCK, nobody)


# --- Sleep -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticked", "passed", "asleep"),
    [
        (0.5, 0.5, False),
        (0.5, 3600.0, True),  # a monotonic clock that stops meanwhile, as Linux's and macOS's do
        (3600.0, 3600.0, True),  # one that runs on, as Windows' does
        (300.0, 300.0, False),  # a long run
        (0.5, -7200.0, False),  # the clock was put back
        (0.5, 2.5, False),  # set by the network
    ],
)
def test_sleep_is_noticed_whichever_clock_stops(ticked: float, passed: float, asleep: bool) -> None:
    assert slept(ticked, passed) is asleep


@pytest.mark.parametrize(
    ("ticked", "passed", "back"),
    [
        (0.5, -7200.0, True),
        (0.5, -30.0, True),
        (0.5, -2.0, False),  # set by the network
        (0.5, 0.5, False),
        (0.5, 3600.0, False),  # slept, or put forward
        (3600.0, 3600.0, False),
    ],
)
def test_a_clock_that_is_put_back_is_noticed(ticked: float, passed: float, back: bool) -> None:
    assert put_back(ticked, passed) is back
