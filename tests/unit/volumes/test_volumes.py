"""Which disk or card a folder lies on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.model.files import Volume
from agent.volumes import mounted, numbers_files_anew

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux has them")

MOUNTINFO = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
30 22 8:17 / /media/j/EOS\\040DIGITAL rw,nosuid - vfat /dev/sdb1 rw,uid=1000
31 22 0:51 / /home/j/School rw - nfs4 files.school.example:/home/j rw
32 22 0:52 / /media/phone rw - fuse.jmtpfs jmtpfs rw
33 22 0:53 /sub /data rw - btrfs /dev/sda3 rw,subvol=/sub
"""


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from agent.volumes import linux as module

    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    (tmp_path / "by-uuid").mkdir()
    for name, device in (("0001-ROOT", "/dev/sda2"), ("1234-ABCD", "/dev/sdb1"), ("0003-DATA", "/dev/sda3")):
        (tmp_path / "by-uuid" / name).symlink_to(device)
    monkeypatch.setattr(module, "_MOUNTS", tmp_path / "mountinfo")
    monkeypatch.setattr(module, "_BY_UUID", tmp_path / "by-uuid")


@pytest.mark.usefixtures("linux")
@pytest.mark.parametrize(
    ("folder", "volume"),
    [
        ("/home/k/Pictures", Volume("0001-ROOT", Path("/"), steady=True)),
        ("/media/j/EOS DIGITAL/DCIM/100CANON", Volume("1234-ABCD", Path("/media/j/EOS DIGITAL"), steady=False)),
        ("/media/j/EOS DIGITAL", Volume("1234-ABCD", Path("/media/j/EOS DIGITAL"), steady=False)),
        ("/home/j/School", Volume("nfs4:files.school.example:/home/j", Path("/home/j/School"), steady=True)),
        ("/media/phone/DCIM", Volume(None, Path("/media/phone"), steady=False)),
        ("/data/photos", Volume("0003-DATA", Path("/data"), steady=True)),
    ],
)
def test_a_folder_is_on_the_volume_mounted_nearest_above_it(folder: str, volume: Volume) -> None:
    assert mounted().of(Path(folder)) == volume


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "a card"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_mounted_disk_is_another_volume_than_what_is_around_it(disk: Path) -> None:
    now = mounted()
    assert now.of(disk).top == disk
    assert now.of(disk / "not there" / "yet").top == disk
    assert now.of(disk.parent).top != disk
    assert not numbers_files_anew(disk.stat().st_dev)
