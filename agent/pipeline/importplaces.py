"""Where this system's programs put the photos they import, and which folder to propose when a laptop is set up.

Windows' Photos and AutoPlay, macOS's Image Capture and the import programs of Linux desktops use the user's Pictures
folder, wherever that is: OneDrive moves it, a desktop names it in the user's language. This program proposes a separate
folder below it, so that a person sees which folder is watched; if a cloud program would copy photos away from there, it
proposes one outside.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.files.home import home_folder
from agent.files.named import read_named
from agent.removal import find_cloud_sync

NAME = "Camera Imports"

_XDG = re.compile(r'^\s*XDG_PICTURES_DIR="([^"\n]*)"', re.MULTILINE)
_MOST = 100_000
"""The most bytes read from user-dirs.dirs."""


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """The folder to propose, the Pictures folder that programs use, and the cloud program that copies it, if any."""

    folder: Path
    pictures: Path
    cloud: str | None


def import_place(home: Path | None = None) -> ImportPlace:
    """The proposal for this user on this system."""
    at_home = home or home_folder()
    pictures = next(iter(pictures_folders(sys.platform, at_home, os.environ)))
    cloud = find_cloud_sync(pictures / NAME)
    return ImportPlace((at_home if cloud else pictures) / NAME, pictures, cloud)


def pictures_folders(system: str, home: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Where Pictures may be on this system, the likeliest first; the last is the system's default."""
    if system == "win32":
        if (named := _named_by_windows()) is not None:
            yield named
        for name in ("OneDrive", "OneDriveCommercial"):
            if (moved := environment.get(name)) and (Path(moved) / "Pictures").is_dir():
                yield Path(moved) / "Pictures"
    elif system != "darwin" and (named := _named_by_the_desktop(home, environment)) is not None:
        yield named
    yield home / "Pictures"


def _named_by_the_desktop(home: Path, environment: Mapping[str, str]) -> Path | None:
    """The folder according to xdg-user-dirs; None if it names none, or says that there is none (the home itself)."""
    settings = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    try:
        text = read_named(settings / "user-dirs.dirs", _MOST).decode("utf-8", "replace")
    except OSError:
        return None
    found = _XDG.findall(text)
    if not found:
        return None
    folder = Path(found[-1].replace("$HOME", str(home), 1))
    return folder if folder.is_absolute() and folder != home else None


def _named_by_windows() -> Path | None:
    """The folder according to the registry; OneDrive or IT may have moved it."""
    if sys.platform != "win32":
        return None
    import winreg

    key = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as folders:
            value, _ = winreg.QueryValueEx(folders, "My Pictures")
    except OSError:
        return None
    folder = Path(os.path.expandvars(str(value)))
    return folder if folder.is_absolute() else None


def made(folders: tuple[Path, ...], home: Path | None = None) -> list[Path]:
    """Make missing folders if they would be in the home folder: others may be on a disk that is not connected."""
    at_home = home or home_folder()
    new = []
    for folder in folders:
        if not folder.exists() and at_home in folder.parents:
            folder.mkdir(parents=True, exist_ok=True)
            new.append(folder)
    return new
