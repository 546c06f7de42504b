"""Volumes on macOS: getattrlist(2) gives a volume's UUID; what is plugged in is mounted below /Volumes.

This module is type-checked for macOS but was not run there by its authors: where the system answers otherwise than its
manual says, the volume is "not known". Whether a volume can be taken out, `diskutil` says: only what it calls removable
media counts, so no disk on the network, no disk image's server and no hard disk.
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
    """The length of the answer, then what was asked for."""

    _pack_ = 4
    _fields_ = (("length", ctypes.c_uint32), ("uuid", ctypes.c_ubyte * 16))


@dataclass(slots=True)
class MountedHere:
    """See `Mounted`; asks about each folder once."""

    known: dict[Path, Volume] = field(default_factory=dict)
    takes_out: dict[Path, bool] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the nearest folder that is there."""
        if folder not in self.known:
            self.known[folder] = _of(Path(os.path.realpath(folder)))
        return self.known[folder]

    def removable(self, folder: Path) -> bool:
        """As `diskutil` says; asked once for each volume below /Volumes."""
        top = self.of(folder).top
        if top is None or top.parent != _PLUGGED_IN:
            return False
        if top not in self.takes_out:
            self.takes_out[top] = bool(_told(top).get("RemovableMedia"))
        return self.takes_out[top]

    def read_only(self, folder: Path) -> bool:
        """As it is mounted."""
        top = self.of(folder).top
        if top is None or sys.platform == "win32":
            return False
        try:
            return bool(os.statvfs(top).f_flag & os.ST_RDONLY)
        except OSError:
            return False


def mounted() -> MountedHere:
    """What is mounted now."""
    return MountedHere()


def glance() -> tuple[str, ...]:
    """Another one when a volume came or went. By name alone: a look at a lost network drive would not come back."""
    with contextlib.suppress(OSError):
        return tuple(sorted(place.name for place in _PLUGGED_IN.iterdir()))
    return ()


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes on media that can be taken out."""
    found = []
    for place in _disks():
        told = _told(place)
        if told.get("RemovableMedia"):
            size, label = told.get("TotalSize"), str(told.get("VolumeName", ""))
            locked = told.get("WritableVolume") is False
            found.append(PluggedIn(place, _uuid(place), label, size if isinstance(size, int) else 0, read_only=locked))
    return tuple(found)


def flush(top: Path) -> bool:
    """Have all that was written to the volume at `top` reach its medium; False where that is not certain."""
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
        return False  # this file system does not have it: whoever ejects the volume waits for it
    finally:
        os.close(handle)
    return True


def numbers_files_anew(device: int) -> bool:  # noqa: ARG001  # the same shape on every system
    """macOS numbers what is on FAT by its place on the disk, which lasts."""
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
    """Where disks, and nothing of the network, are mounted: `/dev/disk4s1 on /Volumes/EOS (msdos, …)`."""
    lines = _answer_of("/sbin/mount").decode("utf-8", "surrogateescape").splitlines()
    mounts = (re.fullmatch(r"/dev/\S+ on (/Volumes/[^/]+) \([^()]*\)", line) for line in lines)
    return sorted(Path(found[1]) for found in mounts if found is not None)


def _told(top: Path) -> dict[str, object]:
    """What `diskutil` knows of the volume; nothing where it does not answer."""
    try:
        told = plistlib.loads(_answer_of("/usr/sbin/diskutil", "info", "-plist", str(top)))
    except (ValueError, plistlib.InvalidFileException):
        return {}
    return told if isinstance(told, dict) else {}


def _answer_of(*command: str) -> bytes:
    """What one of the system's own tools prints; nothing where it does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603  # its full path
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout
