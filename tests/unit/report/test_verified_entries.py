"""Only entries that a trusted signature covers are given on, in the one pass that verifies them."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit.verified import read_verified
from agent.record import Draft, EntryKind, Record
from agent.record.entry import Entry
from agent.record.keys import LogKey
from tests.unit.record import before
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import only, published
from tests.unit.record.logkeys import key_of


class Given:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def entry(self, entry: Entry) -> None:
        self.entries.append(entry)


@pytest.fixture
def signer() -> LogKey:
    return key_of("laptop-17")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record.open(tmp_path / "state", "laptop-17")


def given(copy: Path, signer: LogKey) -> Given:
    sink = Given()
    read_verified(copy, [signer.key], sink, now=AT + timedelta(hours=1))
    return sink


def test_all_entries_of_a_whole_record_are_given_in_order(record: Record, tmp_path: Path, signer: LogKey) -> None:
    copy = published(record, tmp_path / "share", signer, [3, 4, 1])
    sink = given(copy, signer)
    assert [one.index for one in sink.entries] == list(range(8))
    assert [one.hash for one in sink.entries] == [one.hash for one in record.entries()]


def test_entries_without_their_signature_are_not_given(record: Record, tmp_path: Path, signer: LogKey) -> None:
    copy = published(record, tmp_path / "share", signer, [3, 4], before.publish)
    only(copy, "checkpoint", 1).unlink()
    assert [one.index for one in given(copy, signer).entries] == [0, 1, 2]


def test_a_later_signature_covers_what_came_before_it(record: Record, tmp_path: Path, signer: LogKey) -> None:
    copy = published(record, tmp_path / "share", signer, [3, 4, 2], before.publish)
    only(copy, "checkpoint", 1).unlink()
    assert [one.index for one in given(copy, signer).entries] == list(range(9))


def test_nothing_behind_an_altered_entry_is_given(record: Record, tmp_path: Path, signer: LogKey) -> None:
    copy = published(record, tmp_path / "share", signer, [2, 4, 1], before.publish)
    segment = only(copy, "segment", 1)
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"00000003", b"00000009")
    segment.write_bytes(b"".join(lines))
    assert [one.index for one in given(copy, signer).entries] == [0, 1]


def test_entries_of_another_key_are_not_given(record: Record, tmp_path: Path, signer: LogKey) -> None:
    copy = published(record, tmp_path / "share", signer, [4])
    assert given(copy, key_of("laptop-17", "another")).entries == []


def test_nothing_counts_of_a_device_with_two_histories(tmp_path: Path, signer: LogKey) -> None:
    share = tmp_path / "share"
    for which in ("one", "other"):
        record = Record.open(tmp_path / which, "laptop-17")
        record.append(Draft(EntryKind.TRANSFERRED, transferred(f"{which:0>8}"), event="first", at=AT))
        record.seal(signer)
        before.publish(record, share)
    assert given(share / "record" / "laptop-17", signer).entries == []


def test_an_unsigned_stretch_put_before_the_signed_one_gives_nothing(
    record: Record, tmp_path: Path, signer: LogKey
) -> None:
    copy = published(record, tmp_path / "share", signer, [3], before.publish)
    strange = Record.open(tmp_path / "strange", "laptop-17")
    forged = published(strange, tmp_path / "forged", key_of("laptop-17", "forger"), [4], before.publish)
    for file in forged.iterdir():
        if not file.name.startswith("checkpoint"):
            shutil.copy(file, copy / file.name)
    photos = [one.index for one in given(copy, signer).entries]
    assert photos == [0, 1, 2]


def test_verifying_reads_the_same_with_and_without_a_reader(record: Record, tmp_path: Path, signer: LogKey) -> None:
    from agent.audit.verify import verify_copy

    copy = published(record, tmp_path / "share", signer, [3, 2])
    now = AT + timedelta(hours=1)
    assert verify_copy(copy, [signer.key], now=now) == read_verified(copy, [signer.key], Given(), now=now)
