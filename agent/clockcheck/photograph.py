"""Finding the clock's QR code in a photo: the picture by Pillow, the code by zxing-cpp, which is an optional extra."""

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.clockcheck.shown import MARK, ShownTime
from agent.errors import LocalFault, UsageError
from agent.extras import to_install
from agent.files.named import open_named

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 400_000_000
"""As many as phones and stitched panoramas have; larger pictures are not decoded."""

REDUCED = (1, 2, 4)
"""How many times the picture is made smaller, step by step: averaging removes the moiré of a screen, and noise."""

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
"""JPEG's decoder accepts MPO too. Of Pillow's forty other decoders only HEIF is used, if pillow-heif is installed."""


def reader_missing() -> str | None:
    """What to install so that QR codes can be read; None if it is there."""
    if importlib.util.find_spec("zxingcpp") is not None:
        return None
    return f"reading the clock from a photo needs zxing-cpp. To install it: {to_install('cameras')}"


def shown_in(path: Path) -> ShownTime:
    """The time that the clock in the photo showed.

    Raises UsageError if zxing-cpp is not installed; LocalFault if the file cannot be read, contains no such code, two
    different ones, or one that this program would not write. Other people's codes in the picture are ignored.
    """
    if missing := reader_missing():
        raise UsageError(missing)
    foreign = False
    for picture in _pictures(path):
        texts = _codes(picture)
        clocks = {text for text in texts if text.startswith(MARK)}
        if len(clocks) > 1:
            raise LocalFault("the photo shows two different clocks. Photograph only one")
        if clocks:
            return ShownTime.parse(clocks.pop())
        foreign = foreign or bool(texts)
    if foreign:
        raise LocalFault("the QR code in the photo is not one of `photo-agent cameras clock --show`")
    raise LocalFault("no QR code in the photo can be read: go nearer, hold still, and avoid reflections on the screen")


def _codes(picture: "Image") -> list[str]:
    """The texts of the QR codes that can be read in this picture.

    Of some pictures zxing-cpp says IndexError or the like, because something in them looks like a code and is not
    (https://github.com/zxing-cpp/zxing-cpp/issues/773). Then no code can be read at this size.
    """
    import zxingcpp

    codes = zxingcpp.barcode_formats_from_str("QRCode")
    try:
        return [found.text for found in zxingcpp.read_barcodes(picture, formats=codes)]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # whatever its C++ throws becomes one of Python's, by its kind
        return []


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
            warnings.filterwarnings("ignore", category=UserWarning)  # about its Exif block, which is read elsewhere
            with Image.open(handle, formats=(*_FORMATS, *_heif())) as picture:
                picture.draft("L", picture.size)  # from a JPEG only the brightness is decoded
                return picture.convert("L")
    except UnidentifiedImageError:
        raise LocalFault("this file is not a picture that can be searched: give the camera's JPEG") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise LocalFault("the photo is too large to look for a QR code in it") from None
    except OSError as fault:
        if fault.errno is None:
            raise LocalFault("the picture is damaged and does not decode") from None
        raise LocalFault(f"the photo cannot be read: {fault.strerror}") from fault
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # whatever stops the decoder, there is no picture to search
        raise LocalFault("the picture is damaged and does not decode") from None


def _heif() -> tuple[str, ...]:
    """Pillow's name for HEIF, registered with it, if the extra `heif` is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return ("HEIF",)
