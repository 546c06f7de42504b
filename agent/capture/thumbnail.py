"""A small picture of a photo, for the person who is asked about it. Only ever made in the worker.

It is decoded and encoded again, upright and without metadata, so that only the file's pixels reach a page. For a RAW
file it is the largest JPEG that the camera put into it; a film has no thumbnail.
"""

import base64
import binascii
import io
import re
import warnings
from pathlib import Path

from agent.errors import LocalFault
from agent.worker import Fields

WIDEST, HIGHEST = 640, 480
"""Pixels at most; the page shows it at half that size."""

MOST_BYTES = 200_000
"""Most bytes of the JPEG; one of this size in pixels has a fifth of that."""

_LOOKED_THROUGH = 96 * 1024 * 1024
"""How many bytes of a RAW file are searched for its preview."""

_TRIED = 24
"""How many possible JPEG beginnings in a RAW file are tried."""

_PICTURES = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "AVIF", "GIF", "BMP")
_JPEG_BEGINS = re.compile(b"\xff\xd8\xff[\xc0-\xfe]")


def answer_thumbnail(photo: Path, _asked: Fields) -> Fields:
    """The picture as base64, in the worker; {"thumbnail": None} if none can be made."""
    made = thumbnail(photo)
    return {"thumbnail": None if made is None else base64.b64encode(made).decode("ascii")}


def understood_thumbnail(answer: Fields) -> bytes | None:
    """The JPEG. ValueError if the answer is not one."""
    text = answer.get("thumbnail")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MOST_BYTES * 2:
        raise ValueError("not a picture")
    try:
        made = base64.b64decode(text, validate=True)
    except binascii.Error as fault:
        raise ValueError("not a picture") from fault
    if not made.startswith(b"\xff\xd8\xff") or len(made) > MOST_BYTES:
        raise ValueError("not a picture")
    return made


def thumbnail(photo: Path) -> bytes | None:
    """A JPEG of at most WIDEST × HIGHEST pixels; None if the file holds no picture that decodes. LocalFault."""
    from agent.capture.decoding import heif_is_known

    heif_is_known()
    try:
        with photo.open("rb") as file:
            head = file.read(16)
            file.seek(0)
            if _is_whole_picture(head):
                return _small(file)
            content = file.read(_LOOKED_THROUGH)
            found = _preview(content) or _small(io.BytesIO(content))
    except OSError as fault:
        raise LocalFault(f"a file in the import folder cannot be read ({fault.strerror})") from None
    return found


def _is_whole_picture(head: bytes) -> bool:
    """Whether the file is the picture itself, not a RAW file with a preview in it."""
    return head.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8", b"BM")) or head[4:12] in {
        *(b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypmsf1", b"ftyphevc")
    }


def _preview(content: bytes) -> bytes | None:
    """The first large JPEG within a RAW file, else the first of any size."""
    smaller = None
    for begins in list(_JPEG_BEGINS.finditer(content))[:_TRIED]:
        size = _size_of(content[begins.start() :])
        if size >= WIDEST * HIGHEST and (made := _small(io.BytesIO(content[begins.start() :]))) is not None:
            return made
        if size and smaller is None:
            smaller = begins.start()
    return None if smaller is None else _small(io.BytesIO(content[smaller:]))


def _size_of(content: bytes) -> int:
    """Pixels that the JPEG claims to have; 0 if it is not a JPEG."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            return picture.width * picture.height
    except Exception:  # noqa: BLE001  # whatever it is, it is not a picture
        return 0


def _small(file: "io.BufferedReader | io.BytesIO") -> bytes | None:
    from PIL import Image, ImageOps

    from agent.capture.decoding import MAX_PIXELS

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)
            with Image.open(file, formats=_PICTURES) as picture:
                picture.draft("RGB", (WIDEST, HIGHEST))
                picture.thumbnail((WIDEST, HIGHEST))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=80)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # whatever stops the decoder, there is no picture to show
        return None
    return out.getvalue()
