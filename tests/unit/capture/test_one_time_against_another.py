"""A file that gives two times: its clock's and its header's, its name's, a program's, or another block's.

None of them is picked: both must lead to the same decision.
"""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import piexif
import pytest

from agent.capture import read
from agent.model.capture import Capture
from agent.model.times import Interval, Level
from tests.unit.capture.photobuilding import (
    DIGITIZED,
    MODIFIED,
    NOW,
    OFFSET,
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
from tests.unit.capture.test_clips_of_phones import clip, keys, user_data
from tests.unit.capture.test_films_of_cameras import SONY
from tests.unit.capture.test_other_containers import chunk

CHRISTMAS = datetime(2025, 12, 25, 15, tzinfo=UTC)
XMP = b"http://ns.adobe.com/xap/1.0/\0"


def also_at(found: Capture, moment: datetime) -> bool:
    return any(reading.earliest <= moment <= reading.latest for reading in found.also)


def dated(first: dict[int, Any] | None = None, **exif: bytes) -> bytes:
    tags = {"offset": OFFSET, "digitized": DIGITIZED, "modified_offset": piexif.ExifIFD.OffsetTime,
            "digitized_offset": piexif.ExifIFD.OffsetTimeDigitized}  # fmt: skip
    return app1(exif_block(first=first, exif={ORIGINAL: TAKEN, **{tags[name]: value for name, value in exif.items()}}))


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["20251225_150000.mp4", "VID_20251225_150000~2.mp4", "PXL_20251225_150000123~2.mp4",
                                  "00000IMG_00000_BURST20251225150000123.mp4"])  # fmt: skip
def test_a_clip_cut_on_a_phone_has_a_new_header_and_its_old_name(reads: Reads, name: str) -> None:
    found = reads(clip(keys(com_android_manufacturer="samsung")), name)
    assert found.level is Level.UTC_ALONE
    assert also_at(found, CHRISTMAS)


def test_a_picture_that_a_program_dated_anew_keeps_its_old_name(reads: Reads) -> None:
    assert also_at(reads(jpeg(dated()), "IMG_20251225_150000_edit.jpg"), CHRISTMAS)


@pytest.mark.parametrize("name", ["IMG_20260314_101112.jpg", "IMG_20260320_150000.jpg", "PXL_20260314_001112345.jpg",
                                  "IMG_20251332_150000.jpg", "IMG-20251225-WA0003.jpg", "20260313_211112000_iOS.jpg",
                                  "IMG_0042.jpg"])  # fmt: skip
def test_a_name_of_the_same_day_or_later_contradicts_nothing(reads: Reads, name: str) -> None:
    assert reads(jpeg(dated()), name).also == ()


# --- Offsets and blocks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["modified_offset", "digitized_offset"])
def test_an_offset_that_lost_its_time_must_give_the_same_decision(reads: Reads, tag: str) -> None:
    found = reads(jpeg(dated(**{tag: b"+09:00"})), "a.jpg")
    assert also_at(found, datetime(2026, 3, 14, 1, 11, 12, tzinfo=UTC))
    assert reads(jpeg(dated(offset=b"+00:00", **{tag: b"+09:00"})), "a.jpg").also == ()


def test_the_offset_in_a_second_block_must_give_the_same_decision(reads: Reads) -> None:
    found = reads(jpeg(dated(), dated(offset=b"+09:00")), "a.jpg")
    assert also_at(found, datetime(2026, 3, 14, 1, 11, 12, tzinfo=UTC))


def test_another_time_in_a_second_block_must_give_the_same_decision(reads: Reads) -> None:
    second = app1(exif_block(exif={DIGITIZED: b"2025:12:25 15:00:00"}))
    assert also_at(reads(jpeg(dated(), second), "a.jpg"), CHRISTMAS)


# --- Programs ---------------------------------------------------------------------------------------------------------


def packet(attribute: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {attribute}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def in_iptc(date: bytes, time: bytes) -> bytes:
    data = b"".join(bytes((0x1C, 2, tag, 0, len(value))) + value for tag, value in ((55, date), (60, time)))
    return segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(data).to_bytes(4) + data + bytes(len(data) % 2))


@pytest.mark.parametrize(
    "beside",
    [
        segment(0xE1, XMP + packet('exif:DateTimeOriginal="2025-12-25T15:00:00"')),
        segment(0xE1, XMP + packet('photoshop:DateCreated="2025-12-25T15:00:00Z"')),
        in_iptc(b"20251225", b"150000+0000"),
    ],
)
def test_a_programs_other_time_beside_exif_must_give_the_same_decision(reads: Reads, beside: bytes) -> None:
    found = reads(jpeg(dated(), beside), "a.jpg")
    assert found.level is Level.ASSUMED_ZONE
    assert also_at(found, CHRISTMAS)


@pytest.mark.parametrize(
    "beside",
    [
        segment(0xE1, XMP + packet('exif:DateTimeOriginal="2026-03-14T10:11:12+09:00"')),
        segment(0xE1, XMP + packet('photoshop:DateCreated="2026-03-14"')),
        segment(0xE1, XMP + packet('photoshop:DateCreated="0000-00-00T00:00:00"')),
        in_iptc(b"20260314", b"101112+0000"),
    ],
)
def test_a_programs_copy_of_the_time_contradicts_nothing(reads: Reads, beside: bytes) -> None:
    assert reads(jpeg(dated(), beside), "a.jpg").also == ()


def test_a_programs_time_in_another_zone_may_be_the_same_instant(reads: Reads) -> None:
    beside = segment(0xE1, XMP + packet('photoshop:DateCreated="2026-03-14T11:11:12+01:00"'))
    assert reads(jpeg(dated(offset=b"+00:00"), beside), "a.jpg").also == ()


# --- Headers ----------------------------------------------------------------------------------------------------------


def sonys(since: datetime) -> bytes:
    handler = box(b"hdlr", bytes(8) + b"nrtm" + bytes(13))
    return clip(ended=since, behind=box(b"meta", bytes(4) + handler + box(b"xml ", SONY)))


def test_a_header_written_before_the_cameras_own_record_must_give_the_same_decision(reads: Reads) -> None:
    assert also_at(reads(sonys(CHRISTMAS), "C0001.MP4"), CHRISTMAS)
    canons = box(b"udta", box(b"CNTH", box(b"CNDA", jpeg(dated()))))
    assert also_at(reads(clip(canons, ended=CHRISTMAS), "MVI_0001.MP4"), CHRISTMAS)


def test_a_header_written_later_is_that_of_an_export(reads: Reads) -> None:
    assert reads(sonys(datetime(2026, 3, 20, tzinfo=UTC)), "C0001.MP4").also == ()


def test_a_thumbnail_of_another_day_beside_a_clip_must_give_the_same_decision(tmp_path: Path) -> None:
    film, thumbnail = tmp_path / "MVI_0001.MP4", tmp_path / "MVI_0001.THM"
    film.write_bytes(clip(user_data(make="Canon")))
    thumbnail.write_bytes(jpeg(app1(exif_block(exif={ORIGINAL: b"2025:12:25 15:00:00"}))))
    assert also_at(read(film, now=NOW, beside=[thumbnail]), CHRISTMAS)
    thumbnail.write_bytes(jpeg(dated()))
    assert read(film, now=NOW, beside=[thumbnail]).also == ()


# --- Phones that were elsewhere ---------------------------------------------------------------------------------------


def test_a_phones_clip_gives_what_the_phone_showed_in_its_zone(reads: Reads) -> None:
    found = reads(clip(keys(com_samsung_android_utc__offset="+0900")), "20260314_191112.mp4")
    assert isinstance(found.taken, Interval)
    assert found.wall is not None
    assert found.wall.earliest == found.taken.earliest.replace(tzinfo=None) + timedelta(hours=9)
    assert (found.by_phone, found.offset) == (True, "+00:00")


@pytest.mark.parametrize(("make", "right"), [(b"Apple", True), (b"SONY", False)])
def test_an_offset_is_the_networks_only_on_a_phone(reads: Reads, make: bytes, right: bool) -> None:
    content = jpeg(dated({piexif.ImageIFD.Make: make}, offset=b"+05:30"))
    assert reads(content, "IMG_0001.jpg").by_phone is right


# --- Clocks that were reset, times that cannot be read ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "exif"),
    [
        ({MODIFIED: b"2015:01:01 00:20:00"}, {}),
        ({MODIFIED: b"2015:01:01 00:20:00"}, {ORIGINAL: b"0000:00:00 00:00:00"}),
        ({}, {DIGITIZED: b"2018:01:01 00:20:00"}),
        ({piexif.ImageIFD.Make: b"Arashi Vision"}, {ORIGINAL: b"2015:01:01 14:00:00"}),
        ({}, {ORIGINAL: b"1999:12:31 19:00:00"}),
    ],
)
def test_a_clock_that_was_reset_gives_no_time_and_no_bound(reads: Reads, first: dict, exif: dict) -> None:
    found = reads(jpeg(app1(exif_block(first=first, exif=exif))), "IMG_0001.jpg")
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert "reset" in " ".join(found.notes)


@pytest.mark.parametrize("make", ["GoPro", ""])
def test_a_cameras_film_with_an_offset_may_have_been_reset_too(reads: Reads, make: str) -> None:
    said = {"com_apple_quicktime_creationdate": "2018-01-01T00:10:12+0000", "com_apple_quicktime_make": make}
    assert reads(clip(keys(**said), ended=datetime(2018, 1, 1, 0, 10, tzinfo=UTC)), "C1.MOV").taken is None
    said["com_apple_quicktime_make"] = "Apple"
    assert reads(clip(keys(**said)), "C1.MOV").taken is not None


@pytest.mark.parametrize("written", [b"2026:03:14 24:00:00", b"2026:04:31 10:00:00", b"14/03/2026 10:11:12"])
def test_a_time_that_cannot_be_read_is_not_outweighed_by_an_earlier_bound(reads: Reads, written: bytes) -> None:
    block = exif_block(first={MODIFIED: b"2019:05:05 10:00:00"}, exif={ORIGINAL: written})
    assert reads(jpeg(app1(block)), "IMG_0001.jpg").level is Level.IMPOSSIBLE
    blank = exif_block(first={MODIFIED: b"2019:05:05 10:00:00"}, exif={ORIGINAL: b"0000:00:00 00:00:00"})
    assert reads(jpeg(app1(blank)), "IMG_0001.jpg").level is Level.UPPER_BOUND


# --- XMP in other formats, and files that are whole -------------------------------------------------------------------


def heic_with(text: bytes) -> bytes:
    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"mime\0application/rdf+xml\0")

    def meta(at: int) -> bytes:
        places = bytes(4) + b"\x44\0" + struct.pack(">HHHHII", 1, 1, 0, 1, at, len(text))
        tables = box(b"iinf", bytes(4) + struct.pack(">H", 1) + entry) + box(b"iloc", places)
        return box(b"meta", bytes(4) + box(b"hdlr", bytes(8) + b"pict" + bytes(13)) + tables)

    return start + meta(len(start) + len(meta(0)) + 8) + box(b"mdat", text + bytes(60))


def test_a_time_that_is_only_in_xmp_is_a_hint_in_every_format(reads: Reads, other_formats: dict[str, bytes]) -> None:
    for name, content in {**other_formats, "a.heic": heic_with(WRITTEN)}.items():
        found = reads(content, name)
        assert (found.level, found.recorded) == (Level.FILE_NAME, "2026-03-14T10:11:12"), name


WRITTEN = packet('exif:DateTimeOriginal="2026-03-14T10:11:12"')


@pytest.fixture
def other_formats() -> dict[str, bytes]:
    """A picture in each format, with a capture time in XMP and nowhere else."""
    import io
    import zlib

    from PIL import Image

    made = {}
    small = Image.new("RGB", (16, 16))
    for name, kind, options in (("a.webp", "WEBP", {"xmp": WRITTEN}), ("a.tif", "TIFF", {"tiffinfo": {700: WRITTEN}})):
        out = io.BytesIO()
        small.save(out, kind, **options)
        made[name] = out.getvalue()
    out = io.BytesIO()
    small.save(out, "PNG")
    text = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + WRITTEN
    piece = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    made["a.png"] = out.getvalue()[:33] + piece + out.getvalue()[33:]
    inside = box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"xml ", WRITTEN) + box(b"jxlc", bytes(50))
    made["a.jxl"] = b"\0\0\0\x0cJXL \r\n\x87\n" + inside
    adobes = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + WRITTEN
    jp2 = b"\0\0\0\x0cjP  \r\n\x87\n" + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    made["a.jp2"] = jp2 + box(b"uuid", adobes) + box(b"jp2c", bytes(50))
    return made


def test_a_day_alone_in_xmp_is_the_hint_of_a_whole_day(reads: Reads) -> None:
    found = reads(jpeg(segment(0xE1, XMP + packet('photoshop:DateCreated="2026-03-14"'))), "a.jpg")
    assert found.level is Level.FILE_NAME
    assert found.taken is not None
    assert found.taken.latest - found.taken.earliest == timedelta(days=1)


def test_a_png_with_more_pieces_than_are_read_is_whole(reads: Reads) -> None:
    import zlib

    def piece(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    whole = head + piece(b"eXIf", exif_block(exif={ORIGINAL: TAKEN})) + piece(b"IDAT", b"") * 3100 + piece(b"IEND", b"")
    assert reads(whole, "scan.png").complete
    assert not reads(whole[:-5], "scan.png").complete
    late = head + piece(b"IDAT", b"") * 3100 + piece(b"eXIf", exif_block(exif={ORIGINAL: TAKEN})) + piece(b"IEND", b"")
    assert reads(late, "scan.png").marked, "its time may be where nobody looked"


def test_a_bigtiff_is_not_read_and_not_damaged(reads: Reads) -> None:
    found = reads(b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + bytes(40), "scan.tif")
    assert (found.format, found.complete, found.level) == ("tiff", True, Level.IMPOSSIBLE)
    assert "cannot read" in " ".join(found.notes)


@pytest.mark.parametrize(("rest", "whole"), [(bytes(3000), True), (b"Lorem ipsum " * 20, True),
                                             (b"\0\0\0\0G\x1f\xff\x10", False), (b"\0\0\0", False)])  # fmt: skip
def test_padding_after_the_last_packet_is_no_missing_end(reads: Reads, rest: bytes, whole: bool) -> None:
    packets = (b"\0\0\0\0G\x1f\xff\x10" + bytes(184)) * 40
    assert reads(packets + rest, "00001.MTS").complete is whole


@pytest.mark.parametrize("cut", [60, 120])
def test_the_beginning_of_another_file_after_the_end_is_a_trailer(reads: Reads, cut: int) -> None:
    found = reads(clip(keys(com_samsung_android_utc__offset="+0000"), behind=clip()[:cut]), "20260314_101112.mp4")
    assert found.complete
    assert found.level is Level.UTC_ALONE


# --- A PNG's text, and offsets in whole hours -----------------------------------------------------------------------


def png(*chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


CREATED = [
    b"2025:12:25 15:00:00", b"2025-12-25T15:00:00", b"25 Dec 2025 15:00:00 +0000", b"Thu, 25 Dec 2025 15:00:00 GMT",
]  # fmt: skip


@pytest.mark.parametrize("text", CREATED)
def test_a_pngs_creation_time_is_a_hint(reads: Reads, text: bytes) -> None:
    for one in (chunk(b"tEXt", b"Creation Time\0" + text), chunk(b"iTXt", b"Creation Time\0\0\0\0\0" + text)):
        found = reads(png(one), "a.png")
        assert (found.level, found.recorded) == (Level.FILE_NAME, "2025-12-25T15:00:00")
        assert found.basis == ("PNG Creation Time",)


def test_a_pngs_creation_time_that_contradicts_must_lead_to_the_same_decision(reads: Reads) -> None:
    exif = chunk(b"eXIf", exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"}))
    assert also_at(reads(png(exif, chunk(b"tEXt", b"Creation Time\0" + CREATED[0])), "a.png"), CHRISTMAS)
    for harmless in (b"2026:03:14 10:11:12", b"yesterday", b"", b"Thu, 99 Dec 99999"):
        assert reads(png(exif, chunk(b"tEXt", b"Creation Time\0" + harmless)), "a.png").also == ()


@pytest.mark.parametrize(("hours", "shift"), [((-8,), 8), ((9, 9), -9)])
def test_an_offset_in_whole_hours_must_give_the_same_decision(reads: Reads, hours: tuple[int, ...], shift: int) -> None:
    moment = datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC) + timedelta(hours=shift)
    zone = (0x882A, 8, len(hours), struct.pack(f">{len(hours)}h", *hours))
    taken, offset = (ORIGINAL, 2, 20, TAKEN + b"\0"), (OFFSET, 2, 7, b"+00:00\0")
    assert also_at(reads(jpeg(app1(b"MM\0*\0\0\0\x08" + directory([zone, taken], 8))), "a.jpg"), moment)
    with_its_own = b"MM\0*\0\0\0\x08" + directory([zone, taken, offset], 8)
    assert not also_at(reads(jpeg(app1(with_its_own)), "a.jpg"), moment)
