"""Only the very file with the proven content is removed, whatever interferes and when."""

import contextlib
import hashlib
import os
import queue
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import LocalFault, RemovalRefused
from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import Sha256
from agent.removal import Vanished, recover, remove
from agent.removal.faults import as_local_fault
from agent.removal.names import kept_name

posix = pytest.mark.skipif(sys.platform == "win32", reason="the POSIX way: by directory handle")
linux = pytest.mark.skipif(sys.platform != "linux", reason="read leases")


def held(folder: Path) -> dict[str, bytes]:
    """Everything below `folder`: names and contents. Private folders that are left show."""
    return {
        str(path.relative_to(folder)): b"" if path.is_dir() else path.read_bytes() for path in sorted(folder.rglob("*"))
    }


# --- Nothing in the way ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_photo_whose_content_was_proven_is_removed_and_nothing_else(folder, photo, size):
    photo("other.jpg", b"stays")
    remove(*photo(content=b"x" * size))
    assert held(folder) == {"other.jpg": b"stays"}


@posix
@pytest.mark.parametrize("name", [b"x" * 251 + b".jpg", b"new\nline.jpg", b"caf\xe9.jpg", b"-rf", b" .jpg"])
def test_a_photo_of_any_name_is_removed(folder, photo, name):
    remove(*photo(os.fsdecode(name)))
    assert held(folder) == {}


@posix
def test_other_names_of_the_same_file_stay(folder, photo):
    file, proven = photo()
    os.link(file.path, folder / "link.jpg")
    remove(file, proven)
    assert held(folder) == {"link.jpg": b"proven"}


def test_a_photo_that_is_gone_already_is_not_passed_off_as_removed(folder, photo):
    file, proven = photo()
    file.path.unlink()
    with pytest.raises(Vanished, match="gone before"):
        remove(file, proven)
    file.path.parent.rmdir()
    with pytest.raises(Vanished):
        remove(file, proven)


# --- Not the proven content ------------------------------------------------------------------------------------------


def test_a_changed_byte_with_the_same_size_and_time_stays(folder, photo):
    file, proven = photo()
    with file.path.open("r+b") as changing:
        changing.write(b"P")
    os.utime(file.path, ns=(file.mtime_ns, file.mtime_ns))
    with pytest.raises(RemovalRefused, match="not what was proven") as refusal:
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"Proven"}
    assert "IMG_1" not in str(refusal.value)


@pytest.mark.parametrize("wrong", [{"size": 5}, {"sha256": Sha256("0" * 64)}])
def test_a_fingerprint_that_does_not_agree_keeps_the_photo(folder, photo, wrong):
    file, proven = photo()
    with pytest.raises(RemovalRefused):
        remove(file, replace(proven, **wrong))
    assert held(folder) == {"IMG_1.jpg": b"proven"}


@pytest.mark.parametrize("change", ["size", "mtime_ns", "inode", "device"])
def test_a_file_other_than_the_one_looked_at_stays_untouched(folder, photo, change):
    file, proven = photo()
    before = file.path.stat().st_ctime_ns
    with pytest.raises(RemovalRefused):
        remove(replace(file, **{change: getattr(file, change) + 1}), proven)
    assert held(folder) == {"IMG_1.jpg": b"proven"}
    assert file.path.stat().st_ctime_ns == before, "it was not even moved"


@posix
@pytest.mark.parametrize("other", ["link", "dangling link", "folder", "pipe", "socket"])
def test_a_link_or_folder_stays_and_its_target_is_untouched(folder, photo, tmp_path, other, monkeypatch):
    file, proven = photo()
    target = tmp_path / "target.jpg"
    target.write_bytes(b"proven")
    file.path.unlink()
    put_in_place(file.path, other, target, monkeypatch)
    with pytest.raises(RemovalRefused):
        remove(file, proven)
    assert os.path.lexists(file.path)
    assert target.read_bytes() == b"proven"
    assert [entry.name for entry in folder.iterdir()] == ["IMG_1.jpg"]


def put_in_place(path: Path, other: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if other == "link":
        path.symlink_to(target)
    elif other == "dangling link":
        path.symlink_to(target.with_name("absent"))
    elif other == "folder":
        path.mkdir()
        (path / "inside.jpg").write_bytes(b"inside")
    elif other == "pipe":
        os.mkfifo(path)
    else:
        monkeypatch.chdir(path.parent)  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)


# --- Swapped at the worst moment -------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("other", ["link", "dangling link", "folder", "pipe", "socket"])
def test_an_entry_swapped_in_before_the_move_is_put_back(folder, photo, other, monkeypatch, just_before):
    file, proven = photo()
    target = folder.parent / "target.jpg"
    target.write_bytes(b"proven")

    def swap(*_: object) -> None:
        file.path.unlink()
        put_in_place(file.path, other, target, monkeypatch)

    with just_before("os.rename", swap), pytest.raises(RemovalRefused):
        remove(file, proven)
    assert [entry.name for entry in folder.iterdir()] == ["IMG_1.jpg"]
    assert target.read_bytes() == b"proven"
    if other == "folder":
        assert held(folder) == {"IMG_1.jpg": b"", "IMG_1.jpg/inside.jpg": b"inside"}


@posix
def test_a_new_file_swapped_in_just_before_the_move_is_put_back(folder, photo, just_before):
    file, proven = photo()

    def swap(*_: object) -> None:
        (folder / "new").write_bytes(b"latest")
        os.utime(folder / "new", ns=(file.mtime_ns, file.mtime_ns))
        (folder / "new").replace(file.path)

    with just_before("os.rename", swap), pytest.raises(RemovalRefused):
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"latest"}


@posix
def test_a_copy_with_the_same_content_and_time_but_another_inode_stays(folder, photo, just_before):
    file, proven = photo()

    def swap(*_: object) -> None:
        (folder / "new").write_bytes(b"proven")
        os.utime(folder / "new", ns=(file.mtime_ns, file.mtime_ns))
        (folder / "new").replace(file.path)

    with just_before("os.rename", swap), pytest.raises(RemovalRefused, match="another file"):
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"proven"}


@posix
def test_a_photo_that_vanishes_before_the_move_is_reported(folder, photo, just_before):
    file, proven = photo()
    with just_before("os.rename", lambda *_: file.path.unlink()), pytest.raises(Vanished):
        remove(file, proven)
    assert held(folder) == {}


@posix
def test_a_new_file_that_takes_the_name_meanwhile_is_not_touched(folder, photo, just_before):
    file, proven = photo()
    with just_before("os.remove", lambda *_: file.path.write_bytes(b"latest")):
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"latest"}


@posix
def test_a_refused_photo_whose_name_was_taken_meanwhile_goes_beside_it(folder, photo, just_before):
    file, proven = photo(content=b"not what was proven")
    (folder / "IMG_1 (kept by photo-agent).jpg").write_bytes(b"an earlier one")
    wrong = replace(proven, sha256=Sha256("0" * 64))
    moved = threading.Event()

    def take_the_name(path: object, *_: object) -> None:
        file.path.write_bytes(b"latest")
        moved.set()

    with after_the_move(just_before, take_the_name), pytest.raises(RemovalRefused):
        remove(file, wrong)
    assert moved.is_set()
    assert held(folder) == {
        "IMG_1.jpg": b"latest",
        "IMG_1 (kept by photo-agent).jpg": b"an earlier one",
        "IMG_1 (kept by photo-agent 2).jpg": b"not what was proven",
    }


@contextlib.contextmanager
def after_the_move(just_before, act):
    """`act` is called just before the file is opened in the private folder."""

    def wait_for_open(*_: object) -> None:
        stack.enter_context(just_before("open", act))

    with contextlib.ExitStack() as stack, just_before("os.rename", wait_for_open):
        yield


def by_handle(path: object, *_: object) -> bool:
    """The moment between the first and the second look at the file moved aside: it is about to be read."""
    return isinstance(path, int)


@posix
@pytest.mark.parametrize("how", ["touched", "swapped"])
def test_a_photo_touched_or_swapped_while_it_is_checked_stays(folder, photo, just_before, how):
    file, proven = photo()

    def meddle(*_: object) -> None:
        (private,) = folder.glob(".photo-agent-removing-*")
        if how == "touched":
            (private / "IMG_1.jpg").chmod(0o600)
        else:
            (folder / "new").write_bytes(b"proven")
            os.utime(folder / "new", ns=(file.mtime_ns, file.mtime_ns))
            (private / "IMG_1.jpg").rename(folder / "kept")
            (folder / "new").rename(private / "IMG_1.jpg")

    with just_before("open", meddle, by_handle), pytest.raises(RemovalRefused):
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"proven"} | ({} if how == "touched" else {"kept": b"proven"})


@posix
def test_a_pipe_is_refused_even_by_someone_who_looked_at_the_pipe(folder):
    os.mkfifo(folder / "IMG_1.jpg")
    seen = (folder / "IMG_1.jpg").lstat()
    file = LocalFile(folder / "IMG_1.jpg", seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)
    with pytest.raises(RemovalRefused):
        remove(file, Fingerprint(Sha256(hashlib.sha256().hexdigest()), 0))
    assert [entry.name for entry in folder.iterdir()] == ["IMG_1.jpg"]


@posix
@pytest.mark.parametrize("moment", ["os.mkdir", "os.rename", "os.remove"])
def test_a_parent_folder_swapped_for_a_link_leads_nowhere_else(folder, photo, tmp_path, just_before, moment):
    file, proven = photo()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "IMG_1.jpg").write_bytes(b"proven")

    def swap(*_: object) -> None:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(elsewhere)

    with just_before(moment, swap):
        remove(file, proven)
    assert held(elsewhere) == {"IMG_1.jpg": b"proven"}
    assert held(tmp_path / "moved") == {}


@posix
def test_a_parent_folder_that_is_a_link_by_now_is_not_entered(folder, photo, tmp_path):
    file, proven = photo()
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    with pytest.raises(LocalFault):
        remove(file, proven)
    assert held(tmp_path / "moved") == {"IMG_1.jpg": b"proven"}


@posix
def test_a_parent_folder_swapped_for_a_link_removes_nothing(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "private" / "b").mkdir(parents=True)
    path = tmp_path / "a" / "b" / "IMG_1.jpg"
    path.write_bytes(b"proven")
    seen = path.lstat()
    other = tmp_path / "private" / "b" / "IMG_1.jpg"
    other.write_bytes(b"proven")
    os.utime(other, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    (tmp_path / "a").rename(tmp_path / "moved")
    (tmp_path / "a").symlink_to(tmp_path / "private")
    file = LocalFile(path, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)
    with pytest.raises(RemovalRefused):
        remove(file, PROVEN)
    assert other.read_bytes() == b"proven"


PROVEN = Fingerprint(Sha256("db5344cc58ca48817a3419331e212b30fc77d25358dcf6b65d8be54c60328491"), 6)


# --- Other writers ---------------------------------------------------------------------------------------------------


@linux
def test_a_photo_that_some_program_has_open_for_writing_stays(folder, photo):
    file, proven = photo()
    with file.path.open("r+b"), pytest.raises(LocalFault, match="open for writing"):
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"proven"}
    remove(file, proven)


@linux
def test_no_program_can_begin_to_write_between_the_proof_and_the_unlink(folder, photo, just_before):
    file, proven = photo()
    refused: list[BaseException] = []

    def write(*_: object) -> None:
        (private,) = folder.glob(".photo-agent-removing-*")
        try:
            os.close(os.open(private / file.path.name, os.O_WRONLY | os.O_NONBLOCK))
        except BlockingIOError as fault:
            refused.append(fault)

    with just_before("os.remove", write):
        remove(file, proven)
    assert refused
    assert held(folder) == {}


# --- Thousands of rounds ---------------------------------------------------------------------------------------------

ROUNDS = 1500


@posix
@pytest.mark.parametrize("kind", ["new file", "link", "rewritten"])
def test_whatever_moment_a_swap_comes_at_nothing_unproven_is_ever_lost(folder, tmp_path, kind):
    victim = tmp_path / "victim.jpg"
    victim.write_bytes(b"victim")
    work: queue.Queue[int | None] = queue.Queue()
    done: queue.Queue[bool] = queue.Queue()

    def swapper() -> None:
        while (number := work.get()) is not None:
            done.put(swap(folder, victim, kind, number))

    swapping = threading.Thread(target=swapper, daemon=True)
    swapping.start()
    outcomes = {"removed": 0, "refused": 0, "vanished": 0, "fault": 0}
    old_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for number in range(ROUNDS):
            path = folder / "IMG_1.jpg"
            path.write_bytes(b"proven")
            seen = path.lstat()
            file = LocalFile(path, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)
            work.put(number)
            outcome = attempt(file)
            outcomes[outcome] += 1
            swapped = done.get(timeout=30)
            left = [entry for entry in folder.iterdir() if entry.name != "staging"]
            assert victim.read_bytes() == b"victim"
            if kind == "link":
                assert not swapped or any(entry.is_symlink() for entry in left)
            else:
                contents = [entry.read_bytes() for entry in left]
                if swapped:
                    assert f"new {number}".encode() in contents, (outcome, contents)
                else:
                    assert contents == ([] if outcome == "removed" else [b"proven"])
            for entry in left:
                entry.unlink()
    finally:
        sys.setswitchinterval(old_interval)
        work.put(None)
        swapping.join()
    print(kind, outcomes)
    assert outcomes["removed"]


def swap(folder: Path, victim: Path, kind: str, number: int) -> bool:
    """Get in the way; whether something new is there that must not be lost."""
    path, staging = folder / "IMG_1.jpg", folder.parent / "staging"
    new = f"new {number}".encode()
    for _ in range(number * 7 % 300):
        os.getpid()  # spread the moments
    if kind == "new file":
        staging.write_bytes(new)
        staging.replace(path)
        return True
    if kind == "link":
        staging.symlink_to(victim)
        staging.replace(path)
        return True
    try:
        handle = os.open(path, os.O_WRONLY)  # in place, if it is still there by name
    except FileNotFoundError:
        return False
    with os.fdopen(handle, "wb") as rewriting:
        rewriting.write(new)
        rewriting.truncate()
        return os.fstat(handle).st_nlink > 0


def attempt(file: LocalFile) -> str:
    try:
        remove(file, PROVEN)
    except RemovalRefused:
        return "refused"
    except Vanished:
        return "vanished"
    except LocalFault:
        return "fault"
    return "removed"


# --- What the system says --------------------------------------------------------------------------------------------


@posix
def test_a_folder_that_may_not_be_changed_is_reported_with_what_to_do(folder, photo, as_ordinary_user):
    file, proven = photo()
    folder.chmod(0o555)
    with as_ordinary_user(), pytest.raises(LocalFault, match="permissions") as refusal:
        remove(file, proven)
    assert held(folder) == {"IMG_1.jpg": b"proven"}
    assert "IMG_1" not in str(refusal.value)


def test_a_read_only_card_is_reported_with_what_to_do():
    assert "Unlock the card" in str(as_local_fault(OSError(30, "Read-only file system")))


def test_the_kept_name_fits_a_file_system_and_keeps_its_ending():
    assert kept_name("IMG_1.JPG", 1) == "IMG_1 (kept by photo-agent).JPG"
    assert kept_name("IMG_1.JPG", 3) == "IMG_1 (kept by photo-agent 3).JPG"
    for name in ("ä" * 125 + ".jpg", "x" * 255, "a." + "x" * 253):
        kept = kept_name(name, 12)
        assert len(kept.encode()) <= 255
        assert "(kept by photo-agent 12)" in kept


@posix
def test_nothing_is_left_for_recovery_after_all_this(folder, photo):
    remove(*photo())
    assert recover([folder]) == 0
    assert list(folder.iterdir()) == []
