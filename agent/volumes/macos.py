"""Volumes on macOS: getattrlist(2) gives a volume's UUID; what is plugged in is mounted below /Volumes.

This module is type-checked for macOS but was not run there by its authors: where the system answers otherwise than its
manual says, the volume is "not known".
"""

import ctypes
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from agent.model import Volume

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

    def of(self, folder: Path) -> Volume:
        """The volume of the nearest folder that is there."""
        if folder not in self.known:
            self.known[folder] = _of(Path(os.path.realpath(folder)))
        return self.known[folder]


def mounted() -> MountedHere:
    """What is mounted now."""
    return MountedHere()


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
