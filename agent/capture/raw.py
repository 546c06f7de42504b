"""TIFF, and the RAW formats that are TIFF underneath: DNG, CR2, NEF, ARW, ORF, PEF, SRW, RW2, IIQ and their like.

They share their first bytes, so the first directory shows which one it is: a DNG version, or a maker with the marks of
sensor data. A file is complete if all picture data that its directories name is inside it.
"""

from operator import add

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.evidence import Evidence, Exif
from agent.capture.exif import Fields, read_directories
from agent.capture.jpeg import read_embedded
from agent.capture.tiff import Tiff
from agent.capture.xmp import original_time

_SUBFILE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 0x00FE, 0x0103, 0x0106, 0x010F, 0x014A, 0xC612
_DATA = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202))
"""Where picture data is and how long it is: strips, tiles, an embedded JPEG."""

_XMP = 0x02BC
MAX_XMP = 1024 * 1024
"""Most bytes of a TIFF's XMP packet; programs write 2 to 60 KB."""

_BIG = (b"II+\0", b"MM\0+")
"""BigTIFF's first bytes: offsets of eight bytes, in scans of many gigabytes, which no camera writes."""

_RW2_PREVIEW = 0x002E
"""Panasonic's embedded JPEG, with the Exif block that a JPEG of the same camera would have."""

_SENSOR = {32803, 34892}
"""PhotometricInterpretation of colour filter arrays and of linear raw."""

_EVERYDAY = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34676, 34677, 34712, 34887, 50000, 50001}
"""Compressions of ordinary pictures; any other number is a maker's own."""

_MAKERS = (
    ("nikon", "nef"),
    ("sony", "arw"),
    ("pentax", "pef"),
    ("ricoh", "pef"),
    ("samsung", "srw"),
    ("canon", "cr2"),
    ("olympus", "orf"),
    ("om digital", "orf"),
    ("hasselblad", "3fr"),
    ("seiko epson", "erf"),
    ("kodak", "dcr"),
    ("eastman kodak", "dcr"),
    ("mamiya", "mef"),
    ("leaf", "mos"),
)

_MAX_VALUES = 20_000
"""Most strips or tiles of one picture whose place is checked; one of 200 megapixels has under 10,000."""

_MAX_FOLLOWED = 8


def read_tiff(file: BoundedFile) -> Evidence:
    """All evidence in a TIFF or TIFF-based RAW file; its format by its first directory."""
    notes: list[str] = []
    try:
        if file.at(0, 4) in _BIG:
            return Evidence("tiff", readable=False)
        tiff = Tiff(file)
        first, following = tiff.directory(tiff.first)
        exifs: tuple[Exif, ...] = (read_directories(tiff, first, file, notes),)
        kind = _kind(tiff, first, exifs[0].make or "", file.at(8, 4) if file.size >= 12 else b"")
        if kind == "rw2" and exifs[0].original is None:
            exifs = (*exifs, *_preview(first, file, notes))
        packet = first.get(_XMP)
        written = original_time(tiff.raw(packet, MAX_XMP)) if packet is not None else None
        complete = kind == "rw2" or _whole(tiff, first, following, file.size)
    except Broken as fault:
        return Evidence("tiff", complete=False, notes=(*notes, f"it is broken and could not be read: {fault}"))
    if not complete:
        notes.append("its picture data ends early: it was cut, or is not yet copied whole")
    return Evidence(
        kind,
        complete=complete,
        orderly=not any(block.damaged for block in exifs),
        blocks=exifs,
        xmp_original=written,
        notes=tuple(notes),
    )


def _kind(tiff: Tiff, first: Fields, make: str, behind_header: bytes) -> str:
    if tiff.magic != 42:
        return "rw2" if tiff.magic == 0x0055 else "orf"
    if _DNG_VERSION in first:
        return "dng"
    if behind_header.startswith(b"CR"):
        return "cr2"
    if behind_header == b"IIII":
        return "iiq"

    def number(tag: int) -> int | None:
        return tiff.integer(first[tag]) if tag in first else None

    thumbnail_first = (number(_SUBFILE) or 0) & 1 == 1 and _SUB_IFDS in first
    own_compression = number(_COMPRESSION) not in {None, *_EVERYDAY}
    if thumbnail_first or own_compression or number(_PHOTOMETRIC) in _SENSOR:
        return next((kind for start, kind in _MAKERS if make.lower().startswith(start)), "tiff")
    return "tiff"


def _preview(first: Fields, file: BoundedFile, notes: list[str]) -> tuple[Exif, ...]:
    entry = first.get(_RW2_PREVIEW)
    if entry is not None and entry.where + entry.size > file.size:
        raise Broken("the embedded picture with its capture time is cut")
    return read_embedded(file, entry.where, entry.size, notes) if entry else ()


def _whole(tiff: Tiff, first: Fields, following: int, size: int) -> bool:
    """Whether the picture data of the first directories, and of those below them, is inside the file."""
    offsets = [following] if following else []
    if _SUB_IFDS in first:
        offsets.extend(filter(None, tiff.integers(first[_SUB_IFDS], _MAX_FOLLOWED)))
    directories = [first]
    for offset in offsets[:_MAX_FOLLOWED]:
        try:
            directories.append(tiff.directory(offset)[0])
        except Broken:
            return False
    return all(_data_inside(tiff, fields, size) for fields in directories)


def _data_inside(tiff: Tiff, fields: Fields, size: int) -> bool:
    for places, lengths in _DATA:
        if places in fields and lengths in fields:
            starts = tiff.integers(fields[places], _MAX_VALUES)
            counts = tiff.integers(fields[lengths], _MAX_VALUES)
            if max(map(add, starts, counts), default=0) > size:
                return False
    return True
