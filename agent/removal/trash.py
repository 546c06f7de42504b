"""Whether a photo is in the desktop's trash, by the freedesktop.org Trash specification 1.0.

A trashed file's `.trashinfo` says where it came from. The places are the user's own trash and, on other mounts,
`.Trash/UID` and `.Trash-UID` at the mount's top, where the path is relative to that top. macOS and Windows store this
in forms that only their own file managers may read.
"""

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote_to_bytes

from agent.errors import Unforeseen, contained
from agent.files.home import home_folder
from agent.model.removal import Known
from agent.removal.moment import Looks

_LARGEST = 64 * 1024
"""Bytes read at most of a `.trashinfo`, which has two lines that matter."""


@dataclass(frozen=True, slots=True)
class Trashed:
    """The result for one path; `when` is the desktop's wall clock at the deletion, without an offset."""

    found: Known
    when: datetime | None = None


def find_in_trash(path: Path, *, home: Path | None = None) -> Trashed:
    """Whether an item in the trash came from `path`. NOT_KNOWN if a trash cannot be read, or on other systems."""
    if sys.platform in {"win32", "darwin"}:
        return Trashed(Known.NOT_KNOWN)
    wanted = os.fsencode(os.path.abspath(path))  # noqa: PTH100 -- Path.absolute() would keep ".."
    readable = True
    for info, top in _infos(path, home):
        start = os.fsencode(top)
        trash = _LOOKS.at((info, top), partial(_look, info, start), state=_state(info))
        item = _short(wanted)
        if item in trash.origins:
            return Trashed(Known.YES, trash.origins[item])
        readable = readable and trash.readable
    return Trashed(Known.NO if readable else Known.NOT_KNOWN)


@dataclass(frozen=True, slots=True)
class _Trash:
    """Where the items of a trash came from, each `_short`, and when it was thrown away; whether all could be read."""

    origins: dict[bytes, datetime | None]
    readable: bool


_LOOKS: Looks[_Trash] = Looks()


def _state(info: Path) -> tuple[int, int, int] | None:
    """What changes whenever an item comes or goes."""
    try:
        now = info.stat()
    except OSError:
        return None
    return now.st_dev, now.st_ino, now.st_mtime_ns


def _short(origin: bytes) -> bytes:
    """A path as it is remembered: an item may state one of 64 KB, and there may be 100,000 items."""
    return hashlib.blake2b(origin, digest_size=16).digest()


def _look(info: Path, top: bytes) -> _Trash:
    """Read a whole trash, whose relative paths start from `top`: it may have more items than there are photos."""
    origins: dict[bytes, datetime | None] = {}
    try:
        items = _items(info)
    except OSError:
        return _Trash(origins, readable=False)
    readable = True
    for item in items:
        try:
            with contained("an item in the trash"):
                origin, when = _read(info / item)
        except Unforeseen:  # this item cannot be read, but another one may be the photo
            readable = False
            continue
        if not origin:
            readable = False  # a program may be about to write it, which does not show in the folder's time
        else:
            origins.setdefault(_short(os.path.join(top, origin)), when)  # noqa: PTH118 -- bytes
    return _Trash(origins, readable)


def _infos(path: Path, home: Path | None) -> Iterator[tuple[Path, Path]]:
    """Folders of `.trashinfo` files, each with the folder that a relative path in them starts from."""
    root = Path("/")
    named = os.environ.get("XDG_DATA_HOME", "") if home is None else ""
    data = Path(named) if named.startswith("/") else (home or home_folder()) / ".local" / "share"
    yield data / "Trash" / "info", root
    if sys.platform != "win32":
        user = os.getuid()
        top = _top_of(path)
        yield top / ".Trash" / str(user) / "info", top
        yield top / f".Trash-{user}" / "info", top


def _top_of(path: Path) -> Path:
    place = Path(os.path.abspath(path)).parent  # noqa: PTH100 -- as above
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return place


def _items(info: Path) -> list[str]:
    """The items in a folder. Path.glob would treat an unreadable folder as empty, turning "not known" into "no"."""
    try:
        with os.scandir(info) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(".trashinfo"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(item: Path) -> tuple[bytes | None, datetime | None]:
    """The two lines that matter, `Path=` percent-encoded and `DeletionDate=` local; None for each one missing."""
    origin: bytes | None = None
    when: datetime | None = None
    if not stat.S_ISREG(item.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file")  # opening a pipe would wait for ever
    with item.open("rb") as file:
        lines = file.read(_LARGEST).splitlines()
    for line in lines:
        key, _, value = line.partition(b"=")
        if key == b"Path" and origin is None:
            origin = unquote_to_bytes(value)
        elif key == b"DeletionDate" and when is None:
            when = _wall_clock(value)
    return origin, when


def _wall_clock(value: bytes) -> datetime | None:
    """The specification has local time without an offset; some programs write one, and then it is used."""
    try:
        when = datetime.fromisoformat(value.decode("ascii"))
        return when if when.tzinfo is None else when.astimezone().replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):  # also text outside ASCII, and years that no local clock can show
        return None
