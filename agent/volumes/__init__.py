"""Which disk or card a folder lies on, so that a photo whose card was pulled out is not taken for one that is gone.

`mounted()` looks once at what is mounted now; the `Mounted` it returns then answers for any folder. Nothing is written,
no disk is woken, and what the system does not say is "not known", never an error. Each system has a module of its own.
"""

import sys
from pathlib import Path
from typing import Protocol

from agent.model import Volume

if sys.platform == "linux":
    from agent.volumes.linux import mounted, numbers_files_anew
elif sys.platform == "darwin":
    from agent.volumes.macos import mounted, numbers_files_anew
else:
    from agent.volumes.windows import mounted, numbers_files_anew


class Mounted(Protocol):
    """What was mounted at one moment."""

    def of(self, folder: Path) -> Volume:
        """The volume that `folder`, which need not be there, lies on or would lie on."""
        ...


__all__ = ["Mounted", "mounted", "numbers_files_anew"]
