"""Removal on Linux and macOS: by directory handle, moved aside, proven there, then unlinked.

1. The folder is opened by handle, and its last component must not be a link. A quick check (lstat) refuses anything
   plainly different before anything is touched.
2. The entry is renamed into a new private folder (0700, random name) in the same folder: one file system, so the rename
   is atomic, and from then on no path that another program knows leads to the file.
3. There it is opened without following a link; it must be a regular file with the device, inode, size and time of
   change that were seen before, and its bytes are hashed: the exact content that was proven, not just the same name.
4. On Linux a read lease is held meanwhile (fcntl(2), F_SETLEASE): no program has the file open for writing, and none
   can open it for writing before the unlink. If a file system gives no leases, the times of change and of status
   (ctime) before and after are compared instead.
5. It is unlinked by handle, the private folder removed, the folder synced.

Anything unexpected from 2 on puts the entry back, never over another. A crash leaves it whole in the private folder,
for `recovery`.

The inode is compared wherever it means something. FAT, exFAT and FUSE (cards, phones) number files as they are loaded
into memory, so there a file with a new number is accepted if its size, time and SHA-256 all agree.
"""

import sys

if sys.platform != "win32":
    import contextlib
    import errno
    import hashlib
    import os
    import secrets
    import stat
    from collections.abc import Iterator
    from pathlib import Path

    from agent.files.opening import IsLink, NotRegular, open_plain
    from agent.model.files import Fingerprint, LocalFile
    from agent.removal.exclusive import put_back
    from agent.removal.faults import as_local_fault, changed, in_use, stranded, unconfirmed
    from agent.removal.names import PRIVATE_PREFIX
    from agent.volumes import numbers_files_anew

    _FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

    def take_away(file: LocalFile, expected: Fingerprint) -> None:
        """See `remove.remove`."""
        name = file.path.name
        gone = False
        try:
            with _opened(file.path.parent) as folder:
                _check(os.stat(name, dir_fd=folder, follow_symlinks=False), file)
                private = PRIVATE_PREFIX + secrets.token_hex(8)
                os.mkdir(private, 0o700, dir_fd=folder)
                try:
                    with _opened(private, folder) as room:
                        os.rename(name, name, src_dir_fd=folder, dst_dir_fd=room)
                        _unlink_or_put_back(folder, room, file, expected)
                        gone = True
                finally:
                    _remove_if_empty(private, folder)
                os.fsync(folder)
        except OSError as fault:
            raise (unconfirmed(fault) if gone else as_local_fault(fault)) from fault

    def _unlink_or_put_back(folder: int, room: int, file: LocalFile, expected: Fingerprint) -> None:
        name = file.path.name
        proven = False
        try:
            with _proven(room, file, expected):
                proven = True
                os.unlink(name, dir_fd=room)
        except BaseException as first:
            try:
                put_back(name, room, folder)
            except FileNotFoundError:
                if proven and isinstance(first, OSError) and not isinstance(first, FileNotFoundError):
                    raise unconfirmed(first) from first  # the file was unlinked although the system reported a fault
            except OSError as fault:
                raise stranded(fault) from fault
            else:
                with contextlib.suppress(OSError):  # the file has its name again; the first fault is the one to report
                    os.fsync(folder)
            raise

    @contextlib.contextmanager
    def _proven(room: int, file: LocalFile, expected: Fingerprint) -> Iterator[None]:
        """Inside this block, the entry in `room` is the expected file and content, and nobody can change it."""
        name = file.path.name
        _check(os.stat(name, dir_fd=room, follow_symlinks=False), file)  # never open a device or a pipe
        try:
            handle = open_plain(name, folder=room)
        except (IsLink, NotRegular):
            raise changed("something that is not a file has taken its place") from None
        try:
            before = os.fstat(handle)
            _check(before, file)
            _hold_writers_off(handle)
            with os.fdopen(handle, "rb", buffering=0, closefd=False) as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if before.st_size != expected.size or digest != expected.sha256:
                raise changed("its content is not what was proven on the share")
            if _state(os.fstat(handle)) != _state(before):
                raise changed("it was changed while it was being checked")
            if _state(os.stat(name, dir_fd=room, follow_symlinks=False)) != _state(before):
                raise changed("another file has taken its place")
            yield
        finally:
            os.close(handle)

    def _check(seen: os.stat_result, file: LocalFile) -> None:
        if not stat.S_ISREG(seen.st_mode):
            raise changed("a link, a folder or something else that is not a file has taken its place")
        if (seen.st_size, seen.st_mtime_ns) != (file.size, file.mtime_ns):
            raise changed("it was changed since it was sent")
        other = (seen.st_dev, seen.st_ino) != (file.device, file.inode)
        if other and not (seen.st_dev == file.device and numbers_files_anew(seen.st_dev)):
            raise changed("another file has taken its place")

    def _state(seen: os.stat_result) -> tuple[int, ...]:
        return (seen.st_dev, seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)

    @contextlib.contextmanager
    def _opened(path: str | Path, inside: int | None = None) -> Iterator[int]:
        handle = os.open(path, _FOLDER, dir_fd=inside)
        try:
            yield handle
        finally:
            os.close(handle)

    def _remove_if_empty(private: str, folder: int) -> None:
        # If it is not empty, something in it could not be put back: `recovery` will try.
        with contextlib.suppress(OSError):
            os.rmdir(private, dir_fd=folder)


if sys.platform == "linux":
    import fcntl
    import signal

    def _hold_writers_off(handle: int) -> None:
        """Take a read lease on `handle`, released when it is closed; raises if another program writes to the file.

        A program that then opens it for writing waits until the lease ends. The kernel announces that by a signal. The
        usual one (SIGIO) would end this process; SIGURG is ignored unless asked for.
        """
        try:
            fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as fault:
            if fault.errno == errno.EAGAIN:
                raise in_use() from fault
            # EINVAL, EACCES, ENOLCK: this file system has no leases, or denies it because of the file's owner.

elif sys.platform != "win32":

    def _hold_writers_off(handle: int) -> None:
        """macOS has no leases; the times of change and of status are compared before and after instead."""
