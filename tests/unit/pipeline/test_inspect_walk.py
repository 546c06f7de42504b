"""The walk of an inspection: everything once, no link followed, nothing fetched, what is passed over is counted."""

import os
import sys
from pathlib import Path

import pytest

from agent.files import cloudonly
from agent.folders import listing
from agent.pipeline import inspect_walk
from agent.pipeline.inspect_places import PlaceToLook
from agent.pipeline.inspect_walk import Bounds, Walk
from agent.record.words import Spot, Why
from agent.volumes.mounts import Mount
from tests.platforms import posix_paths


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def walked(bounds: Bounds, *places: PlaceToLook) -> tuple[dict[str, Spot], dict[tuple[Spot, Why], int]]:
    """The names of all files, by the place in which they were seen, and what is not known."""
    walk = Walk(bounds)
    seen = [(file.path.name, folder.spot) for folder in walk.through(places) for file in folder.files]
    assert len(seen) == len(set(seen)), "seen twice"
    return dict(seen), {what: number for what, number in walk.not_known.items() if number}


def test_each_file_is_seen_once_in_its_most_particular_place(tmp_path: Path) -> None:
    put(tmp_path / "Pictures" / "a.jpg")
    put(tmp_path / "Pictures" / "Imports" / ".hidden" / "b.jpg")
    put(tmp_path / "Pictures" / "My.photoslibrary" / "originals" / "c.jpg")
    seen, not_known = walked(
        Bounds(),
        PlaceToLook(Spot.WATCHED, tmp_path / "Pictures" / "Imports"),
        PlaceToLook(Spot.PICTURES, tmp_path / "Pictures"),
        PlaceToLook(Spot.DESKTOP, tmp_path / "not there"),
    )
    assert seen == {"a.jpg": Spot.PICTURES, "b.jpg": Spot.WATCHED, "c.jpg": Spot.LIBRARIES}
    assert not_known == {(Spot.LIBRARIES, Why.SEALED): 1}  # what it keeps in iCloud alone


def test_what_a_run_takes_up_by_itself_is_marked(tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/b.jpg", ".hidden/c.jpg", "d.jpg.part", ".photo-agent-removing-1/e.jpg"):
        put(tmp_path / name)
    walk = Walk(Bounds())
    folders = list(walk.through([PlaceToLook(Spot.WATCHED, tmp_path)]))
    assert {file.path.name for folder in folders for file in folder.by_itself} == {"a.jpg", "b.jpg", "e.jpg"}
    assert sum(len(folder.files) for folder in folders) == 5


@posix_paths
def test_links_are_not_followed_and_those_that_lead_out_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "Pictures"
    put(root / "deep" / "a.jpg")
    put(tmp_path / "elsewhere" / "b.jpg")
    (root / "loop").symlink_to(root)
    (root / "relative").symlink_to("deep")
    (root / "out").symlink_to("../elsewhere")
    (root / "photo.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    (root / "notes.txt").symlink_to("/etc/hostname")
    (root / "program").symlink_to("/usr/bin/env")
    seen, not_known = walked(Bounds(quiet=(Path("/usr"),)), PlaceToLook(Spot.PICTURES, root))
    assert seen == {"a.jpg": Spot.PICTURES}
    assert not_known == {(Spot.PICTURES, Why.LINK): 2}


@posix_paths
def test_a_place_that_is_itself_a_link_is_looked_at_once(tmp_path: Path) -> None:
    put(tmp_path / "disk" / "a.jpg")
    (tmp_path / "Pictures").symlink_to(tmp_path / "disk")
    seen, _ = walked(
        Bounds(), PlaceToLook(Spot.PICTURES, tmp_path / "Pictures"), PlaceToLook(Spot.VIDEOS, tmp_path / "disk")
    )
    assert seen == {"a.jpg": Spot.PICTURES}


@posix_paths
def test_pipes_and_sockets_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert walked(Bounds(), PlaceToLook(Spot.PICTURES, tmp_path)) == ({}, {})


def test_a_folder_inside_itself_ends_the_walk_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A malicious file system: every folder has the same folder inside, for ever."""
    put(tmp_path / "again" / "a.jpg")
    real = inspect_walk.list_folder
    same = os.lstat(tmp_path)

    def endless(path: Path, known: os.stat_result) -> listing.Listing:
        if path == tmp_path:
            return real(path, known)
        return listing.Listing((("again", same),), ())

    monkeypatch.setattr(inspect_walk, "list_folder", endless)
    _, not_known = walked(Bounds(), PlaceToLook(Spot.PICTURES, tmp_path))
    assert not_known == {(Spot.PICTURES, Why.UNREADABLE): 1}


@posix_paths
def test_mounts_of_servers_and_clouds_are_not_entered(tmp_path: Path) -> None:
    for name in ("nas", "rclone", "school", "card"):
        put(tmp_path / name / f"{name}.jpg")
    mounts = (
        Mount(tmp_path / "nas", network=True),
        Mount(tmp_path / "rclone", on_demand=True),
        Mount(tmp_path / "school", "photos.school.example:/srv", network=True),
        Mount(tmp_path / "card"),
    )
    bounds = Bounds(mounts, shares=frozenset({tmp_path / "school"}))
    seen, not_known = walked(
        bounds, PlaceToLook(Spot.DOCUMENTS, tmp_path), PlaceToLook(Spot.CLOUD, tmp_path / "rclone")
    )
    assert seen == {"card.jpg": Spot.DOCUMENTS}
    assert not_known == {
        (Spot.CLOUD, Why.NETWORK): 1,
        (Spot.DOCUMENTS, Why.NETWORK): 2,
        (Spot.DOCUMENTS, Why.SHARE): 1,
    }


def test_a_home_on_a_server_is_looked_at(tmp_path: Path) -> None:
    put(tmp_path / "Documents" / "a.jpg")
    bounds = Bounds((Mount(tmp_path, network=True),))
    assert walked(bounds, PlaceToLook(Spot.DOCUMENTS, tmp_path / "Documents"))[0] == {"a.jpg": Spot.DOCUMENTS}


def test_what_lies_in_a_cloud_is_neither_listed_nor_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a.jpg")
    away = os.lstat(put(tmp_path / "cloud.jpg")), os.lstat(put(tmp_path / "far" / "b.jpg").parent)
    inodes = {seen.st_ino for seen in away}
    monkeypatch.setattr(inspect_walk, "lies_elsewhere", lambda seen: seen.st_ino in inodes)
    seen, not_known = walked(Bounds(), PlaceToLook(Spot.CLOUD, tmp_path))
    assert seen == {"a.jpg": Spot.CLOUD}
    assert not_known == {(Spot.CLOUD, Why.CLOUD_ONLY): 2}


def test_a_place_that_itself_lies_in_a_cloud_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "Drive" / "a.jpg")
    monkeypatch.setattr(inspect_walk, "lies_elsewhere", lambda _seen: True)
    seen, not_known = walked(Bounds(), PlaceToLook(Spot.CLOUD, tmp_path / "Drive"))
    assert (seen, not_known) == ({}, {(Spot.CLOUD, Why.CLOUD_ONLY): 1})


def test_a_folder_that_may_not_be_listed_is_not_known_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a" / "a.jpg")
    put(tmp_path / "locked" / "b.jpg")
    put(tmp_path / "strange" / "c.jpg")
    real = inspect_walk.list_folder

    def listed(path: Path, known: os.stat_result) -> listing.Listing:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        if path.name == "strange":
            raise ZeroDivisionError(str(path))
        return real(path, known)

    monkeypatch.setattr(inspect_walk, "list_folder", listed)
    seen, not_known = walked(Bounds(), PlaceToLook(Spot.PICTURES, tmp_path))
    assert seen == {"a.jpg": Spot.PICTURES}
    assert not_known == {(Spot.PICTURES, Why.NO_PERMISSION): 1, (Spot.PICTURES, Why.UNREADABLE): 1}


def test_sealed_places_are_not_known_where_they_are_there(tmp_path: Path) -> None:
    put(tmp_path / "thumbnails" / "normal" / "a.png")
    (tmp_path / "empty").mkdir()
    seen, not_known = walked(
        Bounds(),
        PlaceToLook(Spot.THUMBNAILS, tmp_path / "thumbnails", sealed=True),
        PlaceToLook(Spot.MESSENGERS, tmp_path / "empty", sealed=True),
        PlaceToLook(Spot.LIBRARIES, tmp_path / "no such", sealed=True),
    )
    assert (seen, not_known) == ({}, {(Spot.THUMBNAILS, Why.SEALED): 1})


def test_the_programs_own_folder_and_copies_of_the_share_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "state" / "a.jpg")
    for name in ("register", "record", "visits"):
        put(tmp_path / "mirror" / name / "b.jpg")
    seen, not_known = walked(
        Bounds(own=frozenset({tmp_path / "state"})),
        PlaceToLook(Spot.DOCUMENTS, tmp_path),
        PlaceToLook(Spot.DOWNLOADS, tmp_path / "mirror" / "visits"),
    )
    assert seen == {}
    assert not_known == {(Spot.DOCUMENTS, Why.SHARE): 1, (Spot.DOWNLOADS, Why.SHARE): 1}


def test_each_systems_marks_of_a_file_in_a_cloud() -> None:
    assert [cloudonly.is_recalled(bits) for bits in (0x1000, 0x40000, 0x400000, 0x420, 0x80000)] == [True] * 3 + [
        False
    ] * 2  # compressed, archived and pinned files are here
    assert (cloudonly.is_dataless(0x40000000), cloudonly.is_dataless(0x8020)) == (True, False)
    assert [cloudonly.stands_for_another(name) for name in (".IMG_1.HEIC.icloud", "a.jpg.nextcloud", "a.jpg")] == [
        True,
        True,
        False,
    ]
    if sys.platform not in {"win32", "darwin"}:
        assert not cloudonly.lies_elsewhere(os.lstat(__file__))
