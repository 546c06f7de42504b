"""Volumes on Linux: /proc/self/mountinfo says what is mounted where, udev's links say which file system that is."""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent.model import Volume

# Linux numbers what is on FAT and exFAT as it loads it; FUSE and MTP file systems, and 9p, often do.
_ANEW = ("vfat", "msdos", "exfat", "fuse", "fuseblk", "9p")
# What these mount has a name of its own, which is the same after every start: a server's export, a pool's data set.
_NAMED = frozenset({"nfs", "nfs4", "cifs", "smb3", "zfs", "fuse.sshfs"})
_MOUNTS = Path("/proc/self/mountinfo")
_BY_UUID = Path("/dev/disk/by-uuid")


@dataclass(frozen=True, slots=True)
class _Mount:
    device: str  # "8:17"
    top: Path
    kind: str
    source: str

    @property
    def anew(self) -> bool:
        return self.kind in _ANEW or self.kind.startswith("fuse.")


@dataclass(slots=True)
class MountedHere:
    """See `Mounted`."""

    mounts: dict[Path, _Mount]
    ids: dict[Path, str]
    known: dict[Path, Volume] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the longest mount point above the folder."""
        if folder not in self.known:
            self.known[folder] = self._of(Path(os.path.realpath(folder)))
        return self.known[folder]

    def _of(self, folder: Path) -> Volume:
        mount = next((self.mounts[top] for top in (folder, *folder.parents) if top in self.mounts), None)
        if mount is None:
            return Volume()
        return Volume(self._id(mount), mount.top, steady=not mount.anew)

    def _id(self, mount: _Mount) -> str | None:
        if mount.kind in _NAMED:
            return f"{mount.kind}:{mount.source}"
        return self.ids.get(Path(os.path.realpath(mount.source))) if mount.source.startswith("/dev/") else None


def mounted() -> MountedHere:
    """What is mounted now."""
    return MountedHere({mount.top: mount for mount in _mounts()}, _ids())  # the last mount at a place covers the others


def numbers_files_anew(device: int) -> bool:
    """Whether the mounted `device` (st_dev) gives a file a new number each time it is loaded; False if not known."""
    if sys.platform == "win32":
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    return next((mount.anew for mount in _mounts() if mount.device == wanted), False)


def _mounts() -> list[_Mount]:
    """proc_pid_mountinfo(5): `36 35 8:17 /root /mount/point options… - type source super-options`."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, _, after = line.partition(" - ")
        first, last = before.split(" "), after.split(" ")
        if len(first) > 4 and len(last) > 1:
            found.append(_Mount(first[2], Path(_plain(first[4])), last[0], _plain(last[1])))
    return found


def _plain(text: str) -> str:
    """Spaces and the like are written as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _ids() -> dict[Path, str]:
    """The UUID, or a FAT's serial number, of each block device that udev knows."""
    try:
        links = list(_BY_UUID.iterdir())
    except OSError:
        return {}
    return {Path(os.path.realpath(link)): link.name for link in links}
