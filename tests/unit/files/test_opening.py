"""A file is opened only if it is a regular one: through no link, and without waiting for a pipe."""

import os
import socket
import sys
from pathlib import Path

import pytest

from agent.files.opening import IsLink, NotRegular, is_link, open_plain
from tests.platforms import not_under_wine

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="pipes and handles on folders")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"a photo")
    return path


def content(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


@pytest.mark.parametrize("sequential", [False, True])
def test_a_regular_file_is_opened(photo: Path, sequential: bool) -> None:
    assert content(open_plain(photo, sequential=sequential)) == b"a photo"


@not_under_wine("links")
def test_a_link_is_not_followed(photo: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jpg"
    try:
        link.symlink_to(photo)
    except OSError:
        pytest.skip("no links for this user")
    assert is_link(link.lstat())
    assert not is_link(photo.lstat())
    with pytest.raises(IsLink, match="link"):
        open_plain(link)


@posix_only
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(NotRegular):
        open_plain(tmp_path / "pipe.jpg")


@posix_only
def test_a_socket_or_a_folder_is_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
        for name in ("socket.jpg", "."):
            with pytest.raises(NotRegular):
                open_plain(Path(name))


@posix_only
def test_a_name_is_looked_for_in_the_folder_whose_handle_is_given(photo: Path) -> None:
    folder = os.open(photo.parent, os.O_RDONLY)
    try:
        assert content(open_plain(photo.name, folder=folder)) == b"a photo"
    finally:
        os.close(folder)


@posix_only
def test_a_refused_file_is_not_left_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    probe = os.open(tmp_path, os.O_RDONLY)
    os.close(probe)
    for _ in range(3):
        with pytest.raises(NotRegular):
            open_plain(tmp_path / "pipe.jpg")
    again = os.open(tmp_path, os.O_RDONLY)
    os.close(again)
    assert again == probe


def test_a_file_that_is_gone_or_has_no_usable_name_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "gone.jpg")
    with pytest.raises(ValueError, match="null"):
        open_plain(tmp_path / "a\0b.jpg")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let a reader leave that time alone")
def test_reading_leaves_the_time_of_the_last_access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"content")
    os.utime(file, (1, 1))
    handle = open_plain(file)
    assert os.read(handle, 100) == b"content"
    os.close(handle)
    assert file.stat().st_atime == 1
    real = os.open

    def of_somebody_else(path: Path, flags: int, **options: int | None) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return real(path, flags, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", of_somebody_else)
    handle = open_plain(file)
    assert os.read(handle, 100) == b"content"
    os.close(handle)
