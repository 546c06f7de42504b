"""Writing durably: what was written, its name, and the names of the folders above it are on the medium."""

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.files.durable import create_file, make_folder, replace_file

STRACE = shutil.which("strace")
traced = pytest.mark.skipif(STRACE is None, reason="no strace here (Debian: strace), which sees what is synced")


def syncs(code: str, tmp_path: Path) -> list[str]:
    """The calls that make names and that sync, in their order, of a Python program that runs `code`."""
    log = tmp_path / "trace"
    calls = "mkdir,mkdirat,open,openat,rename,renameat,renameat2,fsync,fdatasync"
    subprocess.run(
        [STRACE or "", "-f", "-y", "-o", log, "-e", f"trace={calls}", sys.executable, "-c", code],
        check=True,
        cwd=Path(__file__).parents[3],
        capture_output=True,
    )
    return log.read_text().splitlines()


def unsynced(lines: list[str], root: Path) -> list[str]:
    """Folders below `root` in which a name was made and that were not synced after it."""
    waiting: dict[str, int] = {}
    for number, line in enumerate(lines):
        made = re.search(r'(?:mkdir|rename|O_CREAT).*?"([^"]+)"(?:.*"([^"]+)")?', line)
        if made and "= -1" not in line and ("mkdir" in line or "rename" in line or "O_CREAT" in line):
            waiting[str(Path(made[2] or made[1]).parent)] = number
        if synced := re.search(r"f(?:data)?sync\(\d+<([^>]+)>", line):
            waiting.pop(synced[1], None)
    return [folder for folder in waiting if Path(folder).is_relative_to(root)]


@traced
def test_every_folder_above_a_new_file_is_synced(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "c.txt"
    code = (
        "from pathlib import Path; from agent.files.durable import replace_file\n"
        f"replace_file(Path({str(target)!r}), b'x')"
    )
    assert unsynced(syncs(code, tmp_path), tmp_path) == []
    assert target.read_bytes() == b"x"


@traced
def test_a_first_entry_is_durable_up_to_the_state_folder(tmp_path: Path) -> None:
    code = (
        "from datetime import datetime, UTC; from pathlib import Path\n"
        "from agent.record import Draft, EntryKind, Record\n"
        f"record = Record.open(Path({str(tmp_path)!r}) / 'state' / 'record', 'laptop-17')\n"
        "record.append(Draft(EntryKind.HEARTBEAT, {}, 'e', datetime.now(UTC)))"
    )
    assert unsynced(syncs(code, tmp_path), tmp_path) == []


@traced
def test_a_first_entry_syncs_folders_that_are_there_already(tmp_path: Path) -> None:
    (tmp_path / "state" / "record" / "laptop-17").mkdir(parents=True)
    code = (
        "from datetime import datetime, UTC; from pathlib import Path\n"
        "from agent.record import Draft, EntryKind, Record\n"
        f"record = Record.open(Path({str(tmp_path)!r}) / 'state' / 'record', 'laptop-17')\n"
        "record.append(Draft(EntryKind.HEARTBEAT, {}, 'e', datetime.now(UTC)))"
    )
    found = "\n".join(syncs(code, tmp_path))
    for folder in (tmp_path, tmp_path / "state", tmp_path / "state" / "record"):
        assert re.search(rf"fsync\(\d+<{folder}>", found), folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_only_the_owner_may_read_a_written_file(tmp_path: Path) -> None:
    replace_file(tmp_path / "new" / "a", b"1")
    create_file(tmp_path / "new" / "b", b"2")
    modes = [stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in (".", "a", "b")]
    assert modes == [0o700, 0o600, 0o600]


def test_a_file_that_is_there_is_not_created_again(tmp_path: Path) -> None:
    create_file(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_file(tmp_path / "a", b"old")

    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            replace_file(tmp_path / "a", b"new")
        with pytest.raises(OSError, match="No space"):
            create_file(tmp_path / "b", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_file_that_could_not_be_created_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the half-written file cannot be removed: half a log key would stop the record for good."""

    def full(*arguments: object, **options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        patch.setattr(os, "unlink", full)
        patch.setattr(Path, "unlink", full)
        with pytest.raises(OSError, match="No space"):
            create_file(tmp_path / "key", b"secret")
    assert not (tmp_path / "key").exists()
    create_file(tmp_path / "key", b"secret")
    assert (tmp_path / "key").read_bytes() == b"secret"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' rename never replaces")
@pytest.mark.parametrize("missing", [["rename_atomically"], ["rename_atomically", "rename_by_link"]])
def test_files_are_created_where_no_rename_is_exclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    for way in missing:
        monkeypatch.setattr(f"agent.files.exclusive.{way}", lambda *_: False)
    create_file(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "key", b"second")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"key": b"first"}


def test_drafts_of_yesterday_are_swept_and_others_stay(tmp_path: Path) -> None:
    old, young, strange = tmp_path / "a.x1.part", tmp_path / "a.x2.part", tmp_path / "b.x1.part"
    for path in (old, young, strange):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(strange, (long_ago, long_ago))
    replace_file(tmp_path / "a", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.x2.part", "b.x1.part"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows syncs no folders")
def test_a_folder_above_that_cannot_be_listed_is_no_obstacle(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may list every folder")
    above = tmp_path / "above"
    above.mkdir(mode=0o300)
    make_folder(above / "state")
    above.chmod(0o700)
    assert (above / "state").is_dir()
