"""Files made to hurt: each is read in its bounds, in a moment, without an exception."""

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.capture import read
from agent.capture.evidence import Clip, Evidence, Exif, Fix, Stamp
from agent.capture.judge import judge
from agent.model.times import Level
from tests.unit.capture.photobuilding import (
    NOW,
    ORIGINAL,
    TAKEN,
    Reads,
    app1,
    box,
    directory,
    exif_block,
    jpeg,
    segment,
)

HEADER = b"MM\0*\0\0\0\x08"
A_SECOND = 1.0


def long(value: int) -> bytes:
    return struct.pack(">I", value)


def huge_count(kind: int) -> bytes:
    fields = [
        (0x9003, kind, 0xFFFFFFF0, long(26)),
        (0x010F, kind, 0x7FFFFFFF, long(8)),
        (0x8825, kind, 0xFFFFFFFF, long(8)),
    ]
    return HEADER + directory(fields, 8)


def many_times_larger() -> bytes:
    text = b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n9\n" + b"4d4d" * 10_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + (long(len(text)) + b"zTXt" + text + b"crc.") * 30


FTYP = box(b"ftyp", b"heic\0\0\0\0mif1heic")


def heif(iinf: bytes, iloc: bytes) -> bytes:
    return FTYP + box(b"meta", bytes(4) + box(b"iinf", iinf) + box(b"iloc", iloc))


INFE = box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
SAME_ITEM = struct.pack(">HHH", 1, 0, 64)

CRAFTED: dict[str, bytes | Callable[[], bytes]] = {
    "a directory that leads to itself": jpeg(
        app1(HEADER + directory([(0x8769, 4, 1, long(8)), (0x8825, 4, 1, long(8))], 8, following=8))
    ),
    "directories in a ring": jpeg(
        app1(HEADER + directory([(0x8769, 4, 1, long(26))], 8) + directory([(0x8769, 4, 1, long(8))], 26))
    ),
    **{
        f"counts of four billion, type {kind}": jpeg(app1(huge_count(kind)))
        for kind in (1, 2, 3, 4, 5, 7, 10, 12, 0, 255)
    },
    "65,535 entries": jpeg(app1(HEADER + b"\xff\xff" + bytes(60_000))),
    "offsets past the end": jpeg(app1(HEADER + directory([(0x9003, 2, 20, long(0xFFFFFFF0) + b"x")], 8))),
    "a first directory past the end": jpeg(app1(b"MM\0*\xff\xff\xff\xff")),
    "no byte order": jpeg(app1(b"XX\0*\0\0\0\x08")),
    "an empty Exif": jpeg(app1(b"")),
    "segments of length zero": b"\xff\xd8" + b"\xff\xe1\0\0" * 20_000,
    "segments of length one": b"\xff\xd8" + b"\xff\xe1\0\1" * 20_000,
    "nothing but fill bytes": b"\xff\xd8" + b"\xff" * 300_000,
    "nothing but restarts": b"\xff\xd8" + b"\xff\xd0" * 200_000,
    "rubbish between all segments": b"\xff\xd8" + (b"\xff\xe5\0\2" + bytes(4000)) * 1_500,
    "300 Exif blocks of 64 KB": jpeg(*[app1(HEADER + b"\x03\xe8" + bytes(65_000))] * 300),
    "an Exif block over 400 segments": jpeg(app1(exif_block(exif={ORIGINAL: TAKEN})), *[app1(b"x" * 65_000)] * 400),
    "XMP that unpacks a billion laughs": jpeg(
        segment(
            0xE1,
            b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE a [<!ENTITY a 'DateTimeOriginal'>"
            + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 50) for i in range(8))
            + b"]><a>&i;</a>",
        )
    ),
    "XMP nested without end": jpeg(
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<DateTimeOriginal>" + b"<a>" * 20_000)
    ),
    "XMP nested and closed": jpeg(
        segment(
            0xE1,
            b"http://ns.adobe.com/xap/1.0/\0<DateTimeOriginal>"
            + b"<a>" * 9_000
            + b"</a>" * 9_000
            + b"</DateTimeOriginal>",
        )
    ),
    "IPTC without end": jpeg(
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\xff\x00" + b"\x1c\x02\x00\0\0" * 13_000)
    ),
    "Photoshop's resources of length zero": jpeg(
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x05\0\0\0\0\0\0" * 5_000)
    ),
    "JPEG 2000 of boxes of eight bytes": box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 ") + box(b"uuid") * 100_000,
    "a TIFF of directories without end": b"II*\0\x08\0\0\0"
    + b"".join(b"\0\0" + struct.pack("<I", 8 + 6 * (i + 1)) for i in range(9_000)),
    "a TIFF of too many strips": b"MM\0*\0\0\0\x08"
    + directory([(0x0111, 4, 0x00FFFFFF, long(8)), (0x0117, 4, 0x00FFFFFF, long(8))], 8)
    + bytes(200_000),
    "boxes of eight bytes": FTYP + box(b"free") * 100_000,
    "boxes in boxes": FTYP + b"".join(struct.pack(">I", 80_000 - 8 * i) + b"moov" for i in range(9_000)),
    "a box of four exabytes": FTYP + b"\0\0\0\1meta" + b"\x3f" * 8 + bytes(100),
    "an item list without end": heif(b"\0\0\0\0\xff\xff" + INFE, b"\0\0\0\0\0\0\xff\xff" + SAME_ITEM * 30_000),
    "an item in four billion pieces": heif(
        b"\0\0\0\0\0\1" + INFE, b"\2\0\0\0\x44\x00" + long(0xFFFFFFFF) + long(1) + b"\0\0\xff\xff"
    ),
    "an item at the end of the world": heif(
        b"\0\0\0\0\0\1" + INFE, b"\0\0\0\0\x88\x80\0\1\0\1\0\0" + b"\xff" * 8 + b"\0\1" + b"\xff" * 16
    ),
    "a table of places that is cut": heif(b"\0\0\0\0\0\1" + INFE, b"\0\0\0\0\x44"),
    "item entries of length zero": heif(b"\0\0\0\0\xff\xff" + b"\0\0\0\0infe" * 20_000, b"\0\0\0\0\0\0\0\0"),
    "keys without end": box(b"ftyp", b"qt  \0\0\0\0")
    + box(
        b"moov",
        box(
            b"meta",
            box(b"keys", bytes(4) + b"\xff" * 4 + box(b"mdta") * 8_000)
            + box(b"ilst", box(long(1), box(b"data", bytes(60_000))) * 500),
        ),
    ),
    "a clip without a scale": box(b"ftyp", b"mp42\0\0\0\0")
    + box(b"moov", box(b"mvhd", bytes(4) + b"\xff" * 8 + bytes(4) + b"\xff" * 4)),
    "a clip from the end of time": box(b"ftyp", b"mp42\0\0\0\0")
    + box(b"moov", box(b"mvhd", b"\1\0\0\0" + b"\xff" * 28)),
    "a movie header of one byte": box(b"ftyp", b"mp42\0\0\0\0") + box(b"moov", box(b"mvhd", b"\1")),
    "PNG chunks without end": b"\x89PNG\r\n\x1a\n" + (bytes(4) + b"junkcrc.") * 100_000,
    "PNG texts that unpack a thousandfold": many_times_larger,
    "WebP chunks without end": b"RIFF\xff\xff\xff\x7fWEBP" + b"junk\0\0\0\0" * 100_000,
    "a RAF that points away": b"FUJIFILMCCD-RAW " + b"\xff" * 200,
    "an MRW of nothing": b"\0MRM\xff\xff\xff\xff" + b"\0TTW\0\0\0\0" * 50_000,
    "an X3F that points away": b"FOVb" + bytes(100) + b"\xff" * 4,
    "an X3F that points to itself": b"FOVbSECd" + bytes(4) + b"\xff" * 100 + b"\4\0\0\0",
}


def crafted(name: str) -> bytes:
    """The content of that file; what takes long to make is made now."""
    content = CRAFTED[name]
    return content() if callable(content) else content


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_file_is_read_in_its_bounds(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.jpg"
    path.write_bytes(crafted(name))
    tracemalloc.start()
    began = time.process_time()
    try:
        found = read(path, now=NOW)
        assert found.content_id is None
        took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < A_SECOND
    assert peak < 32 * 1024 * 1024
    assert found.notes


def test_a_broken_tag_costs_that_tag_only(reads: Reads) -> None:
    fields = [
        (0x010F, 2, 6, b"Canon\0"),
        (0x0110, 2, 0x7FFFFFFF, long(0x7FFFFFFF)),
        (0x8825, 4, 1, long(0xFFFF)),
        (0x9003, 2, 20, TAKEN + b"\0"),
    ]
    found = reads(jpeg(app1(HEADER + directory(fields, 8))))
    assert found.level is Level.ASSUMED_ZONE
    assert found.camera is not None
    assert (found.camera.make, found.camera.model) == ("Canon", None)
    assert any("part of its Exif block cannot be read" in note for note in found.notes)


STAMPS = st.one_of(
    st.none(),
    st.builds(
        Stamp,
        st.one_of(st.text(max_size=25), st.datetimes().map(lambda at: at.strftime("%Y:%m:%d %H:%M:%S"))),
        st.one_of(st.none(), st.text(max_size=8), st.from_regex(r"\d{0,9}", fullmatch=True)),
        st.one_of(st.none(), st.text(max_size=8), st.from_regex(r"[+-]\d\d:\d\d", fullmatch=True)),
    ),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FIXES = st.builds(
    Fix,
    st.one_of(st.none(), st.text(max_size=12), st.dates().map(lambda day: day.strftime("%Y:%m:%d"))),
    st.one_of(
        st.none(),
        st.tuples(NUMBERS, NUMBERS, NUMBERS),
        st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)),
    ),
    st.one_of(st.none(), NUMBERS),
    st.one_of(st.none(), NUMBERS),
)
CLIPS = st.builds(
    Clip,
    created=st.one_of(st.none(), st.integers(0, 2**64)),
    duration=st.one_of(st.none(), st.floats()),
    creation_date=st.one_of(st.none(), st.text(max_size=30), st.datetimes().map(lambda at: at.isoformat() + "+0100")),
    location=st.one_of(st.none(), st.text(max_size=20), st.from_regex(r"[+-]\d\d\.\d+[+-]\d{3}\.\d+/", fullmatch=True)),
    phone=st.booleans(),
)
BLOCKS = st.builds(Exif, original=STAMPS, digitized=STAMPS, modified=STAMPS, fix=st.one_of(st.none(), FIXES))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(BLOCKS, max_size=3),
    st.one_of(st.none(), CLIPS),
    st.one_of(st.none(), st.text(max_size=25)),
    st.text(max_size=40),
)
def test_the_judge_makes_a_capture_of_any_evidence(
    blocks: list[Exif], clip: Clip | None, xmp: str | None, name: str
) -> None:
    found = judge(Evidence("jpeg", blocks=tuple(blocks), clip=clip, xmp_original=xmp), name=name, now=NOW)
    assert (found.taken is None) == (found.level is Level.IMPOSSIBLE)
    if found.taken is None:
        assert found.notes
