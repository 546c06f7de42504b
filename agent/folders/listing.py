"""The content of one folder: names with an `lstat` each, sorted, from the same folder that was seen before.

On POSIX the folder is opened without following a link and must be the one (device, inode) that the walk saw, so that a
folder swapped for a link in mid-walk leads nowhere; every name is then looked at relative to that handle.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.files.longpaths import LISTED, why_not_there
from agent.files.opening import is_link


@dataclass(frozen=True, slots=True)
class Listing:
    """The names in a folder, each with its `lstat` result; and the names that could not be examined, and why."""

    seen: tuple[tuple[str, os.stat_result], ...]
    unseen: tuple[tuple[str, OSError], ...]


def is_folder(seen: os.stat_result) -> bool:
    """A real folder, not a link to one."""
    return stat.S_ISDIR(seen.st_mode) and not is_link(seen)


def _look_at(names: list[str], look: Callable[[str], os.stat_result]) -> Listing:
    seen: list[tuple[str, os.stat_result]] = []
    unseen: list[tuple[str, OSError]] = []
    for name in names:
        try:
            seen.append((name, look(name)))
        except FileNotFoundError:
            continue  # gone between listing and looking, so treated as never listed
        except OSError as fault:
            unseen.append((name, fault))
    return Listing(tuple(seen), tuple(unseen))


def _same_or_gone(now: os.stat_result, known: os.stat_result) -> None:
    if not is_folder(now) or (now.st_dev, now.st_ino) != (known.st_dev, known.st_ino):
        raise FileNotFoundError("another folder has taken its place")


if sys.platform == "win32":

    def list_folder(path: Path, known: os.stat_result) -> Listing:
        """List `path`, seen as `known`. Raises OSError; FileNotFoundError if it is no longer that folder."""
        _same_or_gone(os.lstat(path), known)
        try:
            names = sorted(entry.name for entry in path.iterdir())
        except FileNotFoundError as fault:
            raise why_not_there(path, fault, os.path.lexists, LISTED) from fault

        def look(name: str) -> os.stat_result:
            # DirEntry.stat() leaves device and inode at 0 on Windows, so each name is looked at by itself.
            try:
                return os.lstat(path / name)
            except FileNotFoundError as fault:
                raise why_not_there(path / name, fault, os.path.lexists) from fault

        return _look_at(names, look)

else:
    from agent.files.opening import open_quietly

    def list_folder(path: Path, known: os.stat_result) -> Listing:
        """List `path`, seen as `known`. Raises OSError; FileNotFoundError if it is no longer that folder."""
        try:
            handle = open_quietly(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as fault:
            if fault.errno in {errno.ENOTDIR, errno.ELOOP}:  # a file or a link has taken its place
                raise FileNotFoundError(fault.errno, fault.strerror) from fault
            raise
        try:
            _same_or_gone(os.fstat(handle), known)
            with os.scandir(handle) as entries:
                names = sorted(entry.name for entry in entries)
            return _look_at(names, lambda name: os.stat(name, dir_fd=handle, follow_symlinks=False))
        finally:
            os.close(handle)
