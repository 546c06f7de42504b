"""One look at one name, by `lstat`: never through a symbolic link, never opening anything."""

import os
import stat
import sys
from pathlib import Path

from agent.errors import LocalFault
from agent.files.opening import is_link
from agent.model.files import LocalFile


def look(path: Path) -> LocalFile | None:
    """The regular file at `path`, or None if there is nothing, or something else (a link, a folder, a pipe).

    Raises LocalFault if the system does not answer (no permission for the folder, a failing card).
    """
    try:
        seen = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as fault:
        raise LocalFault(f"A file cannot be looked at: {fault.strerror}. Check the folder's permissions.") from fault
    return as_file(path, seen)


def real_path(path: Path) -> Path:
    """The real place of `path`, which must exist: without any link in it. Raises OSError.

    Some disks cannot say where their folders really are (RAM disks and encrypted drives on Windows: error 1005). There
    the path as written is used, unless it is itself a link.
    """
    try:
        return Path(os.path.realpath(path, strict=True))
    except OSError:
        if is_link(os.lstat(path)):
            raise
        return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute() would keep ".."


def as_file(path: Path, seen: os.stat_result) -> LocalFile | None:
    """The file that was seen at `path`, if it is a regular one."""
    if not stat.S_ISREG(seen.st_mode) or is_link(seen):
        return None
    return LocalFile(
        path=path,
        size=seen.st_size,
        mtime_ns=seen.st_mtime_ns,
        device=seen.st_dev,
        inode=seen.st_ino,
        changed_ns=0 if sys.platform == "win32" else seen.st_ctime_ns,
    )


if sys.platform == "win32":

    def is_marked_hidden(seen: os.stat_result) -> bool:
        """Whether Explorer would hide it."""
        return bool(seen.st_file_attributes & (stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM))

elif sys.platform == "darwin":

    def is_marked_hidden(seen: os.stat_result) -> bool:
        """Whether Finder would hide it."""
        return bool(seen.st_flags & stat.UF_HIDDEN)

else:

    def is_marked_hidden(seen: os.stat_result) -> bool:  # noqa: ARG001 -- the same shape on every system
        """Linux hides by name alone."""
        return False
