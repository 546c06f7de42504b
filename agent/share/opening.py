"""Opening a local file that must be exactly the one that was examined before: never through a link, never a device."""

import os
import stat
from typing import BinaryIO

from agent.errors import LocalFault
from agent.files.opening import IsLink, NotRegular, open_plain
from agent.model.files import LocalFile

GONE = "A photo can no longer be read: it was moved, deleted or locked. It will be looked at again."
CHANGED = (
    "A photo changed while it was being sent. It was not sent, and will be looked at again once it stops changing."
)


def open_same(file: LocalFile) -> BinaryIO:
    """Open the file for reading, if it is still the one that `file` describes; otherwise `LocalFault`."""
    try:
        opened = os.fdopen(open_plain(file.path, sequential=True), "rb", buffering=0)
    except (IsLink, NotRegular):
        raise LocalFault(CHANGED) from None
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
