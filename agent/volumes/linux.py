"""Volumes on Linux: /proc/self/mountinfo lists the mounts, and udev identifies their file systems.

/sys/class/block says what is removable: a medium that the kernel calls removable (a card in a reader, a USB stick), or
a card of type SD in a built-in reader. Phones (MTP), network drives and FUSE file systems are not on such a medium.
"""

import ctypes
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent.model.files import Volume
from agent.volumes.plugged import PluggedIn

# Linux gives files on FAT and exFAT new numbers each time it loads them; FUSE, MTP and 9p file systems often do, too.
_ANEW = ("vfat", "msdos", "exfat", "fuse", "fuseblk", "9p")
# These mount something with a name that stays the same after every start: a server's export, a pool's data set.
_NAMED = frozenset({"nfs", "nfs4", "cifs", "smb3", "zfs", "fuse.sshfs"})
_MOUNTS = Path("/proc/self/mountinfo")
_BY_UUID = Path("/dev/disk/by-uuid")
_UDEV = Path("/run/udev/data")
_BLOCK = Path("/sys/class/block")

_LARGEST_NOTE = 65_536
"""Bytes read at most of udev's file about one device."""


@dataclass(frozen=True, slots=True)
class _Mount:
    device: str  # "8:17"
    root: str  # the folder of the file system that is mounted there
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
        """Whether its medium is removable. For a partition, its disk says so."""
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
        """Whether the kernel calls the disk removable; checked once for each mount."""
        mount = self._mount_of(folder)
        if mount is None:
            return False
        if mount.top not in self.takes_out:
            self.takes_out[mount.top] = mount.removable
        return self.takes_out[mount.top]

    def read_only(self, folder: Path) -> bool:
        """Whether it is mounted read-only, because of a card's switch or after a fault."""
        mount = self._mount_of(folder)
        return mount is not None and mount.read_only

    def _mount_of(self, folder: Path) -> _Mount | None:
        real = Path(os.path.realpath(folder))
        return next((self.mounts[top] for top in (real, *real.parents) if top in self.mounts), None)

    def id_of(self, mount: _Mount) -> str | None:
        """The identity of the volume: the name of a server's export, or udev's id of a disk."""
        if mount.kind in _NAMED:
            return f"{mount.kind}:{mount.source}"
        if not mount.is_a_disk:
            return None
        # Two copies of a card share one of udev's links, but each has its own file.
        return _noted(mount.device, "ID_FS_UUID_ENC") or self.ids.get(Path(os.path.realpath(mount.source)))


def mounted() -> MountedHere:
    """The volumes that are mounted now."""
    return MountedHere({mount.top: mount for mount in _mounts()}, _ids())  # the last mount at a place hides the others


def glance() -> bytes:
    """Bytes that change when anything is mounted, unmounted or remounted."""
    try:
        return _MOUNTS.read_bytes()
    except OSError:
        return b""


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes on removable media, each once.

    Volumes that are only partly mounted, and volumes with another mount on them, are left out.
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
    """Make sure that everything written to the volume at `top` is on its medium; False if that is not certain."""
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
    """Whether the mounted `device` (st_dev) gives files new numbers each time they are loaded; False if not known."""
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
    """The text with its octal escapes (for spaces and similar characters) decoded."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _ids() -> dict[Path, str]:
    """The UUID, or a FAT's serial number, of each block device that udev knows."""
    try:
        links = list(_BY_UUID.iterdir())
    except OSError:
        return {}
    return {Path(os.path.realpath(link)): link.name for link in links}


def _noted(device: str, name: str) -> str | None:
    """The value that udev stores under `name` for a block device; None if there is none."""
    try:
        with (_UDEV / f"b{device}").open(encoding="utf-8", errors="replace") as note:
            lines = note.read(_LARGEST_NOTE).splitlines()
    except OSError:
        return None
    begins = f"E:{name}="
    return next((line.removeprefix(begins) for line in lines if line.startswith(begins)), None) or None


def _unescaped(text: str) -> str:
    """The text without udev's escapes: it writes every unusual byte like `\\x20`."""
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
