"""Which disk or card a folder is on, so that photos on a card that was pulled out do not count as deleted.

`mounted()` looks once at the mounted volumes; the `Mounted` it returns then answers for any folder. `plugged_in()`
lists the removable volumes, and `glance()` returns a value that changes when that list may have changed, at almost no
cost. Network disks, built-in disks and disks that the system calls fixed (most USB hard disks) do not count as
removable. Only `flush` writes, and no disk is woken. Facts that the system does not give are "not known", never an
error. Each system has a module of its own.
"""

import sys
from pathlib import Path
from typing import Protocol

from agent.model.files import Volume
from agent.volumes.plugged import PluggedIn

if sys.platform == "linux":
    from agent.volumes.linux import flush, glance, mounted, numbers_files_anew, plugged_in
elif sys.platform == "darwin":
    from agent.volumes.macos import flush, glance, mounted, numbers_files_anew, plugged_in
else:
    from agent.volumes.windows import flush, glance, mounted, numbers_files_anew, plugged_in


class Mounted(Protocol):
    """The volumes that were mounted at one moment."""

    def of(self, folder: Path) -> Volume:
        """The volume that `folder` is on, or would be on if it existed."""
        ...

    def removable(self, folder: Path) -> bool:
        """Whether `folder` is on a removable volume; False if that is not known."""
        ...

    def read_only(self, folder: Path) -> bool:
        """Whether the volume of `folder` is write-protected; False if that is not known."""
        ...


__all__ = ["Mounted", "PluggedIn", "flush", "glance", "mounted", "numbers_files_anew", "plugged_in"]
