"""Copies that cannot be removed are looked for and reported, and "not known" is never reported as "no"."""

import os
import sys
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from agent.model.removal import Known, Leftover
from agent.removal import find_cloud_below, find_cloud_sync, find_leftovers, moment

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="the freedesktop trash")
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


def found(file, home: Path) -> dict[str, Leftover]:
    leftovers = find_leftovers(file.path, file, now=NOW, home=home)
    assert len({leftover.kind for leftover in leftovers}) == len(leftovers)
    for leftover in leftovers:
        assert "IMG_1" not in leftover.detail
        assert str(file.path.parent) not in leftover.detail
        assert file.path.parent.name not in leftover.detail
    return {leftover.kind: leftover for leftover in leftovers}


def test_no_is_reported_only_after_a_complete_look(photo, home):
    file, _ = photo()
    answers = {kind: leftover.found for kind, leftover in found(file, home).items()}
    assert {kind for kind, known in answers.items() if known is Known.NO} <= {"hard link", "trash"}
    assert {"cloud folder", "snapshots", "camera card"} <= answers.keys()


@posix
def test_hard_links_are_counted_while_the_file_is_there(folder, photo, home):
    file, _ = photo()
    assert found(file, home)["hard link"].found is Known.NO
    os.link(file.path, folder / "other.jpg")
    assert found(file, home)["hard link"] == Leftover(
        "hard link", Known.YES, "the same file has another name on this disk"
    )
    file.path.unlink()
    assert found(file, home)["hard link"].found is Known.NOT_KNOWN
    file.path.write_bytes(b"another")
    assert found(file, home)["hard link"].found is Known.NOT_KNOWN


# --- Trash -----------------------------------------------------------------------------------------------------------


def trash(home: Path, origin: bytes, when: str = "2026-03-17T10:00:00") -> Path:
    info = home / ".local" / "share" / "Trash" / "info" / "something else.trashinfo"
    info.parent.mkdir(parents=True, exist_ok=True)
    info.write_text(f"[Trash Info]\nPath={quote_from_bytes(origin)}\nDeletionDate={when}\n", "utf-8")
    return info


@linux
@pytest.mark.parametrize("name", [b"IMG_1.jpg", b"IMG_1 \xc3\xa9.jpg", b"IMG_1 \xe9\n%.jpg"])
def test_a_photo_in_the_trash_is_found_by_where_it_came_from(photo, home, name):
    file, _ = photo(os.fsdecode(name))
    assert found(file, home)["trash"].found is Known.NO
    trash(home, b"/somewhere/else.jpg")
    assert found(file, home)["trash"].found is Known.NO
    trash(home, os.fsencode(file.path))
    answer = found(file, home)["trash"]
    assert answer.found is Known.YES
    assert "for 3 days" in answer.detail


@linux
def test_a_broken_trash_entry_does_not_crash(photo, home):
    file, _ = photo()
    trash(home, b"x").write_bytes(b"\xff\xfe=\nPath\nDeletionDate=\xff\n")
    assert found(file, home)["trash"].found is Known.NOT_KNOWN
    trash(home, os.fsencode(file.path), when="the day before yesterday")
    assert found(file, home)["trash"].found is Known.YES


@linux
def test_a_trash_item_that_is_just_being_written_is_not_known(photo, home):
    file, _ = photo()
    item = trash(home, os.fsencode(file.path))
    written = item.read_bytes()
    item.write_bytes(b"")
    assert found(file, home)["trash"].found is Known.NOT_KNOWN
    item.write_bytes(written)


def test_a_look_during_which_the_laptop_slept_does_not_count_for_days(monkeypatch):
    clock = [100.0]

    def steady():
        clock[0] += 8 * 3600
        return clock[0]

    looks = moment.Looks()
    with monkeypatch.context() as sleeping:
        sleeping.setattr(moment, "steady", steady)
        assert looks.at("folder", lambda: 1) == 1
    monkeypatch.setattr(moment, "steady", lambda: clock[0] + 301.0)
    assert looks.at("folder", lambda: 2) == 2


@linux
def test_a_trash_that_cannot_be_read_is_not_known(photo, folder, as_ordinary_user):
    file, _ = photo()
    info = trash(folder / "home", os.fsencode(file.path)).parent
    info.chmod(0)
    with as_ordinary_user():
        answer = found(file, folder / "home")["trash"].found
    info.chmod(0o700)
    assert answer is Known.NOT_KNOWN


# --- Cloud -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder_name", "program"),
    [
        ("OneDrive", "OneDrive"),
        ("OneDrive - Springfield School", "OneDrive"),
        ("Dropbox (Personal)", "Dropbox"),
        ("Google Drive", "Google Drive"),
        ("Nextcloud", "Nextcloud"),
        ("iCloudDrive", "iCloud"),
        ("Library/Mobile Documents/com~apple~CloudDocs", "iCloud"),
        ("Library/CloudStorage/GoogleDrive-a@b.example/My Drive", "Google Drive"),
        ("Library/CloudStorage/Box-Box", "Box"),
    ],
)
def test_a_cloud_programs_folder_is_known_by_its_name(tmp_path, folder_name, program):
    inside = tmp_path / folder_name / "Pictures" / "Imports"
    inside.mkdir(parents=True)
    assert find_cloud_sync(inside) == program
    assert find_cloud_sync(tmp_path) is None


@pytest.mark.parametrize(
    ("place", "found"), [("Dropbox", True), ("a/OneDrive - School", True), ("a/b/c/Dropbox", False)]
)
def test_a_cloud_programs_folder_is_found_a_few_levels_below(tmp_path, place, found):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path.parent)
    assert (find_cloud_below(tmp_path) is not None) == found


@pytest.mark.parametrize(
    ("mark", "program"),
    [
        (".dropbox.cache", "Dropbox"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
        (".sync_0123456789ab.db", "Nextcloud"),
        (".owncloudsync.log", "ownCloud"),
        (".stfolder", "Syncthing"),
    ],
)
def test_a_cloud_folder_is_recognised_by_its_marks(tmp_path, mark, program):
    inside = tmp_path / "Files" / "Imports"
    inside.mkdir(parents=True)
    assert find_cloud_sync(inside) is None
    (tmp_path / "Files" / mark).write_bytes(b"")
    assert find_cloud_sync(inside) == program


def test_a_folder_only_named_like_a_cloud_program_is_not_one(tmp_path):
    inside = tmp_path / "Dropbox photos of 2019"
    inside.mkdir()
    assert find_cloud_sync(inside) is None


def test_a_folder_that_onedrive_itself_names_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("OneDriveCommercial", str(tmp_path / "Work"))
    (tmp_path / "Work" / "Imports").mkdir(parents=True)
    assert find_cloud_sync(tmp_path / "Work" / "Imports") == "OneDrive"


@posix
def test_a_cloud_folder_brings_its_bin_with_it(photo, folder, home):
    (folder / ".dropbox.cache").mkdir()
    answers = found(photo()[0], home)
    assert answers["cloud folder"].found is Known.YES
    assert answers["cloud bin"].found is Known.NOT_KNOWN


# --- Snapshots -------------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("place", [".zfs/snapshot/daily", ".snapshots/17/snapshot"])
def test_a_snapshot_that_holds_the_photo_is_found(photo, folder, home, place):
    file, _ = photo()
    below = folder.parent / place
    below.mkdir(parents=True)
    assert found(file, home)["snapshots"].found is Known.NOT_KNOWN
    (below / folder.name).mkdir()
    (below / folder.name / "IMG_1.jpg").write_bytes(b"proven")
    assert found(file, home)["snapshots"].found is Known.YES


def test_the_time_in_the_trash_is_reported_in_days(photo, home):
    file, _ = photo()
    for when, words in ((NOW, "today"), (NOW - timedelta(days=1, hours=1), "since yesterday")):
        local = when.astimezone().replace(tzinfo=None).isoformat(timespec="seconds")
        trash(home, os.fsencode(file.path), when=local)
        if sys.platform == "linux":
            assert words in found(file, home)["trash"].detail


# --- many photos -----------------------------------------------------------------------------------------------------


@linux
def test_many_photos_of_one_moment_need_one_look_at_the_folder_and_the_trash(folder, photo, home, monkeypatch):
    for number in range(20):
        item = trash(home, f"/elsewhere/{number}.jpg".encode())
        item.rename(item.with_name(f"{number}.trashinfo"))
    reads, opened = [], Path.open
    monkeypatch.setattr(Path, "open", lambda path, *how, **more: (reads.append(path), opened(path, *how, **more))[1])
    file, _ = photo()
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: (listed.append(Path(place)), scandir(place))[1])
    monkeypatch.setattr(moment, "FRESH", 60.0)
    for _ in range(50):
        assert found(file, home)["trash"].found is Known.NO
    assert listed.count(folder) == 1
    assert sum(path.suffix == ".trashinfo" for path in reads) == 20


def until_it_would_be_seen_to_change(folder: Path) -> None:
    """Wait until the clock by which folders get their times, and which ticks coarsely, shows another time."""
    probe = folder.parent / "probe"
    while True:
        probe.touch()
        if probe.stat().st_mtime_ns > folder.stat().st_mtime_ns:
            break
        time.sleep(0.001)
    probe.unlink()


@linux
def test_what_comes_into_the_trash_is_seen_at_once(photo, home, monkeypatch):
    file, _ = photo()
    monkeypatch.setattr(moment, "FRESH", 60.0)
    trash(home, b"/elsewhere.jpg").rename(home / ".local/share/Trash/info/other.trashinfo")
    assert found(file, home)["trash"].found is Known.NO
    until_it_would_be_seen_to_change(home / ".local/share/Trash/info")
    trash(home, os.fsencode(file.path))
    assert found(file, home)["trash"].found is Known.YES


@linux
def test_a_trash_that_takes_long_to_read_is_not_read_for_each_photo(photo, home, monkeypatch):
    item = trash(home, b"/elsewhere.jpg")
    file, _ = photo()
    monkeypatch.setattr(moment, "FRESH", 2.0)
    monkeypatch.setattr(moment, "SHARE", 10)
    clock, reads, opened = [100.0], [], Path.open

    def slowly(path, *how, **more):
        if path == item:
            reads.append(path)
            clock[0] += 5.0
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", slowly)
    monkeypatch.setattr(moment, "steady", lambda: clock[0])
    for _ in range(40):
        found(file, home)
        clock[0] += 1.0
    assert len(reads) == 1
    clock[0] += 50.0
    found(file, home)
    assert len(reads) == 2


@linux
def test_a_trash_of_endless_paths_takes_little_memory(photo, home):
    for number in range(500):
        item = trash(home, b"/elsewhere/%d" % number + b"x" * 60_000)
        item.rename(item.with_name(f"{number}.trashinfo"))
    file, _ = photo()
    tracemalloc.start()
    try:
        assert found(file, home)["trash"].found is Known.NO
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000
