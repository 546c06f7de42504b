"""Volumes on Windows: st_dev is the volume's serial number, which is the same on every computer.

Only NTFS and ReFS keep a file's number; GetVolumeInformationW gives the file system. GetDriveTypeW says what is
removable: cards and USB sticks, but not USB hard disks or network drives. This module is type-checked for Windows and
tested under Wine as far as that goes, but its authors have not run it on Windows.
"""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent.model.files import Volume
from agent.volumes.plugged import PluggedIn

_STEADY = frozenset({"NTFS", "REFS"})


@dataclass(slots=True)
class MountedHere:
    """See `Mounted`. Asks the system about each folder once."""

    known: dict[Path, Volume] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the nearest folder that exists."""
        if folder not in self.known:
            self.known[folder] = _of(folder)
        return self.known[folder]

    def removable(self, folder: Path) -> bool:
        """Whether the system calls the drive removable."""
        top = self.of(folder).top
        return top is not None and _is_removable(top)

    def read_only(self, folder: Path) -> bool:
        """Whether the system calls the volume read-only."""
        top = self.of(folder).top
        info = None if top is None else _volume_info(top)
        return info is not None and info.read_only


def mounted() -> MountedHere:
    """The volumes that are mounted now."""
    return MountedHere()


def numbers_files_anew(device: int) -> bool:  # noqa: ARG001  # the same shape on every system
    """Always False: removal on Windows works by handle and does not compare numbers from two looks."""
    return False


def _of(folder: Path) -> Volume:
    for place in (folder, *folder.parents):
        try:
            serial = os.stat(place).st_dev  # noqa: PTH116  # also works for a drive's root, where Path.stat() fails
        except OSError:
            continue
        top = next((above for above in (place, *place.parents) if os.path.ismount(above)), None)
        kind = None if top is None else _kind(top)
        return Volume(f"{serial:x}" if serial else None, top, steady=kind is None or kind in _STEADY)
    return Volume()


def glance() -> tuple[tuple[str, str | None], ...]:
    """Drives and serial numbers that change when a card or stick comes or goes. A reader's drive exists without one."""
    return tuple(
        (str(top), None if (info := _volume_info(top)) is None else info.serial) for top in _removable_drives()
    )


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes in drives with removable media."""
    found = []
    for top in _removable_drives():
        if (info := _volume_info(top)) is None:
            continue  # a reader without a card
        try:
            size = shutil.disk_usage(top).total
        except OSError:
            size = 0
        found.append(PluggedIn(top, _of(top).id, info.label, size, info.read_only))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _VolumeInfo:
    """The facts that GetVolumeInformationW gives about a drive with a volume in it."""

    serial: str
    label: str
    kind: str
    read_only: bool


def _kind(top: Path) -> str | None:
    """The file system's name, in capitals."""
    info = _volume_info(top)
    return None if info is None else info.kind


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateFileW.restype = wintypes.HANDLE
    _DRIVE_REMOVABLE = 2
    _FILE_READ_ONLY_VOLUME = 0x00080000
    _SEM_FAILCRITICALERRORS = 0x0001  # do not open a window that asks for a card when a reader is empty
    _GENERIC_WRITE, _SHARED, _OPEN_EXISTING = 0x40000000, 0x3, 3

    def _root(top: Path) -> str:
        return f"{str(top).rstrip(chr(92))}{chr(92)}"

    def _is_removable(top: Path) -> bool:
        return bool(_kernel32.GetDriveTypeW(_root(top)) == _DRIVE_REMOVABLE)

    def _removable_drives() -> list[Path]:
        """The removable drives except A: and B:, as a floppy drive answers slowly and no camera uses one."""
        there = _kernel32.GetLogicalDrives()
        tops = [Path(f"{chr(ord('A') + place)}:{chr(92)}") for place in range(2, 26) if there >> place & 1]
        return [top for top in tops if _is_removable(top)]

    def _volume_info(top: Path) -> _VolumeInfo | None:
        label, kind = ctypes.create_unicode_buffer(261), ctypes.create_unicode_buffer(261)
        serial, longest, flags = wintypes.DWORD(), wintypes.DWORD(), wintypes.DWORD()
        before = wintypes.DWORD()
        _kernel32.SetThreadErrorMode(_SEM_FAILCRITICALERRORS, ctypes.byref(before))
        try:
            there = _kernel32.GetVolumeInformationW(
                _root(top),
                label,
                len(label),
                ctypes.byref(serial),
                ctypes.byref(longest),
                ctypes.byref(flags),
                kind,
                len(kind),
            )
        finally:
            _kernel32.SetThreadErrorMode(before, None)
        if not there:
            return None
        read_only = bool(flags.value & _FILE_READ_ONLY_VOLUME)
        return _VolumeInfo(f"{serial.value:08x}", label.value, kind.value.upper(), read_only)

    def flush(top: Path) -> bool:
        """Make sure that everything written to the volume at `top` is on its medium; False if Windows refuses."""
        drive = f"{chr(92)}{chr(92)}.{chr(92)}{top.drive}"
        handle = _kernel32.CreateFileW(drive, _GENERIC_WRITE, _SHARED, None, _OPEN_EXISTING, 0, None)
        if handle is None or handle == wintypes.HANDLE(-1).value:
            return False
        try:
            return bool(_kernel32.FlushFileBuffers(wintypes.HANDLE(handle)))
        finally:
            _kernel32.CloseHandle(wintypes.HANDLE(handle))

else:

    def _is_removable(top: Path) -> bool:  # noqa: ARG001  # the same shape on every system
        return False

    def _removable_drives() -> list[Path]:
        return []

    def _volume_info(top: Path) -> _VolumeInfo | None:  # noqa: ARG001
        return None

    def flush(top: Path) -> bool:  # noqa: ARG001
        """Only done on Windows."""
        return False
