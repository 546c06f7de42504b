"""Files that a person or the settings name: a key, a register, a photo to look at. Any of them may be something else.

Through links, for whoever named the file chose them. But nobody is waited for: a pipe that nobody writes to, or a
device without an end, would keep a command for ever. Nor is more read than such a file can have.
"""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from agent.files.opening import NotRegular


def open_named(path: Path) -> BinaryIO:
    """The regular file at `path`, open for reading. NotRegular for a pipe, a device or a folder; OSError otherwise."""
    if sys.platform == "win32":
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotRegular(errno.EINVAL, _NOT_A_FILE)
        return path.open("rb")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as fault:
        if fault.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise NotRegular(errno.EINVAL, _NOT_A_FILE) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegular(errno.EINVAL, _NOT_A_FILE)
    return os.fdopen(descriptor, "rb")


def read_named(path: Path, most: int) -> bytes:
    """All of it; an OSError too where it has more than `most` bytes."""
    with open_named(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1000} KB")
    return content


_NOT_A_FILE = "it is a pipe, a device or a folder, not a file"
