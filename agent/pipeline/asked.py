"""Which folders `sync` is not to look through when it is asked to: whole homes and systems, and its own state.

A card, a phone or a folder of photos is meant. What lies in a home's root or in a system's folders is not photos that
somebody imported, and looking through it takes long and touches what is nobody's business here.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.errors import UsageError
from agent.folders import real_path
from agent.settings import Settings

_POSIX = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr")
_POSIX_VAR = ("/var/cache", "/var/lib", "/var/log", "/var/spool")
_APPLE = ("/System", "/Library", "/Applications", "/private/etc")
_WINDOWS = ("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramData")
"""Environment variables that name the system's folders."""


def refuse_what_is_too_wide(paths: tuple[Path, ...], settings: Settings) -> None:
    """UsageError, with the reason, for a path that `sync` is not to look through."""
    for path in paths:
        if why := _objection(path, settings):
            raise UsageError(f"{path} {why}. Name the card, the phone or the folder that holds the photos.")


def _objection(path: Path, settings: Settings) -> str | None:
    home, state = _real(Path.home()), _real(settings.state_dir)
    for place in dict.fromkeys((Path(os.path.abspath(path)), _real(path))):  # noqa: PTH100  # without ".."
        if _is_system_drive(place):
            return "is the whole disk of this computer"
        if place == home:
            return "is your whole home folder"
        if place in home.parents:
            return "holds whole home folders"
        if any(place == folder or folder in place.parents for folder in _system_folders()):
            return "belongs to the operating system"
        if place == state or place in state.parents or state in place.parents:
            return "is where this program keeps its own files"
    return None


def _is_system_drive(place: Path) -> bool:
    if place != Path(place.anchor):
        return False  # another drive of Windows may be a card
    return sys.platform != "win32" or place == Path(os.environ.get("SystemDrive", "C:") + "\\")  # noqa: SIM112


def _system_folders() -> Iterator[Path]:
    if sys.platform == "win32":
        yield from (_real(Path(os.environ[name])) for name in _WINDOWS if name in os.environ)
    else:
        yield from map(Path, (*_POSIX, *_POSIX_VAR, *_APPLE))


def _real(path: Path) -> Path:
    try:
        return real_path(path)
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100  # not there, or not to be told where it is
