"""What cameras, phones and programs do with a JPEG's segments, and what a cut file looks like."""

import struct
from pathlib import Path

import pytest

from agent.capture import read
from agent.model.times import Level
from tests.unit.capture.photobuilding import (
    NOW,
    OFFSET,
    ORIGINAL,
    PICTURE,
    TAKEN,
    Reads,
    app1,
    directory,
    exif_block,
    jpeg,
    segment,
)

BLOCK = exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"})
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
EXTENDED = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"E" * 60_000)
MPF = segment(0xE2, b"MPF\0MM\0*" + bytes(60))

UUID = b"570F1469-09C7-4E50-9875-05F21D5BD166"


DAMAGED = "it is damaged near the place where its time is stored, so that time cannot be relied on"


@pytest.mark.parametrize(
    "content",
    [
        jpeg(app1(BLOCK), segment(0xE9, bytes(99)) + b"rubbish", segment(0xE9, bytes(99))),
        b"\xff\xd8" + app1(BLOCK) + segment(0xE9, bytes(99)) + segment(0xE9, bytes(99))[:50],
    ],
    ids=["rubbish", "cut"],
)
def test_damage_far_after_its_time_does_not_affect_it(reads: Reads, content: bytes) -> None:
    assert reads(content).level is Level.OWN_OFFSET


@pytest.mark.parametrize(
    "content",
    [
        jpeg(segment(0xE0, b"JFIF\0" + bytes(9)) + b"rubbish" + app1(BLOCK)),
        jpeg(app1(BLOCK) + b"rubbish", segment(0xE0, b"JFIF\0" + bytes(9))),
        jpeg(app1(BLOCK), app1(b"MM\0*\xff\xff\xff\xff")),
        jpeg(app1(b"XX\0*\0\0\0\x08"), app1(BLOCK)),
        b"\xff\xd8" + app1(BLOCK),
        b"\xff\xd8" + app1(BLOCK) + segment(0xE9, bytes(99))[:50],
        jpeg(app1(BLOCK), b"\xff\xe9\0\0", segment(0xE9, bytes(99))),
    ],
    ids=[
        "rubbish before",
        "rubbish behind",
        "a second block that is broken",
        "a first one",
        "nothing behind",
        "cut behind",
        "a segment of no length behind",
    ],
)
def test_a_person_decides_on_damage_near_the_time(reads: Reads, content: bytes) -> None:
    found = reads(content)
    assert (found.level, found.taken, found.recorded) == (Level.IMPOSSIBLE, None, "2026-03-14T10:11:12")
    assert found.notes[0] == DAMAGED


@pytest.mark.parametrize(
    "content",
    [
        jpeg(app1(BLOCK)),
        jpeg(XMP, app1(BLOCK)),
        jpeg(*[EXTENDED] * 40, app1(BLOCK), MPF),
        jpeg(segment(0xE0, b"JFIF\0" + bytes(9)), app1(BLOCK)),
        jpeg(b"\xff" * 40 + app1(BLOCK)),
        jpeg(segment(0xE0, b"JFIF\0" + bytes(9)) + b"\0" * 7 + app1(BLOCK)),
        jpeg(segment(0xE1, b"Exif\0\xff" + BLOCK)),
        jpeg(segment(0xE1, b""), segment(0xE1, b"Exif"), app1(BLOCK)),
        jpeg(app1(BLOCK[:60]) + app1(BLOCK[60:])),
    ],
    ids=[
        "plain",
        "after XMP",
        "after 40 extended XMP",
        "after JFIF",
        "fill bytes",
        "zeros",
        "odd header",
        "stubs",
        "split",
    ],
)
def test_the_exif_block_is_found(reads: Reads, content: bytes) -> None:
    found = reads(content)
    assert (found.level, found.recorded, found.complete) == (Level.OWN_OFFSET, "2026-03-14T10:11:12", True)


@pytest.mark.parametrize(
    "trailer",
    [
        b"\0" * 4096,
        b"....ftypmp42" + bytes(200_000),
        PICTURE,
        b"\x01\x02SEFH" + bytes(50) + b"SEFT",
        b"\xff",
    ],
    ids=["padding", "motion photo", "MPF preview", "Samsung", "one byte"],
)
def test_a_trailer_behind_the_end_leaves_a_photo_complete(reads: Reads, trailer: bytes) -> None:
    found = reads(jpeg(app1(BLOCK), trailer=trailer))
    assert found.complete
    assert found.level is Level.OWN_OFFSET


def test_a_photo_cut_anywhere_is_never_complete_and_never_raises(tmp_path: Path) -> None:
    whole = jpeg(segment(0xE0, b"JFIF\0" + bytes(9)), XMP, app1(BLOCK))
    path = tmp_path / "cut.jpg"
    for length in range(min(len(whole), 4096)):
        path.write_bytes(whole[:length])
        found = read(path, now=NOW)
        assert not found.complete or not found.is_photo, length
        assert found.content_id is None
    path.write_bytes(whole)
    assert read(path, now=NOW).complete


def test_a_photo_that_was_made_to_size_before_its_bytes_came_is_not_complete(reads: Reads) -> None:
    whole = jpeg(app1(BLOCK))
    found = reads(whole[:-20] + bytes(20))
    assert not found.complete
    assert "not yet copied whole" in found.notes[0]


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_live_photo_identifier_is_apples_tag_17(tmp_path: Path, order: str) -> None:
    mark = b"II" if order == "<" else b"MM"
    inside = directory([(0x0011, 2, len(UUID) + 1, UUID + b"\0")], 14, order)
    note = b"Apple iOS\0\0\1" + mark + inside
    block = b"MM\0*\0\0\0\x08" + directory([(0x8769, 4, 1, struct.pack(">I", 26))], 8)
    block += directory([(0x927C, 7, len(note), note)], len(block))
    path = tmp_path / "live.jpg"
    path.write_bytes(jpeg(app1(block)))
    assert read(path, now=NOW).content_id == UUID.decode()


def test_another_makers_note_is_no_live_photo(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(app1(exif_block(exif={0x927C: b"Nikon\0" + bytes(100)}))))
    assert read(path, now=NOW).content_id is None


def test_a_name_that_promises_another_format_gets_a_note(reads: Reads) -> None:
    assert reads(jpeg(app1(BLOCK)), "photo.JPEG").notes == ()
    assert "it is jpeg" in reads(jpeg(app1(BLOCK)), "photo.png").notes[0]
