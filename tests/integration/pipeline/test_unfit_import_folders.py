"""An import folder that is, holds or lies in what it must not: `doctor`, `run` and `sync` refuse it and say why."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.pipeline import importfolders
from agent.pipeline.importfolders import why_unfit
from tests.laptop import Laptop

Placed = Callable[[Laptop], Path]


def _cloud(laptop: Laptop) -> Path:
    return _made(laptop.home / "OneDrive - School" / "Camera")


def _cloud_itself(laptop: Laptop) -> Path:
    folder = _made(laptop.home / "Pictures")
    (folder / ".dropbox.cache").mkdir(exist_ok=True)
    return folder


def _holds_a_cloud(laptop: Laptop) -> Path:
    _made(laptop.home / "Documents" / "Trips" / "Nextcloud")
    return laptop.home / "Documents"


def _share(laptop: Laptop) -> Path:
    for name in importfolders.ON_THE_SHARE:
        _made(laptop.home / "mounted" / name)
    return laptop.home / "mounted"


def _in_the_share(laptop: Laptop) -> Path:
    return _made(_share(laptop) / "visits" / "museum")


def _holds_the_share(laptop: Laptop) -> Path:
    for name in importfolders.ON_THE_SHARE:
        _made(laptop.home / "network" / "school" / name)
    return laptop.home / "network"


def _state(laptop: Laptop) -> Path:
    return _made(laptop.home / "state")


def _in_the_state(laptop: Laptop) -> Path:
    return _made(laptop.home / "state" / "photos")


def _holds_the_state(laptop: Laptop) -> Path:
    _made(laptop.home / "state")
    return laptop.home


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


CASES: list[tuple[Placed, str]] = [
    (_cloud, "is synchronised by OneDrive"),
    (_cloud_itself, "is synchronised by Dropbox"),
    (_holds_a_cloud, "holds a folder that is synchronised by Nextcloud"),
    (_share, "is the school's share itself"),
    (_in_the_share, "lies in the school's share itself"),
    (_holds_the_share, "holds the school's share itself"),
    (_in_the_state, "is where this program keeps its own files"),
]


@pytest.mark.parametrize(("place", "said"), CASES, ids=lambda value: getattr(value, "__name__", "").strip("_"))
def test_an_unfit_folder_is_refused_by_every_way_to_start(laptop: Laptop, place: Placed, said: str) -> None:
    folder = place(laptop)
    photo = laptop.photo("IMG_1.JPG")
    photo = photo.rename(folder / "IMG_1.JPG")
    laptop.configure(folders={"watch": [str(folder)]})
    away = {"HOME": str(laptop.home / "elsewhere")}
    for words in (("sync",), ("sync", "--dry-run"), ("sync", str(folder)), ("run",)):
        done = laptop.command(*words, env=away, timeout=30)
        assert done.returncode == 2, done.stdout + done.stderr
        assert said in done.stderr.replace("\n", " "), done.stderr
    assert photo.exists()
    assert laptop.on_share() == {}
    told = [json.loads(line) for line in laptop.command("doctor", "--json", env=away).stdout.splitlines()]
    assert [(one["result"], said in one["text"]) for one in told if one["check"] == "folder 1 place"] == [
        ("fail", True)
    ]


@pytest.mark.parametrize("place", [_state, _holds_the_state])
def test_the_programs_own_folder_is_refused(laptop: Laptop, place: Placed) -> None:
    folder = place(laptop)
    done = laptop.command("sync", str(folder), env={"HOME": str(laptop.home.parent / "elsewhere")})
    assert done.returncode == 2
    assert "is where this program keeps its own files" in done.stderr.replace("\n", " ")
    laptop.configure(folders={"watch": [str(folder)]})
    assert "state_dir" in laptop.command("run", env={"HOME": str(laptop.home.parent / "elsewhere")}).stderr


@pytest.mark.parametrize(("folder", "said"), [(".", "is your whole home folder"), ("..", "holds whole home folders")])
def test_a_whole_home_folder_is_refused(laptop: Laptop, folder: str, said: str) -> None:
    """As a path given to `sync` as well as in the settings, which were read before."""
    photo = laptop.photo("IMG_1.JPG")
    done = laptop.command("sync", str(laptop.home / folder))
    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")
    assert photo.exists()


def test_a_folder_of_its_own_is_taken(laptop: Laptop) -> None:
    assert why_unfit(laptop.settings, laptop.imports) is None
    photo = laptop.photo("IMG_1.JPG")
    assert laptop.command("sync").returncode == 0
    assert not photo.exists()


@pytest.mark.parametrize(
    ("source", "where", "refused"),
    [
        ("//photos.school.example/staff", "import", True),
        ("photos.school.example:/srv/photos", ".", True),
        ("laptop-17@PHOTOS.school.example:/photos", "import/visits", True),
        ("//other.school.example/staff", "import", False),
        ("//photos.school.example/staff", "elsewhere", False),
        ("/dev/sda1", "import", False),
    ],
)
def test_a_network_drive_of_the_shares_server_is_refused(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, source: str, where: str, refused: bool
) -> None:
    """The table of mounts is the only thing here that a test cannot make without the right to mount."""
    laptop.configure(share={"host": "photos.school.example"})
    top = laptop.home / "media"
    _made(top / "import" / "visits")
    monkeypatch.setattr(importfolders, "_mounts", lambda: iter([(source, Path(os.path.normpath(top / where)))]))
    reason = why_unfit(laptop.settings, top / "import")
    assert (reason is not None) == refused
    assert not refused or "a network drive of photos.school.example" in str(reason)


def test_a_bound_share_is_refused_wherever_it_is_mounted(laptop: Laptop) -> None:
    """The real share of the test's server, mounted a second time."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount")
    laptop.photo("IMG_1.JPG")
    laptop.run()
    target = _made(laptop.home / "drive")
    if subprocess.run(["mount", "--bind", laptop.share, target], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        before = laptop.on_share()
        done = laptop.command("sync", str(target / "visits"))
        assert done.returncode == 2, done.stdout + done.stderr
        assert "the school's share itself" in done.stderr.replace("\n", " ")
        assert laptop.on_share() == before
    finally:
        subprocess.run(["umount", target], check=True)
