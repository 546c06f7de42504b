"""A photo that is seen again: the one that is known, touched meanwhile, half of it, or another card's."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.journal import Journal, State
from agent.journal.migrations import STEPS
from agent.model.files import Member, Photo, Volume
from agent.model.removal import Outcome
from tests.unit.journal.standings import AT, DECISION, LATER, VERSION, a_photo, bring, complete, with_sidecar

CARD = Volume("CARD-A", Path("/media/EOS_DIGITAL"), steady=False)
OTHER_CARD = Volume("CARD-B", Path("/media/EOS_DIGITAL"), steady=False)
DISK = Volume("DISK", Path("/"), steady=True)


def touched(photo: Photo, *, inode: int = 7, changed_ns: int = 0) -> Photo:
    files = (replace(member.file, inode=inode, changed_ns=changed_ns) for member in photo.members)
    return Photo(tuple(Member(file, member.role) for file, member in zip(files, photo.members, strict=True)))


@pytest.mark.parametrize("state", [State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.REFUSED])
@pytest.mark.parametrize("how", [{"inode": 99}, {"changed_ns": 6}])
def test_a_touched_photo_that_is_not_proven_is_decided_afresh(
    journal: Journal, state: State, how: dict[str, int]
) -> None:
    tracked = bring(journal, state)
    journal.see(touched(a_photo(), changed_ns=5), AT, register_version=VERSION)
    if state is not State.SETTLED:
        journal.save(replace(tracked, photo=touched(a_photo(), changed_ns=5)))

    seen = journal.see(touched(a_photo(), **({"changed_ns": 5} | how)), LATER, register_version=VERSION)

    assert seen is not None
    assert (seen.id, seen.state, seen.found_at) == (tracked.id, State.SETTLED, AT)


@pytest.mark.parametrize("state", [State.FOUND, State.PROVEN, State.RECORDED])
def test_others_stand_as_they_stood_with_the_new_numbers(journal: Journal, state: State) -> None:
    tracked = bring(journal, state)
    new = touched(a_photo(), inode=99, changed_ns=6)
    assert journal.see(new, LATER, register_version=VERSION) == replace(tracked, photo=new)


def test_on_a_card_new_numbers_mean_nothing(journal: Journal) -> None:
    found = journal.see(a_photo(), AT, register_version=VERSION, volume=CARD)
    assert found is not None
    for state in (State.SETTLED, State.DECIDED):
        journal.save(replace(complete(found, state), volume=CARD))
    new = touched(a_photo(), inode=99, changed_ns=6)
    seen = journal.see(new, LATER, register_version=VERSION, volume=CARD)
    assert seen is not None
    assert (seen.state, seen.photo) == (State.DECIDED, new)


def test_nothing_here_undoes_a_persons_word(journal: Journal) -> None:
    tracked = bring(journal, State.DECIDED)
    journal.save(replace(tracked, decision=replace(DECISION, by_person=True)))
    seen = journal.see(touched(a_photo(), inode=99), LATER, register_version=VERSION)
    assert seen is not None
    assert seen.state is State.DECIDED


@pytest.mark.parametrize("state", [State.PROVEN, State.RECORDED])
def test_the_rest_of_a_photo_is_still_that_photo(journal: Journal, state: State) -> None:
    whole = with_sidecar(a_photo())
    tracked = journal.see(whole, AT, register_version=VERSION)
    assert tracked is not None
    way = {State.PROVEN: 4, State.RECORDED: 5}[state]
    for step in (State.SETTLED, State.DECIDED, State.SENT, State.PROVEN, State.RECORDED)[:way]:
        tracked = complete(tracked, step)
        journal.save(tracked)

    for left in (whole.members[0], Member(whole.members[1].file, whole.members[0].role)):
        seen = journal.see(Photo((left,)), LATER, register_version=VERSION)
        assert seen == tracked
    assert len(journal.tracked_photos()) == 1


def test_before_it_is_proven_a_photo_without_its_sidecar_is_another(journal: Journal) -> None:
    tracked = journal.see(with_sidecar(a_photo()), AT, register_version=VERSION)
    assert tracked is not None
    seen = journal.see(a_photo(), LATER, register_version=VERSION)
    assert seen is not None
    assert (seen.id, seen.state, len(seen.photo.members)) == (tracked.id, State.FOUND, 1)


def test_two_cards_at_one_place_hold_two_photos(journal: Journal) -> None:
    first = journal.see(a_photo(), AT, register_version=VERSION, volume=CARD)
    second = journal.see(a_photo(mtime_ns=9), AT, register_version=VERSION, volume=OTHER_CARD)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    again = journal.see(a_photo(), LATER, register_version=VERSION, volume=CARD)
    assert again == first


def test_a_photo_of_an_unknown_volume_is_adopted_by_its_own(journal: Journal) -> None:
    first = journal.see(a_photo(), AT, register_version=VERSION)
    assert first is not None
    assert journal.see(a_photo(), LATER, register_version=VERSION, volume=DISK) == replace(first, volume=DISK)


def test_a_card_that_is_back_continues_where_it_was(journal: Journal) -> None:
    tracked = bring(journal, State.DECIDED)
    journal.save(replace(tracked, away=Outcome.AWAY, reason="not connected", reachable_at=AT))
    seen = journal.see(a_photo(), LATER, register_version=VERSION)
    assert seen == replace(tracked, away=None, reason=None, reachable_at=None)


def test_a_card_that_is_back_at_another_place_is_the_same_card(journal: Journal) -> None:
    first, second = (Volume("CARD-A", Path(top), steady=False) for top in ("/home/j.smith", "/media/CARD1"))
    found = journal.see(with_sidecar(a_photo()), AT, register_version=VERSION, volume=first)
    assert found is not None
    journal.save(replace(found, away=Outcome.AWAY))
    files = (
        replace(
            member, file=replace(member.file, path=Path("/media/CARD1") / member.file.path.relative_to("/home/j.smith"))
        )
        for member in found.photo.members
    )
    there = Photo(tuple(files))

    seen = journal.see(there, LATER, register_version=VERSION, volume=second)

    assert seen is not None
    assert (seen.id, seen.photo, seen.volume, seen.away) == (found.id, there, second, None)
    assert len(journal.tracked_photos()) == 1


def test_a_recorded_photo_that_changed_says_that_its_transfer_ended(journal: Journal) -> None:
    tracked = bring(journal, State.RECORDED)
    seen = journal.see(a_photo(mtime_ns=6), LATER, register_version=VERSION)
    assert seen is not None
    assert seen.ended is not None
    assert (seen.state, seen.ended.transfer) == (State.FOUND, tracked.transfer)


def test_a_photo_that_the_share_lost_is_decided_without_a_proof(journal: Journal) -> None:
    tracked = bring(journal, State.RECORDED)
    journal.send_again({tracked.id: None}, "lost there")
    now = journal.get(tracked.id)
    assert now is not None
    assert (now.state, now.decision, now.proofs, now.receipt, now.resent) == (State.DECIDED, DECISION, (), None, 1)


@pytest.mark.parametrize("state", [State.DECIDED, State.PROVEN, State.REMOVED, State.GONE])
def test_only_a_recorded_photo_can_be_sent_again(journal: Journal, state: State) -> None:
    tracked = bring(journal, state)
    with pytest.raises(JournalError):
        journal.send_again({tracked.id: None}, "lost there")
    assert journal.get(tracked.id) == tracked


@pytest.mark.parametrize("state", [State.PROVEN, State.REMOVED, State.GONE])
def test_a_proven_or_finished_photo_is_not_found_again(journal: Journal, state: State) -> None:
    tracked = bring(journal, state)
    with pytest.raises(JournalError):
        journal.find_again(tracked.id, a_photo(), LATER)


def private(journal: Journal, photo: Photo, version: str | None, volume: Volume) -> None:
    tracked = journal.see(photo, AT, register_version=VERSION, volume=volume)
    assert tracked is not None
    journal.save(replace(tracked, state=State.SETTLED))
    journal.make_private_all([tracked.id], register_version=version)


@pytest.mark.parametrize("how", [{"inode": 99}, {"changed_ns": 6}])
def test_a_rules_private_photo_that_was_touched_is_looked_at_again(journal: Journal, how: dict[str, int]) -> None:
    private(journal, touched(a_photo(), changed_ns=5), VERSION, DISK)
    assert journal.see(touched(a_photo(), changed_ns=5), LATER, register_version=VERSION, volume=DISK) is None
    new = touched(a_photo(), **({"changed_ns": 5} | how))
    assert journal.see(new, LATER, register_version=VERSION, volume=DISK) is not None


def test_on_a_card_a_private_photo_stays_private_whatever_its_number(journal: Journal) -> None:
    private(journal, a_photo(), VERSION, CARD)
    assert journal.see(touched(a_photo(), inode=99), LATER, register_version=VERSION, volume=CARD) is None
    assert journal.see(a_photo(), LATER, register_version=VERSION, volume=OTHER_CARD) is not None


def test_a_photo_that_a_person_made_private_stays_private(journal: Journal) -> None:
    private(journal, a_photo(), None, DISK)
    assert journal.see(touched(a_photo(), inode=99), LATER, register_version=VERSION, volume=DISK) is None


def test_a_journal_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with Journal.open(path, token=iter(("0a1b2c3d", "11111111")).__next__) as journal:
        old = bring(journal, State.DECIDED)
        bring(journal, State.REMOVED, "gone.jpg")
    made = sqlite3.connect(path)
    rows = made.execute("SELECT seq, id, path, state, found_at, standing FROM photo").fetchall()
    made.close()
    path.unlink()
    first = sqlite3.connect(path)
    for statement in STEPS[0]:
        first.execute(statement)
    first.execute("INSERT INTO salt VALUES (1, ?)", (b"s" * 32,))
    new = ("volume", "away", "removing", "resent", "ended")
    for *rest, text in rows:  # as the first version wrote it
        plain = json.loads(text)
        for name in new:
            del plain[name]
        del plain["decision"]["evidence"]
        for member in plain["photo"]["members"]:
            del member["file"]["changed_ns"]
        first.execute("INSERT INTO photo VALUES (?, ?, ?, ?, ?, ?)", (*rest, json.dumps(plain)))
    first.execute("INSERT INTO skip VALUES (?, ?)", (b"t" * 32, VERSION))
    first.execute("PRAGMA user_version=1")
    first.commit()
    first.close()

    with Journal.open(path) as journal:
        assert journal.get(old.id) == old
        assert journal.counts()[State.PRIVATE] == 1
        seen = journal.see(touched(a_photo(), changed_ns=9), LATER, register_version=VERSION, volume=DISK)
        assert seen is not None
        assert (seen.id, seen.state, seen.volume) == (old.id, State.DECIDED, DISK)
        assert journal.see(a_photo("gone.jpg"), LATER, register_version=VERSION, volume=DISK) is not None
