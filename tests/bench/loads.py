"""What is sent: equal files of random bytes, and a school day as a laptop finds it on a card.

Chance, so that nothing is compressed away; made from a seed, so that every run sends the same.
"""

import io
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from PIL import Image

from tests.bench import pictures
from tests.laptop import ON_VISIT

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Load:
    """Files to send; `make` writes them into a folder."""

    name: str
    words: str
    make: Callable[[Path], None]
    whole_day: bool = False


def equal(name: str, count: int, size: int) -> Load:
    """So many files of one size in bytes."""

    def make(folder: Path) -> None:
        chance = random.Random(name)
        for number in range(count):
            write(folder / f"IMG_{number:05}.jpg", b"", size, chance)

    words = f"{size / 1e6:.0f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} KB"
    return Load(name, f"{count} × {words}", make)


def camera_photos(count: int) -> Load:
    """JPEGs of 12 megapixels and about 5 MB, all of them decodable; through the whole of `sync`."""

    def make(folder: Path) -> None:
        for number in range(count):
            photo = pictures.photo(ON_VISIT + timedelta(seconds=20 * number), number)
            (folder / f"IMG_{number:04}.JPG").write_bytes(photo)

    return Load("camera", f"{count} × JPEG of 12 megapixels", make, whole_day=True)


def school_day(scale: float) -> Load:
    """300 JPEGs and 30 HEICs of 12 megapixels, 20 RAW of 30 MB, and 3 videos of 150 MB; all `scale` times as many.

    With a scale below one third there is one video, `3 * scale` times as long. No HEIC where nothing here writes one.
    """
    photos, raws, videos = round(300 * scale), round(20 * scale), max(1, round(3 * scale))
    length, phones = int(150e6 * min(1.0, 3 * scale)), round(30 * scale)

    def make(folder: Path) -> None:
        chance = random.Random("a school day")
        for number in range(photos):
            photo = pictures.photo(ON_VISIT + timedelta(seconds=20 * number), number)
            (folder / f"IMG_{number:04}.JPG").write_bytes(photo)
        for number in range(phones):
            if (heic := pictures.heic(ON_VISIT + timedelta(seconds=50 * number), number)) is not None:
                (folder / f"IMG_{number + 5000:04}.HEIC").write_bytes(heic)
        for number in range(raws):
            write(folder / f"RAW_{number:04}.DNG", raw(number), 30_000_000, chance)
        for number in range(videos):
            write(folder / f"MVI_{number:04}.MOV", movie(number), length, chance)

    words = f"school day × {scale:g}: {photos} JPEG, {phones} HEIC, {raws} RAW, {videos} video of {length / 1e6:.0f} MB"
    return Load("school", words, make, whole_day=True)


def write(path: Path, head: bytes, size: int, chance: random.Random) -> None:
    """A file of `size` bytes that starts with `head`."""
    with path.open("wb") as file:
        file.write(head)
        missing = size - len(head)
        while missing > 0:
            file.write(chance.randbytes(min(PIECE, missing)))
            missing -= PIECE


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an ISO base media file (ISO/IEC 14496-12, section 4.2)."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def raw(number: int) -> bytes:
    """The start of a RAW: a TIFF with a camera's EXIF, as DNG and NEF are."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS R6"
    exif[0x9003] = (ON_VISIT + timedelta(seconds=20 * number)).strftime("%Y:%m:%d %H:%M:%S")
    exif[0xC612] = bytes([1, 4, 0, 0])  # DNGVersion
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "TIFF", exif=exif)
    return out.getvalue()


def movie(number: int) -> bytes:
    """The start of a video that states its time and zone as a telephone's does, followed by one `mdat` to its end."""
    taken = (ON_VISIT + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S+0000").encode()
    name = b"com.apple.quicktime.creationdate"
    keys = box(b"keys", struct.pack(">II", 0, 1) + box(b"mdta", name))
    values = box(b"ilst", struct.pack(">I", 8 + 16 + len(taken)) + struct.pack(">I", 1)
                 + box(b"data", struct.pack(">II", 1, 0) + taken))  # fmt: skip
    handler = box(b"hdlr", struct.pack(">II4s", 0, 0, b"mdta") + bytes(14))
    header = struct.pack(">I4s", 0, b"mdat")
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"meta", handler + keys + values)) + header
