"""Windows' way of removing: by one handle, with what FAT and programs that share for deletion make of it."""

import sys

import pytest

from agent.errors import LocalFault
from agent.removal import remove

if sys.platform != "win32":
    pytest.skip("Windows' way of removing", allow_module_level=True)

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes
from pathlib import Path

GENERIC_READ = 0x80000000
SHARE_READ, SHARE_WRITE, SHARE_DELETE = 1, 2, 4
OPEN_EXISTING = 3


@contextmanager
def open_elsewhere(path: Path, sharing: int) -> Iterator[None]:
    """Another program has the file open for reading and lets others do what `sharing` says."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = wintypes.HANDLE
    handle = kernel.CreateFileW(str(path), GENERIC_READ, sharing, None, OPEN_EXISTING, 0, None)
    assert handle != ctypes.c_void_p(-1).value
    try:
        yield
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))


def test_a_protected_photo_is_removed(photo):
    file, proven = photo()
    file.path.chmod(0o444)  # the mark that a camera gives a protected photo
    remove(file, proven)
    assert not file.path.exists()


def test_an_open_photo_counts_as_removed_once_its_name_is_gone(photo):
    file, proven = photo()
    with open_elsewhere(file.path, SHARE_READ | SHARE_DELETE):
        held = None
        try:
            remove(file, proven)
        except LocalFault as fault:  # FAT, Windows before 10 and Wine: the name is there until the last handle closes
            held = str(fault)
        assert "open" in held if held else not file.path.exists()


def test_a_photo_that_a_program_has_open_for_itself_stays(photo):
    file, proven = photo()
    with open_elsewhere(file.path, SHARE_READ), pytest.raises(LocalFault, match="open"):
        remove(file, proven)
    assert file.path.read_bytes() == b"proven"


def test_a_photo_that_could_not_be_removed_keeps_its_protection(photo):
    file, proven = photo()
    file.path.chmod(0o444)
    with open_elsewhere(file.path, SHARE_READ), pytest.raises(LocalFault):
        remove(file, proven)
    assert not file.path.stat().st_mode & 0o200
