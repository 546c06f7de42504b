"""Volumes on macOS: getattrlist(2) gives a volume's UUID, and removable volumes are mounted below /Volumes.

This module is type-checked for macOS, but its authors have not run it there: if the system's answer differs from its
manual, the volume is "not known". `diskutil` says whether a volume is removable. Only media that it calls removable
count, so network disks, disk images and hard disks do not.
"""

import contextlib
import ctypes
import os
import plistlib
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from agent.model.files import Volume
from agent.volumes.plugged import PluggedIn

_PLUGGED_IN = Path("/Volumes")
_ATTR_BIT_MAP_COUNT = 5  # sys/attr.h
_ATTR_VOL_INFO = 0x80000000
_ATTR_VOL_UUID = 0x00040000


class _Wanted(ctypes.Structure):
    """struct attrlist."""

    _fields_ = (
        ("bitmapcount", ctypes.c_ushort),
        ("reserved", ctypes.c_ushort),
        ("common", ctypes.c_uint32),
        ("volume", ctypes.c_uint32),
        ("directory", ctypes.c_uint32),
        ("file", ctypes.c_uint32),
        ("fork", ctypes.c_uint32),
    )


class _Answer(ctypes.Structure):
    """The length of the answer, then the requested value."""

    _pack_ = 4
    _fields_ = (("length", ctypes.c_uint32), ("uuid", ctypes.c_ubyte * 16))


@dataclass(slots=True)
class MountedHere:
    """See `Mounted`. Asks the system about each folder once."""

    known: dict[Path, Volume] = field(default_factory=dict)
    takes_out: dict[Path, bool] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the nearest folder that exists."""
        if folder not in self.known:
            self.known[folder] = _of(Path(os.path.realpath(folder)))
        return self.known[folder]

    def removable(self, folder: Path) -> bool:
        """Whether `diskutil` calls the volume removable; asked once for each volume below /Volumes."""
        top = self.of(folder).top
        if top is None or top.parent != _PLUGGED_IN:
            return False
        if top not in self.takes_out:
            self.takes_out[top] = bool(_disk_info(top).get("RemovableMedia"))
        return self.takes_out[top]

    def read_only(self, folder: Path) -> bool:
        """Whether it is mounted read-only."""
        top = self.of(folder).top
        if top is None or sys.platform == "win32":
            return False
        try:
            return bool(os.statvfs(top).f_flag & os.ST_RDONLY)
        except OSError:
            return False


def mounted() -> MountedHere:
    """The volumes that are mounted now."""
    return MountedHere()


def glance() -> tuple[str, ...]:
    """Names that change when a volume comes or goes. Nothing but the name is read: a lost network drive would block."""
    with contextlib.suppress(OSError):
        return tuple(sorted(place.name for place in _PLUGGED_IN.iterdir()))
    return ()


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes on removable media."""
    found = []
    for place in _disks():
        info = _disk_info(place)
        if info.get("RemovableMedia"):
            size, label = info.get("TotalSize"), str(info.get("VolumeName", ""))
            locked = info.get("WritableVolume") is False
            found.append(PluggedIn(place, _uuid(place), label, size if isinstance(size, int) else 0, read_only=locked))
    return tuple(found)


def flush(top: Path) -> bool:
    """Make sure that everything written to the volume at `top` is on its medium; False if that is not certain."""
    if sys.platform != "darwin":
        return False
    import fcntl

    try:
        handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.sync()
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    except OSError:
        return False  # this file system cannot do it, but ejecting the volume waits until everything is written
    finally:
        os.close(handle)
    return True


def numbers_files_anew(device: int) -> bool:  # noqa: ARG001  # the same shape on every system
    """Always False: macOS numbers files on FAT by their place on the disk, which does not change."""
    return False


def _of(folder: Path) -> Volume:
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    top = next((place for place in (there, *there.parents) if os.path.ismount(place)), None)
    return Volume(_uuid(there), top, steady=top is None or _PLUGGED_IN not in top.parents)


def _uuid(place: Path) -> str | None:
    libc = ctypes.CDLL(None, use_errno=True)
    ask = getattr(libc, "getattrlist", None)
    if ask is None:
        return None
    wanted = _Wanted(bitmapcount=_ATTR_BIT_MAP_COUNT, volume=_ATTR_VOL_INFO | _ATTR_VOL_UUID)
    answer = _Answer()
    failed = ask(os.fsencode(place), ctypes.byref(wanted), ctypes.byref(answer), ctypes.sizeof(answer), 0)
    if failed or answer.length != ctypes.sizeof(answer) or not any(answer.uuid):
        return None
    return str(uuid.UUID(bytes=bytes(answer.uuid)))


def _disks() -> list[Path]:
    """The mount points of local disks, from lines such as `/dev/disk4s1 on /Volumes/EOS (msdos, …)`."""
    lines = _answer_of("/sbin/mount").decode("utf-8", "surrogateescape").splitlines()
    mounts = (re.fullmatch(r"/dev/\S+ on (/Volumes/[^/]+) \([^()]*\)", line) for line in lines)
    return sorted(Path(found[1]) for found in mounts if found is not None)


def _disk_info(top: Path) -> dict[str, object]:
    """The facts that `diskutil` gives about the volume; empty if it does not answer."""
    try:
        info = plistlib.loads(_answer_of("/usr/sbin/diskutil", "info", "-plist", str(top)))
    except (ValueError, plistlib.InvalidFileException):
        return {}
    return info if isinstance(info, dict) else {}


def _answer_of(*command: str) -> bytes:
    """The output of one of the system's own tools; empty if it does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603  # its full path
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout
