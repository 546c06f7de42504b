"""Every format once: its name, its endings, its kind of file, and which decoder may be tried on it.

This is the only table of formats. `agent.capture.sniff` recognises a file by its content; everything else that depends
on a format, in any stage, asks here. So what counts as a photo does not depend on the machine. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath


class Kind(StrEnum):
    """The role of a file of a format in a photo."""

    STILL = "still"
    RAW = "raw"  # a camera's own picture format: a sign of a camera by itself
    CLIP = "clip"
    SIDECAR = "sidecar"  # describes the file that it belongs to


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `endings` are its own, lower case, without the dot, the usual one first; an ending has one owner.

    `found_as` are endings of other formats under which programs and cameras write it too, so that such a name is not
    suspicious. `decoder` is Pillow's name for it, if one may be tried. `by_cameras` says that cameras and phones write
    this still or clip format, and hardly anybody else does.
    """

    name: str
    kind: Kind
    endings: tuple[str, ...]
    found_as: tuple[str, ...] = ()
    decoder: str | None = None
    by_cameras: bool = False


def _raw(name: str, *endings: str, found_as: tuple[str, ...] = ()) -> Format:
    return Format(name, Kind.RAW, endings or (name,), found_as, by_cameras=True)


TABLE: tuple[Format, ...] = (
    Format("jpeg", Kind.STILL, ("jpg", "jpeg", "jpe", "jfif", "mpo", "insp"), ("thm",), decoder="JPEG"),
    Format("heic", Kind.STILL, ("heic", "heif", "hif"), decoder="HEIF", by_cameras=True),
    Format("heif", Kind.STILL, ("heifs",), ("heic", "heif", "hif", "avif"), decoder="HEIF", by_cameras=True),
    Format("avif", Kind.STILL, ("avif",)),
    Format("png", Kind.STILL, ("png", "apng"), decoder="PNG"),
    Format("webp", Kind.STILL, ("webp",), decoder="WEBP"),
    Format("gif", Kind.STILL, ("gif",)),
    Format("bmp", Kind.STILL, ("bmp", "dib")),
    Format("tiff", Kind.STILL, ("tif", "tiff")),
    Format("jxl", Kind.STILL, ("jxl",)),
    Format("jp2", Kind.STILL, ("jp2", "j2k", "jpf", "jpx")),
    Format("psd", Kind.STILL, ("psd", "psb")),
    _raw("3fr", "3fr", "fff"),
    _raw("arw", "arw", "sr2", "srf"),
    _raw("cr2"),
    _raw("cr3"),
    _raw("crw"),
    _raw("dcr", "dcr", "kdc", "k25"),
    _raw("dng", "dng", "gpr", found_as=("rwl",)),
    _raw("erf"),
    _raw("iiq"),
    _raw("mef"),
    _raw("mos"),
    _raw("mrw"),
    _raw("nef", "nef", "nrw"),
    _raw("orf"),
    _raw("pef"),
    _raw("raf"),
    _raw("raw"),
    _raw("rw2", "rw2", "rwl", found_as=("raw",)),
    _raw("srw"),
    _raw("x3f"),
    Format("mp4", Kind.CLIP, ("mp4", "m4v", "insv", "lrv", "360", "mp"), ("mov", "3gp")),
    Format("mov", Kind.CLIP, ("mov", "qt"), ("mp4",)),
    Format("3gp", Kind.CLIP, ("3gp", "3g2", "3gpp"), ("mp4",), by_cameras=True),
    Format("avi", Kind.CLIP, ("avi",)),
    Format("mts", Kind.CLIP, ("mts", "m2ts", "m2t", "ts", "tod"), by_cameras=True),
    Format("mkv", Kind.CLIP, ("mkv", "webm")),
    Format("wmv", Kind.CLIP, ("wmv", "asf")),
    Format("mpg", Kind.CLIP, ("mpg", "mpeg", "vob", "mod")),
    Format("mxf", Kind.CLIP, ("mxf",), by_cameras=True),
    Format("dv", Kind.CLIP, ("dv",), by_cameras=True),
    Format("xmp", Kind.SIDECAR, ("xmp",)),
    Format("aae", Kind.SIDECAR, ("aae",)),
    Format("thm", Kind.SIDECAR, ("thm",)),
)
"""All formats of pictures, videos and files beside them that cameras, phones and photographers' programs write."""

_BY_NAME = {one.name: one for one in TABLE}
_BY_ENDING = {ending: one for one in TABLE for ending in one.endings}

_ALSO_WORDS = frozenset({"raw", "mos", "mod", "tod", "ts", "dv", "mp", "qt", "fff", "mef", "erf", "dib", "lrv"})
"""Endings that a person's or a host's name may have too (`j.mos`): in a text they count only after a digit."""

IN_TEXT = (
    rf"\.(?:{'|'.join(sorted(_BY_ENDING.keys() - _ALSO_WORDS - {'360'}))})\b"
    rf"|(?<=\d)\.(?:{'|'.join(sorted(_ALSO_WORDS))})\b"
    r"|[A-Za-z]\d+\.360\b"
)
"""A pattern that finds anything like the name of a file of the table in a text, in any case."""


def named(name: str) -> Format | None:
    """The format with this name, as sniffing gives it."""
    return _BY_NAME.get(name)


def by_ending(path: PurePath) -> Format | None:
    """The format that a file claims by its name; None if its ending is not in the table."""
    return _BY_ENDING.get(path.suffix.lower().removeprefix("."))


def kind_of(path: PurePath) -> Kind | None:
    """What kind of file this is by its name."""
    found = by_ending(path)
    return None if found is None else found.kind


def claims_to_be_a_photo(path: PurePath) -> bool:
    """Whether its name ends as a picture's or a video's does."""
    return kind_of(path) in {Kind.STILL, Kind.RAW, Kind.CLIP}


def suits(path: PurePath, name: str) -> bool:
    """Whether a file whose content has the format `name` may have this name; one without an ending may."""
    ending = path.suffix.lower().removeprefix(".")
    found = _BY_NAME.get(name)
    return not ending or ending == name or (found is not None and ending in (*found.endings, *found.found_as))
