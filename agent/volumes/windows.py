"""Volumes on Windows: st_dev is the volume's serial number there, which it keeps wherever it is plugged in.

Only NTFS and ReFS keep a file's number; GetVolumeInformationW says which file system it is. What can be taken out is
what GetDriveTypeW calls removable: cards and USB sticks, no hard disk on USB, no drive on the network. This module is
type-checked for Windows and tested under Wine as far as that goes, but was not run on Windows by its authors.
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
    """See `Mounted`; asks about each folder once."""

    known: dict[Path, Volume] = field(default_factory=dict)

    def of(self, folder: Path) -> Volume:
        """The volume of the nearest folder that is there."""
        if folder not in self.known:
            self.known[folder] = _of(folder)
        return self.known[folder]

    def removable(self, folder: Path) -> bool:
        """As the system says of the drive."""
        top = self.of(folder).top
        return top is not None and _is_removable(top)

    def read_only(self, folder: Path) -> bool:
        """As the system says of the volume."""
        top = self.of(folder).top
        said = None if top is None else _said(top)
        return said is not None and said.read_only


def mounted() -> MountedHere:
    """What is mounted now."""
    return MountedHere()


def numbers_files_anew(device: int) -> bool:  # noqa: ARG001  # the same shape on every system
    """Removal on Windows goes by handle and asks for no number of another look."""
    return False


def _of(folder: Path) -> Volume:
    for place in (folder, *folder.parents):
        try:
            serial = os.stat(place).st_dev  # noqa: PTH116  # by the drive's root too, where Path.stat() has no more
        except OSError:
            continue
        top = next((above for above in (place, *place.parents) if os.path.ismount(above)), None)
        kind = None if top is None else _kind(top)
        return Volume(f"{serial:x}" if serial else None, top, steady=kind is None or kind in _STEADY)
    return Volume()


def glance() -> tuple[tuple[str, str | None], ...]:
    """Another one when a card or stick came or went; the drive of a reader is there without a card too."""
    return tuple((str(top), None if (said := _said(top)) is None else said.serial) for top in _removable_drives())


def plugged_in() -> tuple[PluggedIn, ...]:
    """The volumes in drives whose media can be taken out."""
    found = []
    for top in _removable_drives():
        if (said := _said(top)) is None:
            continue  # a reader without a card
        try:
            size = shutil.disk_usage(top).total
        except OSError:
            size = 0
        found.append(PluggedIn(top, _of(top).id, said.label, size, said.read_only))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Said:
    """What GetVolumeInformationW says of a drive with a volume in it."""

    serial: str
    label: str
    kind: str
    read_only: bool


def _kind(top: Path) -> str | None:
    """The file system's name, in capitals."""
    said = _said(top)
    return None if said is None else said.kind


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateFileW.restype = wintypes.HANDLE
    _DRIVE_REMOVABLE = 2
    _FILE_READ_ONLY_VOLUME = 0x00080000
    _SEM_FAILCRITICALERRORS = 0x0001  # no window that asks for a card where a reader has none
    _GENERIC_WRITE, _SHARED, _OPEN_EXISTING = 0x40000000, 0x3, 3

    def _root(top: Path) -> str:
        return f"{str(top).rstrip(chr(92))}{chr(92)}"

    def _is_removable(top: Path) -> bool:
        return bool(_kernel32.GetDriveTypeW(_root(top)) == _DRIVE_REMOVABLE)

    def _removable_drives() -> list[Path]:
        """A: and B: are left out: to ask a floppy drive takes seconds, and no camera writes to one."""
        there = _kernel32.GetLogicalDrives()
        tops = [Path(f"{chr(ord('A') + place)}:{chr(92)}") for place in range(2, 26) if there >> place & 1]
        return [top for top in tops if _is_removable(top)]

    def _said(top: Path) -> _Said | None:
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
        return _Said(f"{serial.value:08x}", label.value, kind.value.upper(), read_only)

    def flush(top: Path) -> bool:
        """Have all that was written to the volume at `top` reach its medium; False where Windows does not allow it."""
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

    def _said(top: Path) -> _Said | None:  # noqa: ARG001
        return None

    def flush(top: Path) -> bool:  # noqa: ARG001
        """Windows alone."""
        return False
