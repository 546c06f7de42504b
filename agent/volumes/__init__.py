"""Which disk or card a folder lies on, so that a photo whose card was pulled out is not taken for one that is gone.

`mounted()` looks once at what is mounted now; the `Mounted` it returns then answers for any folder. `plugged_in()` says
which volumes can be taken out, and `glance()` gives something that changes when that may be different: it costs next to
nothing. Of a disk on the network, a disk built in, or one that the system calls fixed (most hard disks on USB), none
says that it can be taken out. Nothing is written but by `flush`, no disk is woken, and what the system does not say is
"not known", never an error. Each system has a module of its own.
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
    """What was mounted at one moment."""

    def of(self, folder: Path) -> Volume:
        """The volume that `folder`, which need not be there, lies on or would lie on."""
        ...

    def removable(self, folder: Path) -> bool:
        """Whether `folder` lies on a volume that can be taken out; False where that is not known."""
        ...

    def read_only(self, folder: Path) -> bool:
        """Whether nothing can be written to the volume that `folder` lies on; False where that is not known."""
        ...


__all__ = ["Mounted", "PluggedIn", "flush", "glance", "mounted", "numbers_files_anew", "plugged_in"]
