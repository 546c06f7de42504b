"""Copies of a removed photo that may still exist and that this program cannot honestly remove: found and reported.

"No" is only reported after a complete search: for hard links, and for a trash that could be read. Otherwise the answer
is "yes" or "not known". The report has no paths or names, because it goes on record. If one search fails for an
unforeseen reason, its answer is "not known" too, and the other searches continue.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from agent.errors import Unforeseen, contained, kind_and_place
from agent.model.files import LocalFile
from agent.model.removal import Known, Leftover
from agent.removal.cloud import find_cloud_sync
from agent.removal.moment import Looks
from agent.removal.trash import find_in_trash

_CLOUDS: Looks[str | None] = Looks()


def find_leftovers(path: Path, file: LocalFile, *, now: datetime, home: Path | None = None) -> tuple[Leftover, ...]:
    """Possible remains of the photo at `path`, which was seen as `file`. `now` is an aware datetime.

    Call it before the removal, because only the file itself shows its hard links. Kinds: "hard link", "trash", "cloud
    folder", "cloud bin" (if there is a cloud folder), "snapshots", "camera card", "thumbnail cache" (if the
    system has one that cannot be edited). The user's trash is searched for in `home`.
    """
    looks: dict[str, Callable[[], Iterable[Leftover]]] = {
        "hard link": lambda: (_hard_links(path, file),),
        "trash": lambda: (_trash(path, now, home),),
        "cloud folder": lambda: _cloud(path.parent),
        "snapshots": lambda: (_snapshots(path),),
        "camera card": lambda: (_card(path),),
        "thumbnail cache": _thumbnail_cache,
    }
    return tuple(leftover for kind, look in looks.items() for leftover in _looked(kind, look))


def _looked(kind: str, look: Callable[[], Iterable[Leftover]]) -> tuple[Leftover, ...]:
    found: tuple[Leftover, ...] = ()
    try:
        with contained("a look for what is left of a photo"):
            found = tuple(look())
    except Unforeseen as fault:
        cause = fault.__cause__ or fault
        found = (Leftover(kind, Known.NOT_KNOWN, f"the search for it failed ({kind_and_place(cause)})"),)
    return found


def _thumbnail_cache() -> tuple[Leftover, ...]:
    cannot = Leftover("thumbnail cache", Known.NOT_KNOWN, "the system stores small pictures where only it can look")
    return (cannot,) if sys.platform in {"win32", "darwin"} else ()


def _hard_links(path: Path, file: LocalFile) -> Leftover:
    try:
        seen = os.lstat(path)
    except OSError:
        return Leftover("hard link", Known.NOT_KNOWN, "the file is no longer there, so its links cannot be counted")
    if not stat.S_ISREG(seen.st_mode) or (seen.st_dev, seen.st_ino) != (file.device, file.inode):
        return Leftover("hard link", Known.NOT_KNOWN, "another file has taken its place")
    others = seen.st_nlink - 1
    if others > 0:
        names = "another name" if others == 1 else f"{others} other names"
        return Leftover("hard link", Known.YES, f"the same file has {names} on this disk")
    return Leftover("hard link", Known.NO)


def _trash(path: Path, now: datetime, home: Path | None) -> Leftover:
    trashed = find_in_trash(path, home=home)
    if trashed.found is not Known.YES:
        detail = "" if trashed.found is Known.NO else "the trash of this system cannot be read"
        return Leftover("trash", trashed.found, detail)
    detail = "a file from this place is in the trash: empty it"
    if trashed.when is not None:
        days = (now.astimezone().replace(tzinfo=None) - trashed.when).days  # negative after a clock that was ahead
        since = "today" if days <= 0 else "since yesterday" if days == 1 else f"for {days} days"
        detail = f"a file from this place is in the trash, {since}: empty it"
    return Leftover("trash", Known.YES, detail)


def _cloud(folder: Path) -> Iterator[Leftover]:
    program = _CLOUDS.at(folder, lambda: find_cloud_sync(folder))  # which lists the whole folder
    if program is None:
        yield Leftover("cloud folder", Known.NOT_KNOWN, "no sign of a cloud program was found at this folder")
        return
    yield Leftover("cloud folder", Known.YES, f"{program} synchronises this folder with its servers")
    yield Leftover("cloud bin", Known.NOT_KNOWN, f"{program} usually stores deleted files for some weeks")


def _snapshots(path: Path) -> Leftover:
    whole = Path(os.path.abspath(path))  # noqa: PTH100 -- Path.absolute() would keep ".."
    for place in whole.parents:
        inside = whole.relative_to(place)
        # ZFS shows them in the top folder of the data set; snapper (Btrfs) as NUMBER/snapshot below .snapshots.
        for shelf, below in ((place / ".zfs" / "snapshot", ""), (place / ".snapshots", "snapshot")):
            try:
                with os.scandir(shelf) as snapshots:
                    count = sum(_holds(shelf / snapshot.name / below / inside) for snapshot in snapshots)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return Leftover("snapshots", Known.NOT_KNOWN, "this disk has snapshots that cannot be searched")
            if count == 0:
                return Leftover("snapshots", Known.NOT_KNOWN, "this disk has snapshots; none was seen to hold it")
            hold = "a snapshot of this disk holds it" if count == 1 else f"{count} snapshots of this disk hold it"
            return Leftover("snapshots", Known.YES, hold)
    return Leftover("snapshots", Known.NOT_KNOWN, "snapshots and back-ups of this disk cannot be seen from here")


def _holds(path: Path) -> bool:
    """Whether something exists at this path; raises OSError if that is unclear, which os.path.lexists would hide."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _card(path: Path) -> Leftover:
    # Cameras write to DCIM (DCF, JEITA CP-3461); a copy of a whole card on the laptop has that name as well.
    if any(part.upper() == "DCIM" for part in path.parts):
        return Leftover("camera card", Known.NOT_KNOWN, "it may be on a second card or in the camera's own memory")
    return Leftover("camera card", Known.NOT_KNOWN, "the camera's card is not in this laptop: format it in the camera")
