"""Moving an entry back to a folder without ever overwriting (`files.exclusive` says how a rename can promise that).

On a file system without such a rename, the entry gets a name with a random part that nothing else uses.
"""

import sys

if sys.platform != "win32":
    import errno
    import os
    import secrets

    from agent.files.exclusive import rename_atomically, rename_by_link
    from agent.removal.names import kept_name

    _MOST_ATTEMPTS = 1000

    def put_back(name: str, room: int, folder: int) -> str:
        """Move `name` from the folder handle `room` to `folder`, under its own name or the first free "kept" one.

        Returns the name it has now. Raises OSError; FileNotFoundError if there is nothing to put back.
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

    def _atomically(name: str, room: int, target: str, folder: int) -> str | None:
        return target if rename_atomically(name, target, room, folder) else None

    def _by_link(name: str, room: int, target: str, folder: int) -> str | None:
        return target if rename_by_link(name, target, room, folder) else None

    def _rename_to_a_name_of_its_own(name: str, room: int, target: str, folder: int) -> str:
        """The last resort: checking that `target` is free proves nothing, so choose a name that nothing else uses."""
        unused = kept_name(target, secrets.randbelow(10**9) + _MOST_ATTEMPTS)
        if _exists(unused, folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        os.rename(name, unused, src_dir_fd=room, dst_dir_fd=folder)
        return unused

    WAYS = (_atomically, _by_link, _rename_to_a_name_of_its_own)
    """Tried in this order; each returns the new name, or None if the file system cannot do it that way."""

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
