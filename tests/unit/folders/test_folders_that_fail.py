"""A folder whose real path cannot be found is still scanned; a folder that fails stops no other."""

import os
from pathlib import Path

import pytest

from agent.folders import real_path, scan
from agent.model.capture import Capture
from agent.model.files import LocalFile


def says_nothing(_file: LocalFile) -> Capture:
    return Capture("unknown")


def test_a_folder_of_a_disk_without_real_paths_is_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "IMG_1.jpg").write_bytes(b"x")

    def no_real_path(*_: object, **__: object) -> str:
        raise OSError(1005, "The volume does not contain a recognized file system")

    monkeypatch.setattr(os.path, "realpath", no_real_path)
    found = scan([tmp_path], read=says_nothing)
    assert [photo.main.path for photo in found.photos] == [tmp_path / "IMG_1.jpg"]
    assert found.troubles == ()


def test_a_link_that_leads_round_and_round_is_reported(tmp_path: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(link)
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(OSError, match="link"):
        real_path(link)
    found = scan([link, tmp_path], read=says_nothing)
    assert [trouble.path for trouble in found.troubles] == [link]


def test_a_folder_that_fails_in_a_way_nobody_foresaw_stops_no_other(tmp_path: Path) -> None:
    for folder in ("a", "b", "b/c"):
        (tmp_path / folder).mkdir()
        for name in ("IMG_1.jpg", "IMG_1.mov"):
            (tmp_path / folder / name).write_bytes(b"x")

    def read(file: LocalFile) -> Capture:
        if file.path.parent.name == "b":
            raise ValueError("the name of a child.jpg")
        return says_nothing(file)

    found = scan([tmp_path], read=read)
    assert {photo.main.path.parent.name for photo in found.photos} == {"a", "c"}
    (trouble,) = found.troubles
    assert trouble.path == tmp_path / "b"
    assert "ValueError" in trouble.reason
    assert "child" not in trouble.reason
