"""Two histories under one key, and none that continues: what a copy shows by itself, and with what was seen before."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit.evidence import Note
from agent.audit.findings import RecordFault
from agent.record import Draft, EntryKind, Record
from agent.record.checkpoint import checkpoint_of
from agent.record.keys import LogKey
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT
from tests.unit.record.copies import append_short, damages, judged, only

# --- Forks ---


def test_a_laptop_put_back_from_a_backup_that_went_on_is_a_fork(
    record: Record, share: Path, signer: LogKey, folder: Path, tmp_path: Path
) -> None:
    copy = published(record, share, signer, [2])
    backup = shutil.copytree(folder, tmp_path / "backup")
    append_short(record, 2)
    record.seal(signer)
    publish(record, share, 2)
    put_back = Record.open(backup, "laptop-17")
    append_short(put_back, 3)
    put_back.seal(signer)
    publish(put_back, share, 2)
    report = judged(copy, signer.key)
    assert report.exit_code == 13
    assert "at 4 entries" in report.findings[0].text


def test_two_records_of_the_same_size_are_a_fork_and_nothing_else(share: Path, signer: LogKey, tmp_path: Path) -> None:
    """Many times, as the order in which the two are compared goes by their hashes."""
    for number in range(12):
        folder = tmp_path / str(number)
        copy = published(Record.open(folder / "one", "laptop-17"), folder / "share", signer, [2, 1])
        other = published(Record.open(folder / "other", "laptop-17"), folder / "elsewhere", signer, [2, 1])
        seen = [Note("seen", only(other, "checkpoint", number % 2).read_bytes())]
        report = judged(copy, signer.key, seen=seen)
        assert (report.exit_code, damages(report), len(report.findings)) == (13, {RecordFault.FORKED}, 1)
        for path in other.iterdir():
            shutil.copy(path, copy)
        both = judged(copy, signer.key)
        assert (both.exit_code, damages(both)) == (13, {RecordFault.FORKED})
        assert both.root == max(checkpoint_of(path.read_bytes()).root.hex() for path in copy.glob("checkpoint-*3-*"))


def test_two_missing_records_of_the_same_size_are_a_fork_and_altered(signer: LogKey, tmp_path: Path) -> None:
    one, two, three = (
        published(Record.open(tmp_path / name, "laptop-17"), tmp_path / f"share {name}", signer, [2]) for name in "abc"
    )
    seen = [Note(name, only(there, "checkpoint").read_bytes()) for name, there in (("one", one), ("two", two))]
    shutil.copy(only(one, "checkpoint"), only(three, "checkpoint"))
    report = judged(three, signer.key, seen=seen)
    assert report.exit_code == 13
    assert {RecordFault.FORKED, RecordFault.ALTERED} <= damages(report)


def test_a_rewritten_record_is_detected_by_a_checkpoint_seen_before(copy: Path, signer: LogKey, tmp_path: Path) -> None:
    seen = [Note("seen", only(copy, "checkpoint", 1).read_bytes())]
    anew = published(Record.open(tmp_path / "anew", "laptop-17"), tmp_path / "elsewhere", signer, [2, 3])
    assert judged(anew, signer.key).exit_code == 0
    assert judged(anew, signer.key, seen=seen).exit_code == 13


def test_two_publications_of_the_same_entries_are_no_fork(record: Record, share: Path, signer: LogKey) -> None:
    """As if the list of seals had been lost."""
    copy = published(record, share, signer, [2, 2])
    record.files.seals.unlink()
    record.seal(signer)
    publish(record, share)
    assert (copy / "checkpoint-000000004-").parent == copy
    assert judged(copy, signer.key).exit_code == 0


# --- Silence ---


@pytest.mark.parametrize(("days", "code"), [(2.9, 0), (3.1, 14)])
def test_a_heartbeat_that_is_missing_is_reported(copy: Path, signer: LogKey, days: float, code: int) -> None:
    report = judged(copy, signer.key, now=AT + timedelta(days=days), max_silence=timedelta(days=3))
    assert report.exit_code == code
    assert judged(copy, signer.key, now=AT + timedelta(days=days)).exit_code == 0


def test_what_is_not_signed_is_no_sign_of_life(copy: Path, record: Record, signer: LogKey, share: Path) -> None:
    record.append(Draft(EntryKind.HEARTBEAT, {}, event="heartbeat", at=AT + timedelta(days=9)))
    record.seal(signer)
    publish(record, share, 3)
    only(copy, "checkpoint", 2).unlink()
    report = judged(copy, signer.key, now=AT + timedelta(days=9), max_silence=timedelta(days=3))
    assert damages(report) == {RecordFault.UNSIGNED, RecordFault.SILENT}
