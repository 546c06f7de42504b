"""Which format a file is, by its first bytes and never by its name.

"unknown" is everything that no camera writes as a photo or video: texts, PDF, archives, sidecars, and unrecognised
files. TIFF and the RAW formats that share its first bytes are told apart later, by their first directory (raw.py).
"""

import codecs
import re

HEAD = 4 * 1024
"""How many of a file's first bytes are enough."""

_START = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\0\x10\0\0\0CR", "cr2"),
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"IIU\0", "rw2"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"\0MRM", "mrw"),
    (b"FOVb", "x3f"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\x0a", "jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\0\0\x01\xba", "mpg"),
    (b"\0\0\x01\xb3", "mpg"),
    (b"8BPS", "psd"),
    (b"\x1aE\xdf\xa3", "mkv"),
    (b"0&\xb2u\x8ef\xcf\x11", "wmv"),
    (b"\x06\x0e+4\x02\x05\x01\x01\r\x01\x02\x01\x01", "mxf"),
    (b"\x1f\x07\0\x3f", "dv"),
    (b"\x1f\x07\0\xbf", "dv"),
)

_RIFF = {b"WEBP": "webp", b"AVI ": "avi"}

_BRANDS = {
    b"crx ": "cr3",
    b"avif": "avif",
    b"avis": "avif",
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"hevc": "heic",
    b"hevx": "heic",
    b"mif1": "heif",
    b"msf1": "heif",
    b"qt  ": "mov",
}
"""Brands in ISO 14496-12's `ftyp` box that decide alone; 3GP's and the many of MP4 are handled below."""

_MOVIE_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
"""The first box of QuickTime files from before `ftyp`."""

_OTHER_STARTS = (
    b"%PDF",
    b"PK\3\4",  # ZIP, which includes Office documents
    b"PK\5\6",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"SQLite format 3\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # older Office documents
    b"bplist0",
    b"\0\5\x16\7",  # AppleDouble: macOS leaves it beside files on other systems' disks
    b"ID3",
    b"OggS",
    b"fLaC",
    b"MThd",
    b"\x7fELF",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"\0\0\1\0",  # a Windows icon
    b"icns",
)
"""The first bytes of complete files that are not photos."""

_BLANKS = "\t\n\r\f\x1a\x1b\ufeff"

_PACKET = 188
"""Bytes in an MPEG transport packet; on cards each has a four-byte time before it."""


def sniff(head: bytes) -> str:
    """The format by the first `HEAD` bytes of a file (or all of a shorter file)."""
    for start, name in _START:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "unknown")
    if head[6:14] == b"HEAPCCDR":
        return "crw"
    if head[25:32] == b"ARECOYK":
        return "raw"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[14:18] in {b"\x28\0\0\0", b"\x7c\0\0\0", b"\x6c\0\0\0"}:
        return "bmp"
    return _boxes(head) or _transport(head) or "unknown"


def is_something_else(head: bytes) -> bool:
    """Whether an unknown file is complete as another kind: a text, or another well-known format.

    Any other file may be the remains of a photo: a failing card gives files of zeros, or of other files' middles.
    """
    return head.startswith(_OTHER_STARTS) or (head[:4] == b"RIFF" and head[8:12].isalnum()) or _is_text(head)


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return all(mark.isprintable() or mark in _BLANKS for mark in text)


def _boxes(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _branded(head[8:12], head[16 : max(16, min(int.from_bytes(head[:4], "big"), HEAD))])
    if head[4:8] in _MOVIE_BOXES and (int.from_bytes(head[:4], "big") >= 8 or head[:4] == b"\0\0\0\x01"):
        return "mov"
    return None


def _branded(major: bytes, listed: bytes) -> str:
    """By the major brand; if that is a general one (HEIF's `mif1`), by the compatible brands."""
    compatible = [listed[at : at + 4] for at in range(0, len(listed) - 3, 4)]
    name = _BRANDS.get(major)
    if name == "heif":
        return next((_BRANDS[brand] for brand in compatible if _BRANDS.get(brand) in {"heic", "avif"}), "heif")
    if name is not None:
        return name
    if re.fullmatch(rb"3g[a-z0-9][a-z0-9]", major):
        return "3gp"
    return "mp4"


def _transport(head: bytes) -> str | None:
    """Looks for the sync bytes of three packets in a row, with or without the time before each."""
    for lead, step in ((0, _PACKET), (4, _PACKET + 4)):
        marks = head[lead : lead + 3 * step : step]
        if len(marks) == 3 and set(marks) == {0x47}:
            return "mts"
    return None
