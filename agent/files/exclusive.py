"""Renaming to a name that must be free: POSIX's rename would replace an existing file.

Linux has renameat2(RENAME_NOREPLACE) and macOS renameatx_np(RENAME_EXCL), both atomic and usable for anything that can
be moved. If the file system does not know them (NFS, some FUSE), a hard link is made and the old name removed, which is
just as exclusive. Windows' rename never replaces.
"""

import errno
import os
import sys

NOT_SUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})

if sys.platform != "win32":
    import ctypes

    _RENAME_NOREPLACE = 1  # linux/fs.h
    _RENAME_EXCL = 4  # sys/stdio.h
    _NO_FOLDER = -1  # an absolute path needs none

    def rename_atomically(name: str, target: str, folder: int | None = None, target_folder: int | None = None) -> bool:
        """One step. False if the system or file system has no such rename; FileExistsError if the name is taken.

        The folders are handles that the names are relative to; without one the name is an absolute path.
        """
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
        here, there = (_NO_FOLDER if handle is None else handle for handle in (folder, target_folder))
        if rename(here, os.fsencode(name), there, os.fsencode(target), flag) == 0:
            return True
        number = ctypes.get_errno()
        if number in NOT_SUPPORTED:
            return False
        raise OSError(number, os.strerror(number))

    def rename_by_link(name: str, target: str, folder: int | None = None, target_folder: int | None = None) -> bool:
        """As `rename_atomically`, in two steps: a crash between them leaves both names. Not for folders, nor on FAT."""
        try:
            os.link(name, target, src_dir_fd=folder, dst_dir_fd=target_folder, follow_symlinks=False)
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError:
            return False
        os.unlink(name, dir_fd=folder)
        return True

    def rename_to_free(name: str, target: str) -> bool:
        """Move a file, by absolute paths. False if there is no way to do so without replacing; FileExistsError."""
        return rename_atomically(name, target) or rename_by_link(name, target)

else:

    def rename_to_free(name: str, target: str) -> bool:
        """Move a file, by absolute paths. FileExistsError if the name is taken."""
        os.rename(name, target)  # noqa: PTH104  # as on the other systems, which take names below a handle
        return True
