"""Anything that is not a readable file is refused, in words that name no file."""

import os
import sys
from pathlib import Path

import pytest

from agent.capture import read
from agent.errors import LocalFault
from tests.platforms import no_such_file
from tests.unit.capture.photobuilding import NOW, PICTURE


def refusal(path: Path) -> str:
    with pytest.raises(LocalFault) as caught:
        read(path, now=NOW)
    assert caught.value.__cause__ is None
    assert path.name not in str(caught.value)
    return str(caught.value)


def test_a_vanished_file_is_reported_without_its_name(tmp_path: Path) -> None:
    assert no_such_file() in refusal(tmp_path / "anna-smith.jpg")


def test_a_folder_named_like_a_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").mkdir()
    refusal(tmp_path / "holiday.jpg")


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_a_link_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "target.jpg").write_bytes(PICTURE)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "target.jpg")
    assert "link" in refusal(tmp_path / "link.jpg").split()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "not a regular file" in refusal(tmp_path / "pipe.jpg")


def test_no_file_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PICTURE)
    descriptors = Path("/proc/self/fd")
    if sys.platform == "win32" or not descriptors.is_dir():  # Wine shows its own
        pytest.skip("this system does not show open files")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        read(path, now=NOW)
        with pytest.raises(LocalFault):
            read(tmp_path, now=NOW)
    assert len(list(descriptors.iterdir())) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")
@pytest.mark.parametrize(
    "name", [b"a\nb.jpg", b"\xff\xfe.jpg", b"'\"$(x).jpg", "\u202egpj.jpg".encode(), b"x" * 250 + b".jpg"]
)
def test_any_name_can_be_read(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_bytes(PICTURE)
    assert read(path, now=NOW).format == "jpeg"
