"""Everything that must survive a power cut is on the disk before the first photo goes: every name, in every folder."""

import re
import shutil
from pathlib import Path

import pytest

from agent.journal import State
from agent.record import EntryKind
from tests.laptop import Laptop
from tests.servers.others import Quirky

STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="no strace here (Debian: strace), which sees what is synced")
def test_every_name_in_the_state_folder_is_synced_before_the_first_removal(laptop: Laptop, tmp_path: Path) -> None:
    laptop.photo("a.jpg")
    log = tmp_path / "trace"
    calls = "trace=mkdir,mkdirat,openat,rename,renameat,renameat2,fsync,fdatasync,unlink,unlinkat"
    done = laptop.command("sync", before=[STRACE or "", "-f", "-y", "-o", str(log), "-e", calls])
    assert done.returncode == 0, done.stderr
    state, waiting, known = laptop.home / "state", set[str](), set[str]()
    for line in log.read_text().splitlines():
        if re.search(r"unlink(?:at)?\(.*a\.jpg", line):
            break
        if "= -1" in line:
            continue
        if made := re.search(r"(?:mkdir\w*|O_CREAT|rename\w*)\b", line):
            names = [Path(name) for name in re.findall(r'"([^"]+)"', line)]
            # A file opened again has its name already; SQLite's -shm may be lost.
            if names and (made[0] != "O_CREAT" or (not {str(names[-1])} & known and "-shm" not in names[-1].name)):
                waiting.add(str(names[-1].parent))
            known.update(map(str, names))
        if synced := re.search(r"sync\(\d+<([^>]+)>", line):
            waiting.discard(synced[1])
    else:
        pytest.fail("the photo was never removed")
    assert {folder for folder in waiting if Path(folder) == state.parent or Path(folder).is_relative_to(state)} == set()


@pytest.mark.parametrize("bad", [1, 2])
def test_a_photo_that_a_server_once_failed_to_sync_leaves_later(tmp_path: Path, bad: int) -> None:
    with Quirky(f"ext=fsync+hardlink,badsyncs={bad}") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photo = laptop.photo("a.jpg")
        first = laptop.run()
        assert (first.proven, first.removed, photo.exists()) == (1, 0, True)
        for _ in range(bad):
            laptop.run()
        assert not photo.exists()
        assert [entry.body["files"] for entry in laptop.entries(EntryKind.REMOVED)] == [1]


def test_a_server_whose_disk_fails_is_not_asked_until_it_says_yes(tmp_path: Path) -> None:
    with Quirky("ext=fsync+hardlink,badsyncs=3") as server:  # the trial, the record, and then the photo
        laptop = Laptop(tmp_path / "laptop", server)
        photo = laptop.photo("a.jpg")
        assert [laptop.run().removed for _ in range(4)] == [0, 0, 0, 0]
        assert photo.exists()
        (waiting,) = laptop.look(lambda context: context.journal.tracked_photos(State.RECORDED))
        assert "could not write the photo to its disk" in (waiting.reason or "")
        next(server.disk.glob("visits/*/*.jpg")).unlink()  # as it says
        laptop.run()
        laptop.run()
        assert not photo.exists()


def test_a_photo_is_not_removed_on_a_server_that_never_syncs(tmp_path: Path) -> None:
    with Quirky("ext=fsync+hardlink,extfail=fsync") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photo = laptop.photo("a.jpg")
        assert [laptop.run().removed for _ in range(3)] == [0, 0, 0]
        assert photo.exists()
        (waiting,) = laptop.look(lambda context: context.journal.tracked_photos(State.RECORDED))
        assert "did not confirm" in (waiting.reason or "")
