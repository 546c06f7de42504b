"""A log continues under a new key that the old one names, and under no other."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import RecordError
from agent.record import Draft, EntryKind, Record
from agent.record.keys import KeyPlace
from agent.record.rotation import rotate, signer_of
from tests.unit.record.before import publish
from tests.unit.record.bodies import AT
from tests.unit.record.copies import append_short, judged
from tests.unit.record.logkeys import key_of

LATER = AT + timedelta(minutes=5)


@pytest.fixture
def place(tmp_path: Path) -> KeyPlace:
    place = KeyPlace(tmp_path / "log_ed25519", "laptop-17", None)
    place.make()
    return place


@pytest.fixture
def copy(record: Record, place: KeyPlace, tmp_path: Path) -> Path:
    """Two entries under the first key, one that it was changed, two under the second: published."""
    key = place.load().key
    record.append(Draft(EntryKind.ENROLLED, {"log_key": str(key)}, event="enrolled", at=AT))
    append_short(record, 1)
    record.seal(place.load())
    rotate(record, place, at=LATER, reason="it is a year old")
    append_short(record, 2)
    record.seal(signer_of(record, place))
    publish(record, tmp_path / "share")
    return tmp_path / "share" / "record" / "laptop-17"


@pytest.fixture
def first(place: KeyPlace) -> object:
    return place.load().key


def test_either_key_enrolled_verifies_all_of_it(first: object, copy: Path, place: KeyPlace) -> None:
    second = place.load().key
    assert second != first
    for keys in ([first], [second], [first, second]):
        report = judged(copy, *keys)  # type: ignore[arg-type]  # a fixture
        assert (report.findings, report.signed, report.keys) == ((), 5, (str(second),))


def test_every_bit_of_the_note_that_passes_it_on_counts(first: object, copy: Path) -> None:
    (path,) = copy.glob("rotation-*")
    content = path.read_bytes()
    for where in range(len(content)):
        path.write_bytes(content[:where] + bytes([content[where] ^ 1 << where % 8]) + content[where + 1 :])
        assert judged(copy, first).exit_code == 12  # type: ignore[arg-type]  # a fixture


@pytest.mark.parametrize("both", [False, True])
def test_the_note_cannot_be_missing(first: object, copy: Path, place: KeyPlace, both: bool) -> None:
    (path,) = copy.glob("rotation-*")
    path.unlink()
    keys = [first, place.load().key] if both else [first]
    assert judged(copy, *keys).exit_code == 12  # type: ignore[arg-type]  # a fixture


def test_the_old_key_signs_nothing_any_more(record: Record, place: KeyPlace, tmp_path: Path) -> None:
    append_short(record, 2)
    old = place.load()
    record.seal(old)
    rotate(record, place, at=LATER)
    append_short(record, 1)
    with pytest.raises(RecordError, match="not the one that signed"):
        record.seal(old)
    assert record.seal(place.load())


def test_what_a_thief_of_the_old_key_signs_later_is_not_believed(first: object, copy: Path, place: KeyPlace) -> None:
    from agent.record.checkpoint import checkpoint_of
    from agent.record.note import sign_note

    last = max(copy.glob("checkpoint-*"))
    stolen = key_of("laptop-17", "stolen")
    last.write_bytes(sign_note(checkpoint_of(last.read_bytes()).text, stolen).encode())
    assert judged(copy, first, stolen.key).exit_code == 0  # type: ignore[arg-type]  # enrolled itself, and never passed on
    assert judged(copy, first).exit_code == 12  # type: ignore[arg-type]  # a fixture


@pytest.mark.parametrize("step", ["next key made", "entry put down", "sealed"])
def test_a_rotation_that_was_cut_is_finished(record: Record, place: KeyPlace, step: str, tmp_path: Path) -> None:
    from agent.record.checkpoint import sign_rotation

    append_short(record, 2)
    old = place.load()
    record.seal(old)
    new = place.next()
    if step != "next key made":
        body = {"old_key": str(old.key), "new_key": str(new.key)}
        receipt = record.append(Draft(EntryKind.KEY_ROTATED, body, event="key-rotated-x", at=AT))  # type: ignore[arg-type]
        if step == "sealed":
            record.seal(old, rotation=sign_rotation("visit-photo-agent/laptop-17", receipt.index + 1, old, new))
    append_short(record, 1)
    signer = signer_of(record, place)
    assert signer.key == (new.key if step == "sealed" else old.key)
    record.seal(signer)
    if step != "sealed":
        assert rotate(record, place, at=LATER).key == new.key
    publish(record, tmp_path / "share")
    assert place.load().key == new.key
    assert judged(tmp_path / "share" / "record" / "laptop-17", old.key).findings == ()


def test_a_lost_key_is_replaced_and_it_must_enrol_the_new_one(
    record: Record, place: KeyPlace, tmp_path: Path, copy: Path
) -> None:
    lost = place.load().key
    (tmp_path / "log_ed25519").unlink()
    append_short(record, 1)
    with pytest.raises(RecordError, match="no log key"):
        signer_of(record, place)
    new = rotate(record, place, at=LATER, lost=True)
    append_short(record, 1)
    record.seal(signer_of(record, place))
    publish(record, tmp_path / "share", 5)
    assert judged(copy, lost).exit_code == 12
    assert judged(copy, lost, new.key).exit_code == 0
    assert judged(copy, new.key).exit_code == 0


def test_another_key_put_in_place_of_the_one_in_use_is_reported(
    record: Record, place: KeyPlace, tmp_path: Path
) -> None:
    append_short(record, 2)
    record.seal(place.load())
    (tmp_path / "log_ed25519").unlink()
    place.make()
    append_short(record, 1)
    with pytest.raises(RecordError, match="not the one that signed"):
        record.seal(signer_of(record, place))
    with pytest.raises(RecordError, match="not the one that signed"):
        rotate(record, place, at=LATER)


def test_what_is_signed_with_the_old_key_after_it_was_changed_is_not_believed(
    first: object, copy: Path, record: Record, place: KeyPlace, tmp_path: Path
) -> None:
    """A thief of the old key signs the last checkpoint with it, as it was signed with the new one."""
    from agent.record.checkpoint import checkpoint_of
    from agent.record.note import sign_note
    from agent.record.rotation import rotate as again

    old, copy_of_old = place.load(), max(copy.glob("checkpoint-*"))
    again(record, place, at=LATER + timedelta(days=1))
    append_short(record, 1)
    record.seal(place.load())
    publish(record, tmp_path / "share", 5)
    last = max(copy.glob("checkpoint-*"))
    assert last != copy_of_old
    assert judged(copy, first).exit_code == 0  # type: ignore[arg-type]  # a fixture
    last.write_bytes(sign_note(checkpoint_of(last.read_bytes()).text, old).encode())
    report = judged(copy, first)  # type: ignore[arg-type]  # a fixture
    assert report.exit_code == 12
    assert "the device used another key then" in report.findings[0].text
