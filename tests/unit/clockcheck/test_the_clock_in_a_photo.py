"""The clock's code is found in real pictures of it, and nothing else counts as one."""

# ruff: noqa: DTZ001  # what a camera's clock shows has no zone

import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.clockcheck import SIDE, ShownTime, drawn, half_blocks, shown_in
from agent.errors import LocalFault

AT = datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC)
SHOWN = ShownTime(AT, timedelta(seconds=0.2))


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"turned": 7},
        {"turned": 93},
        {"turned": 180},
        {"skewed": 0.25},
        {"blurred": 2.5},
        {"module": 4},
        {"module": 18},
        {"noise": 35},
        {"quality": 25},
        {"turned": -11, "skewed": 0.15, "blurred": 1.5, "noise": 15, "quality": 60},
    ],
    ids=str,
)
def test_the_clock_is_read_however_the_camera_was_held(photographer: Any, how: dict[str, Any]) -> None:
    assert shown_in(photographer.of(SHOWN, taken=datetime(2026, 3, 14, 10, 11, 12), **how)) == SHOWN


def test_the_half_blocks_of_a_terminal_scan_as_they_stand_on_the_screen(photographer: Any) -> None:
    lines = half_blocks(drawn(SHOWN))
    assert {len(line) for line in lines} == {SIDE}
    assert len(lines) == (SIDE + 1) // 2
    halves = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
    squares = [[halves[mark][half] for mark in line] for line in lines for half in (0, 1)]
    screen = photographer.code([row + [False] * (len(squares) - SIDE) for row in squares], 8)
    assert shown_in(photographer.save(screen.convert("RGB"), b"")) == SHOWN


@pytest.mark.parametrize("sizes", [1, 3])
def test_a_size_at_which_the_reader_fails_is_passed_over(
    photographer: Any, monkeypatch: pytest.MonkeyPatch, sizes: int
) -> None:
    """It did so under Wine, once in some dozen runs; no picture is known with which it always does."""
    import zxingcpp

    read, failed = zxingcpp.read_barcodes, list[int]()

    def failing(picture: Any, **how: Any) -> Any:
        if len(failed) < sizes:
            failed.append(picture.width)
            raise IndexError("BitSource::readBits: out of range")
        return read(picture, **how)

    monkeypatch.setattr(zxingcpp, "read_barcodes", failing)
    photo = photographer.of(SHOWN)
    if sizes == 1:
        assert shown_in(photo) == SHOWN
    else:
        with pytest.raises(LocalFault, match="no QR code in the photo can be read"):
            shown_in(photo)
    assert failed == sorted(failed, reverse=True)
    assert len(failed) == sizes


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_half_blocks_grow_by_whole_squares(scale: int) -> None:
    lines = half_blocks(drawn(SHOWN), scale)
    assert {len(line) for line in lines} == {SIDE * scale}
    assert len(lines) == (SIDE * scale + 1) // 2


def test_a_photo_without_a_code_says_how_to_take_a_better_one(photographer: Any) -> None:
    with pytest.raises(LocalFault, match="no QR code in the photo can be read"):
        shown_in(photographer.of())


def test_a_poster_with_another_code_is_not_the_clock(photographer: Any) -> None:
    with pytest.raises(LocalFault, match="is not one of"):
        shown_in(photographer.of("https://museum.example/welcome"))


def test_a_poster_beside_the_clock_does_no_harm(photographer: Any) -> None:
    assert shown_in(photographer.of(SHOWN, "https://museum.example/welcome")) == SHOWN


def test_two_clocks_that_differ_are_not_chosen_between(photographer: Any) -> None:
    with pytest.raises(LocalFault, match="two different clocks"):
        shown_in(photographer.of(SHOWN, ShownTime(AT + timedelta(seconds=1), SHOWN.within)))


def test_the_same_clock_twice_is_one(photographer: Any) -> None:
    assert shown_in(photographer.of(SHOWN, SHOWN)) == SHOWN


@pytest.mark.parametrize(
    "text",
    [
        "VPA-CLOCK:",
        "VPA-CLOCK:2:20260314T101112Z:S:0.2",
        "VPA-CLOCK:1:20260314T101112Z:S:",
        "VPA-CLOCK:1:20260314T101112Z:L:0.2",
        "VPA-CLOCK:1:20261314T101112Z:S:0.2",
        "VPA-CLOCK:1:20260314T101112Z:S:0.2 AND MORE",
        "VPA-CLOCK:1:20260314T101112Z:S:99.9",
        "VPA-CLOCK:1:٢٠٢٦0314T101112Z:S:0.2",
    ],
)
def test_a_forged_or_foreign_text_is_refused_not_half_read(photographer: Any, text: str) -> None:
    with pytest.raises(LocalFault, match="does not match"):
        shown_in(photographer.of(text))


@pytest.mark.parametrize("within", [None, timedelta(0), timedelta(seconds=0.2), timedelta(seconds=9.9)])
def test_a_time_comes_back_from_its_text(within: timedelta | None) -> None:
    shown = ShownTime(AT, within)
    assert ShownTime.parse(shown.text()) == shown
    assert shown.checked == (within is not None)


def test_how_well_the_time_is_known_is_rounded_up() -> None:
    assert ShownTime(AT, timedelta(seconds=0.11)).text().endswith(":0.2")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_file_that_is_not_a_picture_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(LocalFault, match=r"not a picture|damaged"):
        shown_in(path)


def test_a_picture_that_breaks_off_is_said_to_be_damaged(photographer: Any) -> None:
    path = photographer.of(SHOWN)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(LocalFault, match="damaged"):
        shown_in(path)


@pytest.mark.parametrize("ending", ["png", "webp", "tiff", "heic"])
def test_other_formats_are_looked_into_too(photographer: Any, tmp_path: Path, ending: str) -> None:
    if ending == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / f"clock.{ending}"
    Image.open(photographer.of(SHOWN)).save(path)
    assert shown_in(path) == SHOWN


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="cannot be read"):
        shown_in(tmp_path / "gone.jpg")


def test_a_picture_of_gigapixels_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "vast.png"
    Image.new("1", (16, 16)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = (60_000).to_bytes(4) * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    path.write_bytes(content)
    with pytest.raises(LocalFault, match="too large"):
        shown_in(path)


def test_without_the_reader_it_says_what_to_install(photographer: Any) -> None:
    path = photographer.of(SHOWN)
    program = (
        "import sys; sys.modules['zxingcpp'] = None\n"
        "from pathlib import Path; from agent.clockcheck import shown_in; from agent.errors import UsageError\n"
        "try:\n    shown_in(Path(sys.argv[1]))\nexcept UsageError as fault:\n    print(fault)"
    )
    told = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert " -m pip install " in told.stdout
    assert "zxing-cpp<" in told.stdout
