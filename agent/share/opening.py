"""Opening a local file that must be exactly the one that was looked at before: never through a link, never a device."""

import os
import stat
import sys
from typing import BinaryIO

from agent.errors import LocalFault
from agent.model import LocalFile

GONE = "A photo could not be read any more: it was moved, deleted or is not permitted. It will be looked at again."
CHANGED = "A photo changed while it was being sent. Nothing was proven; it will be looked at again when it is at rest."


def open_same(file: LocalFile) -> BinaryIO:
    """The file, open for reading, if it is still the one that `file` describes; else `LocalFault`."""
    try:
        if sys.platform == "win32":
            # Windows has no O_NOFOLLOW: a link is seen beforehand, and being swapped in after by its identity below.
            if stat.S_ISLNK(os.lstat(file.path).st_mode):
                raise LocalFault(CHANGED)
            flags = os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT | os.O_SEQUENTIAL
        else:
            # O_NONBLOCK: a pipe put in its place must not hang us; without meaning for a regular file.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened = os.fdopen(os.open(file.path, flags), "rb", buffering=0)
    except OSError as error:
        raise LocalFault(GONE) from error
    if not is_same(opened, file):
        opened.close()
        raise LocalFault(CHANGED)
    return opened


def is_same(opened: BinaryIO, file: LocalFile) -> bool:
    """Whether the open file is the one described, by identity, size and time of change."""
    now = os.fstat(opened.fileno())
    return (
        stat.S_ISREG(now.st_mode)
        and (now.st_dev, now.st_ino) == (file.device, file.inode)
        and (now.st_size, now.st_mtime_ns) == (file.size, file.mtime_ns)
    )
