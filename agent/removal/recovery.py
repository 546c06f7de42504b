"""Recovery after a crash between moving a photo aside and unlinking it: the photo goes back and is processed again.

Whether it may be removed is not decided here: the pipeline proves and decides again. Call this while holding the
laptop's lock, with no removal in progress, and before the first scan (which skips the private folders).
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.errors import LocalFault, Unforeseen, contained
from agent.files.opening import is_link
from agent.removal.names import PRIVATE_PREFIX

if sys.platform == "win32":
    from agent.removal.windows import empty_private_folder
else:
    from agent.removal.emptying import empty_private_folder


def recover(roots: Iterable[Path], folders: Iterable[Path] = ()) -> int:
    """Put back every file in private folders in and below `roots` (for a file: beside it), and directly in `folders`.

    Returns the number of files. Each gets its own name again, or, beside a newer file of that name, "NAME (kept by
    photo-agent).EXT". Nothing is overwritten and no link is followed. A missing root is skipped, because a card may
    come back later. If a file cannot be put back, LocalFault is raised after the others have been put back.
    """
    count = 0
    faults: list[Unforeseen] = []
    below = list(_private_folders(roots))
    beside = [private for folder in dict.fromkeys(folders) for private in half_removed(folder)]
    for folder in dict.fromkeys((*below, *map(_real, beside))):
        try:
            with contained("a photo that a crash left half removed"):
                count += empty_private_folder(folder)
        except Unforeseen as fault:
            faults.append(fault)
    if faults:
        cause = faults[0].__cause__
        why = cause.strerror or "unknown fault" if isinstance(cause, OSError) else str(faults[0])
        raise LocalFault(
            f"A photo that a crash left half removed could not be put back ({why})."
            " It is complete, in a hidden folder beside its place. Check the folder's permissions, or unlock the card;"
            " the next start will try again."
        ) from faults[0]
    return count


def half_removed(folder: Path) -> list[Path]:
    """The private folders in `folder`, which may hold a photo that was moved aside and not removed."""
    return [below for below in _folders_in(folder) if below.name.startswith(PRIVATE_PREFIX)]


def _private_folders(roots: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for root in sorted(set(roots), key=str):
        resolved = _real(root)
        start, deep = (resolved, True) if resolved.is_dir() else (resolved.parent, False)
        stack = [start]
        while stack:
            folder = stack.pop()
            if folder in seen:
                continue
            if deep:
                seen.add(folder)
            for below in _folders_in(folder):
                if below.name.startswith(PRIVATE_PREFIX):
                    if below not in seen:
                        seen.add(below)
                        yield below
                elif deep:
                    stack.append(below)


def _real(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except OSError:  # a disk that cannot say where its folders really are (Windows: error 1005 on RAM disks)
        return Path(os.path.abspath(path))  # noqa: PTH100 -- Path.absolute() would keep ".."


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if _is_folder(entry))
    except OSError:
        return []  # missing, or unreadable for us: then nothing was moved aside in it either; the scan reports it


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        seen = entry.stat(follow_symlinks=False)
    except OSError:
        return False  # gone in the meantime
    return stat.S_ISDIR(seen.st_mode) and not is_link(seen)  # Windows' junctions are folders by their mode
