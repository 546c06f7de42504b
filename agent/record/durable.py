"""Making what was written last: the one place where the three systems differ."""

import os
import sys
from pathlib import Path

if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

    def sync_file(descriptor: int) -> None:
        """Return when the file's bytes are on the medium: on macOS `fsync` alone stops at the drive's cache."""
        fcntl(descriptor, F_FULLFSYNC)

else:

    def sync_file(descriptor: int) -> None:
        """Return when the file's bytes are on the medium."""
        os.fsync(descriptor)


if sys.platform == "win32":

    def sync_folder(folder: Path) -> None:
        """Nothing to do: NTFS logs the making of a file itself, and a folder cannot be opened for this."""

else:

    def sync_folder(folder: Path) -> None:
        """Return when the folder's list of names is on the medium."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
