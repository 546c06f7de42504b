"""What is mounted where, and which of it is a card or a stick, is on a network, or is fetched only when it is read.

Each system says so in its own way: Linux in /proc/self/mountinfo, macOS by mount(8), Windows by the kind of each drive.
What a system does not say is taken for a disk of this laptop. The two that are read as text have pure parsers.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 10
"""Seconds for mount(8), which asks the kernel alone."""

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs"}
)
_ON_DEMAND = frozenset({"autofs", "davfs", "webdav", "fuse"})
_FUSE_ON_A_DISK = frozenset(
    {"fuseblk", "fuse.exfat", "fuse.ntfs-3g", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.mergerfs"}
    | {"fuse.bindfs", "fuse.veracrypt", "fuse.apfs-fuse"}
)
"""Programs in user space that show what is on a disk here; every other one may fetch what is read."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system at its place. `source` is what is mounted, as the system names it.

    `network` is whether a server has it, `on_demand` whether reading in it may fetch or start something, `plugged_in`
    whether it is a card, a stick or a disk that can be taken out.
    """

    top: Path
    source: str = ""
    network: bool = False
    on_demand: bool = False
    plugged_in: bool = False


def mount_above(mounts: Iterable[Mount], folder: Path) -> Mount | None:
    """The mount that the folder is on: the nearest above it, and the last where several are at one place."""
    by_top = {mount.top: mount for mount in mounts}
    return next((by_top[place] for place in (folder, *folder.parents) if place in by_top), None)


# --- Linux -----------------------------------------------------------------------------------------------------------

_WHERE_DESKTOPS_MOUNT = (Path("/media"), Path("/run/media"))


def read_mountinfo(text: str, removable: frozenset[str] = frozenset()) -> Iterator[Mount]:
    """proc_pid_mountinfo(5): `36 35 8:17 /root /mount/point options… - type source super-options`.

    `removable` are the devices ("/dev/sdb1") that the kernel calls so.
    """
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        first, last = before.split(" "), after.split(" ")
        if len(first) < 5 or len(last) < 2:
            continue
        top, kind, source = Path(_plain(first[4])), last[0], _plain(last[1])
        network, on_demand = kind in _NETWORK, _is_on_demand(kind)
        below = any(place in top.parents for place in _WHERE_DESKTOPS_MOUNT)
        plugged_in = not network and not on_demand and (below or source in removable) and top != Path("/")
        yield Mount(top, source, network, on_demand, plugged_in)


def _is_on_demand(kind: str) -> bool:
    return kind in _ON_DEMAND or (kind.startswith("fuse.") and kind not in _FUSE_ON_A_DISK)


def _plain(text: str) -> str:
    """Spaces and the like are written as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _removable() -> frozenset[str]:
    """/sys/block/sdb/removable is 1; its partitions are folders below it."""
    found = set()
    for disk in Path("/sys/block").glob("*"):
        try:
            if (disk / "removable").read_text().strip() == "1":
                found |= {f"/dev/{disk.name}", *(f"/dev/{part.parent.name}" for part in disk.glob("*/partition"))}
        except OSError:
            continue
    return frozenset(found)


# --- macOS -----------------------------------------------------------------------------------------------------------

_VOLUMES = Path("/Volumes")
_LINE = re.compile(r"(?P<source>.*?) on (?P<top>/.*) \((?P<words>[^()]*)\)")


def read_mount_lines(text: str) -> Iterator[Mount]:
    """mount(8): `/dev/disk4s1 on /Volumes/EOS_DIGITAL (msdos, local, nodev, nosuid)`."""
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        kind, *words = found["words"].split(", ")
        on_demand = kind in _ON_DEMAND or "fuse" in kind
        network = kind in _NETWORK or ("local" not in words and not on_demand)
        top = Path(found["top"])
        plugged_in = not network and not on_demand and top.parent == _VOLUMES
        yield Mount(top, found["source"], network, on_demand, plugged_in)


# --- Each system -----------------------------------------------------------------------------------------------------

if sys.platform == "win32":
    import ctypes

    _REMOVABLE, _FIXED, _REMOTE = 2, 3, 4  # GetDriveTypeW, fileapi.h

    def mounts() -> tuple[Mount, ...]:
        """What is mounted now: the drives with a letter. Empty drives are not among them."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        letters = kernel.GetLogicalDrives()
        found = []
        for number in range(26):
            top = f"{chr(ord('A') + number)}:\\"
            if not letters >> number & 1 or number < 2:  # A: and B: are floppy disks, and are waited for
                continue
            kind = kernel.GetDriveTypeW(top)
            if kind in {_FIXED, _REMOTE} or (kind == _REMOVABLE and os.path.exists(top)):  # noqa: PTH110
                found.append(Mount(Path(top), top, kind == _REMOTE, plugged_in=kind == _REMOVABLE))
        return tuple(found)

elif sys.platform == "darwin":

    def mounts() -> tuple[Mount, ...]:
        """What is mounted now."""
        try:
            said = subprocess.run(
                ["/sbin/mount"], capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.SubprocessError):
            return ()
        return tuple(read_mount_lines(said.stdout.decode("utf-8", "surrogateescape")))

else:

    def mounts() -> tuple[Mount, ...]:
        """What is mounted now."""
        try:
            text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
        except OSError:
            return ()
        return tuple(read_mountinfo(text, _removable()))
