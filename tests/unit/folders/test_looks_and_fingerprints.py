"""What a look at a file finds, and the fingerprint of its content."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from agent.errors import LocalFault
from agent.folders import fingerprint, look, scan
from agent.model.capture import Capture
from agent.model.files import Fingerprint

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes as POSIX has them")


# --- Looks -----------------------------------------------------------------------------------------------------------


@posix
def test_a_look_sees_regular_files_only(folder, put):
    seen = put("1.jpg", b"abc")
    assert (seen.size, seen.path) == (3, folder / "1.jpg")
    (folder / "link.jpg").symlink_to(folder / "1.jpg")
    os.mkfifo(folder / "pipe.jpg")
    for other in ("link.jpg", "pipe.jpg", ".", "absent.jpg", "1.jpg/below.jpg"):
        assert look(folder / other) is None


def test_a_look_and_a_scan_see_the_same(folder, put):
    seen = put("1.jpg")
    assert scan([folder], read=lambda file: Capture("unknown")).photos[0].main == seen


# --- Fingerprints ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_fingerprint_is_the_hash_and_size_of_all_that_is_there(put, size):
    content = os.urandom(size)
    told: list[int] = []
    found = fingerprint(put("1.jpg", content), progress=told.append)
    assert found == Fingerprint(hashlib.sha256(content).hexdigest(), size)
    assert sum(told) == size


def changing(path: Path, how: str) -> None:
    if how == "grows":
        with path.open("ab") as growing:
            growing.write(b"more")
    elif how == "shrinks":
        os.truncate(path, 10)
    elif how == "rewritten":
        with path.open("r+b") as rewritten:
            rewritten.write(b"other")
    elif how == "replaced":
        other = path.with_suffix(".new")
        other.write_bytes(path.read_bytes())
        os.utime(other, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
        other.replace(path)


@pytest.mark.parametrize("how", ["grows", "shrinks", "rewritten"])
def test_a_file_that_changes_while_it_is_read_is_noticed(put, how):
    seen = put("1.jpg", b"x" * 3_000_000)
    told: list[int] = []

    def once(count: int) -> None:
        if not told:
            changing(seen.path, how)
        told.append(count)

    with pytest.raises(LocalFault, match="changed while it was read"):
        fingerprint(seen, progress=once)
    assert sum(told) <= 3_000_004 + (1 << 20)


@pytest.mark.parametrize("how", ["grows", "shrinks", "rewritten", "replaced"])
def test_a_file_that_changed_since_the_look_is_noticed(put, how):
    seen = put("1.jpg", b"x" * 3000)
    changing(seen.path, how)
    with pytest.raises(LocalFault, match="changed") as told:
        fingerprint(seen)
    assert "1.jpg" not in str(told.value)


def test_a_file_that_grows_for_ever_is_not_read_for_ever(put):
    seen = put("1.jpg", b"x" * 1000)
    read: list[int] = []

    def grow(count: int) -> None:
        read.append(count)
        with seen.path.open("ab") as growing:
            growing.write(b"x" * (2 << 20))

    with pytest.raises(LocalFault, match="changed"):
        fingerprint(seen, progress=grow)
    assert len(read) <= 2


@posix
@pytest.mark.parametrize("other", ["link", "pipe", "folder"])
def test_what_took_the_files_place_is_neither_followed_nor_waited_for(put, other):
    seen = put("1.jpg")
    target = put("target.jpg")
    seen.path.unlink()
    if other == "link":
        seen.path.symlink_to(target.path)
    elif other == "pipe":
        os.mkfifo(seen.path)
    else:
        seen.path.mkdir()
    with pytest.raises(LocalFault, match="changed"):
        fingerprint(seen)


def test_a_vanished_file_is_reported(put):
    seen = put("1.jpg")
    seen.path.unlink()
    with pytest.raises(LocalFault, match="vanished") as told:
        fingerprint(seen)
    assert "1.jpg" not in str(told.value)


@posix
def test_a_file_that_may_not_be_read_says_so_without_its_name(put, as_ordinary_user):
    seen = put("1.jpg")
    seen.path.chmod(0)
    with as_ordinary_user(), pytest.raises(LocalFault, match="permission denied") as told:
        fingerprint(seen)
    assert "1.jpg" not in str(told.value)
