"""An event that is recorded twice is recognised: by the list of recent ones, without it, or if it is another's."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.record import Draft, EntryKind, Record, recent
from agent.record.files import Files
from agent.record.keys import LogKey
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import append_short

SEALED, AFTER = 40, 5


@pytest.fixture
def half_sealed(record: Record, signer: LogKey) -> Record:
    """Some entries that were sealed in two parts, and some that were not, as a crash leaves them."""
    for count in (SEALED // 2, SEALED // 2):
        append_short(record, count)
        record.seal(signer)
    append_short(record, AFTER)
    return record


def again(folder: Path, number: int) -> int:
    """Where a new run finds entry `number` when it records it again."""
    body = {"photo": f"{number:08x}"}
    record = Record.open(folder, "laptop-17")
    return record.append(Draft(EntryKind.REFUSED, body, event=f"{number:08x}-refused", at=AT)).index


def nothing(files: Files) -> None:
    pass


def lost(files: Files) -> None:
    files.recent.unlink()


def cut(files: Files) -> None:
    files.recent.write_bytes(files.recent.read_bytes()[:-40])


def emptied(files: Files) -> None:
    files.recent.write_bytes(b"")


def garbage(files: Files) -> None:
    files.recent.write_bytes(b"\xff" * 400)


def of_another_record(files: Files) -> None:
    other = Record.open(files.folder.parent.parent / "other", "laptop-17")
    append_short(other, SEALED)
    other.append(Draft(EntryKind.TRANSFERRED, transferred(), event="another", at=AT))
    wrong = {f"{n:08x}-refused": n * 7 + 1 for n in range(50)}
    recent.keep(other.files, recent.Recent(), wrong, files.entries.stat().st_size, SEALED)
    shutil.copy(other.files.recent, files.recent)


@pytest.mark.parametrize("what", [nothing, lost, cut, emptied, garbage, of_another_record])
def test_every_event_is_known_whatever_became_of_what_was_kept(
    half_sealed: Record, folder: Path, files: Files, what: Callable[[Files], None]
) -> None:
    what(files)
    assert [again(folder, number) for number in range(SEALED + AFTER)] == list(range(SEALED + AFTER))
    assert again(folder, 1000) == SEALED + AFTER


def test_each_bit_of_what_is_kept_may_be_wrong(half_sealed: Record, folder: Path, files: Files) -> None:
    content = files.recent.read_bytes()
    for place in range(0, len(content), 5):
        files.recent.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        assert recent.recent_entries(files, files.entries.stat().st_size) == recent.Recent()
    files.recent.write_bytes(content)
    assert recent.recent_entries(files, files.entries.stat().st_size).covers > 0
    assert recent.recent_entries(files, 10) == recent.Recent()  # the record was cut


def test_what_was_sealed_is_found_without_reading_it(
    half_sealed: Record, folder: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    read = recent.read
    monkeypatch.setattr(recent, "read", lambda path, start, end: begun.append(start) or read(path, start, end))
    assert again(folder, 3) == 3
    sealed = sum(len(line) for line in files.entries.read_bytes().splitlines(keepends=True)[:SEALED])
    assert begun == [sealed]


def test_an_event_is_looked_for_only_so_far_back(
    half_sealed: Record, folder: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "LOOK_BACK", 2000)
    append_short(half_sealed, 5)
    half_sealed.seal(signer)
    last = SEALED + AFTER + 5
    assert again(folder, last - 1) == last - 1
    assert again(folder, 0) == last
    half_sealed.files.recent.unlink()
    assert again(folder, last - 1) == last - 1
    assert again(folder, 1) == last + 1


def test_an_erased_entry_leaves_no_trace_of_its_event(half_sealed: Record, folder: Path, files: Files) -> None:
    half_sealed.erase(3, at=AT)
    assert not files.recent.exists()
    assert again(folder, 3) == SEALED + AFTER + 1, "put down anew: nothing of it was left"


def test_two_events_with_the_same_hash_are_told_apart(
    half_sealed: Record, folder: Path, signer: LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_hash", lambda event: b"the same")
    append_short(half_sealed, 5)
    half_sealed.files.recent.unlink()
    last = SEALED + AFTER + 5
    one = Record.open(folder, "laptop-17")
    append_short(one, 1)
    one.seal(signer)
    assert [again(folder, number) for number in range(last + 1)] == list(range(last + 1))
