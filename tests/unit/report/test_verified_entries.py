"""Only entries that a trusted signature covers are given on, in the one pass that verifies them."""

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from agent.audit.evidence import Source
from agent.audit.verified import read_verified, verified_entries
from agent.record import Draft, EntryKind, Record
from agent.record.entry import Entry
from agent.record.keys import LogKey
from tests.unit.record import before
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import Way, only, publish, published
from tests.unit.record.logkeys import key_of


class Given:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def entry(self, entry: Entry) -> None:
        self.entries.append(entry)

    def forget(self, device: str) -> None:
        self.entries = [one for one in self.entries if one.device != device]


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


@pytest.mark.parametrize("counts", [[1], [5, 2], [3, 4, 1]])
@pytest.mark.parametrize("way", [before.publish, publish])
def test_reading_along_gives_what_reading_apart_gives(
    record: Record, tmp_path: Path, signer: LogKey, counts: list[int], way: Way
) -> None:
    copy = published(record, tmp_path / "share", signer, counts, way)
    for path in sorted(copy.iterdir()):
        content = path.read_bytes()
        for place in (len(content) // 3, len(content) - 2):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            apart = [index for _, index, _ in verified_entries(copy, [signer.key])]
            assert [one.index for one in given(copy, signer).entries] == apart, (path.name, place)
        path.write_bytes(content)


def test_nothing_counts_of_a_device_with_two_histories(tmp_path: Path, signer: LogKey) -> None:
    share = tmp_path / "share"
    for which in ("one", "other"):
        record = Record.open(tmp_path / which, "laptop-17")
        record.append(Draft(EntryKind.TRANSFERRED, transferred(f"{which:0>8}"), event="first", at=AT))
        record.seal(signer)
        before.publish(record, share)
    assert given(share / "record" / "laptop-17", signer).entries == []


@pytest.mark.parametrize("size", [1, 3])
def test_nothing_counts_where_a_signature_of_another_history_lies_within(
    record: Record, tmp_path: Path, signer: LogKey, size: int
) -> None:
    copy = published(record, tmp_path / "share", signer, [2, 3], before.publish)
    other = Record.open(tmp_path / "other", "laptop-17")
    elsewhere = published(other, tmp_path / "elsewhere", signer, [size], before.publish)
    shutil.copy(only(elsewhere, "checkpoint"), copy)
    assert given(copy, signer).entries == []


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


def test_a_whole_record_is_read_once(
    record: Record, tmp_path: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = published(record, tmp_path / "share", signer, [3, 4])
    opened: Counter[str] = Counter()
    really = Source.open

    def counting(source: Source) -> BinaryIO:
        opened[f"{source.name} {source.start}"] += 1
        return really(source)

    monkeypatch.setattr(Source, "open", counting)
    assert [one.index for one in given(copy, signer).entries] == list(range(7))
    assert opened.total() == 4, "the entries and the leaves of two publications"
    assert set(opened.values()) == {1}


def test_a_record_of_a_newer_version_ends_where_its_unknown_entry_begins(
    record: Record, tmp_path: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = published(record, tmp_path / "share", signer, [3, 4])
    kinds = {kind.value: kind for kind in EntryKind}
    with monkeypatch.context() as older:
        older.setattr("agent.record.entry.EntryKind", lambda kind: _known(kinds, kind))
        assert [one.index for one in given(copy, signer).entries] == []


def _known(kinds: dict[str, EntryKind], kind: str) -> EntryKind:
    if kind == EntryKind.REFUSED:
        raise ValueError(kind)
    return kinds[kind]


def test_verifying_reads_the_same_with_and_without_a_reader(record: Record, tmp_path: Path, signer: LogKey) -> None:
    from agent.audit.verify import verify_copy

    copy = published(record, tmp_path / "share", signer, [3, 2])
    now = AT + timedelta(hours=1)
    assert verify_copy(copy, [signer.key], now=now) == read_verified(copy, [signer.key], Given(), now=now)
