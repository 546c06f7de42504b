"""Which volumes can be taken out, as Linux reports it; what a camera's card looks like."""

import sys
from pathlib import Path

import pytest

from agent.folders import looks_like_a_card
from agent.volumes import PluggedIn, glance, mounted, plugged_in

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux has them")

MOUNTINFO = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
30 22 8:17 / /media/j/EOS\\040DIGITAL rw,nosuid - vfat /dev/sdb1 rw,uid=1000
31 22 0:51 / /media/j/School rw - nfs4 files.school.example:/home/j rw
32 22 0:52 / /media/phone rw - fuse.jmtpfs jmtpfs rw
33 22 8:33 / /media/j/Backup rw - ext4 /dev/sdc1 rw
34 22 179:1 / /media/j/SD rw,nosuid - exfat /dev/mmcblk1p1 ro
35 22 179:9 / /media/j/eMMC rw - ext4 /dev/mmcblk0p2 rw
36 22 8:17 /DCIM /srv/part rw - vfat /dev/sdb1 rw
37 22 8:49 / /media/j/HOLDER rw - vfat /dev/sdd1 rw
38 37 0:53 / /media/j/HOLDER/share rw - cifs //files/share rw
"""


def disk(block: Path, name: str, partition: str, removable: str, kind: str | None = None) -> None:
    place = block / name / partition
    place.mkdir(parents=True)
    (place / "partition").write_text("1\n")
    (block / name / "removable").write_text(f"{removable}\n")
    if kind is not None:
        (block / name / "device").mkdir()
        (block / name / "device" / "type").write_text(f"{kind}\n")
    (block / partition).symlink_to(place)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    from agent.volumes import linux as module

    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    block, udev = tmp_path / "block", tmp_path / "udev"
    disk(block, "sda", "sda2", "0")
    disk(block, "sdb", "sdb1", "1")
    disk(block, "sdc", "sdc1", "0")
    disk(block, "sdd", "sdd1", "1")
    disk(block, "mmcblk1", "mmcblk1p1", "0", "SD")
    disk(block, "mmcblk0", "mmcblk0p2", "0", "MMC")
    udev.mkdir()
    (udev / "b8:17").write_text("S:disk\nE:ID_FS_LABEL_ENC=EOS\\x20\\xc3\\xa9\nE:ID_FS_UUID_ENC=1234-ABCD\n")
    monkeypatch.setattr(module, "_MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_UDEV", udev)
    monkeypatch.setattr(module, "_BY_UUID", tmp_path / "by-uuid")
    return tmp_path


@linux_only
@pytest.mark.usefixtures("system")
def test_only_media_that_can_be_taken_out_are_told_of() -> None:
    """No system disk, no hard disk on USB, no built-in flash, no network drive, no phone, no part of a card."""
    assert plugged_in() == (
        PluggedIn(Path("/media/j/EOS DIGITAL"), "1234-ABCD", "EOS é", 0, read_only=False),
        PluggedIn(Path("/media/j/SD"), None, "", 0, read_only=True),
    )


@linux_only
@pytest.mark.usefixtures("system")
def test_a_folder_is_removable_as_its_medium_is() -> None:
    now = mounted()
    assert now.removable(Path("/media/j/EOS DIGITAL/DCIM/not there"))
    assert not now.removable(Path("/media/j/Backup"))
    assert not now.removable(Path("/home/j"))
    assert now.read_only(Path("/media/j/SD/DCIM"))
    assert not now.read_only(Path("/media/j/EOS DIGITAL"))


@linux_only
def test_a_glance_differs_when_something_was_mounted(system: Path) -> None:
    before = glance()
    assert glance() == before
    with (system / "mountinfo").open("a") as mounts:
        mounts.write("40 22 8:65 / /media/j/NEW rw - vfat /dev/sde1 rw\n")
    assert glance() != before


def test_volumes_without_a_serial_number_are_like_none() -> None:
    one = PluggedIn(Path("/a"), None, "EOS", 5)
    assert not one.is_like(one)
    assert PluggedIn(Path("/a"), "1", "EOS", 5).is_like(PluggedIn(Path("/b"), "1", "EOS", 5, read_only=True))
    assert not PluggedIn(Path("/a"), "1", "EOS", 5).is_like(PluggedIn(Path("/a"), "1", "EOS", 6))


@pytest.mark.parametrize(
    "folder", ["DCIM", "dcim/100CANON", "AVCHD", "PRIVATE/AVCHD", "PRIVATE/M4ROOT/CLIP", "Private/avchd"]
)
def test_a_card_is_known_by_its_folders(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    assert looks_like_a_card(tmp_path)


@pytest.mark.parametrize("folder", ["Documents/DCIM", "PRIVATE/letters", "M4ROOT"])
def test_other_disks_are_no_cards(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    assert not looks_like_a_card(tmp_path)
    assert not looks_like_a_card(tmp_path / "not there")


@pytest.mark.skipif(sys.platform == "win32", reason="links as POSIX has them")
def test_a_link_or_a_file_named_dcim_is_no_folder_of_a_camera(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    card = tmp_path / "card"
    card.mkdir()
    (card / "DCIM").symlink_to(tmp_path / "home")
    (card / "AVCHD").write_bytes(b"")
    (tmp_path / "home" / "AVCHD").mkdir()
    (card / "PRIVATE").symlink_to(tmp_path / "home")
    assert not looks_like_a_card(card)
