"""An unforeseen error in one look, one trash entry or one thumbnail stops that one and no other."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from agent.errors import LocalFault
from agent.model.removal import Known
from agent.removal import cloud, find_cloud_sync, find_leftovers, leftovers, recover, remove_thumbnails

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the freedesktop trash")


def entry(home: Path, name: str, origin: Path, when: str) -> Path:
    info = home / ".local" / "share" / "Trash" / "info" / f"{name}.trashinfo"
    info.parent.mkdir(parents=True, exist_ok=True)
    info.write_text(f"[Trash Info]\nPath={quote_from_bytes(os.fsencode(origin))}\nDeletionDate={when}\n", "utf-8")
    return info


def trash_of(file, home: Path):
    return next(one for one in find_leftovers(file.path, file, now=NOW, home=home) if one.kind == "trash")


@linux
@pytest.mark.parametrize(
    "when",
    [
        "2026-03-17T10:00:00+00:00",
        "2026-03-17T10:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2999-01-01T00:00:00",
        "0001-01-01T00:00:00",
        "never",
        "",
    ],
)
def test_whatever_date_a_trash_entry_has_the_photo_is_found_in_it(photo, tmp_path, when):
    file, _ = photo()
    entry(tmp_path, "a", file.path, when)
    found = trash_of(file, tmp_path)
    assert found.found is Known.YES
    if "2026" in when:
        assert "for 3 days" in found.detail


@linux
def test_a_pipe_in_the_trash_is_not_waited_for(photo, tmp_path):
    file, _ = photo()
    entry(tmp_path, "a", file.path, "2026-03-17T10:00:00")
    os.mkfifo(tmp_path / ".local/share/Trash/info/0.trashinfo")
    assert trash_of(file, tmp_path).found is Known.YES


@linux
def test_a_trash_entry_that_cannot_be_read_hides_no_other(photo, tmp_path):
    file, _ = photo()
    entry(tmp_path, "a", tmp_path / "else.jpg", "2026-03-17T10:00:00").unlink()
    (tmp_path / ".local/share/Trash/info/a.trashinfo").mkdir()
    assert trash_of(file, tmp_path).found is Known.NOT_KNOWN
    entry(tmp_path, "b", file.path, "2026-03-17T10:00:00")
    assert trash_of(file, tmp_path).found is Known.YES


@pytest.mark.parametrize("look", ["_hard_links", "_trash", "_cloud", "_snapshots", "_card"])
def test_a_look_that_fails_is_not_known_and_the_others_are_taken(photo, tmp_path, monkeypatch, look):
    file, _ = photo()
    whole = {one.kind for one in find_leftovers(file.path, file, now=NOW, home=tmp_path)}

    def broken(*_: object) -> None:
        raise ValueError(str(file.path))

    monkeypatch.setattr(leftovers, look, broken)
    found = {one.kind: one for one in find_leftovers(file.path, file, now=NOW, home=tmp_path)}
    assert found.keys() == whole
    (failed,) = (one for one in found.values() if "search for it failed" in one.detail)
    assert failed.found is Known.NOT_KNOWN
    assert "ValueError" in failed.detail
    assert file.path.name not in failed.detail


def test_a_folder_of_unknown_place_is_in_no_known_cloud(tmp_path, monkeypatch):
    """As on RAM disks and encrypted drives of Windows: error 1005."""

    def no_real_path(*_: object, **__: object) -> str:
        raise OSError(1005, "The volume does not contain a recognized file system")

    monkeypatch.setattr(os.path, "realpath", no_real_path)
    assert find_cloud_sync(tmp_path) is None
    assert find_cloud_sync(tmp_path / "OneDrive - School" / "Pictures") == "OneDrive"
    assert cloud._real(tmp_path / "a" / ".." / "b") == tmp_path / "b"
    assert recover([tmp_path]) == 0


@linux
def test_a_thumbnail_that_cannot_be_removed_hides_no_other(photo, tmp_path):
    import hashlib

    file, _ = photo()
    name = hashlib.md5(file.path.as_uri().encode(), usedforsecurity=False).hexdigest() + ".png"
    for size in ("normal", "large", "x-large"):
        folder = tmp_path / ".cache" / "thumbnails" / size
        folder.mkdir(parents=True)
        (folder / name).mkdir() if size == "large" else (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(LocalFault, match="thumbnail"):
        remove_thumbnails(file.path, home=tmp_path)
    left = sorted(path.parent.name for path in tmp_path.rglob(name))
    assert left == ["large"]


@pytest.mark.parametrize("name", ["~odd-jane", "1.2345 N-x", "a" * 300 + "-x", "IMG.jpg-x"])
def test_a_cloud_folder_with_a_strange_name_is_reported_in_plain_words(tmp_path, name):
    assert find_cloud_sync(tmp_path / "CloudStorage" / name) == "A cloud program"
    assert find_cloud_sync(tmp_path / "CloudStorage" / "Box-jane@school.example") == "Box"
