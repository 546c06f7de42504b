"""The user's home folder: where the settings, the state and the photos are looked for.

HOME names it, on Windows USERPROFILE; on Linux and macOS the system's list of users also knows it. A service or an
emptied environment may have neither. Python then leaves `~` as it is: a folder named `~`, wherever the program was
started.
"""

import os
import sys
from pathlib import Path

from agent.errors import UsageError


def home_folder() -> Path:
    """The home folder, a full path. UsageError if this computer does not say where it is."""
    home = Path(_named())
    if not home.is_absolute():
        raise home_not_known()
    return home


def with_home(path: str) -> str:
    """The path with the home folder in place of a leading `~`, or with that of user NAME in place of `~NAME`.

    UsageError if the user's own home folder is not known. The name of an unknown user stays as it is.
    """
    if path == "~":
        return str(home_folder())
    if path[:2] in {"~/", f"~{os.sep}"}:
        return str(home_folder()).rstrip(os.sep) + path[1:]  # a system user's home folder may be /
    return os.path.expanduser(path)  # noqa: PTH111, TID251 - Path.expanduser is a RuntimeError for an unknown user


def home_not_known() -> UsageError:
    """The error to raise if the home folder is needed and this computer does not say where it is."""
    if sys.platform == "win32":
        why = "the environment variable USERPROFILE does not name it. Set it"
    else:
        why = (
            "the environment variable HOME does not name it, and this computer's list of users has no folder for you. "
            "Set HOME"
        )
    return UsageError(
        f"photo-agent cannot find your home folder: {why} to the full path of your home folder, then try again."
    )


if sys.platform == "win32":

    def _named() -> str:
        return os.path.expanduser("~")  # noqa: PTH111, TID251 - the one place

else:

    def _named() -> str:
        home = os.environ.get("HOME", "")
        if home.startswith("/"):  # anything else would depend on where the program is started
            return home
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return ""
