"""Where agent.toml, the keys and the state are on each system, by platformdirs' rules. Does not open any file."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from agent.files.home import home_not_known, with_home

NAME = "agent.toml"
VARIABLE = "PHOTO_AGENT_CONFIG"
_APP = "photo-agent"
_ON_LINUX = Path("/etc/xdg") / _APP / NAME
_ON_A_MAC = Path("/Library/Application Support") / _APP / NAME


def config_folder() -> Path:
    """The user's configuration folder, where `init` writes agent.toml and the keys. It may not exist yet.

    This is never a roaming folder, because a device's key must stay on the device. UsageError if the home folder
    is needed and not known.
    """
    from platformdirs import user_config_path  # only needed if the file was not named

    return _of_the_user(lambda: user_config_path(_APP, appauthor=False))


def state_folder() -> Path:
    """The user's state folder, for the journal and the record unless `device.state_dir` says otherwise.

    UsageError if the home folder is needed and not known.
    """
    from platformdirs import user_state_path  # only needed if the folder was not named

    return _of_the_user(lambda: user_state_path(_APP, appauthor=False))


def _of_the_user(find: Callable[[], Path]) -> Path:
    try:
        folder = find()
    except (RuntimeError, OSError, ValueError) as fault:  # platformdirs' errors; the last two on Windows
        raise home_not_known() from fault
    if not folder.is_absolute():
        raise home_not_known()
    return folder


def machine_file() -> Path:
    """Where IT puts the settings of a machine. They apply to all its users, before the users' own settings.

    The documented place comes first. For other places, platformdirs follows variables that a user may set
    (XDG_CONFIG_DIRS, also on a Mac, and WIN_PD_OVERRIDE_COMMON_APPDATA), which some Linux desktops set as well.
    """
    from platformdirs import site_config_path  # only needed if the file is not in the documented place

    documented = _documented()
    try:
        documented.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:  # its folder cannot be opened, which the code that reads the file reports
        return documented
    else:
        return documented
    return site_config_path(_APP, appauthor=False) / NAME


def _documented() -> Path:
    """The place that config/README.md names. No variable can change it."""
    if sys.platform == "win32":
        import ctypes

        folder = ctypes.create_unicode_buffer(261)
        ctypes.windll.kernel32.GetSystemWindowsDirectoryW(folder, 260)
        return Path(Path(folder.value or "C:\\Windows").anchor) / "ProgramData" / _APP / NAME
    return _ON_A_MAC if sys.platform == "darwin" else _ON_LINUX


def expanded(text: str) -> Path:
    """A path from agent.toml, with `~` and environment variables replaced and without `..` and doubled `/`.

    UsageError if it begins with `~` and the home folder is not known.
    """
    return Path(os.path.normpath(with_home(os.path.expandvars(text))))
