"""Walks through the places of an inspection, folder by folder, and counts what could not be examined.

No link is followed, nothing is opened, and nothing is fetched from a cloud or a network drive. Hidden files are treated
like others: the bin is hidden too. Whatever is left out is counted with its reason.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import Unforeseen, contained
from agent.files.cloudonly import lies_elsewhere, stands_for_another
from agent.files.opening import is_link
from agent.folders import real_path
from agent.folders.listing import Listing, is_folder, list_folder
from agent.folders.look import as_file, is_marked_hidden
from agent.folders.names import is_no_photo_file, is_no_photo_folder, is_own
from agent.formats import kind_of
from agent.model.files import LocalFile
from agent.pipeline.importfolders import ON_THE_SHARE
from agent.pipeline.inspect_places import LIBRARY_ENDINGS, PlaceToLook
from agent.record.words import Spot, Why
from agent.volumes.mounts import Mount, mount_above

NotKnown = Counter[tuple[Spot, Why]]
"""How many files, folders or links could not be examined, by place and reason."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The places that the walk leaves out.

    `mounts` maps mount points to what is mounted there, `own` are this program's folders, `shares` the mount points of
    the school's share, `quiet` the system's folders: links into them are not reported.
    """

    mounts: Sequence[Mount] = ()
    own: frozenset[Path] = frozenset()
    shares: frozenset[Path] = frozenset()
    quiet: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """The regular files of one folder, hidden ones too; `by_itself` are those that a run would find by itself."""

    spot: Spot
    path: Path
    files: tuple[LocalFile, ...]
    by_itself: frozenset[LocalFile] = frozenset()


_Stack = list[tuple[Path, os.stat_result, Spot, bool, "_Chain | None"]]

_Chain = tuple[tuple[int, int], "_Chain | None"]
"""The identities of a folder and its parents, up to its root, so that a folder inside itself is not entered again."""


@dataclass(slots=True)
class Walk:
    """One walk; `not_known` grows as it goes."""

    bounds: Bounds
    not_known: NotKnown = field(default_factory=Counter)
    _roots: dict[Path, Spot] = field(default_factory=dict)
    _done: set[tuple[int, int]] = field(default_factory=set)

    def through(self, places: Iterable[PlaceToLook]) -> Iterator[FolderSeen]:
        """Every folder of these places, each once, with the most specific place that contains it."""
        seen_roots: dict[Path, os.stat_result] = {}
        for place in places:
            root = self._root(place)
            if root is not None and root[0] not in seen_roots:
                seen_roots[root[0]] = root[1]
                self._roots[root[0]] = place.spot
        for path, seen in seen_roots.items():
            yield from self._tree(path, seen, self._roots[path])

    def _root(self, place: PlaceToLook) -> tuple[Path, os.stat_result] | None:
        """The place's real folder, if it exists and may be walked; otherwise the reason is counted."""
        try:
            os.lstat(place.path)
            path = real_path(place.path)
            seen = os.lstat(path)
            why = Why.CLOUD_ONLY if lies_elsewhere(seen) else self._obstacle(place, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as fault:
            why = _why(fault)
        if why is None:
            return (path, seen) if is_folder(seen) and not place.sealed else None
        self.not_known[place.spot, why] += 1
        return None

    def _obstacle(self, place: PlaceToLook, path: Path) -> Why | None:
        mount = mount_above(self.bounds.mounts, path)
        if mount is not None and mount.on_demand:
            return Why.NETWORK
        if place.sealed:
            return None if _is_empty(path) else Why.SEALED
        if any(top == path or top in path.parents for top in self.bounds.shares) or self._in_a_share(path):
            return Why.SHARE
        return None

    def _in_a_share(self, path: Path) -> bool:
        try:
            return any(all((above / name).is_dir() for name in ON_THE_SHARE) for above in path.parents)
        except OSError:
            return False

    def _tree(self, root: Path, seen: os.stat_result, spot: Spot) -> Iterator[FolderSeen]:
        identity = (seen.st_dev, seen.st_ino)
        if seen.st_ino and identity in self._done:
            return  # the same folder under another name
        self._done.add(identity)
        far = {mount.top: mount for mount in self.bounds.mounts if mount.network or mount.on_demand}
        stack: _Stack = [(root, seen, spot, spot is Spot.WATCHED, None)]
        while stack:
            folder, known, here, watched, above = stack.pop()
            if folder != root and self._is_left_out(folder, here, far):
                continue
            chain: _Chain = ((known.st_dev, known.st_ino), above)
            if known.st_ino and _inside_itself(chain):
                self.not_known[here, Why.UNREADABLE] += 1
                continue
            listing = self._list(folder, known, here)
            if listing is None:
                continue
            below = [(name, found) for name, found in listing.seen if is_folder(found)]
            if set(ON_THE_SHARE) <= {name for name, _ in below}:
                self.not_known[here, Why.SHARE] += 1
                continue
            for name, found in reversed(below):
                if lies_elsewhere(found):
                    self.not_known[here, Why.CLOUD_ONLY] += 1
                    continue
                library = name.lower().endswith(LIBRARY_ENDINGS)
                inner = Spot.LIBRARIES if library else here
                # Photos that are only in iCloud are listed in the library's database, and missing from its folder.
                self.not_known[inner, Why.SEALED] += library
                passed_over = is_no_photo_folder(name) or is_marked_hidden(found)
                taken = watched and (is_own(name) or not passed_over)
                stack.append((folder / name, found, inner, taken, chain))
            files = dict(self._files(folder, listing, here))
            taken_up = (file for file, seen in files.items() if watched and _is_taken_up(file, seen))
            yield FolderSeen(here, folder, tuple(files), frozenset(taken_up))

    def _is_left_out(self, folder: Path, spot: Spot, far: Mapping[Path, Mount]) -> bool:
        if folder in self.bounds.own or folder in self._roots:
            return True  # this program's own folder, or a place that is walked separately
        if folder in self.bounds.shares:
            self.not_known[spot, Why.SHARE] += 1
            return True
        if folder in far:
            self.not_known[spot, Why.NETWORK] += 1
            return True
        return False

    def _list(self, folder: Path, known: os.stat_result, spot: Spot) -> Listing | None:
        try:
            with contained("a folder"):
                listing = _listed(folder, known)
        except Unforeseen as fault:
            self.not_known[spot, _why(fault.__cause__)] += 1
            return None
        for _, refusal in () if listing is None else listing.unseen:
            self.not_known[spot, _why(refusal)] += 1
        return listing

    def _files(self, folder: Path, listing: Listing, spot: Spot) -> Iterator[tuple[LocalFile, os.stat_result]]:
        for name, seen in listing.seen:
            path = folder / name
            if is_link(seen):
                self.not_known[spot, Why.LINK] += self._leads_out(path)
                continue
            file = as_file(path, seen)
            if file is None:
                continue
            if lies_elsewhere(seen) or stands_for_another(name):
                perhaps = stands_for_another(name) or kind_of(path) is not None or not path.suffix
                self.not_known[spot, Why.CLOUD_ONLY] += perhaps
            else:
                yield file, seen

    def _leads_out(self, link: Path) -> bool:
        """Whether a link may lead to photos that the walk does not reach otherwise. Nothing behind it is touched."""
        if link.suffix and kind_of(link) is None:
            return False
        try:
            written = os.readlink(link).removeprefix("\\\\?\\")  # noqa: PTH115  # so Windows begins what is absolute
            target = Path(os.path.normpath(link.parent / written))
        except (OSError, ValueError):
            return True
        return not any(place == target or place in target.parents for place in (*self._roots, *self.bounds.quiet))


def _is_taken_up(file: LocalFile, seen: os.stat_result) -> bool:
    return not is_no_photo_file(file.path.name) and not is_marked_hidden(seen)


def _listed(folder: Path, known: os.stat_result) -> Listing | None:
    try:
        return list_folder(folder, known)
    except FileNotFoundError:
        return None  # gone, or swapped for something else, since it was seen


def _is_empty(path: Path) -> bool:
    """Whether a folder or a file is empty; OSError if the system gives no answer."""
    seen = path.lstat()
    return not list_folder(path, seen).seen if is_folder(seen) else seen.st_size == 0


def _inside_itself(chain: _Chain) -> bool:
    identity, above = chain
    while above is not None:
        if above[0] == identity:
            return True
        above = above[1]
    return False


def _why(fault: BaseException | None) -> Why:
    return Why.NO_PERMISSION if isinstance(fault, PermissionError) else Why.UNREADABLE
