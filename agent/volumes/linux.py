"""Volumes on Linux: /proc/self/mountinfo says what is mounted where, udev which file system that is.

What can be taken out is known by /sys/class/block: a medium that the kernel calls removable (a card in a reader, a USB
stick), or a card of type SD in a reader of its own. A phone (MTP), a network drive and what FUSE makes up lie on no
such medium.
"""

import ctypes
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent.model.files import Volume
from agent.volumes.plugged import PluggedIn

# Linux numbers what is on FAT and exFAT as it loads it; FUSE and MTP file systems, and 9p, often do.
_ANEW = ("vfat", "msdos", "exfat", "fuse", "fuseblk", "9p")
# What these mount has a name of its own, which is the same after every start: a server's export, a pool's data set.
_NAMED = frozenset({"nfs", "nfs4", "cifs", "smb3", "zfs", "fuse.sshfs"})
_MOUNTS = Path("/proc/self/mountinfo")
_BY_UUID = Path("/dev/disk/by-uuid")
_UDEV = Path("/run/udev/data")
_BLOCK = Path("/sys/class/block")

_LARGEST_NOTE = 65_536
"""Bytes that are read of what udev says of one device."""


@dataclass(frozen=True, slots=True)
class _Mount:
    device: str  # "8:17"
    root: str  # the folder of the file system that is seen there
    top: Path
    kind: str
    source: str
    read_only: bool

    @property
    def anew(self) -> bool:
        return self.kind in _ANEW or self.kind.startswith("fuse.")

    @property
    def is_a_disk(self) -> bool:
        return self.source.startswith("/dev/")

    @property
    def removable(self) -> bool:
        """Whether its medium can be taken out; a partition's disk says so for it."""
        if not self.is_a_disk:
            return False
        block = Path(os.path.realpath(_BLOCK / Path(os.path.realpath(self.source)).name))
        disk = block.parent if (block / "partition").exists() else block
        return _word(disk / "removable") == "1" or _word(disk / "device" / "type") == "SD"


@dataclass(slots=True)
class MountedHere:
    """See `Mounted`."""

    mounts: dict[Path, _Mount]
    ids: dict[Path, str]
    known: dict[Path, Volume] = field(default_factory=dict)
    takes_out: dict[Path, bool] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the longest mount point above the folder."""
        if folder not in self.known:
            mount = self._mount_of(folder)
            self.known[folder] = (
                Volume() if mount is None else Volume(self.id_of(mount), mount.top, steady=not mount.anew)
            )
        return self.known[folder]

    def removable(self, folder: Path) -> bool:
        """As the kernel says of the disk; asked once for each mount."""
        mount = self._mount_of(folder)
        if mount is None:
            return False
        if mount.top not in self.takes_out:
            self.takes_out[mount.top] = mount.removable
        return self.takes_out[mount.top]

    def read_only(self, folder: Path) -> bool:
        """As it is mounted: by a card's switch, or after a fault."""
        mount = self._mount_of(folder)
        return mount is not None and mount.read_only

    def _mount_of(self, folder: Path) -> _Mount | None:
        real = Path(os.path.realpath(folder))
        return next((self.mounts[top] for top in (real, *real.parents) if top in self.mounts), None)

    def id_of(self, mount: _Mount) -> str | None:
        """A server's export by its name, a disk by what udev says of it."""
        if mount.kind in _NAMED:
            return f"{mount.kind}:{mount.source}"
        if not mount.is_a_disk:
            return None
        # Of two copies of a card, udev's link has but one; its note is about each.
        return _noted(mount.device, "ID_FS_UUID_ENC") or self.ids.get(Path(os.path.realpath(mount.source)))


def mounted() -> MountedHere:
    """What is mounted now."""
    return MountedHere({mount.top: mount for mount in _mounts()}, _ids())  # the last mount at a place covers the others


def glance() -> bytes:
    """Other bytes when anything was mounted, unmounted or remounted."""
    try:
        return _MOUNTS.read_bytes()
    except OSError:
        return b""


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes on media that can be taken out, each once.

    Not one that is mounted in part only, nor one on which something else is mounted.
    """
    here = mounted()
    found: dict[str, PluggedIn] = {}
    for mount in here.mounts.values():
        if mount.root != "/" or mount.device in found or any(mount.top in other.parents for other in here.mounts):
            continue
        if mount.removable:
            label = _noted(mount.device, "ID_FS_LABEL_ENC") or ""
            found[mount.device] = PluggedIn(
                mount.top, here.id_of(mount), _unescaped(label), _size(mount.top), mount.read_only
            )
    return tuple(found.values())


def flush(top: Path) -> bool:
    """Have all that was written to the volume at `top` reach its medium; False where that is not certain."""
    if sys.platform == "win32":
        return False
    try:
        handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.fsync(handle)
        return bool(ctypes.CDLL(None, use_errno=True).syncfs(handle) == 0)  # syncfs(2), which Python does not have
    except (OSError, AttributeError):
        return False
    finally:
        os.close(handle)


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
        if len(first) > 5 and len(last) > 1:
            options = {*first[5].split(","), *(last[2].split(",") if len(last) > 2 else ())}
            found.append(_Mount(first[2], first[3], Path(_plain(first[4])), last[0], _plain(last[1]), "ro" in options))
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


def _noted(device: str, name: str) -> str | None:
    """What udev notes of a block device under `name`; None where there is no such note."""
    try:
        with (_UDEV / f"b{device}").open(encoding="utf-8", errors="replace") as note:
            lines = note.read(_LARGEST_NOTE).splitlines()
    except OSError:
        return None
    begins = f"E:{name}="
    return next((line.removeprefix(begins) for line in lines if line.startswith(begins)), None) or None


def _unescaped(text: str) -> str:
    """Udev writes all but plain characters as `\\x20`, byte for byte."""
    raw = re.sub(
        rb"\\x([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape")
    )
    return raw.decode("utf-8", "replace")


def _word(file: Path) -> str:
    try:
        with file.open(encoding="ascii", errors="replace") as opened:
            return opened.read(64).strip()
    except OSError:
        return ""


def _size(top: Path) -> int:
    if sys.platform == "win32":
        return 0
    try:
        room = os.statvfs(top)
    except OSError:
        return 0
    return room.f_blocks * room.f_frsize
