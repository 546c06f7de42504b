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
            for way in WAYS:
                try:
                    done = way(name, room, target, folder)
                except FileExistsError:
                    if _is_the_same(name, room, target, folder):  # a crash between linking and unlinking
                        os.unlink(name, dir_fd=room)
                        return target
                    break
                if done is not None:
                    return done
        raise FileExistsError(errno.EEXIST, "too many files of this name")

    def _rename_exclusively(name: str, room: int, target: str, folder: int) -> str | None:
        """One atomic step. None where this system or file system cannot; FileExistsError where the name is taken."""
        libc = ctypes.CDLL(None, use_errno=True)
        rename, flag = (
            (getattr(libc, "renameatx_np", None), _RENAME_EXCL)
            if sys.platform == "darwin"
            else (getattr(libc, "renameat2", None), _RENAME_NOREPLACE)
        )
        if rename is None:
            return None
        rename.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        rename.restype = ctypes.c_int
        if rename(room, os.fsencode(name), folder, os.fsencode(target), flag) == 0:
            return target
        number = ctypes.get_errno()
        if number in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}:
            return None
        raise OSError(number, os.strerror(number))

    def _link_exclusively(name: str, room: int, target: str, folder: int) -> str | None:
        """As above, by a second name for the same file and taking away the first; not for folders, nor on FAT."""
        try:
            os.link(name, target, src_dir_fd=room, dst_dir_fd=folder, follow_symlinks=False)
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError:
            return None
        os.unlink(name, dir_fd=room)
        return target

    def _rename_to_a_name_of_its_own(name: str, room: int, target: str, folder: int) -> str:
        """The last resort: looks whether `target` is free, which is no promise, so takes a name nobody else would."""
        unheard_of = kept_name(target, secrets.randbelow(10**9) + _MOST_ATTEMPTS)
        if _exists(unheard_of, folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.rename(name, unheard_of, src_dir_fd=room, dst_dir_fd=folder)
        return unheard_of

    WAYS = (_rename_exclusively, _link_exclusively, _rename_to_a_name_of_its_own)
    """Tried in this order; each returns the name there is now, or None where the file system cannot do it that way."""

    def _exists(name: str, folder: int) -> bool:
        try:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _is_the_same(name: str, room: int, target: str, folder: int) -> bool:
        here = os.stat(name, dir_fd=room, follow_symlinks=False)
        try:
            there = os.stat(target, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return here.st_nlink > 1 and (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
