"""How many folders Linux lets one user watch, for `doctor`; the other systems have no such limit."""

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """This user's programs watch `used` of `maximum` folders, as far as /proc shows them.

    `instances` is how many programs (observers, rather) may watch at once.
    """

    used: int
    maximum: int
    instances: int

    @property
    def free(self) -> int:
        """Folders that can still be watched."""
        return max(0, self.maximum - self.used)


def watch_limits() -> WatchLimits | None:
    """The limits of inotify(7): fs.inotify.max_user_watches and max_user_instances. None if the system has none."""
    if sys.platform != "linux":
        return None
    settings = Path("/proc/sys/fs/inotify")
    try:
        maximum = int((settings / "max_user_watches").read_text())
        instances = int((settings / "max_user_instances").read_text())
    except (OSError, ValueError):
        return None  # a container without /proc/sys: nothing is known, so nothing is reported
    return WatchLimits(_used(), maximum, instances)


def _used() -> int:
    """Watches of the processes that this user may inspect: /proc/PID/fdinfo has a line `inotify wd:…` for each."""
    used = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for handle in (process / "fd").iterdir():
                if str(handle.readlink()) == "anon_inode:inotify":
                    used += (process / "fdinfo" / handle.name).read_text().count("inotify wd:")
        except OSError:
            continue  # another user's, or ended meanwhile
    return used
