"""Moving an entry back to a folder without ever overwriting: POSIX's rename would.

Linux has renameat2(RENAME_NOREPLACE) and macOS renameatx_np(RENAME_EXCL), both atomic and good for anything that can be
moved. Where the file system does not know them (NFS, some FUSE), a hard link is made and the old name taken away, which
is as exclusive. Where there are no hard links either, the entry gets a name with a random part that nobody else uses.
"""

import sys

if sys.platform != "win32":
    import ctypes
    import errno
    import os
    import secrets

    from agent.removal.names import kept_name

    _RENAME_NOREPLACE = 1  # linux/fs.h
    _RENAME_EXCL = 4  # sys/stdio.h
    _MOST_ATTEMPTS = 1000

    def put_back(name: str, room: int, folder: int) -> str:
        """Move `name` from the folder handle `room` to `folder`, under its own name or the first free "kept" one.

        Returns the name it has now. Raises OSError, FileNotFoundError where there is nothing to put back.
        """
        for attempt in range(_MOST_ATTEMPTS):
            target = name if attempt == 0 else kept_name(name, attempt)
            try:
                _move(name, room, target, folder)
            except FileExistsError:
                if _is_the_same(name, room, target, folder):  # a crash between linking and unlinking
                    os.unlink(name, dir_fd=room)
                    return target
                continue
            return target
        raise FileExistsError(errno.EEXIST, "too many files of this name")

    def _move(name: str, room: int, target: str, folder: int) -> None:
        if _rename_exclusively(name, room, target, folder):
            return
        try:
            os.link(name, target, src_dir_fd=room, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            raise
        except FileNotFoundError:
            raise
        except OSError:
            _move_unlinked(name, room, target, folder)
        else:
            os.unlink(name, dir_fd=room)

    def _move_unlinked(name: str, room: int, target: str, folder: int) -> None:
        if _exists(target, folder):
            target = kept_name(target, secrets.randbelow(10**9) + _MOST_ATTEMPTS)
            if _exists(target, folder):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.rename(name, target, src_dir_fd=room, dst_dir_fd=folder)

    def _rename_exclusively(name: str, room: int, target: str, folder: int) -> bool:
        """False where this system or file system cannot. Raises FileExistsError where the name is taken."""
        libc = ctypes.CDLL(None, use_errno=True)
        rename, flag = (
            (getattr(libc, "renameatx_np", None), _RENAME_EXCL)
            if sys.platform == "darwin"
            else (getattr(libc, "renameat2", None), _RENAME_NOREPLACE)
        )
        if rename is None:
            return False
        rename.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        rename.restype = ctypes.c_int
        if rename(room, os.fsencode(name), folder, os.fsencode(target), flag) == 0:
            return True
        number = ctypes.get_errno()
        if number in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}:
            return False
        raise OSError(number, os.strerror(number))

    def _exists(name: str, folder: int) -> bool:
        try:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _is_the_same(name: str, room: int, target: str, folder: int) -> bool:
        here = os.stat(name, dir_fd=room, follow_symlinks=False)
        there = os.stat(target, dir_fd=folder, follow_symlinks=False)
        return here.st_nlink > 1 and (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
