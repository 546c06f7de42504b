"""From a path to a capture: open, look at the first bytes, call that container's reader, then the judge."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from agent.capture.asf import read_asf
from agent.capture.avi import read_avi
from agent.capture.bounded import BoundedFile, Broken
from agent.capture.canon import read_cr3
from agent.capture.chunks import read_jp2, read_jxl, read_kyocera, read_mrw, read_png, read_raf, read_webp, read_x3f
from agent.capture.companions import read_companions
from agent.capture.corroborate import corroborated
from agent.capture.crw import read_crw
from agent.capture.evidence import Evidence
from agent.capture.heif import read_heif
from agent.capture.jpeg import read_jpeg
from agent.capture.judge import judge
from agent.capture.matroska import read_matroska
from agent.capture.movie import read_movie
from agent.capture.opening import opened
from agent.capture.placezone import with_zone_of_place
from agent.capture.raw import read_tiff
from agent.capture.sniff import HEAD, is_something_else, sniff
from agent.capture.transport import read_transport
from agent.formats import suits
from agent.model.capture import Capture

Reader = Callable[[BoundedFile], Evidence]

_READERS: dict[str, Reader] = {
    "jpeg": read_jpeg,
    **dict.fromkeys(("tiff", "cr2", "orf", "rw2"), read_tiff),
    "raf": read_raf,
    "mrw": read_mrw,
    "cr3": read_cr3,
    "x3f": read_x3f,
    "raw": read_kyocera,
    "heic": partial(read_heif, kind="heic"),
    "heif": partial(read_heif, kind="heif"),
    "avif": partial(read_heif, kind="avif"),
    "png": read_png,
    "webp": read_webp,
    "jxl": read_jxl,
    "jp2": read_jp2,
    "mp4": partial(read_movie, kind="mp4"),
    "mov": partial(read_movie, kind="mov"),
    "3gp": partial(read_movie, kind="3gp"),
    "avi": read_avi,
    "mts": read_transport,
    "mkv": read_matroska,
    "wmv": read_asf,
    "crw": read_crw,
}
"""One per container; a format that is not listed here is recognised, and held for a person."""


def read(path: Path, *, now: datetime, beside: Sequence[Path] = ()) -> Capture:
    """When, where and by which camera the file at `path` was taken, with the evidence; `now` is aware.

    `beside` are the other files of the same photo, which may confirm its evidence, or cast doubt on it.
    Broken content never raises: it gives a capture of level X (or what can still be trusted) with notes that say why.
    `LocalFault` if the file cannot be opened or read, or is not a regular file.
    """
    evidence = gather(path)
    capture = judge(evidence, name=path.name, folder=path.parent.name, now=now)
    if beside and capture.is_photo:
        capture = corroborated(capture, read_companions(beside, gather), now)
    return _with_note_on_name(with_zone_of_place(capture), path)


def gather(path: Path) -> Evidence:
    """The evidence that the container's reader finds in the file, unjudged."""
    with opened(path) as (handle, size):
        file = BoundedFile(handle, size)
        if size == 0:
            return Evidence("unknown", complete=False, notes=("the file is empty",))
        kind = "unknown"
        try:
            kind = sniff(file.at(0, min(HEAD, size)))
            if kind == "unknown":
                return _unknown(file.at(0, min(HEAD, size)))
            reader = _READERS.get(kind)
            return reader(file) if reader else Evidence(kind, readable=False)
        except Broken as fault:
            return Evidence(kind, notes=(f"it is broken and could not be read: {fault}",))


def _unknown(head: bytes) -> Evidence:
    """For a file that is not a photo: complete if it is a text or a known kind, else perhaps a photo's remains."""
    return Evidence("unknown", complete=is_something_else(head))


def _with_note_on_name(capture: Capture, path: Path) -> Capture:
    """Note a name that promises another format, which is suspicious; the content decides."""
    if not capture.is_photo or suits(path, capture.format):
        return capture
    return replace(capture, notes=(*capture.notes, f"its name has another format's ending; it is {capture.format}"))
