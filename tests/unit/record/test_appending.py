"""An append is durable, happens once, and says nothing that must not leave the laptop."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import RecordError
from agent.record import Draft, EntryKind, Record
from agent.record.bodies import BODIES
from agent.record.files import Files
from agent.record.values import trace_of_private
from tests.unit.record.bodies import AT, Body, removed, sha, transferred

ROOT = Path(__file__).resolve().parents[3]


def test_an_event_is_recorded_once_in_this_run_and_in_the_next(record: Record, folder: Path) -> None:
    first = record.append(Draft(EntryKind.TRANSFERRED, transferred(), event="e", at=AT))
    assert record.append(Draft(EntryKind.TRANSFERRED, transferred(), event="e", at=AT)) == first
    assert (
        Record.open(folder, "laptop-17").append(Draft(EntryKind.TRANSFERRED, transferred(), event="e", at=AT)) == first
    )
    assert len(record) == 1


def test_a_repetition_at_a_later_moment_is_still_the_same_happening(record: Record) -> None:
    first = record.append(Draft(EntryKind.REMOVED, removed(), event="e", at=AT))
    again = removed(removed_at=(AT + timedelta(hours=1)).isoformat())
    assert record.append(Draft(EntryKind.REMOVED, again, event="e", at=AT + timedelta(hours=1))) == first


def test_another_content_under_the_same_event_is_never_taken_for_recorded(record: Record, folder: Path) -> None:
    """A photo that was edited between its entry and its removal keeps its id: the edited one must be recorded too."""
    first = record.append(Draft(EntryKind.TRANSFERRED, transferred(), event="e", at=AT))
    edited = transferred(files=[transferred()["files"][0] | {"original_sha256": sha("edited")}])
    second = record.append(Draft(EntryKind.TRANSFERRED, edited, event="e", at=AT))
    assert (first.index, second.index) == (0, 1)
    assert [entry.event for entry in record.entries()] == ["e", "e-2"]
    reopened = Record.open(folder, "laptop-17")
    assert reopened.append(Draft(EntryKind.TRANSFERRED, edited, event="e", at=AT)) == second
    assert reopened.append(Draft(EntryKind.TRANSFERRED, transferred(), event="e", at=AT)) == first


def test_several_go_down_together_in_their_order_and_each_once(record: Record) -> None:
    known = record.append(Draft(EntryKind.TRANSFERRED, transferred("1"), event="1", at=AT))
    drafts = [Draft(EntryKind.TRANSFERRED, transferred(n), n, AT) for n in ("2", "1", "3", "2")]
    receipts = record.append_all(drafts)
    assert [receipt.index for receipt in receipts] == [1, 0, 2, 1]
    assert receipts[1] == known
    assert record.append_all([]) == []
    assert record.verify() == receipts[2]


def test_an_event_may_have_any_characters(record: Record, folder: Path) -> None:
    for event in ('quote " and \\', "line\nend", "café", '","hash":"', ""):
        first = record.append(Draft(EntryKind.REFUSED, {"photo": "0a1b2c3d"}, event=event, at=AT))
        assert (
            Record.open(folder, "laptop-17").append(Draft(EntryKind.REFUSED, {"photo": "0a1b2c3d"}, event=event, at=AT))
            == first
        )
    assert len(record) == 5


def test_another_process_may_have_appended_in_between(record: Record, folder: Path) -> None:
    record.append(Draft(EntryKind.REMOVED, removed("1"), event="1", at=AT))
    there = Record.open(folder, "laptop-17").append(Draft(EntryKind.REMOVED, removed("2"), event="2", at=AT))
    assert record.append(Draft(EntryKind.REMOVED, removed("2"), event="2", at=AT)) == there
    assert record.append(Draft(EntryKind.REMOVED, removed("3"), event="3", at=AT)).index == 2
    assert record.verify() is not None


def test_the_folder_and_the_file_are_their_owners_alone(record: Record, folder: Path) -> None:
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    record.append(Draft(EntryKind.REMOVED, removed(), event="1", at=AT))
    for made in (folder, folder / "laptop-17"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    for file in (folder / "laptop-17").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_on_a_full_disk_nothing_is_half_believed(written: Callable[[int], Record], folder: Path) -> None:
    """The kernel cuts the write in the middle of the entry, as it does when the last block is gone."""
    resource = pytest.importorskip("resource", reason="no limits to set on this system")
    record = written(2)
    whole = Files(folder / "laptop-17").entries.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 300, hard))
    try:
        with pytest.raises(RecordError, match="cannot be read or written"):
            record.append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT))
        assert Files(folder / "laptop-17").entries.read_bytes() == whole
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert record.append(Draft(EntryKind.REMOVED, removed(), event="x", at=AT)).index == 2
    assert record.verify() is not None


def test_a_folder_that_cannot_be_made_is_reported_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(RecordError, match="state_dir") as told:
        Record.open(tmp_path / "state" / "record", "laptop-17").append(
            Draft(EntryKind.REMOVED, removed(), event="x", at=AT)
        )
    assert str(tmp_path) not in str(told.value)


WRITER = """
import sys
from pathlib import Path
from agent.record import Draft, Kind, Record
from tests.unit.record.bodies import AT, transferred
record = Record.open(Path(sys.argv[1]), "laptop-17")
number = len(record)
while True:
    names = [f"{n:08x}" for n in range(number, number + 3)]
    for receipt in record.append_all([Draft(Kind.TRANSFERRED, transferred(n), n, AT) for n in names]):
        print(receipt.index, receipt.hash, flush=True)
    number += 3
"""


def test_every_receipt_from_before_kill_9_is_in_the_record(folder: Path) -> None:
    for moment in (0.0, 0.007, 0.031, 0.061, 0.11):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert child.stdout is not None
        told = [child.stdout.readline()]
        time.sleep(moment)
        child.kill()
        told += child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        child.wait()
        record = Record.open(folder, "laptop-17")
        hashes = {str(entry.index): entry.hash for entry in record.entries()}
        for line in told:
            if line.endswith("\n"):
                index, digest = line.split()
                assert hashes[index] == digest
        receipt = record.append(Draft(EntryKind.REMOVED, removed(str(moment)[2:]), event=f"after {moment}", at=AT))
        assert record.verify() == receipt


def test_an_append_stays_quick(
    written: Callable[[int], Record], record_property: Callable[[str, object], None]
) -> None:
    record = written(1)
    record.append_all([Draft(EntryKind.TRANSFERRED, transferred(f"{n:08x}"), f"{n}", AT) for n in range(2000)])
    start = time.perf_counter()
    for number in range(50):
        record.append(Draft(EntryKind.REMOVED, removed(f"{number:08x}"), event=f"removed {number}", at=AT))
    record_property("milliseconds", (time.perf_counter() - start) * 20)


# --- What may be said ---


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_has_its_schema(kind: EntryKind) -> None:
    assert kind in BODIES


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EntryKind.TRANSFERRED, transferred(path="x")),
        (EntryKind.TRANSFERRED, transferred(latitude=51)),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"local_name": "IMG"}])),
        (EntryKind.TRANSFERRED, transferred(files=[{"name": "visits/a/b.jpg"}])),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"name": "/home/j.smith/IMG_1.jpg"}])),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"name": "visits/../../etc/passwd"}])),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"name": "C:\\Users\\j.s\\IMG.jpg"}])),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"name": "IMG_1.jpg"}])),
        (EntryKind.TRANSFERRED, transferred(files=[transferred()["files"][0] | {"held_sha256": "AB"}])),
        (EntryKind.TRANSFERRED, transferred(files="none")),
        (EntryKind.TRANSFERRED, transferred(copies=-1)),
        (EntryKind.TRANSFERRED, transferred(copies=1.5)),
        (EntryKind.TRANSFERRED, transferred(copies=True)),
        (EntryKind.TRANSFERRED, transferred(decided_by="a child")),
        (EntryKind.TRANSFERRED, transferred(proven_at="2026-03-14T10:11:12")),
        (EntryKind.TRANSFERRED, transferred(proven_at=None)),
        (EntryKind.TRANSFERRED, transferred(level="G")),
        (EntryKind.TRANSFERRED, transferred(staff="\udcff")),
        (EntryKind.TRANSFERRED, transferred(staff="x" * 501)),
        (EntryKind.TRANSFERRED, {key: value for key, value in transferred().items() if key != "files"}),
        (EntryKind.REMOVED, removed(leftovers=[{"kind": "trash", "found": "yes", "detail": "/home/j.smith/.Trash"}])),
        (EntryKind.REMOVED, removed(leftovers=[{"kind": "trash", "found": "yes", "path": "x"}])),
        (EntryKind.REMOVED, removed(leftovers=[{"found": "yes"}])),
        (EntryKind.REFUSED, {"photo": "0a1b2c3d", "reason": "IMG_0001.JPG is broken"}),
        (EntryKind.REFUSED, {"photo": "IMG 0001.JPG"}),
        (EntryKind.REFUSED, {"reason": "no photo is named"}),
        (EntryKind.REVIEW_RESOLVED, {"private": ["0a1b2c3d"]}),
    ],
)  # fmt: skip
def test_what_the_record_has_no_place_for_is_refused_and_nothing_is_written(
    record: Record, folder: Path, kind: EntryKind, body: dict[str, Any]
) -> None:
    with pytest.raises(RecordError, match="refused a"):
        record.append_all([Draft(EntryKind.REMOVED, removed(), "good", AT), Draft(kind, body, "bad", AT)])
    assert not folder.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EntryKind.TRANSFERRED, transferred(reachable_at=None)),
        (EntryKind.TRANSFERRED, transferred(visit="2026-café-été", staff="Ms O'Neill (cover)")),
        (EntryKind.REMOVED, removed(leftovers=[{"kind": "hard link", "found": "yes", "detail": "2 names/links"}])),
        (EntryKind.REVIEW_RESOLVED, {"private": 12}),
        (EntryKind.REVIEW_RESOLVED, {"photo": "0a1b2c3d", "visit": "2026-zoo", "staff": "j.smith"}),
        (EntryKind.REGISTER_CHANGED, {"register_version": sha("b"), "previous_version": None, "visits": 4}),
        (EntryKind.SHARE_REFUSED, {"host": "photos.school.example", "seen": "SHA256:o0/Gq+/jT3a/b"}),
        (EntryKind.OVERDUE, {"photo": "0a1b2c3d", "visit": "2026-zoo", "hours": 26, "reachable_at": None}),
    ],
)  # fmt: skip
def test_what_the_record_is_for_is_taken(record: Record, kind: EntryKind, body: Body) -> None:
    record.append(Draft(kind, body, event="e", at=AT))
    assert [entry.body for entry in record.entries()] == [body]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("/home/j.smith/a", "a local path"), ("in ~/Pictures", "a local path"), ("at C:\\Users", "a local path"),
        ("d:/photos", "a local path"), ("file:///a", "a local path"), ("\\\\server\\share", "a local path"),
        ("IMG_1234.HEIC", "a file's name"), ("emily.jpeg was", "a file's name"),
        ("at 51.4978, -0.1745", "a position"), ("51° 29'", "a position"),
        ("3 Time Machine snapshots and/or a backup", None), ("took 2.5 seconds", None), ("j.smith", None),
        ("photos.school.example", None), ("", None),
    ],
)  # fmt: skip
def test_text_that_gives_something_away_is_known(text: str, what: str | None) -> None:
    assert trace_of_private(text) == what


@given(st.text(), st.text())
def test_no_text_breaks_a_line_or_the_chain(reason: str, event: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        record = Record.open(Path(name), "laptop-17")
        for text in (event, event + "x"):
            try:
                record.append(Draft(EntryKind.REFUSED, {"photo": "0a1b2c3d", "reason": reason}, event=text, at=AT))
            except RecordError:
                return
        assert record.verify() is not None
        assert [entry.event for entry in record.entries()] == [event, event + "x"]


def test_a_wall_clock_is_not_taken_for_an_instant(record: Record) -> None:
    with pytest.raises(ValueError, match="wall clock"):
        record.append(Draft(EntryKind.REMOVED, removed(), event="e", at=AT.replace(tzinfo=None)))
