"""Opening a file that may be anything: no link is followed where the system can say so, and no pipe is waited for."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agent.errors import LocalFault


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, open for reading without a buffer of Python's, and its size.

    Any OSError, from opening or inside the block, becomes `LocalFault`; so does anything but a regular file.
    """
    try:
        descriptor = _descriptor(path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise LocalFault("this is not a regular file, so it was not read")
            with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as handle:
                yield handle, status.st_size
        finally:
            os.close(descriptor)
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        raise LocalFault(f"a file in the import folder cannot be read ({reason}); it stays where it is") from None


if sys.platform == "win32":

    def _descriptor(path: Path) -> int:
        """Windows has no O_NOFOLLOW: a link is looked for first, which a race could get past; nothing is written."""
        if path.is_symlink():
            raise LocalFault("this is a link to another file, so it was not read")
        return os.open(path, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)

else:

    def _descriptor(path: Path) -> int:
        try:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as fault:
            if fault.errno == errno.ELOOP:
                raise LocalFault("this is a link to another file, so it was not read") from None
            raise
