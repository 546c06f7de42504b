"""The mounts, and which of them are on a network or fetch their files only when they are read.

Linux lists them in /proc/self/mountinfo, macOS by mount(8), Windows by the kind of each drive. A mount that the system
does not describe counts as a disk of this laptop. The two text formats have pure parsers. For removable volumes, see
`plugged_in()` of this package.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 10
"""Seconds to wait for mount(8), which only asks the kernel."""

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs"}
)
_ON_DEMAND = frozenset({"autofs", "davfs", "webdav", "fuse"})
_FUSE_ON_A_DISK = frozenset(
    {"fuseblk", "fuse.exfat", "fuse.ntfs-3g", "fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.mergerfs"}
    | {"fuse.bindfs", "fuse.veracrypt", "fuse.apfs-fuse"}
)
"""FUSE file systems that show files of a local disk; every other one may fetch files when they are read."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system. `source` is the system's name for what is mounted.

    `network` says whether it is on a server, `on_demand` whether reading from it may fetch or start something.
    """

    top: Path
    source: str = ""
    network: bool = False
    on_demand: bool = False


def mount_above(mounts: Iterable[Mount], folder: Path) -> Mount | None:
    """The mount that the folder is on: the nearest one above it, and the last if several are in the same place."""
    by_top = {mount.top: mount for mount in mounts}
    return next((by_top[place] for place in (folder, *folder.parents) if place in by_top), None)


# --- Linux -----------------------------------------------------------------------------------------------------------


def read_mountinfo(text: str) -> Iterator[Mount]:
    """proc_pid_mountinfo(5): `36 35 8:17 /root /mount/point options… - type source super-options`."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        first, last = before.split(" "), after.split(" ")
        if len(first) < 5 or len(last) < 2:
            continue
        top, kind, source = Path(_plain(first[4])), last[0], _plain(last[1])
        yield Mount(top, source, kind in _NETWORK, _is_on_demand(kind))


def _is_on_demand(kind: str) -> bool:
    return kind in _ON_DEMAND or (kind.startswith("fuse.") and kind not in _FUSE_ON_A_DISK)


def _plain(text: str) -> str:
    """The text with its octal escapes (for spaces and similar characters) decoded."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


# --- macOS -----------------------------------------------------------------------------------------------------------

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
        yield Mount(Path(found["top"]), found["source"], network, on_demand)


# --- Each system -----------------------------------------------------------------------------------------------------

if sys.platform == "win32":
    import ctypes

    _REMOVABLE, _FIXED, _REMOTE = 2, 3, 4  # GetDriveTypeW, fileapi.h

    def mounts() -> tuple[Mount, ...]:
        """The drives with a letter that are mounted now, without empty drives."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        letters = kernel.GetLogicalDrives()
        found = []
        for number in range(26):
            top = f"{chr(ord('A') + number)}:\\"
            if not letters >> number & 1 or number < 2:  # A: and B: are floppy drives, which answer slowly
                continue
            kind = kernel.GetDriveTypeW(top)
            if kind in {_FIXED, _REMOTE} or (kind == _REMOVABLE and os.path.exists(top)):  # noqa: PTH110
                found.append(Mount(Path(top), top, kind == _REMOTE))
        return tuple(found)

elif sys.platform == "darwin":

    def mounts() -> tuple[Mount, ...]:
        """The file systems that are mounted now."""
        try:
            said = subprocess.run(
                ["/sbin/mount"], capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.SubprocessError):
            return ()
        return tuple(read_mount_lines(said.stdout.decode("utf-8", "surrogateescape")))

else:

    def mounts() -> tuple[Mount, ...]:
        """The file systems that are mounted now."""
        try:
            text = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
        except OSError:
            return ()
        return tuple(read_mountinfo(text))
