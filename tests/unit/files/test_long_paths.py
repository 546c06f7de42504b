"""A file whose path is too long for Windows is distinguished from one that is gone."""

import errno
import sys
from pathlib import Path, PureWindowsPath

import pytest

from agent.files.longpaths import LISTED, LONGEST, extended, why_not_there
from agent.folders.scan import scan
from tests.laptop import ON_VISIT, jpeg

GONE = FileNotFoundError(errno.ENOENT, "no such file")
LONG = PureWindowsPath("C:\\Users\\Zoë\\Pictures") / ("a" * 120) / ("b" * 120) / "IMG_1.JPG"
SHORT = PureWindowsPath("C:\\Users\\Zoë\\Pictures\\IMG_1.JPG")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("C:\\a\\b.jpg", "\\\\?\\C:\\a\\b.jpg"),
        ("\\\\server\\share\\b.jpg", "\\\\?\\UNC\\server\\share\\b.jpg"),
        ("\\\\?\\C:\\a", "\\\\?\\C:\\a"),
        ("a\\b.jpg", "a\\b.jpg"),
    ],
)
def test_the_form_that_may_be_long(path: str, text: str) -> None:
    assert extended(PureWindowsPath(path)) == text


def test_a_long_path_that_is_there_in_that_form_is_too_long() -> None:
    assert why_not_there(LONG, GONE, lambda text: text == extended(LONG)).errno == errno.ENAMETOOLONG


def test_a_long_path_that_is_not_there_either_is_gone() -> None:
    assert why_not_there(LONG, GONE, lambda text: False) is GONE


def test_a_short_path_is_gone_without_a_second_look() -> None:
    assert why_not_there(SHORT, GONE, lambda text: pytest.fail("looked at")) is GONE


def test_a_folder_is_too_long_to_be_listed_two_characters_earlier() -> None:
    folder = PureWindowsPath("C:\\" + "x" * (LISTED - 2))
    assert len(str(folder)) == LISTED + 1 <= LONGEST
    assert why_not_there(folder, GONE, lambda text: True, LISTED).errno == errno.ENAMETOOLONG
    assert why_not_there(folder, GONE, lambda text: True) is GONE


@pytest.mark.skipif(sys.platform != "win32", reason="Windows' limit")
def test_a_photo_with_a_long_path_is_found_or_told_of(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100) / ("c" * 100)
    Path(extended(folder)).mkdir(parents=True)
    Path(extended(folder / "IMG_1.JPG")).write_bytes(jpeg(ON_VISIT))
    found = scan([tmp_path], read=lambda path: None)
    assert len(found.photos) + len(found.troubles) == 1
    assert all("too long" in trouble.reason for trouble in found.troubles)
