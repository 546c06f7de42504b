"""The true content of the import folders: a full walk, from which the pipeline learns what there is.

Promises: deterministic order; regular files only, each path once, however the roots are nested or repeated; a symbolic
link is never followed below a root (a root itself may be a link, or be behind one: it is resolved once); mounts inside
are walked; hidden, system and half-written names are skipped; nothing is opened here (`read` may open the file it is
called for). An entry that cannot be examined is a `ScanProblem`, never an exception and never silence; so is an
unforeseen fault in one folder, and the other folders continue.
"""

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.errors import Unforeseen, contained
from agent.folders.group import Read, group_folder
from agent.folders.listing import Listing, is_folder, list_folder
from agent.folders.look import as_file, is_marked_hidden, real_path
from agent.folders.names import is_no_photo_file, is_no_photo_folder
from agent.model.files import LocalFile, Photo

Identity = tuple[int, int] | Path
"""Identifies a folder under two names: device and inode, or the path if a system has no inodes."""


@dataclass(frozen=True, slots=True)
class ScanProblem:
    """An entry that could not be examined and why, in words for the local user; `path` is for that user alone."""

    reason: str
    path: Path


@dataclass(frozen=True, slots=True)
class Found:
    """Photos by folder and name, and the problems on the way."""

    photos: tuple[Photo, ...]
    troubles: tuple[ScanProblem, ...]


def scan(roots: Iterable[Path], *, read: Read) -> Found:
    """Every photo in and below `roots`: all that `walk` yields, ordered by folder and name."""
    troubles: list[ScanProblem] = []
    photos = sorted(walk(roots, read=read, troubles=troubles), key=lambda photo: str(photo.main.path))
    return Found(tuple(photos), tuple(troubles))


def walk(
    roots: Iterable[Path], *, read: Read, troubles: list[ScanProblem], but: Container[Path] = ()
) -> Iterator[Photo]:
    """Every photo in and below `roots`, folder by folder: only one folder is in memory at a time.

    If a root is a file, it is scanned with its companions in the same folder, so that its photo is complete. `read`
    gives the capture of a file, by which the halves of a Live Photo are paired; see `group` for when it is called.
    Entries that cannot be examined are added to `troubles`. Folders below a root that are in `but` are left out.
    """
    walk = _Walk(read, troubles, but)
    folders: dict[Path, os.stat_result] = {}
    files: defaultdict[Path, set[Path]] = defaultdict(set)
    for root in sorted(set(roots), key=str):
        try:
            path = real_path(root)
            seen = os.lstat(path)
        except OSError as fault:
            walk.trouble(root, fault)
            continue
        if is_folder(seen):
            folders[path] = seen
        elif stat.S_ISREG(seen.st_mode):
            files[path.parent].add(path)
        else:
            walk.troubles.append(ScanProblem("This is neither a file nor a folder.", root))
    walk.wanted = {path for paths in files.values() for path in paths}
    for path in sorted(folders, key=str):
        yield from walk.folder_tree(path, folders[path])
    for parent in sorted(files, key=str):
        yield from walk.single_files(parent, files[parent])


class _Walk:
    """One scan in progress: the folders it has visited, and the `wanted` files that belong to no photo yet."""

    def __init__(self, read: Read, troubles: list[ScanProblem], but: Container[Path]) -> None:
        self.troubles = troubles
        self._but = but
        self.wanted: set[Path] = set()
        self._read = read
        self._been_in: set[Identity] = set()
        self._roots_done: set[Identity] = set()

    def trouble(self, path: Path, fault: OSError) -> None:
        self.troubles.append(ScanProblem(_reason(fault), path))

    def folder_tree(self, root: Path, seen: os.stat_result) -> Iterator[Photo]:
        """Walk `root`, unless an earlier root contained it."""
        if _identity(root, seen) in self._been_in:
            return
        stack = [(root, seen)]
        while stack:
            folder, known = stack.pop()
            # Inside the walk only whole roots are skipped by identity: some network file systems give two folders one
            # inode, and a folder skipped by mistake would hold its photos for ever.
            identity = _identity(folder, known)
            if identity in self._roots_done:
                continue
            listing = self._list(folder, known)
            if listing is None:
                continue
            self._been_in.add(identity)
            below = [
                (folder / name, seen)
                for name, seen in listing.seen
                if is_folder(seen) and not is_no_photo_folder(name) and not is_marked_hidden(seen)
            ]
            stack.extend(one for one in reversed(below) if one[0] not in self._but)
            yield from self._grouped(folder, listing)
        self._roots_done.add(_identity(root, seen))

    def single_files(self, folder: Path, wanted: set[Path]) -> Iterator[Photo]:
        """The photos to which the `wanted` files of one folder belong."""
        try:
            known = os.lstat(folder)
        except OSError as fault:
            self.trouble(folder, fault)
            return
        if _identity(folder, known) not in self._been_in:
            listing = self._list(folder, known)
            if listing is None:
                return
            yield from (photo for photo in self._grouped(folder, listing) if wanted & _paths(photo))
        for path in sorted(wanted & self.wanted, key=str):
            self.troubles.append(
                ScanProblem(
                    "This is not a photo by itself: hidden, half-written, or a sidecar without its photo.", path
                )
            )

    def _grouped(self, folder: Path, listing: Listing) -> Sequence[Photo]:
        try:
            with contained("a folder"):
                photos = group_folder(tuple(_files(folder, listing)), self._read)
        except Unforeseen as fault:
            self.troubles.append(ScanProblem(str(fault), folder))
            return ()
        if self.wanted:
            self.wanted.difference_update(*map(_paths, photos))
        return photos

    def _list(self, folder: Path, known: os.stat_result) -> Listing | None:
        try:
            listing = list_folder(folder, known)
        except FileNotFoundError:
            return None  # gone, or swapped for something else, since it was seen: the next scan will see that
        except OSError as fault:
            self.trouble(folder, fault)
            return None
        for name, refusal in listing.unseen:
            self.trouble(folder / name, refusal)
        return listing


def _files(folder: Path, listing: Listing) -> Iterator[LocalFile]:
    for name, seen in listing.seen:
        if is_no_photo_file(name) or is_marked_hidden(seen):
            continue
        file = as_file(folder / name, seen)
        if file is not None:
            yield file


def _paths(photo: Photo) -> set[Path]:
    return {member.file.path for member in photo.members}


def _identity(path: Path, seen: os.stat_result) -> Identity:
    return (seen.st_dev, seen.st_ino) if seen.st_ino else path


def _reason(fault: OSError) -> str:
    if isinstance(fault, FileNotFoundError):
        return "There is nothing here: the folder was moved, or a card or drive is not plugged in."
    if isinstance(fault, PermissionError):
        return (
            "This program may not read this: check the permissions (on a Mac: Privacy & Security, Files and Folders)."
        )
    if fault.errno == errno.ENAMETOOLONG:
        return (
            "The names of this file's folders are too long together for this system, so it was left alone: give the "
            "folders shorter names, or ask IT to switch on long paths."
        )
    if fault.errno == errno.EIO:
        return "The disk or card reports an error when this is read: copy its remaining files to a good one."
    return f"This cannot be read: {fault.strerror or 'unknown fault'}."
