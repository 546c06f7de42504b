"""Which mounts are servers and clouds, by what each system says."""

import sys
from pathlib import Path

import pytest

from agent.volumes.mounts import Mount, mount_above, mounts, read_mount_lines, read_mountinfo

LINUX = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:17 / /media/j/EOS\040DIGITAL rw,nosuid - vfat /dev/sdb1 rw
31 22 8:33 / /mnt/stick rw - exfat /dev/sdc1 rw
32 22 8:49 / /mnt/second rw - ext4 /dev/sdd1 rw
33 22 0:50 / /home/j/nas rw - nfs4 photos.school.example:/srv rw
34 22 0:51 / /home/j/Drive rw - fuse.rclone gdrive: rw
35 22 0:52 / /media/j/ntfs rw - fuseblk /dev/sde1 rw
36 22 0:53 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw
not a line
"""


def test_linux_names_servers_and_clouds() -> None:
    found = {one.top.as_posix(): one for one in read_mountinfo(LINUX)}
    assert len(found) == 8
    assert {top for top, one in found.items() if one.network} == {"/home/j/nas"}
    assert {top for top, one in found.items() if one.on_demand} == {"/home/j/Drive", "/run/user/1000/gvfs"}
    assert found["/home/j/nas"].source == "photos.school.example:/srv"


MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
/dev/disk4s1 on /Volumes/EOS_DIGITAL (msdos, local, nodev, nosuid, noowners)
//j@photos.school.example/photos on /Volumes/photos (smbfs, nodev, nosuid, mounted by j)
rclone:drive on /Volumes/My (odd) name (macfuse, nodev, nosuid, mounted by j)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


def test_macos_names_servers_and_clouds() -> None:
    found = {one.top.as_posix(): one for one in read_mount_lines(MACOS)}
    assert len(found) == 6
    assert {top for top, one in found.items() if one.network} == {"/Volumes/photos"}
    assert {top for top, one in found.items() if one.on_demand} == {
        "/Volumes/My (odd) name",
        "/System/Volumes/Data/home",
    }


def test_the_nearest_mount_above_a_folder_counts() -> None:
    some = (Mount(Path("/")), Mount(Path("/home")), Mount(Path("/home/j/nas"), network=True))
    assert mount_above(some, Path("/home/j/nas/deep")) == some[2]
    assert mount_above(some, Path("/home/j")) == some[1]
    assert mount_above((), Path("/home")) is None


@pytest.mark.skipif(sys.platform == "darwin", reason="not run there by its authors")
def test_this_machine_says_what_is_mounted() -> None:
    assert any(one.top == Path(Path.cwd().anchor) for one in mounts())
