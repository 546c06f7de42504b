"""An entry can be taken out for good, and everything else is proven as before."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit.erasing import erase_published
from agent.audit.evidence import of_folder
from agent.errors import RecordAltered
from agent.files.beneath import Beneath
from agent.record import Draft, EntryKind, Record, erasing
from agent.record.files import Files
from agent.record.keys import LogKey
from agent.record.leaf import LEAF_LINE, read_leaf_line
from agent.record.tree import inclusion_ranges, leaf_hash, prove, root_of, verify_inclusion
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT, transferred
from tests.unit.record.copies import judged

LATER = AT + timedelta(days=400)
STAFF = "a.leaver"


@pytest.fixture
def about_a_leaver(record: Record, signer: LogKey) -> Record:
    """Four entries, the second of which names somebody."""
    for number, staff in enumerate(("j.smith", STAFF, "j.smith", "j.smith")):
        record.append(Draft(EntryKind.TRANSFERRED, transferred(f"{number}", staff=staff), event=f"{number}", at=AT))
    record.seal(signer)
    return record


def erased_in(folder: Path, indices: Sequence[int]) -> int:
    """How many entries were erased in a device's folder of a copy."""
    with Beneath(folder) as copy:
        return erase_published(of_folder(copy, (), folder.name), indices)


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def leaves_of(files: Files) -> list[bytes]:
    content = files.leaves.read_bytes()
    lines = [content[start : start + LEAF_LINE] for start in range(0, len(content), LEAF_LINE)]
    return [leaf_hash(read_leaf_line(line)[0]) for line in lines]


def test_what_it_said_is_nowhere_and_an_entry_says_that_it_was_taken_out(
    about_a_leaver: Record, folder: Path, files: Files
) -> None:
    salt = files.leaves.read_bytes()[LEAF_LINE + 65 : 2 * LEAF_LINE - 1]
    receipt = about_a_leaver.erase(1, at=LATER, reason="asked for by the person")
    assert STAFF.encode() not in contents(folder)
    assert salt not in contents(folder)
    entries = list(about_a_leaver.entries())
    assert [entry.index for entry in entries] == [0, 2, 3, 4]
    assert (entries[-1].kind, entries[-1].body) == (EntryKind.ERASED, {"entry": 1, "reason": "asked for by the person"})
    assert about_a_leaver.verify() == receipt
    assert len(about_a_leaver) == 5


def test_every_proof_of_the_others_holds_and_so_does_what_was_signed_before(
    about_a_leaver: Record, files: Files
) -> None:
    root = about_a_leaver.seals()[-1].head.root
    before = leaves_of(files)
    about_a_leaver.erase(1, at=LATER)
    after = leaves_of(files)
    assert after[:4] == before
    assert root_of(after[:4]) == root
    for index in range(4):
        proof = prove(inclusion_ranges(index, 4), lambda low, high: root_of(after[low:high]))
        assert verify_inclusion(index, 4, after[index], proof, root)


def test_the_record_goes_on_is_signed_and_published(
    about_a_leaver: Record, signer: LogKey, tmp_path: Path, folder: Path
) -> None:
    about_a_leaver.erase(1, at=LATER)
    again = Record.open(folder, "laptop-17")
    assert again.append(Draft(EntryKind.TRANSFERRED, transferred("9"), event="9", at=LATER)).index == 5
    again.seal(signer)
    publish(again, tmp_path / "share")
    report = judged(tmp_path / "share" / "record" / "laptop-17", signer.key)
    assert (report.findings, report.entries, report.erased) == ((), 6, 1)
    assert STAFF.encode() not in contents(tmp_path / "share")


def test_a_published_copy_is_whole_before_it_erases_too_and_after(
    record: Record, signer: LogKey, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    copy = published(record, share, signer, [2, 3])
    names = sorted(path.name for path in copy.iterdir())
    for index in (1, 4):
        record.erase(index, at=LATER)
    record.seal(signer)
    publish(record, share, 5)
    report = judged(copy, signer.key)
    assert (report.findings, report.erased, report.to_erase) == ((), 0, (1, 4))
    assert sum("is still in this copy" in note for note in report.notes) == 2
    assert erased_in(copy, report.to_erase) == 2
    report = judged(copy, signer.key)
    assert (report.findings, report.erased, report.to_erase) == ((), 2, ())
    assert b"00000001-refused" not in contents(copy)
    assert [name for name in sorted(path.name for path in copy.iterdir()) if name in names] == names


def test_an_erasure_of_a_copy_that_was_cut_is_reported_and_may_be_repeated(
    record: Record, signer: LogKey, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    copy = published(record, share, signer, [3])
    record.erase(1, at=LATER)
    record.seal(signer)
    publish(record, share, 3)
    (segment,) = copy.glob("segment-000000000-*")
    content = segment.read_bytes()
    start = content.index(b"\n") + 1
    segment.write_bytes(content[:start] + b'{"erased":' + content[start + 10 :])
    report = judged(copy, signer.key)
    assert (report.exit_code, report.to_erase) == (10, (1,))
    erased_in(copy, report.to_erase)
    assert judged(copy, signer.key).exit_code == 0


def test_erasing_twice_is_erasing_once(about_a_leaver: Record) -> None:
    first = about_a_leaver.erase(1, at=LATER)
    assert about_a_leaver.erase(1, at=LATER) == first
    assert len(about_a_leaver) == 5


@pytest.mark.parametrize("index", [-1, 5, 99])
def test_what_is_not_there_cannot_be_erased(about_a_leaver: Record, index: int) -> None:
    with pytest.raises(ValueError, match="no entry"):
        about_a_leaver.erase(index, at=LATER)
    assert len(about_a_leaver) == 4


def test_the_word_that_an_entry_was_erased_cannot_be_erased(about_a_leaver: Record) -> None:
    receipt = about_a_leaver.erase(1, at=LATER)
    with pytest.raises(ValueError, match="must stay"):
        about_a_leaver.erase(receipt.index, at=LATER)


@pytest.mark.parametrize("step", ["noted", "half of the line", "line", "all but the note"])
def test_an_erasure_that_was_cut_is_finished_by_the_next_append(
    about_a_leaver: Record, folder: Path, files: Files, step: str
) -> None:
    entries, leaves = files.entries.read_bytes(), files.leaves.read_bytes()
    place = erasing.find(files, 1)
    about_a_leaver.erase(1, at=LATER)
    said, gone = files.entries.read_bytes()[len(entries) :], files.entries.read_bytes()
    added = files.leaves.read_bytes()[len(leaves) :]
    half = entries[: place.offset] + gone[place.offset : place.offset + 9] + entries[place.offset + 9 :]
    files.entries.write_bytes({"noted": entries, "half of the line": half}.get(step, gone[: len(entries)]) + said)
    files.leaves.write_bytes(
        (leaves if step != "all but the note" else files.leaves.read_bytes()[: len(leaves)]) + added
    )
    files.erasing.write_text(f'{{"index":1,"row":1,"offset":{place.offset},"length":{place.length}}}')

    again = Record.open(folder, "laptop-17")
    again.append(Draft(EntryKind.REFUSED, {"photo": "1"}, event="next", at=LATER))
    assert again.verify() is not None
    assert [entry.index for entry in again.entries()] == [0, 2, 3, 4, 5]
    assert STAFF.encode() not in contents(folder)
    assert not files.erasing.exists()


def test_a_note_of_an_erasure_that_is_damaged_is_reported(about_a_leaver: Record, folder: Path, files: Files) -> None:
    files.erasing.write_bytes(b"rubbish")
    with pytest.raises(RecordAltered, match="erasure under way"):
        Record.open(folder, "laptop-17").append(Draft(EntryKind.REFUSED, {"photo": "1"}, event="next", at=LATER))
