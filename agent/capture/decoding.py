"""Whether a picture decodes: with Pillow, and for HEIC with pillow-heif if that is installed. Only in the worker.

A file that claims to be a JPEG, HEIC or PNG and does not decode is sent like any other, because what remains of it must
not be lost either. It is reported as damaged, which is often the first sign of a failing card.
"""

import warnings
from pathlib import Path

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.opening import opened
from agent.capture.sniff import HEAD, sniff
from agent.errors import LocalFault
from agent.formats import TABLE
from agent.worker.wire import Fields

MAX_PIXELS = 400_000_000
"""Larger pictures are not decoded: phones make photos of 200 megapixels, and only panoramas and scans are larger."""

_FORMATS = {one.name: (one.decoder,) for one in TABLE if one.decoder is not None}
"""The decoder to try for each format that sniffing names: none of Pillow's forty others is used on a file.

Pillow's JPEG decoder accepts files with further pictures after the first (MPO) too. The first is the photo and is
decoded; a gain map, a preview or a second eye's view is not, because its index is wrong in many intact files.
"""


def answer_decodes(path: Path, _asked: Fields) -> Fields:
    """`decodes`, as the worker's answer. LocalFault if the file cannot be read."""
    return {"decodes": decodes(path)}


def decodes(path: Path) -> str | None:
    """What is wrong with the picture, in words that follow "damaged: "; None if it decodes, or cannot be checked here.

    Needs some 4 bytes a pixel for PNG and WebP, 10 for HEIC, and a sixty-fourth of that for JPEG. LocalFault if the
    file cannot be read.
    """
    with opened(path) as (handle, size):
        try:
            kind = sniff(BoundedFile(handle, size).at(0, min(HEAD, size)))
        except Broken:
            return "its beginning is missing"
    if kind not in _FORMATS or (kind in {"heic", "heif"} and not heif_is_known()):
        return None
    return _fault(path, kind)


def _fault(path: Path, kind: str) -> str | None:
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with path.open("rb") as handle, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)  # about its Exif block, which does not matter here
            with Image.open(handle, formats=_FORMATS[kind]) as picture:
                # An eighth of the size, in grey: every bit of a JPEG is still decoded, with a fraction of the memory.
                picture.draft("L", (1, 1))
                picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return None
    except UnidentifiedImageError:
        return "it begins as a picture but is not one"
    except MemoryError:
        raise
    except OSError as fault:
        if fault.errno is not None:
            raise LocalFault(f"a file in the import folder cannot be read ({fault.strerror})") from None
        return "its picture breaks off or does not decode"
    except Exception:  # noqa: BLE001  # whatever a decoder stumbles over, the picture is not whole
        return "its picture does not decode"
    return None


def heif_is_known() -> bool:
    """Whether pillow-heif, an optional extra, is installed; registers it with Pillow if so."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True
