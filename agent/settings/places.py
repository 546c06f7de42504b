"""Where agent.toml, the keys and the state are on each system, by platformdirs' rules. Reads no file's content."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from agent.errors import SettingsError
from agent.files.owner import may_speak_for_the_machine

log = logging.getLogger("photo-agent")

NAME = "agent.toml"
VARIABLE = "PHOTO_AGENT_CONFIG"
_APP = "photo-agent"


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


def find_file(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file that counts: `given`, else PHOTO_AGENT_CONFIG, else the machine's, else the user's.

    The machine's comes before the user's so that settings which IT made for a laptop cannot be overridden by accident.
    A file that another user of this laptop could have put there is not believed: it is skipped, with a warning. A file
    that was named must exist; SettingsError otherwise, with all the places that were searched.
    """
    if given is not None:
        return _named(given, "by --config")
    if variable := environ.get(VARIABLE):
        return _named(Path(variable), f"by the variable {VARIABLE}")
    places = (machine_file(), config_folder() / NAME)
    for place in places:
        if place.is_file() and (place != places[0] or _believed(place)):
            return place
    looked_at = "\n".join(f"  {place}" for place in places)
    raise SettingsError(
        f"There is no settings file yet. Looked for:\n{looked_at}\n"
        f"Run `photo-agent init` to make one, or name one with --config FILE or the variable {VARIABLE}."
    )


def machine_file() -> Path:
    """Where IT puts the settings of a whole machine: for every user of it, and before their own."""
    from platformdirs import site_config_path  # not needed if the file was named

    return site_config_path(_APP, appauthor=False) / NAME


NOT_BELIEVED = (
    "{path} is not used: it must belong to an administrator of this laptop, and nobody else may be able to change it. "
    "Ask IT to put it there again."
)


def _believed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            believed = may_speak_for_the_machine(file.fileno())
    except OSError:
        return True  # the code that reads it reports that it cannot be read
    if not believed:
        log.warning(NOT_BELIEVED.format(path=path))
    return believed


def _named(path: Path, how: str) -> Path:
    if path.is_dir():
        raise SettingsError(f"{path}, named {how}, is a folder; name the file in it, usually {path / NAME}.")
    if not path.exists():
        raise SettingsError(f"There is no settings file {path}, named {how}. Run `photo-agent init` to make one.")
    return path


def expanded(text: str) -> Path:
    """A path from agent.toml, with `~` and environment variables replaced and without `..` and doubled `/`."""
    return Path(os.path.normpath(os.path.expanduser(os.path.expandvars(text))))  # noqa: PTH111 - Path lacks expandvars
