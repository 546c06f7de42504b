"""Pictures as large, and as much work to decode, as a camera's and a telephone's: 12 megapixels with detail and noise.

A few are encoded, which takes a second each; each file has one of them with an EXIF block and a comment of its own.
"""

import io
from datetime import datetime
from functools import cache

from PIL import Image

from tests.laptop import jpeg

SIZE = 4032, 3024  # an iPhone's, and most cameras' of 12 megapixels
VARIANTS = 4


@cache
def picture(variant: int) -> Image.Image:
    """Large shapes, fine detail and a sensor's noise, in colour."""
    small = Image.effect_noise((SIZE[0] // 4, SIZE[1] // 4), 60 + variant)
    detail = small.resize(SIZE, Image.Resampling.BICUBIC)
    grey = Image.blend(detail, Image.effect_noise(SIZE, 12), 0.3)
    turned = grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT), grey.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return Image.merge("RGB", (grey, *turned))


@cache
def encoded(variant: int) -> bytes:
    """A JPEG of between 4 and 7 MB, without EXIF."""
    out = io.BytesIO()
    picture(variant).save(out, "JPEG", quality=92, subsampling=2)
    return out.getvalue()


def photo(taken: datetime, number: int) -> bytes:
    """A JPEG as a camera writes it: no two are the same, and each decodes to the end."""
    small = jpeg(taken, seed=number)
    head = small[: small.index(b"\xff\xdb")]  # with its EXIF block
    content = encoded(number % VARIANTS)
    comment = number.to_bytes(8)
    return head + b"\xff\xfe" + (2 + len(comment)).to_bytes(2) + comment + content[content.index(b"\xff\xdb") :]


def heic(taken: datetime, number: int) -> bytes | None:
    """A telephone's photo of about 2 MB; None where nothing here can write one."""
    try:
        import pillow_heif
    except ImportError:
        return None
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 13"
    exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(0x8769)[0x9011] = "+00:00"
    exif[0x010E] = str(number)
    return _heif_head(pillow_heif, exif.tobytes(), number % VARIANTS)


def _heif_head(pillow_heif: object, exif: bytes, variant: int) -> bytes:
    out = io.BytesIO()
    made = pillow_heif.from_pillow(picture(variant))  # type: ignore[attr-defined]  # ships no types
    made.save(out, quality=60, exif=exif)
    return out.getvalue()
