"""Small real JPEGs with the Exif a test asks for, and Exif blocks laid by hand."""

import io
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import piexif
from PIL import Image

from agent.model.capture import Capture

Reads = Callable[..., Capture]
"""What the fixtures `reads` and `photo` are."""

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

TAKEN = b"2026:03:14 10:11:12"
SHOWN = datetime(2026, 3, 14, 10, 11, 12)  # noqa: DTZ001  # what a camera's clock showed
AT = SHOWN.replace(tzinfo=UTC)
SECOND = timedelta(seconds=1)

Field = tuple[int, int, int, bytes]
"""Tag, type, count, and the value's bytes (or the four bytes of a pointer)."""


def picture() -> bytes:
    """A JPEG of 16 by 16 pixels without any Exif."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 140, 60)).save(out, "JPEG")
    return out.getvalue()


PICTURE = picture()


def segment(marker: int, payload: bytes) -> bytes:
    """One segment with its marker and length."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def jpeg(*segments: bytes, trailer: bytes = b"") -> bytes:
    """The picture with these segments put in first, and a trailer behind its end."""
    return PICTURE[:2] + b"".join(segments) + PICTURE[2:] + trailer


def wall(*parts: int) -> datetime:
    """A wall clock, on purpose."""
    return datetime(*parts)  # noqa: DTZ001


def box(kind: bytes, content: bytes = b"") -> bytes:
    """A box of a film or a HEIC (ISO 14496-12)."""
    return struct.pack(">I", len(content) + 8) + kind + content


def app1(block: bytes) -> bytes:
    """An Exif segment around a TIFF block."""
    return segment(0xE1, b"Exif\0\0" + block)


def exif_block(
    *,
    first: dict[int, Any] | None = None,
    exif: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
) -> bytes:
    """A TIFF block by piexif, which writes what it is given."""
    return bytes(piexif.dump({"0th": first or {}, "Exif": exif or {}, "GPS": gps or {}})[6:])


def directory(fields: list[Field], at: int, order: str = ">", following: int = 0) -> bytes:
    """A TIFF directory by hand, at offset `at` of its block, its longer values right behind it."""
    rows, values = b"", b""
    behind = at + 2 + 12 * len(fields) + 4
    for tag, kind, count, value in sorted(fields):
        if len(value) <= 4:
            rows += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            rows += struct.pack(order + "HHII", tag, kind, count, behind + len(values))
            values += value
    return struct.pack(order + "H", len(fields)) + rows + struct.pack(order + "I", following) + values


def fix_at(time: str) -> dict[int, Any]:
    """A GPS directory for `2026:03:14 10:11:12`, without a place."""
    date, clock = time.split(" ")
    return {
        piexif.GPSIFD.GPSDateStamp: date.encode(),
        piexif.GPSIFD.GPSTimeStamp: [(int(part), 1) for part in clock.split(":")],
    }


def gps_at(time: str, latitude: float = 51.4978, longitude: float = -0.1745) -> dict[int, Any]:
    """A GPS directory for `2026:03:14 10:11:12` and a place."""
    return {
        **fix_at(time),
        piexif.GPSIFD.GPSLatitudeRef: b"N" if latitude >= 0 else b"S",
        piexif.GPSIFD.GPSLatitude: [(round(abs(latitude) * 1_000_000), 1_000_000), (0, 1), (0, 1)],
        piexif.GPSIFD.GPSLongitudeRef: b"E" if longitude >= 0 else b"W",
        piexif.GPSIFD.GPSLongitude: [(round(abs(longitude) * 1_000_000), 1_000_000), (0, 1), (0, 1)],
    }


ORIGINAL = piexif.ExifIFD.DateTimeOriginal
SUBSEC = piexif.ExifIFD.SubSecTimeOriginal
OFFSET = piexif.ExifIFD.OffsetTimeOriginal
DIGITIZED = piexif.ExifIFD.DateTimeDigitized
MODIFIED = piexif.ImageIFD.DateTime
