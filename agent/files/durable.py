"""Writing files that must outlast a power cut: the only module that knows how the three systems differ in this.

A file's bytes are synced, and then the folder that holds its name; a new folder is synced into the one above it. On
macOS `fsync` alone stops at the drive's cache; on Windows NTFS logs names itself.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.files.exclusive import rename_to_free

_DRAFT = ".part"
_STALE_SECONDS = 24 * 3600

if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

    def sync_file(descriptor: int) -> None:
        """Return when the file's bytes are on the medium."""
        try:
            fcntl(descriptor, F_FULLFSYNC)
        except OSError:  # a network drive has no cache of its own to flush
            os.fsync(descriptor)

else:

    def sync_file(descriptor: int) -> None:
        """Return when the file's bytes are on the medium."""
        os.fsync(descriptor)


if sys.platform == "win32":

    def sync_folder(folder: Path) -> None:
        """Nothing to do: NTFS logs new files itself, and a folder cannot be opened for this."""

else:

    def sync_folder(folder: Path) -> None:
        """Return when the folder's list of names is on the medium."""
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError:  # we may write to this folder but not list it
            os.sync()
            return
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Create the folder and those above it, if needed; on return their names outlast a power cut.

    A folder that is there already is synced too: its creator may have been cut off before that. Raises OSError.
    """
    missing = []
    above = folder
    while not above.is_dir() and above != above.parent:
        missing.append(above)
        above = above.parent
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        sync_folder(one.parent)
    if not missing:
        sync_folder(folder.parent)


def create_file(path: Path, content: bytes) -> None:
    """Make a new file with this content, for this user only; durable on return. FileExistsError if it exists.

    Its folder is made too. After a crash the file is complete or missing (or cut short, if the file system cannot
    rename without replacing).
    """
    make_folder(path.parent)
    path = path.absolute()
    with _draft(path, content) as draft:
        if not rename_to_free(str(draft), str(path)):
            _create_in_place(path, content)
            draft.unlink()
    sync_folder(path.parent)
    _sweep(path)


def replace_file(path: Path, content: bytes) -> None:
    """Replace any earlier file by one with this content, for this user only; durable on return.

    After a crash it is the old file or the new one, complete. Raises OSError, and then `path` is untouched. A draft
    that a crash left beside it is removed only a day later, because it could belong to another running process.
    """
    make_folder(path.parent)
    with _draft(path, content) as draft:
        draft.replace(path)
    sync_folder(path.parent)
    _sweep(path)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A synced file with this content beside `path`, for the caller to rename; removed if anything goes wrong."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=_DRAFT, dir=path.parent)
    draft = Path(name)
    try:
        try:
            _put(descriptor, content)
        finally:
            os.close(descriptor)  # first, because Windows does not remove an open file
        yield draft
    except BaseException:
        with suppress(OSError):  # the first fault is the one to report
            draft.unlink()
        raise


def _create_in_place(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        try:
            _put(descriptor, content)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _put(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    sync_file(descriptor)


def _sweep(path: Path) -> None:
    newest = path.stat().st_mtime
    for left in path.parent.glob(f"{path.name}.*{_DRAFT}"):
        with suppress(FileNotFoundError):  # the process that owned it has finished
            if newest - left.stat().st_mtime > _STALE_SECONDS:
                left.unlink()
