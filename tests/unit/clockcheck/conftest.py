"""Photos of the clock, as a camera would take them: askew, blurred, noisy, with its own Exif."""

import random
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import piexif
import pytest
from PIL import Image, ImageDraw, ImageFilter

from agent.clockcheck import ShownTime, drawn


class Photographer:
    """Takes JPEGs of QR codes; `folder` is where they lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def code(self, squares: Sequence[Sequence[bool]], module: int) -> Image.Image:
        """A code as a screen shows it."""
        side = len(squares)
        code = Image.new("L", (side, side), 235)
        code.putdata([25 if square else 235 for row in squares for square in row])
        return code.resize((side * module, side * module), Image.Resampling.NEAREST)

    def of(
        self,
        *codes: ShownTime | str,
        taken: datetime | None = None,
        offset: str | None = None,
        subsec: str | None = None,
        camera: tuple[str, str, str | None] | None = ("Canon", "Canon EOS R50", "032024001234"),
        module: int = 9,
        turned: float = 0,
        skewed: float = 0,
        blurred: float = 0,
        noise: int = 0,
        quality: int = 85,
    ) -> Path:
        """A photo of these codes; `skewed` is by how much of its width the far side is smaller."""
        scene = Image.new("L", (1600, 1100), 120)
        draw = ImageDraw.Draw(scene)
        for x in range(0, 1600, 160):
            draw.rectangle((x, 0, x + 80, 1100), fill=90 + x // 20)
        for at, code in enumerate(codes):
            squares = drawn(code) if isinstance(code, ShownTime) else squares_of(code)
            picture = self.code(squares, module)
            scene.paste(picture, (200 + at * 800, 300))
        if skewed:
            into = int(1100 * skewed / 2)
            scene = scene.transform(
                scene.size, Image.Transform.QUAD, (0, -into, 0, 1100 + into, 1600, 1100 - into, 1600, into),
                Image.Resampling.BICUBIC, fillcolor=120,
            )  # fmt: skip
        if turned:
            scene = scene.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=120)
        if blurred:
            scene = scene.filter(ImageFilter.GaussianBlur(blurred))
        if noise:
            grain = Image.frombytes("L", scene.size, random.Random(1).randbytes(scene.width * scene.height))
            scene = Image.blend(scene, grain, noise / 100)
        return self.save(scene.convert("RGB"), exif(taken, offset, subsec, camera), quality)

    def save(self, picture: Image.Image, block: bytes, quality: int = 85) -> Path:
        """The picture as a JPEG."""
        self.count += 1
        path = self.folder / f"clock-{self.count}.jpg"
        picture.save(path, "JPEG", quality=quality, exif=block)
        return path


def squares_of(text: str) -> tuple[tuple[bool, ...], ...]:
    """Any text as a QR code."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in code.matrix_iter(border=4))


def exif(
    taken: datetime | None, offset: str | None, subsec: str | None, camera: tuple[str, str, str | None] | None
) -> bytes:
    """A camera's Exif block."""
    main: dict[int, object] = {}
    details: dict[int, object] = {}
    if camera is not None:
        make, model, serial = camera
        main |= {piexif.ImageIFD.Make: make.encode(), piexif.ImageIFD.Model: model.encode()}
        if serial is not None:
            details[piexif.ExifIFD.BodySerialNumber] = serial.encode()
    if taken is not None:
        details[piexif.ExifIFD.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S").encode()
    if offset is not None:
        details[piexif.ExifIFD.OffsetTimeOriginal] = offset.encode()
    if subsec is not None:
        details[piexif.ExifIFD.SubSecTimeOriginal] = subsec.encode()
    return piexif.dump({"0th": main, "Exif": details})


@pytest.fixture
def photographer(tmp_path: Path) -> Photographer:
    """Someone with a camera."""
    return Photographer(tmp_path)
