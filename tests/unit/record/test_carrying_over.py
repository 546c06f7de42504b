"""A record of the first version, made by its own code, goes on in the signed one with nothing lost."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import RecordAltered, RecordError
from agent.record import Kind, Record, linked
from agent.record.files import Files
from agent.record.keys import LogKey
from tests.unit.record.bodies import AT, removed
from tests.unit.record.copies import judged, publish
from tests.unit.record.logkeys import key_of

MADE_BY_THE_FIRST_VERSION = Path(__file__).with_name("data") / "record-of-the-first-version.jsonl"
LAST = "2a04166455dc42289a5d83e2310e9c5b450578f0fcd0564b3848aa15392f9af8"  # as that version's `verify` gave it
LATER = AT + timedelta(days=1)


@pytest.fixture
def old(folder: Path) -> Path:
    folder.mkdir()
    return shutil.copy(MADE_BY_THE_FIRST_VERSION, folder / linked.FILE)


def test_it_is_read_before_it_is_carried_over(old: Path, record: Record) -> None:
    entries = list(record.entries())
    assert [entry.index for entry in entries] == [0, 1, 2, 3, 4, 5]
    assert (entries[2].body["photo"], entries[5].event, entries[5].hash) == ("00000001", 'a "quoted" event', LAST)
    assert len(record) == 6
    assert record.verify() == entries[5].receipt
    assert old.exists()


def test_every_entry_stands_under_its_old_number_and_an_entry_closes_the_chain(
    old: Path, record: Record, files: Files
) -> None:
    before = list(record.entries())
    receipt = record.append(Kind.REMOVED, removed(), event="new", at=LATER)
    assert receipt.index == 7
    after = list(record.entries())
    assert [(one.index, one.at, one.kind, one.event, one.body) for one in after[:6]] == [
        (one.index, one.at, one.kind, one.event, one.body) for one in before
    ]
    assert (after[6].kind, after[6].body, after[6].at) == (
        Kind.CARRIED_OVER,
        {"entries": 6, "last_hash": LAST},
        LATER,
    )
    assert record.verify() == receipt
    assert not old.exists()
    assert old.with_name(linked.CARRIED).read_bytes() == MADE_BY_THE_FIRST_VERSION.read_bytes()


def test_the_old_chain_can_be_computed_again_from_what_was_carried_over(
    old: Path, record: Record, files: Files
) -> None:
    record.append(Kind.REMOVED, removed(), event="new", at=LATER)
    previous = "0" * 64
    for line in files.entries.read_bytes().splitlines()[:6]:
        content = json.loads(line) | {"previous": previous}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(canonical.encode()).hexdigest()
    assert previous == LAST


def test_an_event_of_the_old_record_is_not_doubled(old: Path, record: Record) -> None:
    repeated = record.append(Kind.REMOVED, removed("00000000"), event="00000000-removed", at=LATER)
    assert (repeated.index, len(record)) == (4, 7)


def test_a_seal_alone_carries_it_over(old: Path, record: Record, signer: LogKey) -> None:
    (seal,) = record.seal(signer)
    assert (seal.first, seal.size) == (0, 7)


@pytest.mark.parametrize("place", [10, 700, 2000, -2])
def test_a_damaged_one_is_not_carried_over(old: Path, record: Record, files: Files, place: int) -> None:
    content = bytearray(old.read_bytes())
    content[place] ^= 1
    old.write_bytes(content)
    with pytest.raises(RecordAltered):
        record.append(Kind.REMOVED, removed(), event="new", at=LATER)
    assert old.read_bytes() == content
    assert not files.entries.exists()


@pytest.mark.parametrize("cut", [1, 30])
def test_one_that_a_crash_tore_is_carried_over_up_to_there(old: Path, record: Record, cut: int) -> None:
    old.write_bytes(old.read_bytes()[:-cut])
    whole = 6 if cut == 1 else 5
    assert len(record) == whole
    assert record.append(Kind.REMOVED, removed(), event="new", at=LATER).index == whole + 1
    assert record.verify() is not None


def test_an_empty_one_leaves_no_entry(folder: Path, record: Record) -> None:
    folder.mkdir()
    (folder / linked.FILE).touch()
    assert len(record) == 0
    assert record.append(Kind.REMOVED, removed(), event="new", at=LATER).index == 0


def test_a_crash_at_any_step_of_it_comes_out_the_same(old: Path, folder: Path, record: Record, files: Files) -> None:
    content = old.read_bytes()
    record.append(Kind.REMOVED, removed(), event="new", at=LATER)
    entries, leaves = files.entries.read_bytes(), files.leaves.read_bytes()
    steps: dict[str, Callable[[], object]] = {
        "drafts only": lambda: (files.entries.rename(files.folder / "entries.jsonl.new"), files.leaves.unlink()),
        "leaves only": files.entries.unlink,
        "both": lambda: None,
    }
    for name, step in steps.items():
        files.entries.write_bytes(entries)
        files.leaves.write_bytes(leaves)
        old.write_bytes(content)
        step()
        again = Record.open(folder, "laptop-17")
        assert again.append(Kind.REMOVED, removed(), event="new", at=LATER).index == 7, name
        assert [entry.index for entry in again.entries()] == list(range(8)), name
        assert again.verify() is not None
        assert not old.exists()


def test_an_old_version_that_went_on_writing_is_told(old: Path, folder: Path, record: Record) -> None:
    record.append(Kind.REMOVED, removed(), event="new", at=LATER)
    lines = MADE_BY_THE_FIRST_VERSION.read_bytes().splitlines(keepends=True)
    old.write_bytes(b"".join(lines[:4]))
    with pytest.raises(RecordError, match="older version"):
        Record.open(folder, "laptop-17").append(Kind.REMOVED, removed("1"), event="x", at=LATER)


def test_entries_under_an_earlier_name_of_the_laptop_are_carried_over_and_verify(
    old: Path, folder: Path, signer: LogKey, tmp_path: Path
) -> None:
    renamed = Record.open(folder, "laptop-18")
    renamed.seal(key_of("laptop-18"))
    assert [entry.device for entry in renamed.entries()] == ["laptop-17"] * 6 + ["laptop-18"]
    publish(renamed, tmp_path / "share")
    report = judged(tmp_path / "share" / "record" / "laptop-18", key_of("laptop-18").key)
    assert (report.findings, report.entries) == ((), 7)
