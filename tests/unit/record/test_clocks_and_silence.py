"""Silence is measured by the reader's clock; a laptop whose clock was fast cannot avoid it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.audit.verify import verify_copy
from agent.audit.witness import Witness, WitnessFinding
from agent.record import Draft, EntryKind, Record
from agent.record.keys import LogKey
from tests.unit.record.before import publish

TODAY = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)
AHEAD = timedelta(days=400)
DAYS = timedelta(days=1)


class Clock:
    """The share's, or none."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime | None:
        return self.at


@pytest.fixture
def share_clock() -> Clock:
    return Clock()


@pytest.fixture
def laptop(tmp_path: Path, share_clock: Clock) -> Record:
    return Record.open(tmp_path / "state", "laptop-17", share_time=share_clock)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def sign_of_life(laptop: Record, signer: LogKey, share: Path, at: datetime) -> None:
    laptop.append(Draft(EntryKind.HEARTBEAT, {}, event=f"heartbeat-{at}", at=at))
    laptop.seal(signer)
    publish(laptop, share)
    for path in share.rglob("*"):  # a copy: as young as the day it was made
        os.utime(path, (TODAY.timestamp() + 1e9,) * 2)


def code(share: Path, signer: LogKey, now: datetime) -> int:
    (report,) = verify_copy(share, [signer.key], now=now, max_silence=3 * DAYS)
    return report.exit_code


def watched(witness: Witness, share: Path, signer: LogKey, now: datetime) -> list[WitnessFinding]:
    watch = witness.look(share, [signer.key], now=now, max_silence=3 * DAYS)
    return [trouble for device in watch.devices for trouble, _ in device.troubles]


def test_a_run_with_the_clock_ahead_does_not_hide_silence(laptop: Record, signer: LogKey, share: Path) -> None:
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    assert code(share, signer, TODAY + 100 * DAYS) == 14


def test_an_earlier_sign_of_life_counts_where_the_last_is_dated_ahead(
    laptop: Record, signer: LogKey, share: Path
) -> None:
    sign_of_life(laptop, signer, share, TODAY)
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    assert code(share, signer, TODAY + 2 * DAYS) == 0
    assert code(share, signer, TODAY + 100 * DAYS) == 14


def test_the_shares_clock_counts_before_the_laptops(
    laptop: Record, signer: LogKey, share: Path, share_clock: Clock
) -> None:
    share_clock.at = TODAY
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    assert code(share, signer, TODAY + 2 * DAYS) == 0
    assert code(share, signer, TODAY + 100 * DAYS) == 14
    assert code(share, signer, TODAY + AHEAD + DAYS) == 14, "the day that the laptop wrote has come"


def test_a_laptop_whose_clock_is_behind_is_heard_of_by_the_shares(
    laptop: Record, signer: LogKey, share: Path, share_clock: Clock
) -> None:
    share_clock.at = TODAY
    sign_of_life(laptop, signer, share, TODAY - AHEAD)
    assert code(share, signer, TODAY + 2 * DAYS) == 0


def test_a_published_file_is_no_younger_than_its_time_on_the_share(laptop: Record, signer: LogKey, share: Path) -> None:
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    for path in share.rglob("checkpoint-*"):
        os.utime(path, (TODAY.timestamp(),) * 2)
    assert code(share, signer, TODAY + AHEAD + DAYS) == 14


def test_entries_from_the_future_are_pointed_out(
    laptop: Record, signer: LogKey, share: Path, share_clock: Clock
) -> None:
    share_clock.at = TODAY
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    sign_of_life(laptop, signer, share, TODAY)
    for now in (TODAY, TODAY + 2 * AHEAD):
        (report,) = verify_copy(share, [signer.key], now=now)
        assert (report.exit_code, report.ahead) == (0, 1)
        assert any("1 entry is dated in the future, first entry 0" in note for note in report.notes)


def test_a_witness_measures_silence_from_when_it_saw_the_record_grow(
    laptop: Record, signer: LogKey, share: Path, tmp_path: Path
) -> None:
    witness = Witness(tmp_path / "witness", "witness/here")
    sign_of_life(laptop, signer, share, TODAY)
    assert watched(witness, share, signer, TODAY) == []
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    assert watched(witness, share, signer, TODAY + DAYS) == []
    assert watched(witness, share, signer, TODAY + 3 * DAYS) == []
    assert watched(witness, share, signer, TODAY + 100 * DAYS) == [WitnessFinding.SILENCE]
    assert watched(witness, share, signer, TODAY + AHEAD + DAYS) == [WitnessFinding.SILENCE]


def test_a_witness_that_first_looks_later_sees_the_silence_too(
    laptop: Record, signer: LogKey, share: Path, tmp_path: Path
) -> None:
    sign_of_life(laptop, signer, share, TODAY + AHEAD)
    for state in ("one", "two"):
        witness = Witness(tmp_path / state, "witness/here")
        for days in (100, 101):
            assert watched(witness, share, signer, TODAY + days * DAYS) == [WitnessFinding.SILENCE]


def test_a_witness_takes_no_older_record_for_a_sign_of_life(
    laptop: Record, signer: LogKey, share: Path, tmp_path: Path
) -> None:
    witness = Witness(tmp_path / "witness", "witness/here")
    sign_of_life(laptop, signer, share, TODAY)
    old = {path.name: path.read_bytes() for path in share.rglob("*") if path.is_file()}
    sign_of_life(laptop, signer, share, TODAY + DAYS)
    watched(witness, share, signer, TODAY + DAYS)
    for path in [path for path in share.rglob("*") if path.is_file() and path.name not in old]:
        path.unlink()
    assert set(watched(witness, share, signer, TODAY + 9 * DAYS)) == {WitnessFinding.ROLLBACK, WitnessFinding.SILENCE}
