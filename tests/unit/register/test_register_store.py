"""The last good register stands: through bad files, crashes, damage and other processes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from agent.errors import LocalFault, RegisterError
from agent.model.register import Register
from agent.register import Order, RegisterStore, Rules

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)
CAMERAS = b"label,make,model,serial,clock_ahead_seconds\nOne,Canon,R50,1,60\nTwo,Canon,R50,2,\n"


def visits(*ids: str) -> bytes:
    """A register of good visits."""
    return "\n".join(
        ["id,title,starts,ends", *(f"{name},Visit {name},2026-03-14 09:00,2026-03-14 10:00" for name in ids), ""]
    ).encode()


FOUR = visits("a", "b", "c", "d")


@pytest.fixture
def store(tmp_path: Path) -> RegisterStore:
    """A store in a folder that is not there yet."""
    return RegisterStore(tmp_path / "state" / "register")


def again(tmp_path: Path) -> RegisterStore:
    """The same store in another process, or after a restart."""
    return RegisterStore(tmp_path / "state" / "register")


def offer(
    store: RegisterStore,
    raw: bytes = FOUR,
    cameras: bytes | None = None,
    *,
    now: datetime = NOW,
    zone: str = "Europe/London",
    force: bool = False,
) -> Register:
    """Offer CSV files."""
    return store.offer(raw, "csv", cameras, rules=Rules(zone), now=now, force=force)


def test_a_new_store_has_no_register_and_no_complaint(store: RegisterStore) -> None:
    assert (store.current(), store.refusal(), store.faults()) == (None, None, ())


def test_a_good_register_is_believed_and_outlasts_a_restart(store: RegisterStore, tmp_path: Path) -> None:
    given = offer(store, cameras=CAMERAS)
    assert [visit.id for visit in given.visits] == ["a", "b", "c", "d"]
    assert [camera.label for camera in given.cameras] == ["One", "Two"]
    assert given.read_at == NOW
    assert store.current() == given
    assert again(tmp_path).current() == given


def test_everything_of_a_visit_and_a_camera_is_stored(store: RegisterStore, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3] / "config"
    given = offer(store, (root / "visits.csv").read_bytes(), (root / "cameras.csv").read_bytes())
    assert any(visit.place and visit.cancelled is False and visit.staff for visit in given.visits)
    assert again(tmp_path).current() == given


def test_the_version_is_the_hash_of_both_files_each_after_its_length(store: RegisterStore) -> None:
    parts = b"".join(len(part).to_bytes(8, "big") + part for part in (FOUR, CAMERAS))
    assert offer(store, cameras=CAMERAS).version == sha256(parts).hexdigest()
    assert offer(store, cameras=CAMERAS + b"\n").version != sha256(parts).hexdigest()


def test_the_same_bytes_again_only_renew_the_age(store: RegisterStore, tmp_path: Path) -> None:
    before = offer(store)
    file = tmp_path / "state" / "register" / "register.json"
    kept = file.stat()
    after = offer(store, now=LATER)
    assert (after.version, after.visits, after.read_at) == (before.version, before.visits, LATER)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)
    assert again(tmp_path).current() == after


def test_the_same_bytes_in_another_zone_are_read_again(store: RegisterStore) -> None:
    offer(store)
    tokyo = offer(store, zone="Asia/Tokyo")
    assert tokyo.visits[0].zone == "Asia/Tokyo"
    assert store.current() == tokyo


def test_faults_are_stored_with_the_register(store: RegisterStore, tmp_path: Path) -> None:
    raw = FOUR + b"e,E,never,2026-03-14\n" + b"f,F,2026-03-14,2026-03-14\n"
    header = raw.replace(b"id,title,starts,ends", b"id,title,starts,ends,cameras", 1).replace(
        b"f,F,2026-03-14,2026-03-14", b"f,F,2026-03-14,2026-03-14,Nine"
    )
    offer(store, header, CAMERAS + b"Three,,,3,\n")
    told = [(fault.register, fault.line, fault.column, fault.severity) for fault in again(tmp_path).faults()]
    assert told == [
        ("visits", 6, "starts", "error"),
        ("visits", 7, "cameras", "warning"),
        ("cameras", 4, "model", "warning"),
    ]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"id,title,starts,ends\n", "contains no valid visit"),
        (b"\x00\x01", "not text"),
        (b"<html>log in</html>", "web page"),
        (b"id,title,starts,ends\na,A,never,never\n", "line 2, starts"),
    ],
)
def test_an_empty_or_unreadable_register_is_never_accepted(
    store: RegisterStore, tmp_path: Path, raw: bytes, words: str, force: bool
) -> None:
    good = offer(store)
    with pytest.raises(RegisterError, match=words):
        offer(store, raw, now=LATER, force=force)
    assert store.current() == good  # its age too: it was not confirmed
    assert words in (again(tmp_path).refusal() or "")


def test_nor_is_it_as_the_first(store: RegisterStore, tmp_path: Path) -> None:
    with pytest.raises(RegisterError):
        offer(store, b"")
    assert again(tmp_path).current() is None
    assert "empty" in (again(tmp_path).refusal() or "")


@pytest.mark.parametrize(
    ("before", "after", "believed"),
    [
        ("abcd", "ab", True),
        ("abcd", "a", False),
        ("abc", "ab", True),
        ("abc", "a", False),
        ("ab", "a", True),
        ("a", "b", True),
    ],
)
def test_a_register_shorter_than_half_is_not_believed(
    store: RegisterStore, before: str, after: str, believed: bool
) -> None:
    good = offer(store, visits(*before))
    if believed:
        assert len(offer(store, visits(*after)).visits) == len(after)
        assert store.refusal() is None
        return
    with pytest.raises(RegisterError, match=r"1 valid visit, the last good one had \d.*visits accept"):
        offer(store, visits(*after))
    assert store.current() == good


def test_rows_with_errors_do_not_count_as_visits(store: RegisterStore) -> None:
    offer(store)
    with pytest.raises(RegisterError, match="1 valid visit"):
        offer(store, visits("a") + b"b,B,never,never\nc,C,never,never\nd,D,never,never\n")


def test_a_person_may_accept_a_shorter_one(store: RegisterStore, tmp_path: Path) -> None:
    offer(store)
    with pytest.raises(RegisterError):
        offer(store, visits("a"))
    accepted = offer(store, visits("a"), now=LATER, force=True)
    assert again(tmp_path).current() == accepted
    assert again(tmp_path).refusal() is None
    assert offer(store, visits("a"), now=LATER) == accepted  # and it stays believed


def test_a_refusal_is_forgotten_once_the_good_one_is_offered_again(store: RegisterStore, tmp_path: Path) -> None:
    offer(store)
    with pytest.raises(RegisterError):
        offer(store, b"")
    offer(store, now=LATER)
    assert again(tmp_path).refusal() is None


def test_a_camera_with_a_clock_error_is_not_lost_by_a_typing_error(store: RegisterStore) -> None:
    good = offer(store, cameras=CAMERAS)
    with pytest.raises(RegisterError, match="line 2, clock_ahead_seconds"):
        offer(store, cameras=CAMERAS.replace(b"60", b"1 min"))
    assert store.current() == good
    accepted = offer(store, cameras=CAMERAS.replace(b"60", b"1 min"), force=True)
    assert [camera.label for camera in accepted.cameras] == ["Two"]
    assert offer(store, cameras=CAMERAS.replace(b"60", b"1 min")) == accepted  # what a person accepted stays accepted


@pytest.mark.parametrize(
    ("cameras", "words"),
    [
        (b"", "empty"),
        (b"\x00", "zero bytes"),
        (b"make,model\nCanon,R50\n", "missing"),
        (b"label,serial\nA,\n", "cannot be recognised"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_cameras_register_that_is_unreadable_is_never_believed(
    store: RegisterStore, cameras: bytes, words: str, force: bool
) -> None:
    with pytest.raises(RegisterError, match=words):
        offer(store, cameras=cameras, force=force)
    assert store.current() is None


@pytest.mark.parametrize("cameras", [b"label,serial\n", b"label,serial,make,model\nNine,9,A,B\n"])
def test_a_cameras_register_with_none_of_its_former_lines_waits_for_a_person(
    store: RegisterStore, cameras: bytes
) -> None:
    offer(store, cameras=CAMERAS)
    with pytest.raises(RegisterError, match="none of the 2 cameras"):
        offer(store, cameras=cameras)
    offer(store, cameras=cameras, force=True)
    assert store.refusal() is None


def test_a_cameras_register_that_the_settings_no_longer_name_is_given_up(store: RegisterStore) -> None:
    offer(store, cameras=CAMERAS)
    assert offer(store).cameras == ()


def test_a_school_without_cameras_yet_may_say_so(store: RegisterStore) -> None:
    assert offer(store, cameras=b"label,serial\n").cameras == ()


def test_a_calendar_is_stored_like_a_sheet(store: RegisterStore, tmp_path: Path) -> None:
    raw = (
        b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:a\nSUMMARY:A\nDTSTART:20260314T090000Z\n"
        b"DURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    given = store.offer(raw, "ics", None, rules=Rules("Europe/London"), now=NOW)
    assert again(tmp_path).current() == given


def test_what_one_process_accepts_another_sees_at_once(store: RegisterStore, tmp_path: Path) -> None:
    other = again(tmp_path)
    offer(store)
    assert other.current() == store.current()
    with pytest.raises(RegisterError):
        offer(other, visits("a"))
    assert store.refusal() is not None
    offer(other, visits("a"), force=True)
    assert [visit.id for visit in (store.current() or offer(store)).visits] == ["a"]
    assert store.refusal() is None


def test_half_written_files_of_a_crash_are_ignored_and_swept_a_day_later(store: RegisterStore, tmp_path: Path) -> None:
    import os

    good = offer(store)
    folder = tmp_path / "state" / "register"
    old, young = folder / "register.json.abc.part", folder / "register.json.def.part"
    for left in (old, young):
        left.write_bytes(b'0000\n{"form": 1, "vis')
    os.utime(old, (1, 1))
    assert again(tmp_path).current() == good
    offer(store, visits("a", "b"))
    assert (old.exists(), young.exists()) == (False, True)  # the young one may be another process at work


def test_a_crash_between_the_two_files_leaves_no_stale_state(store: RegisterStore, tmp_path: Path) -> None:
    offer(store)
    with pytest.raises(RegisterError):
        offer(store, b"")
    state = tmp_path / "state" / "register" / "register-state.json"
    before_the_crash = state.read_bytes()
    new = offer(store, visits("a", "b", "c"), now=LATER)
    state.write_bytes(before_the_crash)
    assert again(tmp_path).current() == new
    assert again(tmp_path).refusal() is None


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '{"version": 1, "read_at": "soon"}', "\xff"])
def test_a_damaged_state_loses_only_the_last_confirmation(store: RegisterStore, tmp_path: Path, damage: str) -> None:
    offer(store)
    renewed = offer(store, now=LATER)
    (tmp_path / "state" / "register" / "register-state.json").write_text(damage, "latin-1")
    kept = again(tmp_path).current()
    assert kept
    assert (kept.visits, kept.read_at) == (renewed.visits, NOW)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other form"])
def test_a_damaged_register_is_not_used_and_reported(store: RegisterStore, tmp_path: Path, damage: str) -> None:
    offer(store)
    file = tmp_path / "state" / "register" / "register.json"
    raw = file.read_bytes()
    content = raw.split(b"\n", 1)[1].replace(b'"form": 5', b'"form": 4')
    file.write_bytes(
        {
            "cut": raw[: len(raw) // 2],
            "flip": raw.replace(b"09:00", b"08:00"),
            "empty": b"",
            "other form": sha256(content).hexdigest().encode() + b"\n" + content,
        }[damage]
    )
    after = again(tmp_path)
    assert after.current() is None
    assert "damaged" in (after.refusal() or "")
    assert offer(after, now=LATER) == after.current()
    assert after.refusal() is None


def test_after_a_disk_fault_the_last_good_register_stays(store: RegisterStore, tmp_path: Path) -> None:
    good = offer(store)
    folder = tmp_path / "state" / "register"
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    # Not even root can replace a file by writing into a folder that is a file.
    folder.rename(tmp_path / "aside")
    folder.write_bytes(b"")
    with pytest.raises(LocalFault, match="register"):
        offer(store, visits("a", "b", "c"))
    folder.unlink()
    (tmp_path / "aside").rename(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert again(tmp_path).current() == good


def test_an_unchanged_register_is_read_from_disk_once(store: RegisterStore) -> None:
    offer(store)
    first, second = store.current(), store.current()
    assert first
    assert second
    assert first.visits is second.visits


# --- Days and months exchanged, long visits, lines that were not understood -------------------------------------------


def dated(starts: str, ends: str, name: str = "a") -> bytes:
    """A register of one visit and one other."""
    return f"id,title,starts,ends\n{name},A,{starts},{ends}\nb,B,2026-05-20,2026-05-20\n".encode()


def test_the_same_visit_with_day_and_month_exchanged_is_not_believed(store: RegisterStore, tmp_path: Path) -> None:
    good = offer(store, dated("2026-04-03 09:00", "2026-04-03 16:00"))
    with pytest.raises(RegisterError, match=r"line 2 has a on 4 Mar 2026, the last good one on 3 Apr 2026: .*accept"):
        offer(store, dated("4/3/2026 9:00", "4/3/2026 16:00"))
    assert store.current() == good
    moved = offer(store, dated("4/3/2026 9:00", "4/3/2026 16:00"), force=True)
    assert again(tmp_path).current() == moved
    assert offer(store, dated("4/3/2026 9:00", "4/3/2026 16:00"), now=LATER) == replace(moved, read_at=LATER)


def test_a_visit_that_is_moved_to_another_day_is_believed(store: RegisterStore) -> None:
    offer(store, dated("2026-04-03 09:00", "2026-04-03 16:00"))
    assert len(offer(store, dated("2026-03-05 09:00", "2026-03-05 16:00")).visits) == 2


LONG = dated("2026-07-01", "2026-07-20")


def test_a_visit_longer_than_a_fortnight_waits_until_a_person_accepts_it(store: RegisterStore, tmp_path: Path) -> None:
    waiting = offer(store, LONG)
    assert [visit.id for visit in waiting.visits] == ["b"]
    assert [(doubt.line, doubt.span is not None) for doubt in waiting.doubtful] == [(2, True)]
    assert "20 days long" in store.faults()[0].message
    assert "visits accept" in store.faults()[0].message
    accepted = offer(store, LONG, force=True)
    assert [visit.id for visit in accepted.visits] == ["a", "b"]
    assert (accepted.version, accepted.doubtful, accepted.accepted) == (waiting.version, (), True)
    assert again(tmp_path).current() == accepted
    # It stays accepted, also when another line changes; another length is another matter.
    assert [visit.id for visit in offer(store, LONG).visits] == ["a", "b"]
    assert [visit.id for visit in offer(store, LONG + b"c,C,2026-05-21,2026-05-21\n").visits] == ["a", "b", "c"]
    longer = LONG.replace(b"2026-07-20", b"2026-07-21") + b"c,C,2026-05-21,2026-05-21\n"
    assert [visit.id for visit in offer(store, longer).visits] == ["b", "c"]


@pytest.mark.parametrize(("days", "taken"), [(14, True), (15, False)])
def test_a_fortnight_is_not_too_long_when_clocks_go_back(store: RegisterStore, days: int, taken: bool) -> None:
    given = offer(store, dated("2026-10-15", f"2026-10-{14 + days}"))
    assert ("a" in {visit.id for visit in given.visits}) is taken


def test_doubtful_lines_and_the_lines_of_visits_outlast_a_restart(store: RegisterStore, tmp_path: Path) -> None:
    given = offer(store, FOUR + b"e,E,never,2026-03-14\nf,F,never,never\n")
    assert [doubt.line for doubt in given.doubtful] == [6, 7]
    kept = again(tmp_path).current()
    assert kept == given
    assert kept is not None
    assert [visit.line for visit in kept.visits] == [2, 3, 4, 5]


def test_a_register_that_an_earlier_version_read_is_not_used_any_more(store: RegisterStore, tmp_path: Path) -> None:
    offer(store)
    file = tmp_path / "state" / "register" / "register.json"
    content = file.read_bytes().split(b"\n", 1)[1].replace(b'"form": 5', b'"form": 4')
    file.write_bytes(sha256(content).hexdigest().encode() + b"\n" + content)
    assert again(tmp_path).current() is None


def test_other_rules_of_reading_read_the_same_bytes_again(store: RegisterStore) -> None:
    raw = dated("3/4/2026 9:00", "3/4/2026 16:00")
    first = offer(store, raw)
    rules = Rules("Europe/London", Order.MONTH_FIRST)
    second = store.offer(raw, "csv", None, rules=rules, now=NOW)
    assert (first.visits[0].span.earliest.month, second.visits[0].span.earliest.month) == (4, 3)
