"""Emptying one private folder on Linux and macOS, by handle."""

import sys

if sys.platform != "win32":
    import os
    from pathlib import Path

    from agent.removal.exclusive import put_back

    _FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

    def empty_private_folder(private: Path) -> int:
        """Put the files in `private` back into the folder around it, remove it and return their number. OSError."""
        folder = os.open(private.parent, _FOLDER)
        try:
            room = os.open(private.name, _FOLDER, dir_fd=folder)
            try:
                with os.scandir(room) as entries:
                    names = sorted(entry.name for entry in entries)
                for name in names:
                    put_back(name, room, folder)
            finally:
                os.close(room)
            os.rmdir(private.name, dir_fd=folder)
            os.fsync(folder)
        finally:
            os.close(folder)
        return len(names)
