"""Opening a photo for reading: never through a symbolic link, never something that is no regular file.

POSIX says so at opening (O_NOFOLLOW; O_NONBLOCK so that a pipe put in its place cannot make us wait). Windows has no
such flag for the C runtime's open: there a link is looked for just before, and the file compared just after. A reparse
point that is no link (a cloud folder's placeholder, a deduplicated file) is a file like others.
"""

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from agent.errors import LocalFault

_UNREADABLE = "a photo cannot be opened for tagging ({reason}): see that it is still there and may be read"


def open_photo(path: Path) -> BinaryIO:
    """`path` opened for reading bytes, unbuffered. LocalFault where it is no regular file or cannot be read."""
    try:
        descriptor = _open(path)
    except (OSError, ValueError) as fault:  # ValueError: a NUL in the path
        reason = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else "not a usable path"
        raise LocalFault(_UNREADABLE.format(reason=reason)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise LocalFault(_UNREADABLE.format(reason="it is not a regular file"))
    return os.fdopen(descriptor, "rb", buffering=0)


if sys.platform == "win32":

    def _open(path: Path) -> int:
        before = path.lstat()
        if before.st_reparse_tag in {stat.IO_REPARSE_TAG_SYMLINK, stat.IO_REPARSE_TAG_MOUNT_POINT}:
            raise OSError(0, "it is a link")
        descriptor = os.open(path, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
        after = os.fstat(descriptor)
        if before.st_ino != after.st_ino:
            os.close(descriptor)
            raise OSError(0, "it was replaced while it was opened")
        return descriptor

else:

    def _open(path: Path) -> int:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
