"""Working below a folder that others may write to: no link is followed, no listing and no file is read without bounds.

Everything is reached from one handle on the folder itself, name by name, and each name must have the right kind: a real
folder on the way, a plain file at its end. So a link that is swapped in at any moment leads nowhere. Windows has no
such handles; there each name on the way is checked before and after, and must not be a link or a junction.
"""

import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from agent.files.durable import sync_file
from agent.files.opening import is_link

Parts = tuple[str, ...]
"""Names from the folder down: `("record", "laptop-17", "checkpoint-….txt")`; empty for the folder itself."""

BUFFER = 1 << 20


class NotPlain(Exception):
    """An entry has the wrong kind: a link, a pipe, too large, too many. The message follows a name."""


class Sort(Enum):
    """The kind of an entry, as the folder itself says, without following it."""

    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    OTHER = "neither a file nor a folder"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a folder."""

    name: str
    sort: Sort


class Beneath:
    """A folder that is read. Its own path may lead over links: whoever runs this named it.

    Use it with `with`; a file opened from it stays open by itself. Every method raises the system's OSError.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._handle: int | None = None

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            self.root.stat()
        else:
            self._handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def names(self, parts: Parts, most: int) -> list[Named]:
        """The entries of that folder, sorted by name. NotPlain if it has more than `most`, or is not a real folder."""
        found: list[Named] = []
        with self._folder(parts) as folder, _scanned(folder) as entries:
            for entry in entries:
                if len(found) == most:
                    raise NotPlain(f"holds more than {most} names")
                found.append(Named(entry.name, _sort(entry)))
        return sorted(found, key=lambda one: one.name)

    def is_folder(self, parts: Parts) -> bool:
        """Whether there is a real folder."""
        try:
            with self._folder(parts):
                return True
        except (FileNotFoundError, NotADirectoryError, NotPlain):
            return False

    def open(self, parts: Parts, largest: int, start: int = 0, length: int | None = None) -> BinaryIO:
        """A plain file for reading, up to its present end. NotPlain for anything else, or if it is larger.

        Optionally a part of it: from byte `start` on, at most `length` bytes.
        """
        descriptor, size = self._opened(parts, os.O_RDONLY, largest)
        start = min(start, size)
        if start:
            os.lseek(descriptor, start, os.SEEK_SET)
        left = size - start if length is None else min(size - start, length)
        return io.BufferedReader(_UpTo(descriptor, left), max(io.DEFAULT_BUFFER_SIZE, min(BUFFER, left)))

    def open_to_overwrite(self, parts: Parts, largest: int) -> BinaryIO:
        """A plain file with only this one name, for reading and for overwriting its content."""
        descriptor, _ = self._opened(parts, os.O_RDWR, largest, alone=True)
        return os.fdopen(descriptor, "r+b")

    def create(self, parts: Parts, content: bytes, like: Parts) -> None:
        """A new file with this content, durable except for its name; FileExistsError if the name is taken.

        It gets the mode and age of the file `like`, and its owner and group if this user may give files away: whoever
        could read that file can read this one.
        """
        about = self.about(like)
        if not stat.S_ISREG(about.st_mode):
            raise NotPlain("is not a plain file")
        with self._folder(parts[:-1]) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            if isinstance(folder, Path):
                descriptor = os.open(folder / _one(parts[-1]), flags, 0o600)
            else:
                descriptor = os.open(_one(parts[-1]), flags, 0o600, dir_fd=folder)
            try:
                try:
                    _fill(descriptor, content, about)
                finally:
                    os.close(descriptor)
            except BaseException:
                with contextlib.suppress(OSError):  # the first fault is the one to report
                    self.remove(parts)
                raise

    def rename(self, parts: Parts, name: str) -> None:
        """Rename a file within its folder, durable on return. FileExistsError if the new name is taken."""
        with self._folder(parts[:-1]) as folder:
            old, new = _one(parts[-1]), _one(name)
            if isinstance(folder, Path):
                (folder / old).rename(folder / new)  # Windows replaces nothing
                return
            try:
                os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            except OSError as fault:
                if fault.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}:
                    raise
                # A file system without hard links: check, then rename.
                with contextlib.suppress(FileNotFoundError):
                    os.stat(new, dir_fd=folder, follow_symlinks=False)
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from fault
                os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
            else:
                os.unlink(old, dir_fd=folder)
            os.fsync(folder)

    def remove(self, parts: Parts) -> None:
        """Remove a name that does not belong to a folder; a link's target stays. `sync` makes this durable."""
        with self._folder(parts[:-1]) as folder:
            if isinstance(folder, Path):
                (folder / _one(parts[-1])).unlink()
            else:
                os.unlink(_one(parts[-1]), dir_fd=folder)

    def sync(self, parts: Parts) -> None:
        """Return when the folder's names are on the medium."""
        with self._folder(parts) as folder:
            if not isinstance(folder, Path):
                os.fsync(folder)

    def about(self, parts: Parts) -> os.stat_result:
        """The result of lstat for a name."""
        with self._folder(parts[:-1]) as folder:
            if isinstance(folder, Path):
                return (folder / _one(parts[-1])).lstat()
            return os.stat(_one(parts[-1]), dir_fd=folder, follow_symlinks=False)

    @staticmethod
    def modified(file: BinaryIO) -> float:
        """When the opened file was last written, in seconds since 1970, according to its file system."""
        return os.fstat(file.fileno()).st_mtime

    @staticmethod
    def size(file: BinaryIO) -> int:
        """The present size in bytes of the opened file."""
        return os.fstat(file.fileno()).st_size

    def walk(self, parts: Parts, most: int, deepest: int) -> Iterator[tuple[str, os.stat_result]]:
        """Every name below that folder that is not a folder, with `/` between its parts, and its lstat result.

        NotPlain if there are more than `most` names, or folders more than `deepest` deep.
        """
        seen = 0
        waiting: list[Parts] = [()]
        while waiting:
            below = waiting.pop()
            if len(below) > deepest:
                raise NotPlain(f"has folders more than {deepest} deep")
            try:
                with self._folder((*parts, *below)) as folder, _scanned(folder) as entries:
                    for entry in entries:
                        seen += 1
                        if seen > most:
                            raise NotPlain(f"holds more than {most} names")
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((*below, entry.name))
                            continue
                        with contextlib.suppress(FileNotFoundError):  # it has gone in the meantime
                            yield "/".join((*below, entry.name)), entry.stat(follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                if not below:
                    raise
                continue  # a folder that has gone, or become something else, in the meantime

    # --- by handle, name by name -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _folder(self, parts: Parts) -> Iterator[int | Path]:
        if sys.platform == "win32":
            yield self._checked(parts)
            return
        if self._handle is None:
            raise ValueError("this folder is not open")
        handle = os.open(".", _FOLDER, dir_fd=self._handle)
        try:
            for part in parts:
                above, handle = handle, -1
                try:
                    handle = os.open(_one(part), _FOLDER, dir_fd=above)
                except OSError as fault:
                    if fault.errno in {errno.ENOTDIR, errno.ELOOP}:  # there may be a link instead of the folder
                        raise NotPlain(_what_instead(part, above)) from fault
                    raise
                finally:
                    os.close(above)
            yield handle
        finally:
            if handle != -1:
                os.close(handle)

    def _opened(self, parts: Parts, flags: int, largest: int, *, alone: bool = False) -> tuple[int, int]:
        """The file's descriptor and size; `alone`: it must have no other name."""
        with self._folder(parts[:-1]) as folder:
            name = _one(parts[-1])
            if isinstance(folder, Path):
                path = folder / name
                before = _plain(path.lstat(), largest, alone=alone)
                descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0))
            else:
                before = _plain(os.stat(name, dir_fd=folder, follow_symlinks=False), largest, alone=alone)
                try:
                    descriptor = os.open(name, flags | _PLAIN, dir_fd=folder)
                except OSError as fault:
                    if fault.errno in {errno.ELOOP, errno.ENXIO}:
                        raise NotPlain("was replaced while it was opened") from fault
                    raise
        try:
            now = _plain(os.fstat(descriptor), largest, alone=alone, expected=before)
            if sys.platform == "win32":
                self._checked(parts[:-1])
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor, now.st_size

    def _checked(self, parts: Parts) -> Path:
        """The folder's path on Windows, after checking each name below the root."""
        path = self.root
        for part in parts:
            path /= _one(part)
            about = path.lstat()
            if is_link(about):
                raise NotPlain("is a link")
            if not stat.S_ISDIR(about.st_mode):
                raise NotADirectoryError(path)
        return path


if sys.platform == "win32":
    _FOLDER = _PLAIN = 0
else:
    _FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    _PLAIN = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # no waiting: it may have become a pipe since it was seen


def _fill(descriptor: int, content: bytes, like: os.stat_result) -> None:
    """Write a new file and sync it, with the mode, the age and, where this user may do so, the owner of another."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    if sys.platform != "win32":
        with contextlib.suppress(PermissionError):  # only root gives files away
            os.fchown(descriptor, like.st_uid, like.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode) & 0o644)
        os.utime(descriptor, (like.st_mtime, like.st_mtime))
    sync_file(descriptor)


def _one(part: str) -> str:
    """A single name, which leads neither up nor further down."""
    if not part or part in {".", ".."} or "/" in part or "\0" in part or (os.altsep or "/") in part or os.sep in part:
        raise NotPlain("is not a name")
    return part


def _what_instead(part: str, above: int) -> str:
    with contextlib.suppress(OSError):
        if stat.S_ISLNK(os.stat(part, dir_fd=above, follow_symlinks=False).st_mode):
            return "is a link"
    return "is not a folder"


def _plain(
    about: os.stat_result, largest: int, *, alone: bool, expected: os.stat_result | None = None
) -> os.stat_result:
    """`about`, if it describes a plain file that may be opened; else NotPlain."""
    if is_link(about):
        raise NotPlain("is a link")
    if not stat.S_ISREG(about.st_mode):
        raise NotPlain("is not a plain file")
    if about.st_size > largest:
        raise NotPlain(f"has {about.st_size} bytes, more than the {largest} that are read")
    if alone and about.st_nlink != 1:
        raise NotPlain("has another name elsewhere")
    if expected is not None and (about.st_dev, about.st_ino) != (expected.st_dev, expected.st_ino):
        raise NotPlain("was replaced while it was opened")
    return about


def _scanned(folder: int | Path) -> "contextlib.AbstractContextManager[Iterator[os.DirEntry[str]]]":
    return os.scandir(folder)


def _sort(entry: "os.DirEntry[str]") -> Sort:
    if entry.is_symlink() or (sys.platform == "win32" and is_link(entry.stat(follow_symlinks=False))):
        return Sort.LINK
    if entry.is_dir(follow_symlinks=False):
        return Sort.FOLDER
    return Sort.FILE if entry.is_file(follow_symlinks=False) else Sort.OTHER


class _UpTo(io.RawIOBase):
    """A file with the length it had when it was opened, even if somebody continues to write to it."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._left = size

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]  # any writable buffer
        piece = os.read(self._descriptor, min(len(buffer), self._left))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
