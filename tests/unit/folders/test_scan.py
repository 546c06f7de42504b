"""What a scan finds, and what it ignores."""

import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from agent.folders import Found, scan
from agent.model.capture import Capture
from agent.model.files import LocalFile, Role

posix = pytest.mark.skipif(sys.platform == "win32", reason="names and files that Windows has not")


def says_nothing(file: LocalFile) -> Capture:
    return Capture("unknown")


def look_at(*roots: Path) -> Found:
    return scan(roots, read=says_nothing)


def names(found: Found, under: Path) -> list[str]:
    return [str(member.file.path.relative_to(under)) for photo in found.photos for member in photo.members]


def test_photos_at_every_depth_are_found_in_one_order(folder, put):
    for name in ("b/2.jpg", "a/deep/er/still/1.jpg", "0.jpg", "a/1.jpg"):
        put(name)
    found = look_at(folder)
    assert names(found, folder) == [str(Path(n)) for n in ("0.jpg", "a/1.jpg", "a/deep/er/still/1.jpg", "b/2.jpg")]
    assert found.troubles == ()
    assert look_at(folder) == found


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jpg",
        "._IMG_1.jpg",
        ".git/1.jpg",
        "$RECYCLE.BIN/S-1-5/$R123.jpg",
        "System Volume Information/1.jpg",
        ".Trash-1000/files/1.jpg",
        ".Spotlight-V100/1.jpg",
        ".thumbnails/1.jpg",
        "@eaDir/1.jpg",
        "Photos Library.photoslibrary/originals/1.jpg",
        ".photo-agent-removing-0123456789abcdef/1.jpg",
        "1.jpg.part",
        "1.jpg.partial",
        "1.jpg.TMP",
        "1.jpg.crdownload",
        "1.jpg.download",
        "1.jpg.download/1.jpg",
        "1.jpg~",
        "~$1.jpg",
        "Thumbs.db",
    ],
)
def test_hidden_system_and_half_written_names_are_skipped(folder, put, name):
    put(name)
    put("seen.jpg")
    assert names(look_at(folder), folder) == ["seen.jpg"]


@pytest.mark.parametrize("name", ["part.jpg", "my.tmp/1.jpg", "download/1.jpg", "old~/1.jpg", "a.part.jpg"])
def test_names_only_a_little_like_those_are_not_skipped(folder, put, name):
    put(name)
    assert names(look_at(folder), folder) == [str(Path(name))]


def test_a_hidden_folder_that_is_asked_for_is_walked(folder, put):
    put(".camera/1.jpg")
    assert names(look_at(folder / ".camera"), folder) == [str(Path(".camera/1.jpg"))]


def test_nested_and_doubled_roots_give_each_file_once(folder, put):
    put("a/1.jpg")
    put("a/b/2.jpg")
    put("3.jpg")
    expected = [str(Path(n)) for n in ("3.jpg", "a/1.jpg", "a/b/2.jpg")]
    for roots in ((folder, folder), (folder / "a" / "b", folder), (folder, folder / "a"), (folder / "a" / ".", folder)):
        assert names(look_at(*roots), folder) == expected
        assert names(look_at(*reversed(roots)), folder) == expected


@posix
def test_links_below_a_root_are_not_followed_neither_to_files_nor_to_folders(folder, put, tmp_path):
    outside = tmp_path.resolve() / "private"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"private")
    put("1.jpg")
    (folder / "file.jpg").symlink_to(outside / "secret.jpg")
    (folder / "folder").symlink_to(outside)
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.jpg").symlink_to(outside / "absent.jpg")
    assert names(look_at(folder), folder) == ["1.jpg"]


@posix
def test_a_root_may_be_a_link_or_lie_behind_one(folder, put, tmp_path):
    put("a/1.jpg")
    link = tmp_path.resolve() / "link"
    link.symlink_to(folder)
    assert names(look_at(link), folder) == ["a/1.jpg"]
    assert names(look_at(link / "a", folder), folder) == ["a/1.jpg"]


@posix
def test_hard_links_are_separate_files(folder, put):
    put("1.jpg")
    os.link(folder / "1.jpg", folder / "2.jpg")
    assert names(look_at(folder), folder) == ["1.jpg", "2.jpg"]


@posix
@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.jpg",
        b"quo\"te's.jpg",
        "\u202egpj.exe.jpg".encode(),
        b"x" * 251 + b".jpg",
        b"caf\xe9\xff.jpg",
        b" .jpg",
        b"-rf.jpg",
        b"$(rm).jpg",
    ],
)
def test_every_name_a_file_system_takes_comes_through(folder, name):
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.write_bytes(b"x")
    (photo,) = look_at(folder).photos
    assert os.fsencode(photo.main.path.name) == name
    assert photo.main.path.read_bytes() == b"x"


def test_a_folder_named_like_a_photo_is_a_folder(folder, put):
    put("IMG_1.jpg/IMG_2.jpg")
    assert names(look_at(folder), folder) == [str(Path("IMG_1.jpg/IMG_2.jpg"))]


@posix
def test_pipes_and_sockets_are_ignored_and_never_opened(folder, put, monkeypatch):
    os.mkfifo(folder / "pipe.jpg")
    monkeypatch.chdir(folder)  # a socket's path is short
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("socket.jpg")
    listening.close()
    put("1.jpg")
    found: list[Found] = []
    scanning = threading.Thread(target=lambda: found.append(look_at(folder)), daemon=True)
    scanning.start()
    scanning.join(10)
    assert not scanning.is_alive(), "the scan waits for the pipe's other end"
    assert names(found[0], folder) == ["1.jpg"]


def test_a_missing_root_is_reported_and_the_others_are_scanned(folder, put):
    put("1.jpg")
    found = look_at(folder / "card", folder)
    assert names(found, folder) == ["1.jpg"]
    (trouble,) = found.troubles
    assert trouble.path == folder / "card"
    assert "not plugged in" in trouble.reason
    assert "card" not in trouble.reason.replace("a card or drive", "")


@posix
def test_an_unreadable_folder_is_reported_and_the_others_are_scanned(folder, put, as_ordinary_user):
    put("shut/1.jpg")
    put("open/2.jpg")
    (folder / "shut").chmod(0)
    with as_ordinary_user():
        found = look_at(folder)
    (folder / "shut").chmod(0o700)
    assert names(found, folder) == ["open/2.jpg"]
    assert [trouble.path for trouble in found.troubles] == [folder / "shut"]
    assert "permissions" in found.troubles[0].reason


def test_a_file_given_as_root_comes_with_its_companions_and_nothing_else(folder, put):
    put("IMG_1.heic")
    put("IMG_1.mov")
    put("IMG_1.aae")
    put("IMG_2.jpg")
    put("below/IMG_3.jpg")

    def identified(file: LocalFile) -> Capture:
        return Capture("any", content_id=file.path.stem)

    found = scan([folder / "IMG_1.heic"], read=identified)
    assert [[m.role for m in photo.members] for photo in found.photos] == [[Role.MAIN, Role.PARTNER, Role.SIDECAR]]
    assert scan([folder / "IMG_1.mov"], read=identified) == found
    assert scan([folder / "IMG_1.mov", folder / "IMG_1.heic"], read=identified) == found
    assert look_at(folder / "IMG_1.heic", folder) == look_at(folder)


def test_a_root_that_is_not_a_photo_is_reported(folder, put):
    put("IMG_1.xmp")
    put("IMG_2.jpg.part")
    found = look_at(folder / "IMG_1.xmp", folder / "IMG_2.jpg.part")
    assert found.photos == ()
    assert [trouble.path.name for trouble in found.troubles] == ["IMG_1.xmp", "IMG_2.jpg.part"]


@posix
def test_files_and_folders_that_come_and_go_during_the_scan_do_no_harm(folder, put):
    for number in range(50):
        put(f"stays/{number}.jpg")
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            coming = folder / "stays" / "comes"
            coming.mkdir(exist_ok=True)
            (coming / "x.jpg").write_bytes(b"x")
            (coming / "x.jpg").rename(folder / "stays" / "y.jpg")
            (folder / "stays" / "y.jpg").unlink()
            coming.rmdir()

    churning = threading.Thread(target=churn)
    churning.start()
    try:
        for _ in range(100):
            found = look_at(folder)
            assert sum(photo.main.path.name not in {"x.jpg", "y.jpg"} for photo in found.photos) == 50
            assert found.troubles == ()
    finally:
        stop.set()
        churning.join()


@posix
def test_a_folder_swapped_for_a_link_in_mid_scan_leads_nowhere(folder, put, tmp_path, on_audit):
    outside = tmp_path.resolve() / "private"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"private")
    put("a/1.jpg")
    put("b/2.jpg")

    def swap(path: object, *_: object) -> None:
        if path == str(folder / "a") and not (folder / "a").is_symlink():
            (folder / "a").rename(folder / "moved")
            (folder / "a").symlink_to(outside)

    with on_audit("open", swap):
        found = look_at(folder)
    assert names(found, folder) == ["b/2.jpg"]


@posix
def test_a_folder_whose_parent_is_swapped_for_a_link_in_mid_scan_leads_nowhere(folder, put, tmp_path, on_audit):
    outside = tmp_path.resolve() / "private"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "secret.jpg").write_bytes(b"private")
    put("a/deep/1.jpg")

    def swap(path: object, *_: object) -> None:
        if path == str(folder / "a" / "deep") and not (folder / "a").is_symlink():
            (folder / "a").rename(folder / "moved")
            (folder / "a").symlink_to(outside)

    with on_audit("open", swap):
        found = look_at(folder)
    assert found.photos == ()
