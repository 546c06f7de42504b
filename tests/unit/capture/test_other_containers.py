"""HEIC, RAW, PNG, WebP and video, built by hand; and formats that are recognised but not read."""

import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.capture.sniff import sniff
from agent.model.capture import Camera, Capture, Place
from agent.model.times import Interval, Level
from tests.unit.capture.photobuilding import (
    AT,
    NOW,
    OFFSET,
    ORIGINAL,
    TAKEN,
    Reads,
    box,
    directory,
    exif_block,
)

BLOCK = exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"})
QUICKTIME = datetime(1904, 1, 1, tzinfo=UTC)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def heic(item: bytes, *, in_idat: bool = False, pieces: int = 1) -> bytes:
    """A HEIC with one Exif item: behind the tables in the file, or inside them."""
    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    infe = box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
    iinf = box(b"iinf", b"\0\0\0\0\0\1" + infe)
    stored = box(b"idat", item) if in_idat else b""

    def meta(start: int) -> bytes:
        step = len(item) // pieces
        cuts = [(start + n * step, step if n < pieces - 1 else len(item) - n * step) for n in range(pieces)]
        extents = b"".join(struct.pack(">II", *cut) for cut in cuts)
        entry = struct.pack(">HHHH", 1, int(in_idat), 0, pieces) + extents
        return box(b"meta", bytes(4) + iinf + box(b"iloc", b"\1\0\0\0\x44\0\0\1" + entry) + stored)

    start = 0 if in_idat else len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + (b"" if in_idat else box(b"mdat", item))


ITEM = b"\0\0\0\6Exif\0\0" + BLOCK


@pytest.mark.parametrize(
    "content",
    [heic(ITEM), heic(ITEM, in_idat=True), heic(ITEM, pieces=3), heic(b"\0\0\0\0" + BLOCK)],
    ids=["in mdat", "in idat", "in pieces", "without a header"],
)
def test_the_exif_item_of_a_heic_is_read(reads: Reads, content: bytes) -> None:
    found = reads(content, "IMG_0001.HEIC")
    assert (found.format, found.level, found.complete) == ("heic", Level.OWN_OFFSET, True)
    assert found.taken == Interval(AT, AT + timedelta(seconds=1))


def test_a_heic_that_is_not_yet_copied_whole_is_not_complete(reads: Reads) -> None:
    assert not reads(heic(ITEM)[:-10], "a.heic").complete


DAMAGED = "it is damaged near the place where its time is stored, so that time cannot be relied on"


def for_a_person(found: Capture) -> bool:
    return (found.level, found.recorded, found.notes[0]) == (Level.IMPOSSIBLE, "2026-03-14T10:11:12", DAMAGED)


def test_a_heic_whose_header_reaches_past_its_end_is_for_a_person(reads: Reads) -> None:
    whole = heic(ITEM)
    meta = whole.index(b"meta") - 4
    assert for_a_person(reads(whole[:meta] + b"\x7f\xff\xff\xff" + whole[meta + 4 :], "a.heic"))


def test_a_png_whose_exif_has_a_wrong_checksum_is_for_a_person(reads: Reads) -> None:
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"eXIf", BLOCK) + chunk(b"IEND", b"")
    other = reads(whole.replace(TAKEN, b"2026:03:15 10:11:12"), "a.png")
    assert (other.level, other.recorded, other.notes[0]) == (Level.IMPOSSIBLE, "2026-03-15T10:11:12", DAMAGED)


def test_a_tiff_with_a_value_outside_it_is_for_a_person(reads: Reads) -> None:
    fields = [(0x0103, 3, 1, b"\0\1"), (0x010F, 2, 5_000, b"NIKON\0"), (0x9003, 2, 20, TAKEN + b"\0")]
    assert for_a_person(reads(b"MM\0*\0\0\0\x08" + directory(fields, 8), "a.tif"))


def test_a_png_keeps_exif_in_a_chunk_of_its_own(reads: Reads) -> None:
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"eXIf", BLOCK) + chunk(b"IEND", b"")
    assert reads(content, "a.png").level is Level.OWN_OFFSET
    assert not reads(content[:-12], "a.png").complete


def test_a_png_of_old_keeps_exif_in_a_packed_text(reads: Reads) -> None:
    text = b"\nexif\n    %d\n" % len(BLOCK) + BLOCK.hex().encode()
    content = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text)) + chunk(b"IEND", b"")
    assert reads(b"\x89PNG\r\n\x1a\n" + content, "a.png").level is Level.OWN_OFFSET


def test_a_webp_keeps_exif_in_a_chunk_of_its_own(reads: Reads) -> None:
    inside = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(10) + b"EXIF" + struct.pack("<I", len(BLOCK)) + BLOCK
    content = b"RIFF" + struct.pack("<I", len(inside)) + inside
    assert reads(content, "a.webp").level is Level.OWN_OFFSET
    cut = reads(content[:-10], "a.webp")
    assert not cut.complete
    assert any("its end is missing" in note for note in cut.notes)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ([(0x00FE, 4, 1, struct.pack(">I", 0))], "tiff"),
        ([(0xC612, 1, 4, b"\1\4\0\0")], "dng"),
        ([(0x00FE, 4, 1, b"\0\0\0\1"), (0x014A, 4, 1, bytes(4)), (0x010F, 2, 6, b"NIKON\0")], "nef"),
        ([(0x0103, 3, 1, b"\x7f\xff"), (0x010F, 2, 5, b"SONY\0")], "arw"),
        ([(0x0103, 3, 1, b"\xff\xff"), (0x010F, 2, 7, b"PENTAX\0")], "pef"),
        ([(0x0106, 3, 1, b"\x80\x23"), (0x010F, 2, 8, b"SAMSUNG\0")], "srw"),
        ([(0x0103, 3, 1, b"\0\1"), (0x010F, 2, 6, b"NIKON\0")], "tiff"),
    ],
)
def test_raw_formats_are_told_apart_by_their_first_directory(
    reads: Reads, fields: list[tuple[int, int, int, bytes]], kind: str
) -> None:
    dated = [*fields, (0x9003, 2, 20, TAKEN + b"\0")]
    found = reads(b"MM\0*\0\0\0\x08" + directory(dated, 8), f"a.{kind}")
    assert (found.format, found.level, found.recorded) == (kind, Level.ASSUMED_ZONE, "2026-03-14T10:11:12")
    assert found.complete


def test_a_tiff_whose_strips_are_not_there_is_not_complete(reads: Reads) -> None:
    fields = [(0x0111, 4, 1, struct.pack(">I", 8)), (0x0117, 4, 1, struct.pack(">I", 5_000))]
    content = b"MM\0*\0\0\0\x08" + directory(fields, 8)
    assert not reads(content, "a.tif").complete
    assert reads(content + bytes(5_000), "a.tif").complete


# --- Video ---------------------------------------------------------------------------------------------------------


def mvhd(ended: datetime | None, seconds: int) -> bytes:
    created = round((ended - QUICKTIME).total_seconds()) if ended else 0
    return box(b"mvhd", bytes(4) + struct.pack(">IIII", created, created, 1_000, seconds * 1_000) + bytes(80))


def keys(words: dict[str, str]) -> bytes:
    names = b"".join(struct.pack(">I", len(name) + 8) + b"mdta" + name.encode() for name in words)
    values = b"".join(
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0) + value.encode()))
        for number, value in enumerate(words.values(), 1)
    )
    return box(b"meta", box(b"keys", bytes(4) + struct.pack(">I", len(words)) + names) + box(b"ilst", values))


def movie(*inside: bytes, brand: bytes = b"mp42") -> bytes:
    return box(b"ftyp", brand + bytes(4)) + box(b"mdat", bytes(1_000)) + box(b"moov", b"".join(inside))


def test_level_c_an_android_clip_is_utc_back_from_its_end_by_its_length(reads: Reads) -> None:
    found = reads(movie(mvhd(AT, 90), keys({"com.android.capture.fps": "30"})), "a.mp4")
    assert (found.format, found.level, found.basis) == ("mp4", Level.UTC_ALONE, ("movie header (mvhd)",))
    minute = timedelta(minutes=1)
    assert found.taken == Interval(AT - timedelta(seconds=90) - minute, AT + minute)


def test_level_c_another_clips_header_may_be_local_time_of_any_zone(reads: Reads) -> None:
    found = reads(movie(mvhd(AT, 90)), "a.mp4")
    assert found.level is Level.UTC_ALONE
    assert isinstance(found.taken, Interval)
    assert found.taken.earliest < AT - timedelta(hours=14)
    assert found.taken.latest > AT + timedelta(hours=12)


def test_level_b_quicktimes_own_creation_date_comes_before_the_header(reads: Reads, tmp_path: Path) -> None:
    words = {
        "com.apple.quicktime.creationdate": "2026-03-14T11:11:12+0100",
        "com.apple.quicktime.location.ISO6709": "+51.4978-000.1745+021.000/",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 15",
        "com.apple.quicktime.content.identifier": "570F1469-09C7-4E50-9875-05F21D5BD166",
    }
    found = reads(movie(mvhd(AT + timedelta(days=400), 3), keys(words), brand=b"qt  "), "a.mov")
    assert (found.format, found.level, found.offset) == ("mov", Level.OWN_OFFSET, "+0100")
    assert found.taken == Interval(AT, AT + timedelta(seconds=1))
    assert (found.camera, found.place) == (Camera("Apple", "iPhone 15"), Place(51.4978, -0.1745))
    assert found.content_id == "570F1469-09C7-4E50-9875-05F21D5BD166"


def test_a_header_earlier_than_the_clip_must_give_the_same_decision(reads: Reads) -> None:
    words = keys({"com.apple.quicktime.creationdate": "2026-03-14T11:11:12+0100"})
    found = reads(movie(mvhd(AT - timedelta(days=30), 3), words, brand=b"qt  "), "a.mov")
    assert found.taken == Interval(AT, AT + timedelta(seconds=1))
    assert len(found.also) == 1
    assert found.also[0].latest < AT - timedelta(days=28)


def test_level_f_a_clip_that_a_program_wrote_anew_has_only_an_upper_bound(reads: Reads) -> None:
    encoder = box(b"\xa9too", struct.pack(">HH", 13, 0) + b"Lavf60.16.100")
    assert reads(movie(mvhd(AT, 90), box(b"udta", encoder)), "a.mp4").level is Level.UPPER_BOUND


@pytest.mark.parametrize("ended", [None, datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=3)])
def test_level_x_a_header_of_zeros_or_of_a_time_that_cannot_be(reads: Reads, ended: datetime | None) -> None:
    found = reads(movie(mvhd(ended, 90)), "a.mp4")
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert found.notes


def test_a_clip_without_its_header_is_not_complete(reads: Reads) -> None:
    assert not reads(box(b"ftyp", b"mp42\0\0\0\0") + box(b"mdat", bytes(1_000)), "a.mp4").complete


# --- Recognised ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"II\x1a\0\0\0HEAPCCDR", "crw"),
        (b"GIF89a", "gif"),
        ((b"\x47" + bytes(187)) * 4, "mts"),
        ((bytes(4) + b"\x47" + bytes(187)) * 4, "mts"),
        (b"\0\0\x01\xba\x44", "mpg"),
        (b"\xff\x0a\0\0", "jxl"),
        (b"\0\0\0\x14ftyp3gp4\0\0\0\0", "3gp"),
        (b"\0\0\0\x14ftypisom\0\0\0\0", "mp4"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avif", "avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1", "heif"),
        (b"\0\0\x10\0moov", "mov"),
        (b"IIRS\x08\0\0\0", "orf"),
        (b"BM" + bytes(4) + bytes(4) + bytes(4) + b"\x28\0\0\0", "bmp"),
        (b"%PDF-1.7", "unknown"),
        (b"PK\x03\x04", "unknown"),
        (b"<?xpacket begin=", "unknown"),
        (b"Dear parents,\n", "unknown"),
        (b"BMW owners' club", "unknown"),
        (b"", "unknown"),
        (b"\0" * 4096, "unknown"),
    ],
)
def test_the_format_is_by_content(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@pytest.mark.parametrize("head", [b"BM" + bytes(12) + b"\x28\0\0\0", b"GIF89a", b"\0\0\1\xba"])
def test_a_format_without_a_reader_is_held_for_review(reads: Reads, head: bytes) -> None:
    found = reads(head, "a")
    assert found.is_photo
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert found.notes == ("this program cannot read the capture time of this format yet, so a person must decide",)


def test_an_empty_file_and_a_text_are_not_photos(reads: Reads) -> None:
    assert not reads(b"").is_photo
    assert not reads(b"Dear parents,\n").is_photo


def test_a_whole_png_with_a_broken_exif_block_is_complete_and_says_so(reads: Reads) -> None:
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"eXIf", b"not Exif at all") + chunk(b"IEND", b"")
    found = reads(content, "a.png")
    assert found.complete
    assert found.level is Level.IMPOSSIBLE
    assert any("cannot be read" in note for note in found.notes)
