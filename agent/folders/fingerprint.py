"""The content of a file: SHA-256 and size, read to the end from the same file that was seen before."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable

from agent.errors import LocalFault
from agent.files.opening import IsLink, NotRegular, open_plain
from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import Sha256

_CHUNK = 1 << 18  # bytes; for each new megabyte the kernel would have to give fresh pages


def fingerprint(file: LocalFile, *, progress: Callable[[int], None] | None = None) -> Fingerprint:
    """The content of `file`, proven to belong to the file that was seen: same device, inode, size and time of change
    before the first byte and after the last.

    `progress` gets the number of bytes newly read, each time. Raises LocalFault if the file vanished, cannot be read,
    or changed; then it should be looked at again later.
    """
    try:
        handle = open_plain(file.path)
    except (IsLink, NotRegular):  # a link, a pipe or a folder is there now
        raise _changed() from None
    except OSError as fault:
        raise _as_local_fault(fault) from fault
    try:
        _same(os.fstat(handle), file)
        digest = hashlib.sha256()
        size = 0
        # One byte more than expected shows that the file grew; a file that grows for ever is not read for ever.
        while size <= file.size and (chunk := os.read(handle, _CHUNK)):
            digest.update(chunk)
            size += len(chunk)
            if progress is not None:
                progress(len(chunk))
        _same(os.fstat(handle), file)
    except OSError as fault:
        raise _as_local_fault(fault) from fault
    finally:
        os.close(handle)
    if size != file.size:
        raise _changed()
    return Fingerprint(Sha256(digest.hexdigest()), size)


def _same(seen: os.stat_result, file: LocalFile) -> None:
    now = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns)
    if not stat.S_ISREG(seen.st_mode) or now != (file.device, file.inode, file.size, file.mtime_ns):
        raise _changed()


def _changed() -> LocalFault:
    return LocalFault("A photo changed while it was read; it will be read again when it no longer changes.")


def _as_local_fault(fault: OSError) -> LocalFault:
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        return LocalFault("A photo vanished before it was read: another program has moved or deleted it.")
    if fault.errno == errno.EISDIR:
        return _changed()
    if isinstance(fault, PermissionError):
        return LocalFault("A photo cannot be read: permission denied. Check the file's and the folder's permissions.")
    if fault.errno == errno.EIO:
        return LocalFault("A photo cannot be read: the disk or card reports an error. Copy it to a good one.")
    return LocalFault(f"A photo cannot be read: {fault.strerror or 'unknown fault'}.")
