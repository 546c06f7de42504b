"""Removing everything this program stores for a user: settings, keys, journal, record. Only for the set-up scripts."""

import shutil

from agent.settings.places import config_folder, state_folder


def purge() -> None:
    """Remove the user's configuration and state folders. A `state_dir` that the user chose stays.

    platformdirs names both after this program, so nothing else is in them. OSError if one cannot be removed.
    """
    for folder in dict.fromkeys((config_folder(), state_folder())):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
