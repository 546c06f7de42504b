"""A service that a fault ends again and again waits longer each time."""

from pathlib import Path

from agent.supervisor.restarts import AT_ONCE, FIRST_WAIT, LASTED, LONGEST_WAIT, Restarts, faults_in_a_row


def test_the_first_faults_hold_nothing_up(tmp_path: Path) -> None:
    assert [Restarts(tmp_path).begin(0.0) for _ in range(AT_ONCE)] == [0.0] * AT_ONCE


def test_each_further_fault_doubles_the_wait_up_to_an_hour(tmp_path: Path) -> None:
    waits = [Restarts(tmp_path).begin(0.0) for _ in range(AT_ONCE + 12)][AT_ONCE:]
    assert waits[:3] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]
    assert waits[-1] == LONGEST_WAIT


def test_ending_as_asked_starts_the_count_anew(tmp_path: Path) -> None:
    for _ in range(5):
        last = Restarts(tmp_path)
        last.begin(0.0)
    last.ended_well()
    assert faults_in_a_row(tmp_path) == 0


def test_a_start_that_lasted_is_not_counted_with_those_before(tmp_path: Path) -> None:
    for _ in range(9):
        last = Restarts(tmp_path)
        last.begin(0.0)
    last.working(LASTED - 1)
    assert faults_in_a_row(tmp_path) == 9
    last.working(LASTED)
    assert Restarts(tmp_path).begin(0.0) == 0.0


def test_a_count_that_cannot_be_read_or_written_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "starts.json").write_bytes(b"\xff{")
    assert Restarts(tmp_path).begin(0.0) == 0.0
    (tmp_path / "file").write_text("in the way")
    assert Restarts(tmp_path / "file" / "state").begin(0.0) == 0.0
