"""Which file systems give a file a new number each time it is loaded, so that an inode there proves nothing."""

import os
import sys
from pathlib import Path

# Linux numbers what is on FAT and exFAT as it loads it; FUSE and MTP file systems, and 9p, often do.
_ANEW = ("vfat", "msdos", "exfat", "fuse", "fuseblk", "9p")


def numbers_files_anew(device: int) -> bool:
    """Whether the mounted `device` (st_dev) is of such a kind; False where it is not known."""
    kind = _kind_of(device)
    return kind is not None and (kind in _ANEW or kind.startswith("fuse."))


def _kind_of(device: int) -> str | None:
    if sys.platform != "linux":
        return None  # macOS numbers FAT by place on disk, which lasts
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        mount, _, after = line.partition(" - ")
        if mount.split(" ")[2] == wanted:
            return after.split(" ")[0]
    return None
