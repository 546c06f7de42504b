"""A crash at any step of a removal loses nothing, and recovery puts back what it left half-way."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import LocalFault
from agent.removal import Unconfirmed, Vanished, recover, remove

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the POSIX way: by private folder")

# The child counts the system calls that Python announces (PEP 578) from the start of the removal on, and ends without a
# word just before the one it is told. What it would not hear of, renameat2 through ctypes, is announced as ctypes'.
CHILD = """
import os, sys
from pathlib import Path
from agent.model.files import Fingerprint, LocalFile
from agent.removal import recover, remove
path, digest, size, stop, what = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
seen = os.lstat(path) if what == "remove" else None
WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.scandir", "ctypes.dlsym"}
heard = 0
def hear(event, arguments):
    global heard
    if event in WATCHED:
        heard += 1
        if heard == stop:
            os._exit(9)
import hashlib, ctypes
ctypes.CDLL(None)
sys.addaudithook(hear)
if what == "remove":
    try:
        remove(LocalFile(path, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino), Fingerprint(digest, size))
    except Exception as fault:
        print(type(fault).__name__)
else:
    recover([path.parent])
"""


def crash(path: Path, digest: str, size: int, *, before_step: int, what: str = "remove") -> bool:
    """Whether the child was ended at that step; False when it came to its end before."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, path, digest, str(size), str(before_step), what],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert child.returncode in {0, 9}, child.stderr
    return child.returncode == 9


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_recovery_puts_a_photo_back_after_a_crash_at_any_step(folder, photo):
    steps_left_aside = 0
    for step in range(1, 50):
        file, proven = photo()
        crashed = crash(file.path, proven.sha256, proven.size, before_step=step)
        left = contents(folder)
        assert list(left.values()) in ([b"proven"], []), step
        aside = bool(left) and "IMG_1.jpg" not in left
        steps_left_aside += aside
        assert recover([folder]) == int(aside)
        assert contents(folder) == dict.fromkeys(["IMG_1.jpg"] if left else [], b"proven")
        assert [entry for entry in folder.iterdir() if entry.is_dir()] == []
        assert recover([folder]) == 0
        if not crashed:
            assert left == {}
            break
        if left:
            remove(*photo())  # and the usual steps follow
    else:
        pytest.fail("the removal never came to its end")
    assert steps_left_aside >= 2


def test_a_crash_while_a_refused_photo_is_put_back_loses_nothing(folder, photo):
    for step in range(1, 50):
        file, _ = photo(content=b"not what was proven")
        crashed = crash(file.path, "0" * 64, file.size, before_step=step)
        recover([folder])
        assert contents(folder) == {"IMG_1.jpg": b"not what was proven"}, step
        if not crashed:
            break
    else:
        pytest.fail("the removal never came to its end")


def test_a_crash_during_recovery_loses_nothing_and_the_next_one_ends_it(folder):
    for step in range(1, 50):
        private = folder / ".photo-agent-removing-0011223344556677"
        private.mkdir(mode=0o700)
        (private / "IMG_1.jpg").write_bytes(b"aside")
        (folder / "IMG_1.jpg").write_bytes(b"new")
        crashed = crash(folder / "x", "0", 0, before_step=step, what="recover")
        assert sorted(contents(folder).values()) == [b"aside", b"new"], step
        recover([folder])
        assert contents(folder) == {"IMG_1.jpg": b"new", "IMG_1 (kept by photo-agent).jpg": b"aside"}
        (folder / "IMG_1 (kept by photo-agent).jpg").unlink()
        if not crashed:
            break
    else:
        pytest.fail("the recovery never came to its end")


# --- Recovery --------------------------------------------------------------------------------------------------------


def aside(folder: Path, **files: bytes) -> Path:
    private = folder / ".photo-agent-removing-8899aabbccddeeff"
    private.mkdir(mode=0o700)
    for name, content in files.items():
        (private / f"{name}.jpg").write_bytes(content)
    return private


def test_what_lies_aside_at_any_depth_goes_back_to_its_own_name(folder):
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    aside(deep, IMG_1=b"one", IMG_2=b"two")
    aside(folder, IMG_3=b"three")
    assert recover([folder, deep, folder]) == 3
    assert contents(folder) == {"a/b/IMG_1.jpg": b"one", "a/b/IMG_2.jpg": b"two", "IMG_3.jpg": b"three"}


def test_files_beside_a_root_that_is_a_file_go_back(folder):
    aside(folder, IMG_1=b"one")
    (folder / "IMG_2.jpg").write_bytes(b"two")
    assert recover([folder / "IMG_2.jpg"]) == 1
    assert recover([folder / "IMG_1.jpg"]) == 0


def test_a_photo_linked_back_but_not_yet_unlinked_is_not_doubled(folder):
    private = aside(folder, IMG_1=b"one")
    os.link(private / "IMG_1.jpg", folder / "IMG_1.jpg")
    assert recover([folder]) == 1
    assert contents(folder) == {"IMG_1.jpg": b"one"}


def test_a_link_named_like_a_private_folder_is_not_entered(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.jpg").write_bytes(b"private")
    (folder / ".photo-agent-removing-00").symlink_to(elsewhere)
    (folder / "link").symlink_to(tmp_path)
    aside(elsewhere, IMG_1=b"not in a root")
    assert recover([folder]) == 0
    assert (elsewhere / "secret.jpg").read_bytes() == b"private"


def test_a_private_folder_swapped_for_a_link_at_the_last_moment_is_not_entered(folder, tmp_path, just_before):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret.jpg").write_bytes(b"private")
    private = aside(folder, IMG_1=b"one")

    def swap(*_: object) -> None:
        private.rename(folder / "moved")
        private.symlink_to(elsewhere)

    with just_before("open", swap, lambda path, *_: path == private.name), pytest.raises(LocalFault):
        recover([folder])
    assert contents(elsewhere) == {"secret.jpg": b"private"}
    assert contents(folder) == {"moved/IMG_1.jpg": b"one"}


def test_a_missing_root_is_skipped(folder):
    aside(folder, IMG_1=b"one")
    assert recover([folder / "card", folder]) == 1


def test_a_file_that_cannot_be_put_back_is_reported_last(folder, as_ordinary_user):
    shut = folder / "a"
    shut.mkdir()
    aside(shut, IMG_1=b"one")
    other = folder / "b"
    other.mkdir()
    aside(other, IMG_2=b"two")
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o777)
    shut.chmod(0o555)
    with as_ordinary_user(), pytest.raises(LocalFault, match="It is complete") as fault:
        recover([folder])
    assert (other / "IMG_2.jpg").read_bytes() == b"two"
    assert "IMG" not in str(fault.value)
    shut.chmod(0o755)
    assert recover([folder]) == 1


# --- Putting back, on file systems that cannot do it the first way ----------------------------------------------------


@pytest.mark.parametrize("way", range(3))
def test_each_way_of_putting_back_moves_and_never_overwrites(folder, way):
    exclusive = pytest.importorskip("agent.removal.exclusive")
    (folder / "room").mkdir()
    (folder / "room" / "IMG_1.jpg").write_bytes(b"aside")
    room, place = os.open(folder / "room", os.O_RDONLY), os.open(folder, os.O_RDONLY)
    try:
        (folder / "IMG_1.jpg").write_bytes(b"new")
        try:
            name = exclusive.WAYS[way]("IMG_1.jpg", room, "IMG_1.jpg", place)
        except FileExistsError:
            assert contents(folder) == {"room/IMG_1.jpg": b"aside", "IMG_1.jpg": b"new"}
            (folder / "IMG_1.jpg").unlink()
            assert exclusive.WAYS[way]("IMG_1.jpg", room, "IMG_1.jpg", place) == "IMG_1.jpg"
            assert contents(folder) == {"IMG_1.jpg": b"aside"}
        else:
            assert name is not None
            assert contents(folder) == {name: b"aside", "IMG_1.jpg": b"new"}
        with pytest.raises(FileNotFoundError):
            exclusive.WAYS[way]("IMG_1.jpg", room, "IMG_2.jpg", place)
    finally:
        os.close(room)
        os.close(place)


def test_a_photo_that_went_although_the_system_reports_an_error_is_ours(folder, photo, monkeypatch):
    """As a file server does whose answer to the request is lost; no local system can be made to do this."""
    file, proven = photo()
    unlink = os.unlink

    def unlink_and_fail(*names: object, **folders: int) -> None:
        unlink(*names, **folders)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "unlink", unlink_and_fail)
    with pytest.raises(Unconfirmed):
        remove(file, proven)
    assert list(folder.iterdir()) == []


def test_a_photo_taken_by_another_program_while_set_aside_is_not_ours(folder, photo, just_before):
    file, proven = photo()

    def take_it(*_: object) -> None:
        if not (folder / "taken.jpg").exists():
            next(folder.glob(".photo-agent-removing-*/IMG_1.jpg")).rename(folder / "taken.jpg")

    with just_before("os.remove", take_it), pytest.raises(Vanished):
        remove(file, proven)
    assert contents(folder) == {"taken.jpg": b"proven"}
