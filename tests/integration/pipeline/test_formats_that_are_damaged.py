"""A damaged or unreadable file of any format is reported, never private without a word; and rules that changed."""

import io
import json
import os
import random

import pytest
from PIL import Image

import agent.pipeline.context as stages_of_a_run
from agent import formats
from agent.formats import Kind
from agent.journal import State
from tests.laptop import PRIVATE, Laptop

ENDINGS = sorted(ending for one in formats.TABLE if one.kind is not Kind.SIDECAR for ending in one.endings)
LONG_AGO = 3600


def waiting(laptop: Laptop) -> set[str]:
    """The names of the photos that are reported to a person."""
    held = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW, State.REFUSED))
    return {one.photo.main.path.name for one in held}


@pytest.mark.parametrize("content", [bytes(5_000), random.Random(7).randbytes(5_000), b""], ids=["zeros", "noise", "0"])
def test_a_damaged_file_of_any_format_is_reported(laptop: Laptop, content: bytes) -> None:
    names = {f"IMG_0001.{ending}" for ending in ENDINGS}
    for name in names:
        laptop.file(f"{name.rpartition('.')[2]}/{name}", content, age=LONG_AGO)
    laptop.file("other/IMG_0001.bin", content, age=LONG_AGO)
    laptop.file("other/notes.txt", b"not a photo", age=LONG_AGO)
    laptop.run()
    assert waiting(laptop) == names


def test_a_text_under_a_photos_name_is_no_damaged_photo(laptop: Laptop) -> None:
    laptop.file("model.ts", b"export const photo = 1;\n", age=LONG_AGO)
    laptop.file("page.jpg", b"<!doctype html><title>404</title>", age=LONG_AGO)
    laptop.run()
    assert waiting(laptop) == set()


def test_a_file_whose_content_has_not_come_yet_is_waited_for(laptop: Laptop) -> None:
    path = laptop.file("IMG_0001.CR3", bytes(5_000))
    laptop.run()
    assert waiting(laptop) == set()
    os.utime(path, (0, 0))
    (tracked,) = laptop.look(lambda context: context.journal.tracked_photos(State.SETTLED, State.FOUND))
    assert tracked.photo.main.path == path


def test_explain_says_what_is_wrong_with_a_damaged_file(laptop: Laptop) -> None:
    laptop.run()
    path = laptop.file("IMG_0001.CR3", bytes(5_000), age=LONG_AGO)
    told = json.loads(laptop.command("explain", path, "--json").stdout)
    assert told["decision"] == "review"
    assert "damaged" in told["reasons"][0]


@pytest.mark.parametrize("what", ["__version__", "RULES"])
def test_a_new_release_decides_afresh(laptop: Laptop, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    laptop.photo("home.jpg", PRIVATE)
    assert laptop.run().private == 1
    assert laptop.run().private == 0
    monkeypatch.setattr(stages_of_a_run, what, "another")
    assert laptop.run().private + laptop.run().private == 1
    grounds = laptop.look(lambda context: context.grounds)
    assert "another" in grounds


def test_a_picture_without_a_sign_of_a_camera_is_left_alone_and_counted(laptop: Laptop) -> None:
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "PNG")
    icon, named = laptop.file("logo.png", out.getvalue()), laptop.file("IMG_0042.jpg", bare_jpeg())
    summary = laptop.run()
    assert (summary.private, summary.review) == (1, 1)
    assert waiting(laptop) == {named.name}
    assert icon.exists()


def bare_jpeg() -> bytes:
    """A picture without any Exif."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "JPEG")
    return out.getvalue()
