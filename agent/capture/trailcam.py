"""The capture time in Reconyx's notes (some of its cameras write it nowhere else) and in FLIR's own record.

Each maker has its own form of note; a broken one is ignored. Sources: Reconyx's note
specifications (MN10, UltraFire, HF2 PRO) and FLIR's FFF record, as ExifTool documents them (Reconyx.pm, FLIR.pm).
"""

import struct
from datetime import UTC, datetime, timedelta, timezone

from agent.capture.bounded import Broken, ByteRange, ByteSource
from agent.capture.evidence import Stamp
from agent.capture.tiff import IfdEntry

_HYPERFIRE = (b"\x01\xf1\x02\x00", b"\x01\xf1\x03\x00")
_HYPERFIRE_TIME = 2 * 0x0B
_ULTRAFIRE, _ULTRAFIRE_TIME = b"RECONYXUF\0", 0x3B
_HF2, _HF2_TIME = b"RECONYXH2\0", 0x3E

FLIR = b"FLIR\0"
"""The first bytes of an APP1 with a piece of FLIR's record; the piece's number and the last number follow."""

FLIR_HEADER = 8
MAX_FLIR = 2 * 1024 * 1024
"""Most bytes of a record that are put together: it holds a raw picture of the sensor too."""

_CAMERA_INFO, _CAMERA_TIME = 0x20, 0x384
_MAX_RECORDS = 64


def noted(note: IfdEntry, source: ByteSource, make: str | None) -> Stamp | None:
    """The capture time in a Reconyx note: the time on the camera's clock."""
    try:
        inside = ByteRange(source, note.where, note.size)
        head = inside.at(0, min(10, inside.size))
        if head.startswith(_HYPERFIRE) or (head.startswith(_HYPERFIRE[0][:2]) and (make or "").upper() == "RECONYX"):
            second, minute, hour, month, day, year = _words(inside.at(_HYPERFIRE_TIME, 12))
        elif head == _ULTRAFIRE:
            second, minute, hour, day, month, low, high = inside.at(_ULTRAFIRE_TIME, 7)
            year = low | high << 8
        elif head == _HF2:
            second, minute, hour, day, month, year = _words(inside.at(_HF2_TIME, 12))
        else:
            return None
    except Broken:
        return None
    return Stamp(f"{year:04d}:{month:02d}:{day:02d} {hour:02d}:{minute:02d}:{second:02d}")


def _words(content: bytes) -> tuple[int, ...]:
    """Six numbers of two bytes, little-endian except in some firmware."""
    order = ">" if content[0] == 0 and content[1] != 0 else "<"
    return struct.unpack(order + "6H", content)


def flir_time(record: bytes) -> Stamp | None:
    """When FLIR's record (FFF) says its picture was taken, with its offset; None if it is missing or broken."""
    try:
        if record[:4] != b"FFF\0":
            return None
        order = ">" if 100 <= struct.unpack(">I", record[0x14:0x18])[0] < 200 else "<"
        listing, count = struct.unpack(order + "II", record[0x18:0x20])
        for number in range(min(count, _MAX_RECORDS)):
            row = record[listing + 32 * number : listing + 32 * number + 32]
            (kind,) = struct.unpack(order + "H", row[:2])
            where, size = struct.unpack(order + "II", row[12:20])
            if kind == _CAMERA_INFO and size >= _CAMERA_TIME + 10:
                return _unix(record[where : where + size])
    except (struct.error, ValueError, OverflowError):
        return None
    return None


def _unix(info: bytes) -> Stamp | None:
    """Seconds since 1970 in UTC, thousandths, and how many minutes the camera's zone is behind UTC."""
    order = "<" if info[:2] == b"\2\0" else ">"
    seconds, parts, behind = struct.unpack(order + "IIh", info[_CAMERA_TIME : _CAMERA_TIME + 10])
    if not seconds or abs(behind) > 14 * 60:
        return None
    shown = datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(minutes=-behind)))
    offset = shown.strftime("%z")
    return Stamp(shown.strftime("%Y:%m:%d %H:%M:%S"), f"{parts & 0xFFFF:03d}", f"{offset[:3]}:{offset[3:]}")
