"""Removing what this program stores for a user: settings, keys, journal, record. For the set-up scripts alone."""

import shutil

from agent.settings.places import config_folder, state_folder


def purge() -> None:
    """Remove the user's configuration and state folders; a `state_dir` of the user's own choice stays.

    Both are named for this program by platformdirs, so nothing else is in them. Raises OSError if one stays.
    """
    for folder in dict.fromkeys((config_folder(), state_folder())):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
