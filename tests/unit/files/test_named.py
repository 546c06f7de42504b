"""A file that a person names: read through a link and within bounds, and never waited for."""

import os
import socket
import sys
from pathlib import Path

import pytest

from agent.files.named import open_named, read_named
from agent.files.opening import NotRegular

pytestmark = pytest.mark.timeout(20)


def test_a_named_file_is_read_whole_and_through_a_link(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"x" * 1000)
    assert read_named(file, 1000) == b"x" * 1000
    if sys.platform != "win32":
        (tmp_path / "link").symlink_to(file)
        with open_named(tmp_path / "link") as opened:
            assert opened.read(3) == b"xxx"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as sparse:
        sparse.truncate(50_000_000_000)
    with pytest.raises(OSError, match="larger than 1 KB"):
        read_named(file, 1000)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no such names there")
def test_pipes_devices_sockets_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "through a link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        for name in (tmp_path / "pipe", tmp_path / "through a link", tmp_path / "s", tmp_path, Path("/dev/zero")):
            with pytest.raises(NotRegular):
                open_named(name)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_named(tmp_path / "none")
