"""The evidence in an Exif block: the tags that are used, by directory (Exif 2.32, tables 4, 7, 8 and 15).

One broken tag costs only that tag: it is noted and the others are read.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from agent.capture import makernotes, trailcam
from agent.capture.bounded import Broken, ByteSource
from agent.capture.evidence import Exif, Fix, Stamp
from agent.capture.tiff import IfdEntry, Tiff, printable

_EXIF_IFD, _GPS_IFD, _MAKER_NOTE, _DNG_PRIVATE = 0x8769, 0x8825, 0x927C, 0xC634
_MAKE, _MODEL = 0x010F, 0x0110
_SOFTWARE, _DESCRIPTION, _COMMENT = 0x0131, 0x010E, 0x9286
_LENSES = (0xA434, 0xA433)
"""LensModel and LensMake."""

_EXPOSURE = (0x829A, 0x829D, 0x8827)
"""ExposureTime, FNumber and PhotographicSensitivity: a camera's settings, which no program has a reason to write."""

_CHARACTER_CODE = 8
"""Bytes before a UserComment's text that name its character set."""

_IMAGE_NUMBER = 0x9211
_FILE_SOURCE = 0xA300
_SCANNERS = {b"\1", b"\2"}
"""Of transparencies and of prints (Exif 2.32, table 7)."""

_ZONE_HOURS, _SIGNED_SHORT = 0x882A, 8
"""TIFF/EP's TimeZoneOffset: hours from UTC, of DateTimeOriginal and perhaps of DateTime."""

_SERIALS = (0xA431, 0xC62F)
"""Exif's BodySerialNumber, and DNG's CameraSerialNumber."""

_ORIGINAL = (0x9003, 0x9291, 0x9011)
_DIGITIZED = (0x9004, 0x9292, 0x9012)
_MODIFIED = (0x0132, 0x9290, 0x9010)

_DATE_LIMIT = 64
"""A time is 19 characters and a NUL; writers that pad use up to 32."""

_NAME_LIMIT = 256

_Value = TypeVar("_Value")

Fields = dict[int, IfdEntry]


def read_exif(source: ByteSource, notes: list[str]) -> Exif:
    """The evidence in the block in `source`; `Broken` if it has no readable first directory."""
    tiff = Tiff(source)
    first, _ = tiff.directory(tiff.first)
    return read_directories(tiff, first, source, notes)


def read_gps(source: ByteSource, notes: list[str]) -> Fix:
    """A block whose first directory is the GPS directory itself."""
    tiff = Tiff(source)
    gps, _ = tiff.directory(tiff.first)
    return _fix(tiff, gps, notes)


def read_directories(tiff: Tiff, first: Fields, source: ByteSource, notes: list[str]) -> Exif:
    """The evidence in a first directory and in the Exif and GPS directories below it.

    TIFF/EP and some RAW formats put Exif's tags in the first directory; they count if the Exif directory lacks them.
    """
    before = len(notes)
    inner = {**first, **_below(tiff, first, _EXIF_IFD, notes)}
    gps = _below(tiff, first, _GPS_IFD, notes)

    def text(tag: int, limit: int) -> str | None:
        return _spared(lambda: tiff.text(inner[tag], limit), notes) if tag in inner else None

    of_another_kind = any(tag in inner and not inner[tag].is_text for tag in (*_ORIGINAL, *_DIGITIZED, *_MODIFIED))

    def stamp(tags: tuple[int, int, int]) -> Stamp | None:
        time = text(tags[0], _DATE_LIMIT)
        offset = text(tags[2], _DATE_LIMIT)
        if time is None:  # an offset without its time still says in which zone the device was
            return Stamp("", None, offset) if offset and tags is not _ORIGINAL else None
        return Stamp(time, text(tags[1], _DATE_LIMIT), offset)

    make = text(_MAKE, _NAME_LIMIT)
    note = inner.get(_MAKER_NOTE)
    serial = next((found for tag in _SERIALS if (found := text(tag, _NAME_LIMIT))), None)
    own = note or inner.get(_DNG_PRIVATE)  # Pentax puts its note there in DNG
    if serial is None and own is not None and make is not None:
        serial = makernotes.serial(own, source, tiff.order, make)
    lens = next((found for tag in _LENSES if (found := text(tag, _NAME_LIMIT))), None)
    exif = Exif(
        original=stamp(_ORIGINAL),
        digitized=stamp(_DIGITIZED),
        modified=stamp(_MODIFIED),
        fix=_fix(tiff, gps, notes) if gps else None,
        make=make,
        model=text(_MODEL, _NAME_LIMIT),
        serial=serial,
        content_id=None if note is None else makernotes.content_id(note, source),
        lens=lens,
        exposed=any(tag in inner for tag in _EXPOSURE) or None,
        maker_note=(note is not None and note.size > 0) or None,
        software=text(_SOFTWARE, _NAME_LIMIT),
        description=text(_DESCRIPTION, _NAME_LIMIT),
        comment=_comment(tiff, inner),
        noted=None if note is None else trailcam.noted(note, source, make),
        garbled=tiff.garbled or None,
        number=_number(tiff, inner, note, source, make),
        scanned=_scanned(tiff, inner),
        zone_hours=_zone_hours(tiff, inner),
    )
    return replace(exif, damaged=True) if tiff.cut or of_another_kind or len(notes) > before else exif


def _number(tiff: Tiff, inner: Fields, note: IfdEntry | None, source: ByteSource, make: str | None) -> int | None:
    """The picture's number: TIFF/EP's ImageNumber, else the one in the maker's note; a broken number is ignored."""
    if _IMAGE_NUMBER in inner:
        try:
            found = tiff.integer(inner[_IMAGE_NUMBER])
        except Broken:
            found = None
        if found and found > 0:
            return found
    return None if note is None or make is None else makernotes.number(note, source, tiff.order, make) or None


def _scanned(tiff: Tiff, inner: Fields) -> bool | None:
    """Whether a scanner is named as the source; a value that cannot be read is ignored."""
    entry = inner.get(_FILE_SOURCE)
    try:
        value = b"" if entry is None else tiff.raw(entry, 1)
    except Broken:
        value = b""
    return value in _SCANNERS or None


def _zone_hours(tiff: Tiff, inner: Fields) -> int | None:
    """The first of one or two numbers of two bytes; a broken one is ignored."""
    entry = inner.get(_ZONE_HOURS)
    try:
        hours = b"" if entry is None or entry.type != _SIGNED_SHORT else tiff.raw(entry, 2)
    except Broken:
        hours = b""
    return int.from_bytes(hours, "little" if tiff.order == "<" else "big", signed=True) if hours else None


def _comment(tiff: Tiff, inner: Fields) -> str | None:
    entry = inner.get(_COMMENT)
    if entry is None:
        return None
    try:
        raw = tiff.raw(entry, _CHARACTER_CODE + _NAME_LIMIT)[_CHARACTER_CODE:]
    except Broken:
        return None
    return printable(raw.replace(b"\0", b"").decode("latin-1")) or None


def _below(tiff: Tiff, first: Fields, pointer: int, notes: list[str]) -> Fields:
    if pointer not in first:
        return {}

    def follow() -> Fields | None:
        offset = tiff.integer(first[pointer])
        return tiff.directory(offset)[0] if offset else None

    return _spared(follow, notes) or {}


def _spared(read: Callable[[], _Value | None], notes: list[str]) -> _Value | None:
    """The result of `read`, or None and a note if the content is broken there."""
    try:
        return read()
    except Broken as fault:
        notes.append(f"part of its Exif block cannot be read: {fault}")
        return None


def _fix(tiff: Tiff, gps: Fields, notes: list[str]) -> Fix:
    def text(tag: int) -> str | None:
        return _spared(lambda: tiff.text(gps[tag], _DATE_LIMIT), notes) if tag in gps else None

    def three(tag: int) -> tuple[float, float, float] | None:
        if tag not in gps:
            return None
        values = _spared(lambda: tiff.rationals(gps[tag], 3), notes) or ()
        whole = [value for value in values if value is not None and math.isfinite(value)]
        return (whole[0], whole[1], whole[2]) if len(whole) == 3 else None

    return Fix(
        date=text(0x001D),
        time=three(0x0007),
        latitude=_degrees(three(0x0002), text(0x0001), "N", "S"),
        longitude=_degrees(three(0x0004), text(0x0003), "E", "W"),
    )


def _degrees(parts: tuple[float, float, float] | None, side: str | None, plus: str, minus: str) -> float | None:
    """Degrees from degrees, minutes, seconds. None without the letter for the side: it could be either hemisphere."""
    if parts is None or side is None or side[0].upper() not in {plus, minus}:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return degrees if side[0].upper() == plus else -degrees
