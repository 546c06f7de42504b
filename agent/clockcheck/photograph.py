"""Finding the clock's QR code in a photo: the picture by Pillow, the code by zxing-cpp, which is an optional extra."""

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clockcheck.shown import MARK, ShownTime
from agent.errors import LocalFault, UsageError
from agent.files.named import open_named

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 400_000_000
"""As many as phones and stitched panoramas have; larger pictures are not decoded."""

REDUCED = (1, 2, 4)
"""How often smaller the picture is made, one after the other: averaging takes out the moiré of a screen, and noise."""

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
"""JPEG's decoder takes MPO too. No other of Pillow's forty is let near a file, but HEIF where pillow-heif is there."""


def reader_missing() -> str | None:
    """What to install so that QR codes can be read; None where it is there."""
    if importlib.util.find_spec("zxingcpp") is not None:
        return None
    return (
        "reading the clock from a photo needs zxing-cpp, which is not installed: "
        'python -m pip install "visit-photo-agent[cameras]"'
    )


def shown_in(path: Path) -> ShownTime:
    """The time that the clock in the photo showed.

    Raises UsageError where zxing-cpp is not installed; LocalFault where the file cannot be read, holds no such code,
    two that differ, or one that is not as this program writes it. Codes of others in the picture are passed over.
    """
    if missing := reader_missing():
        raise UsageError(missing)
    foreign = False
    for picture in _pictures(path):
        texts = _codes(picture)
        clocks = {text for text in texts if text.startswith(MARK)}
        if len(clocks) > 1:
            raise LocalFault("two clocks that differ are in the photo: photograph one")
        if clocks:
            return ShownTime.parse(clocks.pop())
        foreign = foreign or bool(texts)
    if foreign:
        raise LocalFault("a QR code is in the photo, but not that of `photo-agent cameras clock --show`")
    raise LocalFault("no QR code is readable in the photo: go nearer, hold still, and avoid reflections on the screen")


def _codes(picture: "Image") -> list[str]:
    import zxingcpp

    codes = zxingcpp.barcode_formats_from_str("QRCode")
    return [found.text for found in zxingcpp.read_barcodes(picture, formats=codes)]


def _pictures(path: Path) -> Iterator["Image"]:
    """The picture in grey, whole and then reduced."""
    grey = _grey(path)
    for times in REDUCED:
        yield grey if times == 1 else grey.reduce(times)


def _grey(path: Path) -> "Image":
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with open_named(path) as handle, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)  # about its Exif block, which others read
            with Image.open(handle, formats=(*_FORMATS, *_heif())) as picture:
                picture.draft("L", picture.size)  # of a JPEG only the brightness is decoded
                return picture.convert("L")
    except UnidentifiedImageError:
        raise LocalFault("this is no picture that can be looked into: give the camera's JPEG") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise LocalFault("the photo is too large to look for a QR code in it") from None
    except OSError as fault:
        if fault.errno is None:
            raise LocalFault("the picture is damaged and does not decode") from None
        raise LocalFault(f"the photo cannot be read: {fault.strerror}") from fault
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # whatever a decoder stumbles over, there is no picture to look into
        raise LocalFault("the picture is damaged and does not decode") from None


def _heif() -> tuple[str, ...]:
    """Pillow's name for HEIF, made known to it, where the extra `heif` is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return ("HEIF",)
