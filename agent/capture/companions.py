"""The files beside a photo as they are, unjudged: its Live Photo partner, a program's XMP, Apple's AAE, a camera's THM.

They are read within the same bounds as the photo itself. A broken one is ignored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import ParseError

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.evidence import Evidence, Stamp
from agent.capture.opening import opened
from agent.capture.sniff import HEAD, sniff
from agent.capture.xmp import original_time
from agent.errors import LocalFault

MAX_FILES = 8
"""Most files read beside one photo; there are three at most."""

_SIDECARS = {".xmp", ".aae", ".thm"}

MAX_SIDECAR = 2 * 1024 * 1024
"""Most bytes of a sidecar; one with many brush strokes has under 1 MB."""


@dataclass(frozen=True, slots=True)
class Companion:
    """The evidence in one such file. `stamp` is a capture time; at `not_later` (in UTC) the photo existed.

    `name` says which file it is in words; `own` says whether a camera wrote it in the moment itself, and `content_id`
    ties a Live Photo's clip to its picture. `alien` says that it is not a sidecar at all, but a separate picture or
    video.
    """

    name: str
    stamp: Stamp | None = None
    not_later: Stamp | None = None
    own: bool = False
    content_id: str | None = None
    alien: bool = False


def read_companions(paths: Sequence[Path], gather: Callable[[Path], Evidence]) -> tuple[Companion, ...]:
    """The evidence in these files; those that cannot be read, or have none, are left out."""
    found = (_read(path, gather) for path in paths[:MAX_FILES])
    return tuple(one for one in found if one is not None)


def _read(path: Path, gather: Callable[[Path], Evidence]) -> Companion | None:
    ending = path.suffix.lower()
    try:
        if ending in _SIDECARS and is_alien(path, ending):
            return Companion(f"the file beside it that is named as a sidecar ({ending[1:].upper()})", alien=True)
        if ending == ".xmp":
            written = original_time(_content(path))
            return Companion("the XMP file beside it", Stamp(written)) if written else None
        if ending == ".aae":
            edited = adjusted(_content(path))
            return Companion("the AAE file beside it", not_later=Stamp(edited)) if edited else None
        evidence = gather(path)
    except (LocalFault, Broken):
        return None
    name = "the thumbnail beside it (THM)" if ending == ".thm" else "its Live Photo partner"
    stamp = next((block.original for block in evidence.blocks if block.original), None)
    if stamp is None and evidence.clip is not None and evidence.clip.creation_date:
        stamp = Stamp(evidence.clip.creation_date)
    return Companion(name, stamp, own=True, content_id=evidence.content_id) if stamp else None


def is_alien(path: Path, ending: str) -> bool:
    """Whether a picture or a video has a sidecar's name: it would be sent with a photo to which it does not belong."""
    with opened(path) as (handle, size):
        kind = sniff(BoundedFile(handle, size).at(0, min(HEAD, size))) if size else "unknown"
    return kind != "unknown" and not (ending == ".thm" and kind == "jpeg")


def _content(path: Path) -> bytes:
    with opened(path) as (handle, size):
        if size > MAX_SIDECAR:
            raise Broken("it is larger than any sidecar")
        return BoundedFile(handle, size).at(0, size)


def adjusted(content: bytes) -> str | None:
    """When Apple's Photos last changed the picture (`adjustmentTimestamp` of an AAE's property list, in UTC)."""
    import defusedxml.ElementTree

    # A property list names its document type, which is not fetched; entities are refused as well.
    try:
        root = defusedxml.ElementTree.fromstring(content.strip())
    except (ParseError, ValueError, LookupError):
        return None
    words = list(root.iter())
    for key, value in pairwise(words):
        if key.tag == "key" and key.text == "adjustmentTimestamp" and value.tag == "date" and value.text:
            return str(value.text).strip()[:64] or None
    return None
