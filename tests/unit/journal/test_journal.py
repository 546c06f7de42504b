"""What the journal stores, and what it refuses."""

import os
import sqlite3
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.journal import Journal, State, TrackedPhoto
from agent.model.files import Fingerprint, LocalFile, Member, Photo, Role
from agent.model.ids import PhotoId, Sha256
from agent.model.times import Interval
from tests.unit.journal.standings import (
    AT,
    CONTENT,
    DECISION,
    LATER,
    PROOF,
    VERSION,
    a_photo,
    bring,
    complete,
    with_sidecar,
)


def see(journal: Journal, photo: Photo, at: datetime = AT) -> TrackedPhoto:
    tracked = journal.see(photo, at, register_version=VERSION)
    assert tracked is not None
    return tracked


def test_a_new_photo_is_found_now_with_an_id_of_its_own(journal: Journal) -> None:
    assert see(journal, a_photo()) == TrackedPhoto(PhotoId("00000001"), a_photo(), State.FOUND, AT, AT)
    assert see(journal, a_photo("b.jpg")).id == "00000002"


def test_an_id_that_is_taken_is_not_given_twice(path: Path) -> None:
    tokens = iter(["11111111", "11111111", "22222222"])
    with Journal.open(path, token=lambda: next(tokens)) as journal:
        assert [see(journal, a_photo(name)).id for name in "ab"] == ["11111111", "22222222"]


def test_an_unchanged_photo_settles_counting_from_its_first_look(journal: Journal) -> None:
    proven = bring(journal, State.PROVEN)
    assert see(journal, a_photo(), LATER) == proven


def test_a_new_inode_number_after_a_mount_is_stored_with_all_else(journal: Journal) -> None:
    proven = bring(journal, State.PROVEN)
    seen = see(journal, a_photo(inode=99), LATER)
    assert seen == replace(proven, photo=a_photo(inode=99))
    assert journal.get(proven.id) == seen


def test_a_sidecar_that_comes_or_changes_makes_the_photo_another(journal: Journal) -> None:
    proven = bring(journal, State.PROVEN)
    for photo in (with_sidecar(a_photo()), with_sidecar(a_photo(), mtime_ns=6), a_photo()):
        seen = see(journal, photo, LATER)
        assert (seen.id, seen.state, seen.photo, seen.looked_at) == (proven.id, State.FOUND, photo, LATER)


def test_members_in_another_order_are_still_the_same_photo(journal: Journal) -> None:
    main, first, second = (
        Member(LocalFile(Path(name), 1, 2, 3, 4), role)
        for name, role in (("a.jpg", Role.MAIN), ("a.xmp", Role.SIDECAR), ("a.aae", Role.SIDECAR))
    )
    stood = see(journal, Photo((main, first, second)))
    assert see(journal, Photo((main, second, first)), LATER) == stood


def test_everything_known_comes_back_as_it_was_saved(journal: Journal) -> None:
    summer = timezone(timedelta(hours=1))
    decision = replace(DECISION, taken=Interval(AT.astimezone(summer), LATER.astimezone(summer)), by_person=True)
    full = replace(complete(bring(journal, State.RECORDED), State.REMOVED), decision=decision, not_before=LATER)
    full = replace(full, attempts=4, reason="the file is open in another program")
    journal.save(full)
    got = journal.get(full.id)
    assert got == full
    assert got.decision is not None
    assert got.decision.taken is not None
    assert got.decision.taken.earliest.utcoffset() == timedelta(hours=1)  # the zone names the file on the share


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names there are Unicode")
def test_a_name_that_is_not_utf_8_is_stored_byte_for_byte(journal: Journal) -> None:
    name = os.fsdecode(b"caf\xe9 \xff\n\"'\xe2\x80\xae.jpg")
    stood = see(journal, a_photo(name))
    assert see(journal, a_photo(name), LATER) == stood
    assert os.fsencode(journal.tracked_photos()[0].photo.main.path.name) == b"caf\xe9 \xff\n\"'\xe2\x80\xae.jpg"
    journal.ask([stood.photo.main.path], AT)
    request = journal.next_request()
    assert request is not None
    assert request.paths == (stood.photo.main.path,)


def test_standings_come_oldest_first_whatever_zone_their_times_were_in(journal: Journal) -> None:
    tokyo = timezone(timedelta(hours=9))
    new = see(journal, a_photo("new.jpg"), LATER)
    old = see(journal, a_photo("old.jpg"), AT.astimezone(tokyo))
    journal.save(replace(new, state=State.SETTLED))
    assert [s.id for s in journal.tracked_photos()] == [old.id, new.id]
    assert [s.id for s in journal.tracked_photos(State.SETTLED, State.REVIEW)] == [new.id]
    assert (journal.counts()[State.FOUND], journal.counts()[State.SETTLED], journal.counts()[State.SENT]) == (1, 1, 0)


def test_a_removed_photo_and_a_new_one_may_share_a_path(journal: Journal) -> None:
    gone = bring(journal, State.REMOVED)
    back = see(journal, a_photo(), LATER)
    assert (back.id != gone.id, back.state) == (True, State.FOUND)
    assert see(journal, a_photo(), LATER) == back
    assert {s.id for s in journal.tracked_photos()} == {gone.id, back.id}


def test_saving_is_all_or_nothing(journal: Journal) -> None:
    one, two = see(journal, a_photo("1.jpg")), see(journal, a_photo("2.jpg"))
    with pytest.raises(JournalError, match=f"{two.id} cannot go from found to removed"):
        journal.save(replace(one, state=State.SETTLED), complete(two, State.REMOVED))
    assert journal.tracked_photos() == [one, two]


def test_a_standing_that_was_never_seen_is_not_saved(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no photo 12345678"):
        journal.save(TrackedPhoto(PhotoId("12345678"), a_photo(), State.FOUND, AT, AT))


def test_a_changed_photo_cannot_use_its_old_proofs(journal: Journal) -> None:
    proven = bring(journal, State.PROVEN)
    with pytest.raises(JournalError, match="changed on disk"):
        journal.save(replace(complete(proven, State.RECORDED), photo=a_photo(mtime_ns=6)))
    assert journal.get(proven.id) == proven


@pytest.mark.parametrize(
    ("state", "without", "what"),
    [
        (State.DECIDED, {"decision": None}, "no decision for a visit"),
        (State.PROVEN, {"proofs": ()}, "no proof"),
        (State.PROVEN, {"fingerprints": (CONTENT, Fingerprint(Sha256("9" * 64), 5))}, "a file of it has no proof"),
        (State.RECORDED, {"receipt": None}, "no receipt"),
        (State.REMOVED, {"proofs": ()}, "no proof"),
        (State.REMOVED, {"receipt": None}, "no receipt"),
    ],
)
def test_a_state_is_not_believed_without_what_it_needs(
    journal: Journal, state: State, without: dict[str, object], what: str
) -> None:
    before = {
        State.DECIDED: State.SETTLED,
        State.PROVEN: State.SENT,
        State.RECORDED: State.PROVEN,
        State.REMOVED: State.RECORDED,
    }
    tracked = bring(journal, before[state])
    with pytest.raises(JournalError, match=what):
        journal.save(replace(complete(tracked, state), **without))  # type: ignore[arg-type]  # fields by name
    assert journal.get(tracked.id) == tracked


def test_a_proof_of_another_content_proves_nothing(journal: Journal) -> None:
    tracked = bring(journal, State.SENT)
    other = replace(PROOF, original=Fingerprint(CONTENT.sha256, CONTENT.size + 1))
    with pytest.raises(JournalError, match="has no proof"):
        journal.save(replace(complete(tracked, State.PROVEN), proofs=(other,)))


def test_a_photo_waits_in_its_state_until_its_time(journal: Journal) -> None:
    waiting = replace(bring(journal, State.PROVEN), not_before=LATER, reason="the record's disk is full")
    journal.save(waiting)
    assert waiting.waits(AT)
    assert not waiting.waits(LATER)
    assert not replace(waiting, not_before=None).waits(AT)
    assert journal.tracked_photos(State.PROVEN) == [waiting]


def test_a_wall_clock_is_not_taken_for_an_instant(journal: Journal) -> None:
    with pytest.raises(ValueError, match="wall clock"):
        journal.see(a_photo(), AT.replace(tzinfo=None), register_version=VERSION)
    assert journal.tracked_photos() == []


@pytest.mark.parametrize("state", [State.FOUND, State.SETTLED, State.DECIDED, State.REVIEW, State.REFUSED])
def test_a_photo_that_vanished_before_it_was_sent_is_forgotten(journal: Journal, state: State) -> None:
    journal.forget(bring(journal, state).id)
    assert journal.tracked_photos() == []


@pytest.mark.parametrize("state", [State.SENT, State.PROVEN, State.RECORDED, State.REMOVED])
def test_a_photo_that_was_sent_is_not_forgotten(journal: Journal, state: State) -> None:
    tracked = bring(journal, state)
    with pytest.raises(JournalError, match="cannot be forgotten"):
        journal.forget(tracked.id)
    assert journal.tracked_photos() == [tracked]


def test_what_was_removed_long_ago_is_forgotten_and_nothing_else(journal: Journal) -> None:
    gone, recorded = bring(journal, State.REMOVED, "gone.jpg"), bring(journal, State.RECORDED, "kept.jpg")
    assert journal.forget_removed(AT) == 0
    assert journal.forget_removed(LATER) == 1
    assert (journal.get(gone.id), journal.get(recorded.id)) == (None, recorded)


def test_facts_are_stored_renewed_and_dropped(journal: Journal) -> None:
    assert journal.fact("last scan") is None
    for value in ("yesterday", "today", None):
        journal.set_fact("last scan", value)
        assert journal.fact("last scan") == value


# --- The file ---


def test_the_folder_and_the_file_are_their_owners_alone(journal: Journal, path: Path) -> None:
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    journal.set_fact("a", "b")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_every_commit_waits_for_the_disk(journal: Journal) -> None:
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_newer_journal_is_unchanged_and_says_to_upgrade(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(JournalError, match="newer version"):
            Journal.open(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_journal_says_what_to_do_and_is_never_made_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(JournalError, match=r"damaged.*tell|damaged.*move"):
            Journal.open(path, read_only=read_only)
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_found_on_opening(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.see_all([a_photo(f"{n}.jpg") for n in range(500)], AT, register_version=VERSION)
        journal.tidy()
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\x5a" * 8192
    path.write_bytes(content)
    with pytest.raises(JournalError, match="damaged"):
        Journal.open(path)
    assert path.read_bytes() == content


def test_an_invalid_row_is_reported_as_damage(journal: Journal) -> None:
    tracked = see(journal, a_photo())
    for rubbish in ("{}", "no json", '{"id":1}'):
        journal._db.execute("UPDATE photo SET standing = ?", (rubbish,))
        with pytest.raises(JournalError, match="damaged"):
            journal.get(tracked.id)


def test_reading_a_journal_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(JournalError, match="no journal on this laptop yet"):
        Journal.open(path, read_only=True)
    assert not path.parent.exists()


def test_a_reader_cannot_write(journal: Journal, path: Path) -> None:
    with Journal.open(path, read_only=True) as reader, pytest.raises(JournalError, match="cannot be written"):
        reader.set_fact("a", "b")


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(JournalError, match="state_dir"):
        Journal.open(tmp_path / "state" / "journal.db")


def test_a_full_disk_is_reported_and_nothing_is_half_written(journal: Journal) -> None:
    stood = see(journal, a_photo())
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(JournalError, match="disk is full"):
        journal.see_all([a_photo(f"{n}.jpg") for n in range(500)], LATER, register_version=VERSION)
    assert journal.tracked_photos() == [stood]
    journal._db.execute("PRAGMA max_page_count=1000000")
    assert see(journal, a_photo("after.jpg")).state is State.FOUND


def test_times_keep_their_instant_in_utc(journal: Journal) -> None:
    at = datetime(2026, 10, 25, 1, 30, tzinfo=timezone(timedelta(hours=1)))
    assert see(journal, a_photo(), at).found_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
