"""Committed data survives kill -9, readers and writers do not block each other, and it is quick."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import JournalError
from agent.journal import Journal, State
from agent.model.files import Volume
from tests.unit.journal.standings import AT, VERSION, a_photo

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from agent.journal import Journal, State
from tests.unit.journal.standings import AT, VERSION, a_photo
journal = Journal.open(Path(sys.argv[1]))
number = len(journal.tracked_photos())
while True:
    pair = journal.see_all([a_photo(f"{number}-{half}.jpg") for half in "ab"], AT, register_version=VERSION)
    print("found", number, flush=True)
    journal.save(*(replace(s, state=State.SETTLED) for s in pair))
    print("settled", number, flush=True)
    number += 1
"""


def writer(path: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root)


def killed_after(path: Path, seconds: float) -> list[str]:
    """The lines that a writer reported, killed this long after its first."""
    child = writer(path)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(seconds)
    child.kill()
    lines = [first, *child.stdout.read().splitlines(keepends=True)]
    child.stdout.close()
    child.wait()
    return [line.strip() for line in lines if line.endswith("\n")]


def test_every_committed_step_is_whole_after_kill_9(path: Path) -> None:
    for moment in (0.0, 0.011, 0.037, 0.083, 0.151):
        told = killed_after(path, moment)
        with Journal.open(path) as journal:
            assert journal._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            by_name = {s.photo.main.path.name: s.state for s in journal.tracked_photos()}
        for line in told:
            step, number = line.split()
            states = [by_name[f"{number}-{half}.jpg"] for half in "ab"]
            assert states[0] is states[1]
            assert states[0] is State.SETTLED or step == "found"


def test_a_reader_looks_on_while_another_process_writes(path: Path) -> None:
    child = writer(path)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        counts: list[int] = []
        deadline = time.monotonic() + 60  # a disk may be busy with other things for seconds
        with Journal.open(path, read_only=True) as reader:
            while len(counts) < 20 or (counts[-1] == counts[0] and time.monotonic() < deadline):
                tracked_photos = reader.tracked_photos()
                assert len(tracked_photos) % 2 == 0  # never half a transaction
                counts.append(len(tracked_photos))
                time.sleep(0.005)
        assert counts == sorted(counts)
        assert counts[-1] > counts[0]
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def test_a_reader_opens_what_a_killed_writer_left(path: Path) -> None:
    killed_after(path, 0.02)
    with Journal.open(path, read_only=True) as reader:
        assert reader.tracked_photos()


def test_two_processes_may_make_the_journal_at_once(path: Path) -> None:
    children = [writer(path) for _ in range(3)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("found")
        child.kill()
        child.stdout.close()
        child.wait()


def test_a_migration_that_is_cut_short_is_done_by_the_next_opening(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode=WAL")  # as far as the first opening came
    db.close()
    with pytest.raises(JournalError, match="older version"):
        Journal.open(path, read_only=True)
    with Journal.open(path) as journal:
        assert journal.see(a_photo(), AT, register_version=VERSION) is not None


def test_a_busy_journal_is_reported_as_busy(journal: Journal, path: Path) -> None:
    with Journal.open(path) as other:
        other._db.execute("PRAGMA busy_timeout=20")
        with journal._writing(), pytest.raises(JournalError, match="busy"):
            other.set_fact("a", "b")
    journal.set_fact("a", "c")


def test_forty_thousand_private_photos_are_skipped_quickly(
    journal: Journal, record_property: Callable[[str, object], None]
) -> None:
    photos = [a_photo(f"{n}.jpg") for n in range(40_000)]
    with journal._writing() as db:  # as make_private_all leaves them
        db.executemany(
            "INSERT INTO skip VALUES (?, ?, ?)",
            ((token := journal._skip_token(p.main), VERSION, journal._mark(token, p.main, Volume())) for p in photos),
        )
    start = time.perf_counter()
    assert journal.see_all(photos, AT, register_version=VERSION) == []
    record_property("seconds", time.perf_counter() - start)


def test_importing_the_journal_is_cheap() -> None:
    heavy = "{'pydantic', 'paramiko', 'rich', 'PIL', 'watchdog', 'click', 'rfc8785'} & set(sys.modules)"
    code = f"import sys, agent.journal; print({heavy} or 'none')"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "none"


NOTE = """
import sys
from pathlib import Path
from agent.journal import Journal
with Journal.open(Path(sys.argv[1])) as journal:
    journal.set_fact("last", sys.argv[2])
"""


def test_a_second_connection_does_not_cut_the_first_off_from_others(tmp_path: Path) -> None:
    """Another process that is done folds the log in and removes it, unless it sees that somebody still reads it."""
    path = tmp_path / "journal.sqlite3"
    with Journal.open(path) as first:
        Journal.open(path).close()
        for word in ("one", "two", "three"):
            subprocess.run([sys.executable, "-c", NOTE, str(path), word], check=True)
            assert first.fact("last") == word
        first.set_fact("last", "mine")
    with Journal.open(path) as later:
        assert later.fact("last") == "mine"
