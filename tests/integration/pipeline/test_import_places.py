"""Which import folder is proposed at set-up: where the system's programs put photos, and outside of cloud folders."""

import os
import sys
from pathlib import Path

import pytest

from agent.pipeline.importplaces import import_place, made, pictures_folders


def test_a_linux_desktop_names_its_pictures_folder_in_its_own_language(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    dirs = tmp_path / ".config" / "user-dirs.dirs"
    dirs.write_text('# a comment\nXDG_PICTURES_DIR="$HOME/Lluniau"\n', "utf-8")
    assert list(pictures_folders("linux", tmp_path, {})) == [tmp_path / "Lluniau", tmp_path / "Pictures"]
    # Entries that name the home folder (meaning none) and nonsense are ignored.
    for line in ('XDG_PICTURES_DIR="$HOME"', 'XDG_PICTURES_DIR="relative"', "XDG_PICTURES_DIR=", "\0\xff"):
        dirs.write_text(line, "utf-8")
        assert list(pictures_folders("linux", tmp_path, {})) == [tmp_path / "Pictures"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_desktops_settings_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    os.mkfifo(tmp_path / ".config" / "user-dirs.dirs")
    assert list(pictures_folders("linux", tmp_path, {})) == [tmp_path / "Pictures"]


def test_macos_has_one_and_windows_may_have_onedrives(tmp_path: Path) -> None:
    assert list(pictures_folders("darwin", tmp_path, {"OneDrive": "x"})) == [tmp_path / "Pictures"]
    drive = tmp_path / "OneDrive - School"
    (drive / "Pictures").mkdir(parents=True)
    found = list(pictures_folders("win32", tmp_path, {"OneDriveCommercial": str(drive)}))
    assert found[-2:] == [drive / "Pictures", tmp_path / "Pictures"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks this system")
def test_a_folder_that_a_cloud_copies_is_not_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert import_place(tmp_path).folder == tmp_path / "Pictures" / "Camera Imports"
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('XDG_PICTURES_DIR="$HOME/Dropbox/Pictures"\n')
    (tmp_path / "Dropbox" / "Pictures").mkdir(parents=True)
    (tmp_path / "Dropbox" / ".dropbox.cache").mkdir()
    place = import_place(tmp_path)
    assert (place.cloud, place.folder) == ("Dropbox", tmp_path / "Camera Imports")


def test_missing_folders_are_made_in_the_home_and_nowhere_else(tmp_path: Path) -> None:
    home, card = tmp_path / "home", tmp_path / "card" / "DCIM"
    home.mkdir()
    wanted = home / "Pictures" / "Camera Imports"
    assert made((wanted, card), home) == [wanted]
    assert made((wanted, card), home) == []
    assert not card.exists()
