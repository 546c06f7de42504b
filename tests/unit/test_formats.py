"""The one table of formats."""

import re
from pathlib import Path, PurePath

import pytest

from agent import formats
from agent.capture import raw, reading, sniff

NAMES = {one.name for one in formats.TABLE}


def test_every_ending_has_one_owner() -> None:
    endings = [ending for one in formats.TABLE for ending in one.endings]
    assert len(endings) == len(set(endings))
    assert all(re.fullmatch(r"[a-z0-9]+", ending) for ending in endings)


def test_whatever_is_recognised_or_read_is_in_the_table() -> None:
    sniffed = {name for _, name in sniff._START} | set(sniff._RIFF.values()) | set(sniff._BRANDS.values())
    assert sniffed | {"crw", "raw", "bmp", "3gp", "mp4", "mts"} <= NAMES
    assert {kind for _, kind in raw._MAKERS} | {"dng", "iiq"} <= NAMES
    assert set(reading._READERS) <= NAMES


@pytest.mark.parametrize("name", ["a.CR3", "a.dng", "a.arw", "a.MTS", "a.3gp", "a.rw2", "a.insv", "a.jpg", "a.HEIC"])
def test_a_name_of_any_format_claims_to_be_a_photo(name: str) -> None:
    assert formats.claims_to_be_a_photo(PurePath(name))


@pytest.mark.parametrize("name", ["a.xmp", "a.txt", "a", "a.pdf", ".jpg.zip", "a.json"])
def test_other_names_claim_nothing(name: str) -> None:
    assert not formats.claims_to_be_a_photo(PurePath(name))


@pytest.mark.parametrize("text", ["see IMG_1.CR3 there", "a.jpg", "GS010001.360", "MVI_0001.TOD", "x.insv"])
def test_a_files_name_in_a_text_is_found(text: str) -> None:
    assert re.search(formats.IN_TEXT, text, re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["j.mos", "photos.school.mod.uk", "version 12.360", "j.raw", "a film of 3 s", "e.g. this"]
)
def test_peoples_and_hosts_names_are_no_files(text: str) -> None:
    assert not re.search(formats.IN_TEXT, text, re.IGNORECASE)


def test_no_stage_asks_the_machine_what_a_photo_is() -> None:
    code = Path(formats.__file__).parent
    assert not [path for path in code.rglob("*.py") if "mimetypes" in path.read_text("utf-8")]
