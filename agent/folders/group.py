"""Which files are one photo. Pure over the files seen; only `content_id` may read one.

A photo is decided, sent and removed as one, so a wrong grouping would move what is private. The rules, per folder:

*Live Photo partner* (a .jpg, .jpeg, .heic or .heif with a .mov or .mp4), in this order:
1. same name, and both carry the same ContentIdentifier;
2. the same ContentIdentifier under other names (renamed or numbered by an import);
3. same name and times of change at most `PARTNERS_WITHIN` apart, unless both carry identifiers (which then differ).

*Sidecar* (.xmp, .aae, .thm): `NAME.EXT.xmp` belongs to `NAME.EXT`. `NAME.xmp` belongs to the only photo called NAME; of
several, a .thm to the only video, then any to the only raw file. Apple's `IMG_E1234.AAE` and `IMG_O1234.AAE` belong to
IMG_1234 where no file of their own name is there. One that could still belong to several hangs on none, and like one
without a photo it is no photo: it stays where it is.

A raw file and the JPEG of the same shot are two photos: each is proven and removed by itself. Case is ignored, unless
two names differ in nothing else.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from agent.errors import LocalFault
from agent.model import LocalFile, Member, Photo, Role

PARTNERS_WITHIN = timedelta(seconds=5)
"""A Live Photo's clip lasts three seconds and both halves are written at its end; FAT keeps times to two seconds."""

_STILLS = frozenset({".jpg", ".jpeg", ".heic", ".heif"})
_CLIPS = frozenset({".mov", ".mp4"})
_VIDEOS = _CLIPS | {".avi", ".m4v", ".mts", ".m2ts", ".mpg", ".mpeg", ".3gp", ".360", ".insv"}
_SIDECARS = frozenset({".xmp", ".aae", ".thm"})
_RAWS = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos"}
    | {".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)
_APPLE_EDIT = re.compile(r"(IMG_)[EO](\d+)", re.IGNORECASE)

_Identify = Callable[[LocalFile], str | None]


def group(files: Sequence[LocalFile], content_id: _Identify) -> tuple[Photo, ...]:
    """The photos that `files` make, by path; the order of `files` does not matter.

    `content_id` is asked at most once about a file and only where the answer can matter: about clips in a folder that
    has stills; about a clip's namesake; about the other stills only for a clip with an identifier and no namesake that
    carries it. Its LocalFault counts as "no identifier": the fault shows again when the photo itself is read.
    """
    folders: defaultdict[Path, list[LocalFile]] = defaultdict(list)
    for file in sorted({file.path: file for file in files}.values(), key=lambda file: str(file.path)):
        folders[file.path.parent].append(file)
    photos = [photo for folder in folders.values() for photo in _group_folder(folder, content_id)]
    return tuple(sorted(photos, key=lambda photo: str(photo.main.path)))


def _group_folder(files: Sequence[LocalFile], content_id: _Identify) -> list[Photo]:
    sidecars = [file for file in files if _ending(file) in _SIDECARS]
    mains = [file for file in files if _ending(file) not in _SIDECARS]
    partner_of = _partners(mains, content_id)
    partners = set(partner_of.values())
    drafts = [[main] + ([partner_of[main]] if main in partner_of else []) for main in mains if main not in partners]
    by_name = _Index(drafts, lambda file: file.path.name)
    by_stem = _Index(drafts, _stem)
    hanging: defaultdict[int, list[LocalFile]] = defaultdict(list)
    for sidecar in sidecars:
        owner = _owner(sidecar, by_name, by_stem, drafts)
        if owner is not None:
            hanging[owner].append(sidecar)
    return [
        Photo(
            (
                Member(draft[0], Role.MAIN),
                *(Member(file, Role.PARTNER) for file in draft[1:]),
                *(Member(file, Role.SIDECAR) for file in hanging[number]),
            )
        )
        for number, draft in enumerate(drafts)
    ]


# --- Live Photos -----------------------------------------------------------------------------------------------------


def _partners(mains: Sequence[LocalFile], content_id: _Identify) -> dict[LocalFile, LocalFile]:
    """Clip by still."""
    stills = [file for file in mains if _ending(file) in _STILLS]
    clips = [file for file in mains if _ending(file) in _CLIPS]
    if not stills or not clips:
        return {}

    @cache
    def identifier(file: LocalFile) -> str | None:
        try:
            return content_id(file) or None
        except LocalFault:
            return None

    namesakes: defaultdict[str, list[LocalFile]] = defaultdict(list)
    for still in stills:
        namesakes[_fold(_stem(still))].append(still)
    found: dict[LocalFile, LocalFile] = {}

    def pair(clip: LocalFile, candidates: Iterable[LocalFile], fits: Callable[[LocalFile], bool]) -> bool:
        still = next((still for still in candidates if still not in found and fits(still)), None)
        if still is not None:
            found[still] = clip
        return still is not None

    def carrying(wanted: str) -> Callable[[LocalFile], bool]:
        return lambda still: identifier(still) == wanted

    def near(clip: LocalFile) -> Callable[[LocalFile], bool]:
        return lambda still: (
            _apart(clip, still) <= PARTNERS_WITHIN and (identifier(clip) is None or identifier(still) is None)
        )

    def alike(clip: LocalFile) -> list[LocalFile]:
        # The still of the very same spelling first, then the one nearest in time.
        stem = _stem(clip)
        return sorted(namesakes[_fold(stem)], key=lambda still: (_stem(still) != stem, _apart(clip, still)))

    left = [clip for clip in clips if not ((own := identifier(clip)) and pair(clip, alike(clip), carrying(own)))]
    left = [clip for clip in left if not ((own := identifier(clip)) and pair(clip, stills, carrying(own)))]
    for clip in left:
        pair(clip, alike(clip), near(clip))
    return found


def _apart(one: LocalFile, other: LocalFile) -> timedelta:
    # Clamped: a file system may hold any 64-bit time, and a timedelta does not.
    return timedelta(microseconds=min(abs(one.mtime_ns - other.mtime_ns) // 1000, 10**15))


# --- Sidecars --------------------------------------------------------------------------------------------------------


class _Index:
    """Drafts by a name of one of their files, found whatever the case, the exact spelling preferred."""

    def __init__(self, drafts: Sequence[Sequence[LocalFile]], name: Callable[[LocalFile], str]) -> None:
        self._folded: defaultdict[str, dict[int, set[str]]] = defaultdict(dict)
        for number, draft in enumerate(drafts):
            for file in draft:
                self._folded[_fold(name(file))].setdefault(number, set()).add(name(file))

    def find(self, name: str) -> list[int]:
        spelled = self._folded.get(_fold(name), {})
        return [number for number, names in spelled.items() if name in names] or list(spelled)


def _owner(sidecar: LocalFile, by_name: _Index, by_stem: _Index, drafts: Sequence[Sequence[LocalFile]]) -> int | None:
    stem = _stem(sidecar)
    named_whole = by_name.find(stem)
    if named_whole:
        return named_whole[0] if len(named_whole) == 1 else None
    candidates = by_stem.find(stem)
    if not candidates and _ending(sidecar) == ".aae" and (edit := _APPLE_EDIT.fullmatch(stem)):
        candidates = by_stem.find(edit[1] + edit[2])
    if len(candidates) > 1 and _ending(sidecar) == ".thm":
        videos = [number for number in candidates if _ending(drafts[number][0]) in _VIDEOS]
        candidates = videos if len(videos) == 1 else candidates
    if len(candidates) > 1:
        candidates = [number for number in candidates if _ending(drafts[number][0]) in _RAWS]
    return candidates[0] if len(candidates) == 1 else None


# --- Names -----------------------------------------------------------------------------------------------------------


def _stem(file: LocalFile) -> str:
    return file.path.stem


def _ending(file: LocalFile) -> str:
    return file.path.suffix.lower()


def _fold(name: str) -> str:
    return name.casefold()
