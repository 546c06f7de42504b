"""Whether a folder may serve as an import folder at all: photos below it are sent, and removed from it.

If it overlaps a folder that a cloud service synchronises, copies of its photos exist elsewhere before they can be
removed. In the share itself, this program would take the photos it has just sent for new ones. Its own state folder
must be left alone, a whole home folder contains everything private, and nobody imports photos into the system's
folders. `doctor`, `run` and `sync` refuse such a folder, even if it is named to `sync`.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.errors import UsageError
from agent.files.home import home_folder
from agent.removal import find_cloud_below, find_cloud_sync
from agent.removal.below import folders_below
from agent.settings import Settings

ON_THE_SHARE = ("register", "record", "visits")
"""The folders that every share has, side by side."""

DEPTH = 3
"""Levels of folders below an import folder that are searched for a share."""


_POSIX = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr")
_POSIX_VAR = ("/var/cache", "/var/lib", "/var/log", "/var/spool")
_APPLE = ("/System", "/Library", "/Applications", "/private/etc")
_WINDOWS = ("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramData")
"""Environment variables that name the system's folders."""

IN_THE_SETTINGS = "Import photos into a folder of their own, and name that one in the settings."
BY_NAME = "Name the card, the phone or the folder that holds the photos."
"""What to do instead: if the folder is in the settings, and if it was named to `sync`."""


def refuse_unfit(settings: Settings, folders: Iterable[Path], *, advice: str = IN_THE_SETTINGS) -> None:
    """Raise UsageError for the first folder that may not be imported from."""
    for folder in folders:
        reason = why_unfit(settings, folder)
        if reason is not None:
            raise UsageError(f"{folder} {reason} Nothing was sent or removed. {advice}")


def why_unfit(settings: Settings, folder: Path) -> str | None:
    """Why photos may not be imported from the folder, as the end of a sentence about it; None if they may."""
    place, home, state = (_real(path) for path in (folder, home_folder(), settings.state_dir))
    if _is_system_drive(place):
        return "is the whole disk of this computer."
    if place == home:
        return "is your whole home folder."
    if place in home.parents:
        return "holds whole home folders."
    if any(place == folder or folder in place.parents for folder in system_folders()):
        return "belongs to the operating system."
    if place == state or place in state.parents or state in place.parents:
        return "is where this program keeps its own files."
    return _of_the_share(settings.share.host, place) or _of_a_cloud(place)


def _is_system_drive(place: Path) -> bool:
    if place != Path(place.anchor):
        return False  # on Windows, another drive may be a card
    return sys.platform != "win32" or place == Path(os.environ.get("SystemDrive", "C:") + "\\")  # noqa: SIM112


def system_folders() -> Iterator[Path]:
    """The folders that belong to the operating system."""
    if sys.platform == "win32":
        yield from (_real(Path(os.environ[name])) for name in _WINDOWS if name in os.environ)
    else:
        yield from map(Path, (*_POSIX, *_POSIX_VAR, *_APPLE))


def _of_the_share(host: str, place: Path) -> str | None:
    for above in (place, *place.parents):
        if _is_a_share(above):
            return f"{_how(place, above)} the school's share itself."
    if any(_is_a_share(below) for below in folders_below(place, DEPTH)):
        return "holds the school's share itself."
    for mounted in _mounted_from(host, place):
        return f"{_how(place, mounted)} a network drive of {host}, where the school's share is."
    return None


def _of_a_cloud(place: Path) -> str | None:
    if (program := find_cloud_sync(place)) is not None:
        return f"is synchronised by {program}: photos are copied to it before they can be removed."
    if (program := find_cloud_below(place)) is not None:
        return f"holds a folder that is synchronised by {program}: photos are copied to it before they can be removed."
    return None


def _is_a_share(place: Path) -> bool:
    try:
        return all((place / name).is_dir() for name in ON_THE_SHARE)
    except OSError:
        return False  # we have no permission to look into it


def _mounted_from(host: str, place: Path) -> Iterator[Path]:
    """Mounts of a server's folders that overlap the place, as far as the system lists them."""
    if place.drive.casefold().startswith(f"\\\\{host.casefold()}\\"):
        yield Path(place.anchor)
    for source, where in _mounts():
        if is_served_by(host, source) and (place == where or place in where.parents or where in place.parents):
            yield where


def is_served_by(host: str, source: str) -> bool:
    """Whether a mount, as the system names it (`host:/path`, `//user@host/share`), is a folder of that host."""
    host = host.casefold()
    server = source.casefold().removeprefix("//").rpartition("@")[2]
    return server == host or server.startswith((f"{host}:", f"{host}/"))


def _mounts() -> Iterator[tuple[str, Path]]:
    if sys.platform != "linux":
        return  # on macOS and Windows the share is recognised by its folders, or by its UNC path
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        yield after.split(" ")[1], Path(before.split(" ")[4].replace("\\040", " "))


def _how(place: Path, other: Path) -> str:
    if place == other:
        return "is"
    return "holds" if place in other.parents else "lies in"


def _real(path: Path) -> Path:
    """The real path, if the system gives it; for some drives it does not."""
    try:
        return Path(os.path.realpath(path))
    except OSError:
        return path
