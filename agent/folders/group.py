"""Which files are one photo. Pure over the files that were seen; only `read` may open one.

A photo is decided, sent and removed as one, so a wrong grouping would move private files. The rules, per folder:

*Live Photo partner* (a still with a clip), in this order:
1. same name, and both carry the same ContentIdentifier;
2. the same ContentIdentifier under other names (renamed or numbered by an import);
3. same name, and times of their own that mean one moment (`livephoto`), unless both carry identifiers (which then
   differ). Google names the clip `NAME.MP` and the still `NAME.MP.jpg`.
A name alone, or times of change, never make a pair.

*Sidecar* (.xmp, .aae, .thm): `NAME.EXT.xmp` belongs to `NAME.EXT`. `NAME.xmp` belongs to the only photo called NAME; if
there are several, a .thm belongs to the only video, then any sidecar to the only raw file. Apple's `IMG_E1234.AAE` and
`IMG_O1234.AAE` belong to IMG_1234 if there is no file with their own name. A sidecar that could still belong to several
photos belongs to none of them and, like one without a photo, stays where it is.

A raw file and the JPEG of the same shot are two photos: each is proven and removed by itself. Case is ignored, unless
two names differ only in case.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agent.errors import LocalFault
from agent.folders.livephoto import one_moment
from agent.formats import Kind, by_ending, kind_of
from agent.model.capture import Capture
from agent.model.files import LocalFile, Member, Photo, Role

_STILLS = frozenset({"jpeg", "heic", "heif"})
_CLIPS = frozenset({"mov", "mp4"})
"""The two halves that a Live Photo may have, by their names."""

_SMALL_TWIN = ".lrv"
"""GoPro's small copy of a video, beside it under the same name."""

_APPLE_EDIT = re.compile(r"(IMG_)[EO](\d+)", re.IGNORECASE)

Read = Callable[[LocalFile], Capture]
"""The capture from a file itself, whatever is beside it; LocalFault if it cannot be read."""


def group(files: Sequence[LocalFile], read: Read) -> tuple[Photo, ...]:
    """The photos that `files` make, by path; the order of `files` does not matter.

    `read` is called at most once for each file and only if the answer can matter: for clips in a folder that has
    stills; for a clip's namesake; for the other stills only if a clip has an identifier and no namesake that carries
    it. A file for which it raises LocalFault is nobody's partner: the fault appears again when the photo itself is
    read.
    """
    folders: defaultdict[Path, list[LocalFile]] = defaultdict(list)
    for file in {file.path: file for file in files}.values():
        folders[file.path.parent].append(file)
    photos = [photo for folder in folders.values() for photo in group_folder(folder, read)]
    return tuple(sorted(photos, key=lambda photo: str(photo.main.path)))


def group_folder(files: Sequence[LocalFile], read: Read) -> list[Photo]:
    """The photos that the files of one folder make, each given once, by path. See `group`."""
    sidecars: list[LocalFile] = []
    mains: list[LocalFile] = []
    for file in sorted(files, key=lambda file: str(file.path)):
        (sidecars if kind_of(file.path) is Kind.SIDECAR else mains).append(file)
    partner_of = _partners(mains, read)
    if not sidecars and not partner_of:  # as in most folders: every file is a photo by itself
        return [Photo((Member(main, Role.MAIN),)) for main in mains]
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


def _partners(mains: Sequence[LocalFile], read: Read) -> dict[LocalFile, LocalFile]:
    """Clip by still."""
    stills = [file for file in mains if _format(file) in _STILLS]
    clips = [file for file in mains if _format(file) in _CLIPS]
    if not stills or not clips:
        return {}
    pairing = _Pairing(stills, read)
    left = [clip for clip in clips if not pairing.by_identifier(clip, pairing.alike(clip))]
    left = [clip for clip in left if not pairing.by_identifier(clip, stills)]
    for clip in left:
        pairing.by_moment(clip)
    return pairing.found


class _Pairing:
    """The stills of one folder while their clips are looked for: each still has one at most, and is read once."""

    def __init__(self, stills: Sequence[LocalFile], read: Read) -> None:
        self.found: dict[LocalFile, LocalFile] = {}
        self._namesakes: defaultdict[str, list[LocalFile]] = defaultdict(list)
        for still in stills:
            self._namesakes[_fold(_stem(still))].append(still)
        self._read = read
        self._said: dict[LocalFile, Capture | None] = {}

    def alike(self, clip: LocalFile) -> list[LocalFile]:
        """The stills with the clip's name, in any case; the exact spelling first."""
        names = (_stem(clip), clip.path.name)
        same = {still: None for name in names for still in self._namesakes[_fold(name)]}
        return sorted(same, key=lambda still: (_stem(still) not in names, str(still.path)))

    def by_identifier(self, clip: LocalFile, candidates: Iterable[LocalFile]) -> bool:
        """Pair the clip with the first still that carries its ContentIdentifier; whether there is one."""
        wanted = self._identifier(clip)
        if not wanted:
            return False
        return self._pair(clip, (still for still in candidates if self._identifier(still) == wanted))

    def by_moment(self, clip: LocalFile) -> bool:
        """Pair the clip with the first still of its name that was taken at the same moment; whether there is one."""
        return self._pair(clip, (still for still in self.alike(clip) if self._of_one_moment(still, clip)))

    def _pair(self, clip: LocalFile, fitting: Iterable[LocalFile]) -> bool:
        still = next((still for still in fitting if still not in self.found), None)
        if still is not None:
            self.found[still] = clip
        return still is not None

    def _of_one_moment(self, still: LocalFile, clip: LocalFile) -> bool:
        one, other = self._capture(still), self._capture(clip)
        if one is None or other is None or (one.content_id and other.content_id):
            return False
        return one_moment(one, other)

    def _identifier(self, file: LocalFile) -> str | None:
        capture = self._capture(file)
        return None if capture is None else capture.content_id

    def _capture(self, file: LocalFile) -> Capture | None:
        if file not in self._said:
            try:
                self._said[file] = self._read(file)
            except LocalFault:
                self._said[file] = None
        return self._said[file]


# --- Sidecars --------------------------------------------------------------------------------------------------------


class _Index:
    """Drafts by the name of one of their files, found in any case, the exact spelling preferred."""

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
        videos = [number for number in candidates if _is_whole_video(drafts[number][0])]
        candidates = videos if len(videos) == 1 else candidates
    if len(candidates) > 1:
        candidates = [number for number in candidates if kind_of(drafts[number][0].path) is Kind.RAW]
    return candidates[0] if len(candidates) == 1 else None


# --- Names -----------------------------------------------------------------------------------------------------------


def _stem(file: LocalFile) -> str:
    return file.path.stem


def _ending(file: LocalFile) -> str:
    return file.path.suffix.lower()


def _format(file: LocalFile) -> str | None:
    found = by_ending(file.path)
    return None if found is None else found.name


def _is_whole_video(file: LocalFile) -> bool:
    return kind_of(file.path) is Kind.CLIP and _ending(file) != _SMALL_TWIN


def _fold(name: str) -> str:
    return name.casefold()
