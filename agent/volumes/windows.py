"""Volumes on Windows: st_dev is the volume's serial number there, which it keeps wherever it is plugged in.

Only NTFS and ReFS keep a file's number; GetVolumeInformationW says which file system it is. This module is type-checked
for Windows but was not run there by its authors.
"""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agent.model import Volume

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


if sys.platform == "win32":
    import ctypes

    def _kind(top: Path) -> str | None:
        """The file system's name, in capitals."""
        name = ctypes.create_unicode_buffer(64)
        root = f"{str(top).rstrip(chr(92))}{chr(92)}"
        ask = ctypes.WinDLL("kernel32", use_last_error=True).GetVolumeInformationW
        return name.value.upper() if ask(root, None, 0, None, None, None, name, len(name)) else None

else:

    def _kind(top: Path) -> str | None:  # noqa: ARG001  # the same shape on every system
        return None
