"""Promise 1 in the journal: it has no name, time or place of a private photo, not even in its raw bytes."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.journal import Journal, State, TrackedPhoto
from agent.model.ids import PhotoId
from tests.unit.journal.standings import AT, LATER, VERSION, a_photo, bring

CANARY = "Emilys-birthday"


def settled(journal: Journal, name: str) -> TrackedPhoto:
    tracked = journal.see(a_photo(name), AT, register_version=VERSION)
    assert tracked is not None
    journal.save(replace(tracked, state=State.SETTLED, reason=f"outside all visits: {CANARY}"))
    return tracked


def raw(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_a_private_photo_is_skipped_until_the_register_changes(
    journal: Journal,
) -> None:
    journal.make_private_all([settled(journal, "a.jpg").id], register_version=VERSION)
    assert journal.see(a_photo("a.jpg"), LATER, register_version=VERSION) is None
    assert journal.tracked_photos() == []
    assert journal.counts()[State.PRIVATE] == 1
    assert journal.see(a_photo("a.jpg"), LATER, register_version="another") is not None


def test_without_a_register_only_a_persons_answer_skips(journal: Journal) -> None:
    journal.make_private_all([settled(journal, "rules.jpg").id], register_version=VERSION)
    journal.make_private_all([settled(journal, "person.jpg").id], register_version=None)
    assert journal.see(a_photo("person.jpg"), LATER, register_version=None) is None
    assert journal.see(a_photo("rules.jpg"), LATER, register_version=None) is not None


def test_what_a_person_called_private_stays_so_for_every_register(journal: Journal) -> None:
    person = settled(journal, "person.jpg")
    journal.make_private_all([person.id], register_version=None)
    journal.make_private_all([settled(journal, "rules.jpg").id], register_version=VERSION)
    journal.forget_private("another")
    assert journal.counts()[State.PRIVATE] == 1
    assert journal.see(a_photo("person.jpg"), LATER, register_version="another") is None


def test_a_persons_answer_outlasts_the_rules_when_a_file_comes_back(journal: Journal) -> None:
    journal.make_private_all([settled(journal, "a.jpg").id], register_version=None)
    assert journal.see(a_photo("a.jpg", mtime_ns=6), AT, register_version=VERSION) is not None  # edited,
    tracked = journal.see(a_photo("a.jpg"), AT, register_version=VERSION)  # and put back from a copy
    assert tracked is not None
    journal.save(replace(tracked, state=State.SETTLED))
    journal.make_private_all([tracked.id], register_version=VERSION)
    assert journal.see(a_photo("a.jpg"), LATER, register_version="another") is None


def test_a_private_file_that_was_changed_is_another_file(journal: Journal) -> None:
    journal.make_private_all([settled(journal, "a.jpg").id], register_version=None)
    for changed in (a_photo("a.jpg", size=1001), a_photo("a.jpg", mtime_ns=6), a_photo("b.jpg")):
        assert journal.see(changed, LATER, register_version=VERSION) is not None


def test_many_are_made_private_together_or_not_at_all(journal: Journal) -> None:
    ids = [settled(journal, f"{n}.jpg").id for n in range(3)]
    with pytest.raises(JournalError, match="no photo"):
        journal.make_private_all([*ids, PhotoId("99999999")], register_version=VERSION)
    assert (len(journal.tracked_photos()), journal.counts()[State.PRIVATE]) == (3, 0)
    journal.make_private_all(ids, register_version=VERSION)
    assert (len(journal.tracked_photos()), journal.counts()[State.PRIVATE]) == (0, 3)


@pytest.mark.parametrize("state", [State.SENT, State.PROVEN, State.RECORDED, State.REMOVED])
def test_what_was_sent_cannot_be_called_private_any_more(journal: Journal, state: State) -> None:
    with pytest.raises(JournalError, match="cannot become private"):
        journal.make_private_all([bring(journal, state).id], register_version=None)


def test_the_tokens_of_two_journals_have_nothing_in_common(tmp_path: Path) -> None:
    tokens = []
    for name in ("one", "two"):
        with Journal.open(tmp_path / name / "journal.db") as journal:
            journal.make_private_all([settled(journal, "a.jpg").id], register_version=VERSION)
            tokens.append(journal._db.execute("SELECT token FROM skip").fetchone())
    assert tokens[0] != tokens[1]


def test_after_tidying_no_byte_of_a_private_name_is_in_the_file_or_its_log(journal: Journal, path: Path) -> None:
    draw = random.Random(7)
    tracked_photos = [settled(journal, f"{CANARY}-{n:04}-{'x' * draw.randrange(150)}.jpg") for n in range(150)]
    kept = [settled(journal, f"visit-{n:04}-{'y' * draw.randrange(150)}.jpg") for n in range(150)]
    journal.save(*(replace(s, state=State.SETTLED, reason=None) for s in kept))
    journal.ask([Path(f"/home/j.smith/{CANARY}.jpg")], AT)
    assert CANARY.encode() in raw(path)
    draw.shuffle(tracked_photos)  # pages are split, joined and filled again while rows go
    for tracked in tracked_photos:
        journal.make_private_all([tracked.id], register_version=VERSION)
    journal.finish(1, LATER)
    assert journal.tidy()
    assert CANARY.encode() not in raw(path)
    assert b"visit-0000" in raw(path)
    assert len(journal.tracked_photos()) == len(kept)


def test_copies_that_splitting_pages_left_behind_are_gone_after_tidying(tmp_path: Path) -> None:
    """secure_delete and a checkpoint leave some: SQLite 3.40 moves rows while pages fill and forgets the old places."""
    for seed in range(3):
        draw, live = random.Random(seed), list[TrackedPhoto]()
        path = tmp_path / str(seed) / "journal.db"
        with Journal.open(path) as journal:
            for turn in range(60):
                names = (
                    f"{draw.choice([CANARY, 'visit'])}-{turn}-{number}-{'x' * draw.randrange(200)}.jpg"
                    for number in range(draw.randrange(1, 15))
                )
                found = journal.see_all(map(a_photo, names), AT, register_version=VERSION)
                journal.save(*(replace(s, state=State.SETTLED) for s in found))
                draw.shuffle(live := [replace(s, state=State.SETTLED) for s in (*live, *found)])
                journal.save(*(replace(s, reason="q" * draw.randrange(600)) for s in live[:12]))
            private = [s.id for s in live if CANARY in s.photo.main.path.name]
            journal.make_private_all(private, register_version=VERSION)
            assert journal.tidy()
            assert CANARY.encode() not in raw(path)


def test_deleted_rows_are_zeroed_at_once(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_tidying_under_a_reader_says_that_it_is_not_done_and_is_done_later(journal: Journal, path: Path) -> None:
    tracked = settled(journal, CANARY)
    with Journal.open(path, read_only=True) as reader:
        reader._db.execute("BEGIN")
        reader.counts()
        journal._db.execute("PRAGMA busy_timeout=50")
        journal.make_private_all([tracked.id], register_version=VERSION)
        assert not journal.tidy()
        reader._db.execute("COMMIT")
    assert journal.tidy()
    assert CANARY.encode() not in raw(path)


def test_faults_name_no_file(journal: Journal) -> None:
    tracked = settled(journal, CANARY)
    for wrong in (State.REMOVED, State.PRIVATE):
        with pytest.raises(JournalError) as told:
            journal.save(replace(tracked, state=wrong))
        assert CANARY not in str(told.value)


def test_a_token_takes_no_more_room_for_a_longer_name(journal: Journal) -> None:
    journal.make_private_all([settled(journal, "x" * 200).id], register_version=VERSION)
    ((token, version, _),) = journal._db.execute("SELECT * FROM skip").fetchall()
    assert (len(token), version) == (32, VERSION)
    assert os.fsencode("x" * 200) not in token
