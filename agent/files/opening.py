"""Opening a file that may be anything: through no link, without waiting for a pipe, and only the file that was seen.

On POSIX the flags do that (O_NOFOLLOW; O_NONBLOCK so that a pipe put in its place cannot make us wait). Windows has no
such flag for the C runtime's open: there the code checks for a link just before, and compares the file just after.
"""

import errno
import os
import stat
import sys
from pathlib import Path


class IsLink(OSError):
    """The name refers to another one: a symbolic link or a junction."""


class NotRegular(OSError):
    """A folder, a pipe, a device; or, on Windows, a different file from a moment before."""


_LINK = "it is a link"
_NOT_REGULAR = "it is not a regular file"

NAME_SURROGATE = 0x20000000
"""A reparse point with this bit refers to another name (IsReparseTagNameSurrogate): symbolic links, junctions. Cloud
folders' placeholders and deduplicated files are reparse points without it: ordinary files."""


def open_plain(path: Path | str, *, sequential: bool = False, folder: int | None = None) -> int:
    """The regular file, open for reading: its descriptor. `folder` is the handle that a name starts from (POSIX only).

    `sequential` tells Windows that it will be read from its beginning to its end. Raises IsLink, NotRegular or another
    OSError; ValueError if the path contains a NUL.
    """
    descriptor, expected = _opened(path, sequential=sequential, folder=folder)
    seen = os.fstat(descriptor)
    if stat.S_ISREG(seen.st_mode) and expected in {None, seen.st_ino}:
        return descriptor
    os.close(descriptor)
    raise NotRegular(errno.EINVAL, _NOT_REGULAR if expected is None else "it was replaced while it was opened")


if sys.platform == "win32":

    def is_link(seen: os.stat_result) -> bool:
        """Whether this lstat result refers to another name: a symbolic link, or a junction (also to a volume)."""
        tag = seen.st_reparse_tag if seen.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT else 0
        return stat.S_ISLNK(seen.st_mode) or bool(tag & NAME_SURROGATE)

    def _opened(path: Path | str, *, sequential: bool, folder: int | None) -> tuple[int, int | None]:  # noqa: ARG001
        before = os.lstat(path)
        if is_link(before):
            raise IsLink(errno.ELOOP, _LINK)
        flags = os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT | (os.O_SEQUENTIAL if sequential else 0)
        return os.open(path, flags), before.st_ino

else:

    def open_quietly(path: Path | str, flags: int, folder: int | None = None) -> int:
        """As os.open, leaving the time of the last access unchanged if the system allows that (Linux, to the owner).

        Looking at a person's files should leave no trace in them.
        """
        if sys.platform == "linux":
            try:
                return os.open(path, flags | os.O_NOATIME, dir_fd=folder)
            except PermissionError:
                pass  # somebody else's file may still be read, only without this flag
        return os.open(path, flags, dir_fd=folder)

    def is_link(seen: os.stat_result) -> bool:
        """Whether this lstat result refers to another name."""
        return stat.S_ISLNK(seen.st_mode)

    def _opened(path: Path | str, *, sequential: bool, folder: int | None) -> tuple[int, int | None]:  # noqa: ARG001
        try:
            return open_quietly(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, folder), None
        except OSError as fault:
            if fault.errno == errno.ELOOP:
                raise IsLink(errno.ELOOP, _LINK) from None
            if fault.errno == errno.ENXIO:  # a socket, or a device that does not exist
                raise NotRegular(errno.EINVAL, _NOT_REGULAR) from None
            raise
