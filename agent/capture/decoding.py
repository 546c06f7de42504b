"""Whether a picture decodes: by Pillow, and for HEIC by pillow-heif where that is installed. Only in the worker.

A file that claims to be a JPEG, HEIC or PNG and does not decode is sent like any other, because what is left of it must
not be lost either. It is reported as damaged, which is often the first sign of a failing card.
"""

import warnings
from pathlib import Path

from agent.capture.bounded import BoundedFile, Broken
from agent.capture.opening import opened
from agent.capture.sniff import HEAD, sniff
from agent.errors import LocalFault
from agent.formats import TABLE

MAX_PIXELS = 400_000_000
"""Larger pictures are not looked into: phones make photos of 200 megapixels, panoramas and stitched scans more."""

_FORMATS = {one.name: (one.decoder,) for one in TABLE if one.decoder is not None}
"""By what sniffing calls them, the decoder that may be tried: no other of Pillow's forty is let near a file.

Pillow's JPEG takes those with further pictures behind the first (MPO) too. The first is the photo, and is looked into;
a gain map, a preview or a second eye's view is not, for its index is wrong in many files that are well.
"""


def decodes(path: Path) -> str | None:
    """What is wrong with the picture, in words that follow "damaged: "; None where it decodes, or none here can tell.

    Needs some 4 bytes a pixel for PNG and WebP, 10 for HEIC, and a sixty-fourth of that for JPEG. LocalFault where the
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
            warnings.filterwarnings("ignore", category=UserWarning)  # about its Exif block, which is no affair of ours
            with Image.open(handle, formats=_FORMATS[kind]) as picture:
                # An eighth of the size, in grey: a JPEG's every bit is still decoded, at a fraction of the memory.
                picture.draft("L", (1, 1))
                picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return None
    except UnidentifiedImageError:
        return "it begins as a picture but is none"
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
    """Whether pillow-heif, an optional extra, is there; registered with Pillow if so."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True
