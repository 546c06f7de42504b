"""Pictures that do not decode: reported for cut or broken ones, never for merely large ones, and without harm."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from PIL import Image

from agent.capture import PhotoReader, decodes
from agent.capture.decoding import MAX_PIXELS
from tests.reading import opened_reader


@pytest.fixture
def reader() -> Iterator[PhotoReader]:
    with opened_reader() as opened:
        yield opened


def encoded(kind: str, size: tuple[int, int] = (640, 480)) -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 30).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_whole_picture_decodes_and_a_cut_one_does_not(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture"
    path.write_bytes(encoded(kind))
    assert decodes(path) is None
    path.write_bytes(encoded(kind)[:-2_000])
    assert decodes(path) is not None


def test_a_heic_is_looked_into_where_pillow_heif_is_there(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "picture.heic"
    heif.from_pillow(Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 30)).save(path)
    whole = path.read_bytes()
    assert decodes(path) is None
    path.write_bytes(whole[: len(whole) // 2])
    assert decodes(path) is not None


def test_a_photo_of_200_megapixels_is_looked_into(reader: PhotoReader, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (16_320, 12_240), 90).save(path, "JPEG")
    assert reader.decodes(path) is None
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert reader.decodes(path) is not None


@pytest.mark.parametrize("content", [b"", b"text", b"II*\0" + bytes(100), b"GIF89a" + bytes(50)])
def test_only_jpeg_heic_png_and_webp_are_decoded(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert decodes(path) is None


def test_the_corpus_decodes_except_for_cut_files(reader: PhotoReader, corpus: Path) -> None:
    damaged = set()
    paths = sorted(path for path in (corpus / "nom-exif").rglob("*") if path.is_file())
    for path in paths:
        reader.begin_decoding(path)
    for path in paths:
        if reader.decodes(path):
            damaged.add(path.name)
    assert {"exif-no-tz.jpg", "motion_photo_pixel_synth.jpg"} <= damaged, "these have no picture"
    assert "exif.jpg" not in damaged


# --- Several pictures in one file (MPO) ------------------------------------------------------------------------------


@pytest.fixture
def mpo() -> bytes:
    """Two pictures, as a camera with two eyes writes them, or a phone its photo and a gain map."""
    first = Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 30).convert("RGB")
    out = io.BytesIO()
    first.save(out, "MPO", save_all=True, append_images=[first.rotate(180)])
    return out.getvalue()


def test_the_first_of_several_pictures_is_the_photo_and_must_decode(tmp_path: Path, mpo: bytes) -> None:
    path = tmp_path / "picture.mpo"
    path.write_bytes(mpo)
    assert decodes(path) is None
    path.write_bytes(mpo[: mpo.index(b"\xff\xd9\xff\xd8") - 2_000])
    assert decodes(path) == "its picture breaks off or does not decode"


def test_a_fault_in_a_further_picture_does_not_count(tmp_path: Path, mpo: bytes) -> None:
    path = tmp_path / "picture.mpo"
    second = mpo.index(b"\xff\xd9\xff\xd8") + 2
    for content in (mpo[:second], mpo[:-3_000], mpo[:second] + bytes(len(mpo) - second)):
        path.write_bytes(content)
        assert decodes(path) is None


@pytest.mark.parametrize("filled", [b"\xff", b"\0", b"\x80", b"MM\0*\0\0\0\x08\xff\xff"])
def test_an_index_of_further_pictures_that_is_made_to_do_harm_does_none(
    reader: PhotoReader, tmp_path: Path, mpo: bytes, filled: bytes
) -> None:
    path = tmp_path / "picture.jpg"
    index = mpo.index(b"MPF\0") + 4
    path.write_bytes(mpo[:index] + (filled * 82)[:82] + mpo[index + 82 :])
    assert reader.decodes(path) is None
    assert len(reader.worker.process_ids) == 1


def test_only_the_decoder_that_a_file_claims_is_ever_loaded(tmp_path: Path) -> None:
    """Pillow loads all of its decoders when it is asked for one that it has not got, as for "MPO"."""
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    program = (
        "import sys; from pathlib import Path; from agent.capture import decodes\n"
        "print(decodes(Path(sys.argv[1])), 'PIL.PsdImagePlugin' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert output.split("\n")[0] == "it begins as a picture but is not one False"


# --- Large ones ------------------------------------------------------------------------------------------------------


def test_a_picture_too_large_to_look_into_is_not_said_to_be_damaged(reader: PhotoReader, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (21_000, 20_000)).save(path)
    assert MAX_PIXELS < 21_000 * 20_000
    assert reader.decodes(path) is None
    header = b"IHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\2\0\0\0"
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + crc32(header).to_bytes(4, "big")
    path.write_bytes(start + b"\0\0\0\x64IDAT" + bytes(104))
    assert reader.decodes(path) is None
    assert len(reader.worker.process_ids) == 1
