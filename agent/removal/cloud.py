"""Whether a program synchronises a folder with a cloud, so that copies are, or were, elsewhere.

Such folders are recognised only by names and marker files, without asking the programs. Others may go unnoticed.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from agent.files.home import home_folder
from agent.removal.below import folders_below

# Folder names in the path that show it by their beginning; in lower case.
_NAMED = (
    ("onedrive", "OneDrive"),
    ("dropbox", "Dropbox"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("icloud drive", "iCloud"),
    ("iclouddrive", "iCloud"),
    ("icloud photos", "iCloud"),
    ("mobile documents", "iCloud"),  # ~/Library/Mobile Documents
    ("nextcloud", "Nextcloud"),
    ("owncloud", "ownCloud"),
)
# macOS puts every provider's folder in ~/Library/CloudStorage/PROVIDER-ACCOUNT.
_MACOS_PROVIDERS = "cloudstorage"
# Files and folders that the programs put into the root of a synchronised folder.
_MARKED = (
    (".dropbox.cache", "Dropbox"),
    (".dropbox", "Dropbox"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
    (".tmp.driveupload", "Google Drive"),
    (".tmp.drivedownload", "Google Drive"),
    (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"),
    (".stfolder", "Syncthing"),
)
_MARKED_BY_BEGINNING = ((".sync_", "Nextcloud"), ("._sync_", "Nextcloud"))  # .sync_0123456789ab.db
# OneDrive sets these to its folders on Windows.
_VARIABLES = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")


DEPTH = 3
"""How many levels are searched for a synchronised folder; such folders are usually directly in the home folder."""


def find_cloud_sync(folder: Path) -> str | None:
    """The program that synchronises `folder`, or a folder around it, with a cloud, e.g. "OneDrive"; None: none known.

    None means "no sign of one", not "none": a back-up program that includes this folder leaves no mark in it.
    """
    path = _real(folder)
    for root, name in known_cloud_roots():
        if path == root or root in path.parents:
            return name
    for place in (path, *path.parents):
        found = cloud_by_name(place) or _by_mark(place)
        if found is not None:
            return found
    return None


def find_cloud_below(folder: Path) -> str | None:
    """The program that synchronises some folder inside `folder`, a few levels down, with a cloud; None: none known."""
    path = Path(os.path.realpath(folder))
    for root, name in known_cloud_roots():
        if path in root.parents:
            return name
    for place in folders_below(path, DEPTH):
        found = cloud_by_name(place) or _by_mark(place)
        if found is not None:
            return found
    return None


def known_cloud_roots() -> Iterator[tuple[Path, str]]:
    """The real paths of folders that the system or a program itself names as synchronised, and by whom."""
    for variable in _VARIABLES:
        if value := os.environ.get(variable):
            yield _real(Path(value)), "OneDrive"
    of_dropbox = [home_folder() / ".dropbox"]
    if roaming := os.environ.get("APPDATA"):
        of_dropbox.append(Path(roaming) / "Dropbox")
    for folder in of_dropbox:
        for root in _dropbox_roots(folder / "info.json"):
            yield root, "Dropbox"


def _dropbox_roots(info: Path) -> list[Path]:
    """Dropbox lists its folders in a file: https://help.dropbox.com/installs/locate-dropbox-folder."""
    try:
        accounts = json.loads(info.read_text("utf-8"))
        return [_real(Path(account["path"])) for account in accounts.values()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []  # not installed, or in an unknown form: the folder's own marks are still checked


def _real(path: Path) -> Path:
    """Its real path; the path as written if the system cannot say (Windows: error 1005 on RAM disks)."""
    try:
        return Path(os.path.realpath(path))
    except OSError:
        return Path(os.path.abspath(path))  # noqa: PTH100 -- Path.absolute() would keep ".."


def cloud_by_name(place: Path) -> str | None:
    """The program whose folders have names like this one."""
    lower = place.name.lower()
    if place.parent.name.lower() == _MACOS_PROVIDERS:
        provider = place.name.partition("-")[0]
        # It goes on record, which accepts plain words only.
        plain = provider.replace(" ", "").isalnum() and len(provider) <= 40
        return next(
            (name for start, name in _NAMED if lower.startswith(start)), provider if plain else "A cloud program"
        )
    for start, name in _NAMED:
        # "OneDrive - Springfield School" and "Dropbox (Personal)", but not "Dropbox photos of 2019".
        rest = lower.removeprefix(start)
        if rest != lower and (not rest or rest.startswith((" -", " (", "-"))):
            return name
    return None


def _by_mark(place: Path) -> str | None:
    try:
        with os.scandir(place) as entries:
            names = {entry.name for entry in entries if entry.name.startswith(".")}
    except OSError:
        return None  # missing, or this user may not read it
    for mark, name in _MARKED:
        if mark in names:
            # ~/.dropbox is also where Dropbox keeps its settings, in every home that has it.
            if mark == ".dropbox" and place == home_folder():
                continue
            return name
    for start, name in _MARKED_BY_BEGINNING:
        if any(found.startswith(start) and found.endswith(".db") for found in names):
            return name
    return None
