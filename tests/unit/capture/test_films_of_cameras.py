"""AVI, AVCHD, and what Canon, Nikon, Panasonic, Sony and 3GP put into a film's header; ExifTool is the judge."""

import json
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.capture.avi import stamp_of
from agent.model.capture import Camera, Place
from agent.model.times import Interval, Level, WallClock
from tests.unit.capture.photobuilding import (
    ORIGINAL,
    SECOND,
    SHOWN,
    TAKEN,
    Reads,
    app1,
    box,
    directory,
    exif_block,
    gps_at,
    jpeg,
)

WALL = WallClock(SHOWN, SHOWN + SECOND)


def movie(*inside: bytes, behind: bytes = b"") -> bytes:
    header = box(b"mvhd", bytes(100))
    return (
        box(b"ftyp", b"mp42\0\0\0\0mp42") + box(b"moov", header + b"".join(inside)) + box(b"mdat", bytes(50)) + behind
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def avi(*header: bytes) -> bytes:
    hdrl = chunk(b"LIST", b"hdrl" + chunk(b"avih", bytes(56)) + b"".join(header))
    return chunk(b"RIFF", b"AVI " + hdrl + chunk(b"LIST", b"movi" + chunk(b"00dc", bytes(100))))


def test_an_avi_whose_header_is_cut_says_nothing(reads: Reads) -> None:
    whole = avi(chunk(b"IDIT", b"Sat Mar 14 10:11:12 2026\n\0"))
    assert reads(whole, "a.avi").level is Level.ASSUMED_ZONE
    header = whole.index(b"LIST") + 4
    longer = whole[:header] + b"\0\0\1\0" + whole[header + 4 :]
    assert reads(longer, "a.avi").level is Level.IMPOSSIBLE


def by_exiftool(path: Path, *tags: str) -> dict[str, str]:
    """What ExifTool reads from it; skips the test without ExifTool."""
    tool = shutil.which("exiftool")
    if tool is None:
        pytest.skip("ExifTool is not on this machine")
    done = subprocess.run([tool, "-j", "-ee", *(f"-{tag}" for tag in tags), path], capture_output=True, check=True)
    (found,) = json.loads(done.stdout)
    return {name: str(value) for name, value in found.items()}


# --- AVI -------------------------------------------------------------------------------------------------------------


def test_an_avi_says_when_it_was_recorded(reads: Reads, tmp_path: Path) -> None:
    content = avi(chunk(b"IDIT", b"Sat Mar 14 10:11:12 2026\n\0"))
    found = reads(content, "MVI_0001.AVI")
    assert (found.format, found.level, found.taken) == ("avi", Level.ASSUMED_ZONE, WALL)
    assert found.basis == ("AVI IDIT",)
    assert found.complete
    assert by_exiftool(tmp_path / "MVI_0001.AVI", "DateTimeOriginal")["DateTimeOriginal"] == "2026:03:14 10:11:12"


def test_an_avi_may_carry_exif_directories_in_a_streams_data(reads: Reads, tmp_path: Path) -> None:
    make, taken = b"Canon\0", TAKEN + b"\0"
    behind = 2 + 2 * 12 + 4  # offsets are from the directory's own start
    rows = struct.pack("<HHII", 0x010F, 2, len(make), behind)
    rows += struct.pack("<HHII", 0x9003, 2, len(taken), behind + len(make))
    directory = struct.pack("<H", 2) + rows + bytes(4) + make + taken
    stream = chunk(b"LIST", b"strl" + chunk(b"strh", bytes(56)) + chunk(b"strd", b"AVIF\0\0\0\0" + directory))
    found = reads(avi(stream), "a.avi")
    assert (found.level, found.taken, found.camera) == (Level.ASSUMED_ZONE, WALL, Camera("Canon"))
    told = by_exiftool(tmp_path / "a.avi", "DateTimeOriginal", "Make")
    assert (told["DateTimeOriginal"], told["Make"]) == ("2026:03:14 10:11:12", "Canon")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"Mon Mar 10 15:04:43 2003\n\0", "2003:03:10 15:04:43"),
        (b"SUN MAR  8 15:04:43 2026", "2026:03:08 15:04:43"),
        (b"2002-12-16  15:35:01\0\0", "2002:12:16 15:35:01"),
        (b"2009:10:27 12:14:34\0", "2009:10:27 12:14:34"),
        (b"2005/11/28/ 09:19", "2005:11:28 09:19"),
        (b"2001/ 1/27  1:42PM", "2001:01:27 13:42"),
        (b"2001/ 1/27 12:42AM", "2001:01:27 00:42"),
        (b"2001/ 1/27 13:42PM", None),
        (b"yesterday", None),
        (b"Mon Foo 10 15:04:43 2003", None),
        (b"", None),
        (b"\xff" * 200, None),
    ],
)
def test_each_maker_writes_idit_in_its_own_way(written: bytes, read: str | None) -> None:
    assert stamp_of(written) == read


def test_a_long_avi_of_several_pieces_is_complete_and_a_cut_one_is_not(reads: Reads) -> None:
    content = avi(chunk(b"IDIT", b"Sat Mar 14 10:11:12 2026\n\0")) + chunk(b"RIFF", b"AVIX" + bytes(1_000))
    assert reads(content, "a.avi").complete
    cut = reads(content[:-500], "a.avi")
    assert not cut.complete
    assert cut.taken == WALL


# --- AVCHD -----------------------------------------------------------------------------------------------------------

MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"


def transport(packs: bytes, lead: int = 4, *, split: bool = False) -> bytes:
    """A stream whose first picture's information holds these packs, in one packet or over two."""
    content = b"\0\0\0\1\x06\x05\x40" + MARK + bytes((len(packs) // 5,)) + packs + b"\x80"
    pieces = [content[:40], content[40:]] if split else [content]
    packets = [bytes(lead) + b"\x47\x40\0\x10" + b"\xff" * 184]  # the programme's table
    for number, piece in enumerate(pieces):
        room = 184 - len(piece)
        filling = bytes((room - 1,)) + (b"\0" + b"\xff" * (room - 2) if room > 1 else b"")
        start = 0x40 if number == 0 else 0
        packets.append(bytes(lead) + bytes((0x47, start | 0x10, 0x11, 0x30 | number)) + filling + piece)
    packets += [bytes(lead) + b"\x47\x10\x11\x1f" + b"\xff" * 184] * 5
    return b"".join(packets)


DATED = bytes.fromhex("18 00 20 26 03" + "19 14 10 11 12" + "e0 01 08 00 00")


@pytest.mark.parametrize("lead", [0, 4])
@pytest.mark.parametrize("split", [False, True])
def test_avchd_says_when_it_was_recorded(reads: Reads, lead: int, split: bool) -> None:
    found = reads(transport(DATED, lead, split=split), "00001.MTS")
    assert (found.format, found.level, found.taken) == ("mts", Level.ASSUMED_ZONE, WALL)
    assert (found.camera, found.complete) == (Camera("Sony"), True)


def test_a_zone_in_avchd_is_not_believed(reads: Reads) -> None:
    found = reads(transport(bytes.fromhex("18 42 20 26 03" + "19 14 10 11 12")), "a.mts")
    assert (found.level, found.offset, found.taken) == (Level.ASSUMED_ZONE, None, WALL)


@pytest.mark.parametrize("packs", [b"", bytes.fromhex("18 ff ff ff ff 19 ff ff ff ff"), DATED[5:10], b"\x18\0"])
def test_avchd_without_a_date_says_nothing(reads: Reads, packs: bytes) -> None:
    assert reads(transport(packs), "a.mts").level is Level.IMPOSSIBLE


def test_avchd_that_ends_inside_a_packet_is_not_complete(reads: Reads) -> None:
    assert not reads(transport(DATED)[:-50], "a.mts").complete


# --- Makers in MP4 and QuickTime -------------------------------------------------------------------------------------


def test_canons_films_carry_the_directories_of_cr3(reads: Reads, tmp_path: Path) -> None:
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    parts = box(b"CMT1", exif_block(first={0x010F: b"Canon", 0x0110: b"Canon EOS R6"}))
    parts += box(b"CMT2", b"MM\0*\0\0\0\x08" + directory([(0x9003, 2, 20, TAKEN + b"\0")], 8))
    found = reads(movie(box(b"uuid", canon + parts)), "MVI_0001.MP4")
    assert (found.level, found.taken) == (Level.ASSUMED_ZONE, WALL)
    assert found.camera == Camera("Canon", "Canon EOS R6")


@pytest.mark.parametrize("kind", [b"CNTH", b"PANA"])
def test_the_thumbnail_in_a_films_header_says_when_it_was_taken(reads: Reads, kind: bytes) -> None:
    thumbnail = jpeg(app1(exif_block(exif={ORIGINAL: TAKEN}, first={0x010F: b"Maker"})))
    content = box(b"CNDA", thumbnail) if kind == b"CNTH" else bytes(500) + thumbnail
    found = reads(movie(box(b"udta", box(kind, content))), "a.mov")
    assert (found.level, found.taken, found.camera) == (Level.ASSUMED_ZONE, WALL, Camera("Maker"))


def test_nikons_list_says_when_a_film_was_taken(reads: Reads, tmp_path: Path) -> None:
    def field(tag: int, value: bytes) -> bytes:
        return struct.pack(">IHH", tag, 2, len(value)) + value

    listed = field(0x11, b"2026:03:15 01:01:01\0") + field(0x12, TAKEN + b"\0")
    found = reads(movie(box(b"udta", box(b"NCDT", box(b"NCTG", listed)))), "DSC_0001.MOV")
    assert (found.level, found.taken, found.basis) == (
        Level.ASSUMED_ZONE,
        WALL,
        ("Nikon NCTG DateTimeOriginal",),
    )
    assert by_exiftool(tmp_path / "DSC_0001.MOV", "DateTimeOriginal")["DateTimeOriginal"] == "2026:03:14 10:11:12"


SONY = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">'
    b'<CreationDate value="2026-03-14T11:11:12+01:00"/>'
    b'<Device manufacturer="Sony" modelName="ILCE-7M4" serialNo="4294967295"/></NonRealTimeMeta>'
)


def test_sonys_xml_says_when_with_its_offset_and_by_which_camera(reads: Reads, tmp_path: Path) -> None:
    handler = box(b"hdlr", bytes(8) + b"nrtm" + bytes(13))
    found = reads(movie(behind=box(b"meta", bytes(4) + handler + box(b"xml ", SONY))), "C0001.MP4")
    at = SHOWN.replace(tzinfo=UTC)
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(at, at + SECOND))
    assert found.camera == Camera("Sony", "ILCE-7M4", "4294967295")
    assert by_exiftool(tmp_path / "C0001.MP4", "CreationDateValue")["CreationDateValue"] == "2026:03:14 11:11:12+01:00"


def test_a_films_header_time_counts_only_where_the_camera_itself_is_silent(reads: Reads) -> None:
    ended = struct.pack(
        ">I", round((datetime(2026, 5, 1, tzinfo=UTC) - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
    )
    header = box(b"mvhd", bytes(4) + ended * 2 + struct.pack(">II", 1000, 5000) + bytes(80))
    thumbnail = box(b"udta", box(b"CNTH", box(b"CNDA", jpeg(app1(exif_block(exif={ORIGINAL: TAKEN}))))))
    content = box(b"ftyp", b"mp42\0\0\0\0mp42") + box(b"moov", header + thumbnail)
    assert reads(content, "a.mov").taken == WALL


def test_a_place_in_3gp_is_read(reads: Reads, tmp_path: Path) -> None:
    place = (
        bytes(4)
        + b"\x15\xc7"
        + b"museum\0"
        + b"\0"
        + struct.pack(">iii", round(-0.1745 * 65536), round(51.4978 * 65536), 0)
    )
    found = reads(movie(box(b"udta", box(b"loci", place + b"\0\0"))), "a.3gp")
    assert found.place is not None
    assert abs(found.place.latitude - 51.4978) < 1e-4
    assert abs(found.place.longitude + 0.1745) < 1e-4
    told = by_exiftool(tmp_path / "a.3gp", "LocationInformation")["LocationInformation"]
    assert "Lat=51.497" in told
    assert "Lon=-0.174" in told


@pytest.mark.parametrize("cut", range(0, 20, 3))
def test_a_cut_place_in_3gp_is_ignored(reads: Reads, cut: int) -> None:
    place = (bytes(6) + b"\xfe\xff\0m\0\0" + b"\0" + struct.pack(">ii", 65536, 65536))[:cut]
    assert reads(movie(box(b"udta", box(b"loci", place))), "a.3gp").place is None


def test_a_place_in_3gp_with_a_wide_name_is_read(reads: Reads) -> None:
    place = bytes(6) + b"\xfe\xff\0m\0\0" + b"\0" + struct.pack(">iii", 65536, 2 * 65536, 0)
    assert reads(movie(box(b"udta", box(b"loci", place))), "a.3gp").place == Place(2.0, 1.0)


def test_jpeg_2000_keeps_exif_in_a_box_of_its_own(reads: Reads) -> None:
    start = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    block = exif_block(exif={ORIGINAL: TAKEN})
    exif = box(b"uuid", b"JpgTiffExif->JP2" + block)
    found = reads(start + exif + box(b"jp2c", bytes(20)), "a.jp2")
    assert (found.format, found.level, found.taken, found.complete) == ("jp2", Level.ASSUMED_ZONE, WALL, True)
    assert reads(start + box(b"uuid", b"JpgTiffExif->JP2Exif\0\0" + block), "a.jp2").taken == WALL
    assert reads(start + box(b"uuid", bytes(16) + block), "a.jp2").level is Level.IMPOSSIBLE
    assert not reads((start + exif)[:-9], "a.jp2").complete


def test_jpeg_xl_keeps_exif_in_a_box(reads: Reads) -> None:
    start = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    block = exif_block(exif={ORIGINAL: TAKEN}, gps=gps_at("2026:03:14 10:11:00"))
    found = reads(start + box(b"Exif", bytes(4) + block) + box(b"jxlc", bytes(20)), "a.jxl")
    assert (found.format, found.level, found.taken) == ("jxl", Level.ASSUMED_ZONE, WALL)
    assert found.place is not None
    assert reads(b"\xff\x0a" + bytes(20), "a.jxl").level is Level.IMPOSSIBLE
