"""Where agent.toml, the keys and the state are on each system, by platformdirs' rules. Reads no file's content."""

import os
import sys
from pathlib import Path

NAME = "agent.toml"
VARIABLE = "PHOTO_AGENT_CONFIG"
_APP = "photo-agent"
_ON_LINUX = Path("/etc/xdg") / _APP / NAME
_ON_A_MAC = Path("/Library/Application Support") / _APP / NAME


def config_folder() -> Path:
    """The user's configuration folder, where `init` writes agent.toml and the keys. It may not exist yet.

    Never a roaming folder: a device's key stays on the device.
    """
    from platformdirs import user_config_path  # not needed if the file was named

    return user_config_path(_APP, appauthor=False)


def state_folder() -> Path:
    """The user's state folder, for the journal and the record unless `device.state_dir` says otherwise."""
    from platformdirs import user_state_path  # not needed if the folder was named

    return user_state_path(_APP, appauthor=False)


def machine_file() -> Path:
    """Where IT puts the settings of a whole machine: for every user of it, and before their own.

    The documented place comes first: elsewhere platformdirs goes by variables that the user may set (XDG_CONFIG_DIRS,
    also on a Mac, and WIN_PD_OVERRIDE_COMMON_APPDATA), and on some Linux desktops the first begins with another folder.
    """
    from platformdirs import site_config_path  # not needed where the file was named

    documented = _documented()
    try:
        documented.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:  # in a folder that cannot be opened: whoever reads it says so
        return documented
    else:
        return documented
    return site_config_path(_APP, appauthor=False) / NAME


def _documented() -> Path:
    """The place that config/README.md names; no variable moves it."""
    if sys.platform == "win32":
        import ctypes

        folder = ctypes.create_unicode_buffer(261)
        ctypes.windll.kernel32.GetSystemWindowsDirectoryW(folder, 260)
        return Path(Path(folder.value or "C:\\Windows").anchor) / "ProgramData" / _APP / NAME
    return _ON_A_MAC if sys.platform == "darwin" else _ON_LINUX


def expanded(text: str) -> Path:
    """A path from agent.toml, with `~` and environment variables replaced and without `..` and doubled `/`."""
    return Path(os.path.normpath(os.path.expanduser(os.path.expandvars(text))))  # noqa: PTH111 - Path lacks expandvars
