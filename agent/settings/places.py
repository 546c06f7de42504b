"""Where agent.toml, the keys and the state are on each system, by platformdirs' rules. Reads no file's content."""

import os
import sys
from pathlib import Path

NAME = "agent.toml"
VARIABLE = "PHOTO_AGENT_CONFIG"
_APP = "photo-agent"
_ON_LINUX = Path("/etc/xdg") / _APP / NAME


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

    On Linux the documented place comes first: XDG_CONFIG_DIRS is the user's to set, and on some desktops begins with
    another folder.
    """
    from platformdirs import site_config_path  # not needed where the file was named

    if sys.platform == "linux" and _ON_LINUX.is_file():
        return _ON_LINUX
    return site_config_path(_APP, appauthor=False) / NAME


def expanded(text: str) -> Path:
    """A path from agent.toml, with `~` and environment variables replaced and without `..` and doubled `/`."""
    return Path(os.path.normpath(os.path.expanduser(os.path.expandvars(text))))  # noqa: PTH111 - Path lacks expandvars
