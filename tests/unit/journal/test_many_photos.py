"""Changing many photos at once gives the same result as reading and saving each by itself."""

import os
import sqlite3
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.journal import CHUNK, Journal, State
from agent.journal.codec import to_json
from agent.journal.looking import seen_again
from agent.journal.tracked import TrackedPhoto
from agent.model.files import Member, Photo, Role, Volume
from agent.model.removal import Outcome
from tests.unit.journal.standings import AT, LATER, VERSION, a_photo, bring, with_sidecar

DISK = Volume("DISK", Path("/"), steady=True)
# A name that is not UTF-8 too, where a system has such names.
_BYTES = b"" if sys.platform == "win32" else b"\xff"
AWKWARD = os.fsdecode('caf\u00e9 \U0001f4f7 ","state":"removed" \'.jpg'.encode() + _BYTES)


def see_many(journal: Journal, number: int, at: datetime = AT) -> list[TrackedPhoto]:
    return journal.see_all([a_photo(f"IMG_{n}.JPG") for n in range(number)], at, register_version=VERSION)


def text_of(path: Path, tracked: TrackedPhoto) -> str:
    with sqlite3.connect(path) as db:
        (text,) = db.execute("SELECT standing FROM photo WHERE id = ?", (tracked.id,)).fetchone()
    db.close()
    return str(text)


@pytest.mark.parametrize("name", ["IMG_1.JPG", AWKWARD])
def test_a_photo_that_settles_is_written_as_saving_it_would(journal: Journal, path: Path, name: str) -> None:
    found = journal.see(a_photo(name), AT, register_version=VERSION, volume=DISK)
    assert found is not None
    journal.save(replace(found, reason="it is still being copied"))
    journal.settle([number for number, _, _ in journal.looks()])
    settled = replace(found, state=State.SETTLED, reason=None)
    assert journal.get(found.id) == settled
    assert text_of(path, found) == to_json(settled)


def test_only_found_photos_settle(journal: Journal) -> None:
    see_many(journal, 2)
    numbers = [number for number, _, _ in journal.looks()]
    first, second = journal.tracked_photos()
    journal.save(replace(first, state=State.REFUSED, reason="the file is empty"))
    journal.settle(numbers)
    assert [one.state for one in journal.tracked_photos()] == [State.REFUSED, State.SETTLED]
    assert second.id == journal.tracked_photos(State.SETTLED)[0].id


def test_a_photo_out_of_reach_does_not_settle(journal: Journal) -> None:
    one, two = see_many(journal, 2)
    journal.save(replace(one, away=Outcome.AWAY))
    assert [(identity, at) for _, identity, at in journal.looks()] == [(two.id, AT)]


def test_chunks_have_each_photo_once_while_they_are_saved(journal: Journal) -> None:
    seen = see_many(journal, 2 * CHUNK + 3)
    met = []
    for chunk in journal.chunks(State.FOUND, State.SETTLED):
        assert len(chunk) <= CHUNK
        met += [one.id for one in chunk]
        journal.save(*(replace(one, state=State.SETTLED) for one in chunk))
    assert met == [one.id for one in seen]


def test_chunks_leave_out_other_photos(journal: Journal) -> None:
    first, second, third = see_many(journal, 3)
    journal.save(replace(third, state=State.SETTLED))
    assert [[one.id for one in chunk] for chunk in journal.chunks(State.FOUND, but={first.id})] == [[second.id]]


def test_a_photo_that_moved_on_before_its_chunk_came_is_left_out(journal: Journal) -> None:
    seen = see_many(journal, CHUNK + 1)
    chunks = journal.chunks(State.FOUND)
    next(chunks)
    journal.save(replace(seen[-1], state=State.SETTLED))
    assert list(chunks) == [[]]


def moved(photo: Photo, **how: int) -> Photo:
    return Photo((Member(replace(photo.main, **how), Role.MAIN), *photo.members[1:]))  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("state", [State.FOUND, State.SETTLED, State.DECIDED, State.REVIEW, State.RECORDED])
@pytest.mark.parametrize("away", [None, Outcome.AWAY, Outcome.READ_ONLY])
@pytest.mark.parametrize(
    "now",
    [
        a_photo(AWKWARD),
        moved(a_photo(AWKWARD), inode=99),
        moved(a_photo(AWKWARD), size=1001),
        moved(a_photo(AWKWARD), changed_ns=6),
        moved(a_photo(AWKWARD), device=2),
        with_sidecar(a_photo(AWKWARD)),
    ],
)
@pytest.mark.parametrize("volume", [DISK, Volume(), replace(DISK, steady=False)])
def test_a_photo_seen_again_follows_the_rules(
    journal: Journal, state: State, away: Outcome | None, now: Photo, volume: Volume
) -> None:
    before = bring(journal, state, name=AWKWARD)
    before = replace(before, away=away, volume=DISK)
    journal.save(before)
    assert journal.see(now, LATER, register_version=VERSION, volume=volume) == seen_again(before, now, LATER, volume)


def test_a_row_in_other_words_is_read_all_the_same(journal: Journal, path: Path) -> None:
    (found,) = see_many(journal, 1)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE photo SET standing = replace(standing, '\"photo\":', ' \"photo\": ')")
    db.close()
    assert journal.see(found.photo, LATER, register_version=VERSION) == found
    assert journal.save_if_unchanged([(found, replace(found, state=State.SETTLED))])
    with pytest.raises(JournalError, match="has changed on disk"):
        journal.save(replace(found, photo=moved(found.photo, size=1), state=State.SETTLED))


def test_another_writer_is_noticed_and_the_own_hand_is_not(journal: Journal, path: Path) -> None:
    assert not journal.changed_by_others()
    journal.set_fact("own", "1")
    assert not journal.changed_by_others()
    with Journal.open(path) as other:
        other.set_fact("other", "1")
    assert journal.changed_by_others()
    assert not journal.changed_by_others()
