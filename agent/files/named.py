"""Files named by a person or in the settings: a key, a register, a photo to look at.

Each may turn out to be something else. Links are followed, because whoever named the file chose them. But reading never
blocks: a pipe to which nobody writes, or a device without an end, would stop a command for ever. Nor is more read than
such a file can contain.
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
    """The whole file; also an OSError if it has more than `most` bytes."""
    with open_named(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1000} KB")
    return content


_NOT_A_FILE = "it is a pipe, a device or a folder, not a file"
