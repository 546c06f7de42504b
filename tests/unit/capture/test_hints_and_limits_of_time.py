"""Levels E, F and X of the table in config/README.md: what hints at a time, limits it, or cannot be one."""

from datetime import UTC, datetime, timedelta

import piexif
import pytest

from agent.model.times import Interval, Level, WallClock
from tests.unit.capture.photobuilding import (
    AT,
    DIGITIZED,
    MODIFIED,
    NOW,
    OFFSET,
    ORIGINAL,
    PICTURE,
    SECOND,
    TAKEN,
    Reads,
    app1,
    exif_block,
    gps_at,
    jpeg,
    segment,
    wall,
)

# --- E: hints ------------------------------------------------------------------------------------------------------


def test_level_e_a_pixel_name_is_utc(photo: Reads) -> None:
    found = photo(name="PXL_20260314_101112345.jpg")
    assert found.level is Level.FILE_NAME
    assert found.taken == Interval(AT - timedelta(minutes=1), AT + timedelta(minutes=1))


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20260314_101112.jpg",
        "VID_20260314_101112.jpg",
        "20260314_101112.jpg",
        "20260314_101112(0).jpg",
        "IMG20260314101112.jpg",
        "Screenshot_20260314-101112_Chrome.jpg",
        "Screenshot 2026-03-14 at 10.11.12.jpg",
        "WP_20260314_10_11_12_Pro.jpg",
        "2026-03-14 10.11.12.jpg",
        "MVIMG_20260314_101112.jpg",
        "Bildschirmfoto 2026-03-14 um 10.11.12.jpg",
        "Captura de pantalla 2026-03-14 a las 10.11.12.jpg",
        "00001IMG_00001_BURST20260314101112345_COVER.jpg",
        "lv_0_20260314101112.jpg",
    ],
)
def test_level_e_other_names_are_local_time(photo: Reads, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.FILE_NAME
    assert found.taken == WallClock(wall(2026, 3, 14, 10, 10, 12), wall(2026, 3, 14, 10, 12, 12))


@pytest.mark.parametrize("name", ["WhatsApp Image 2026-03-14 at 10.11.12.jpeg", "Imagen de WhatsApp 2026-03-14.jpg"])
def test_a_messengers_day_in_any_language_is_an_upper_bound(photo: Reads, name: str) -> None:
    assert photo(name=name).level is Level.UPPER_BOUND


def test_whatsapps_export_of_a_chat_names_when_it_was_sent(photo: Reads) -> None:
    assert photo(name="00000012-PHOTO-2026-03-14-10-11-12.jpg").level is Level.UPPER_BOUND


@pytest.mark.parametrize("name", ["1773483072000.jpg", "IMG_1773483072000.jpg", "line_1773483072000.jpg"])
def test_level_e_a_name_of_milliseconds(photo: Reads, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.FILE_NAME
    assert found.taken == Interval(AT - timedelta(minutes=1), AT + timedelta(minutes=1))


@pytest.mark.parametrize("name", ["2026-03-14 museum.jpg", "20260314.jpg", "IMG_20260314.jpg", "museum 2026.03.14.jpg",
                                  "2026-03-14_3F2504E0-4F89-11D3-9A0C-0305E82C3301-main.jpg"])  # fmt: skip
def test_level_e_a_day_alone_in_a_name_is_the_whole_day(photo: Reads, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.FILE_NAME
    assert found.taken == WallClock(wall(2026, 3, 14), wall(2026, 3, 15))


@pytest.mark.parametrize("name", ["IMG_120260314.jpg", "202603141.jpg", "2026-0314.jpg", "2026-02-31 museum.jpg"])
def test_digits_that_are_no_day_say_nothing(photo: Reads, name: str) -> None:
    assert photo(name=name).level is Level.IMPOSSIBLE


def test_a_name_is_asked_only_where_the_content_is_silent(photo: Reads) -> None:
    assert photo({ORIGINAL: TAKEN}, name="IMG_20250101_090909.jpg").level is Level.ASSUMED_ZONE
    assert photo(first={MODIFIED: TAKEN}, name="IMG_20250101_090909.jpg").level is Level.UPPER_BOUND


@pytest.mark.parametrize(
    "name",
    ["DSC_0042.jpg", "IMG_20260230_101112.jpg", "IMG-20261301-WA0001.jpg", "IMG_20990314_101112.jpg", "holiday.jpg"],
)
def test_a_name_without_a_possible_time_says_nothing(photo: Reads, name: str) -> None:
    assert photo(name=name).level is Level.IMPOSSIBLE


def test_a_time_that_is_only_in_xmp_is_a_hint(reads: Reads) -> None:
    packet = (
        b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
        b"xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:DateTimeOriginal='2026-03-14T10:11:12+00:00'/>"
        b"</rdf:RDF></x:xmpmeta>"
    )
    found = reads(jpeg(segment(0xE1, packet)))
    assert found.level is Level.FILE_NAME
    assert found.taken == Interval(AT, AT + SECOND)
    assert found.recorded == "2026-03-14T10:11:12"


def resources(*datasets: tuple[int, bytes], before: bytes = b"") -> bytes:
    """An APP13 with Photoshop's resources, one of them with these datasets of IPTC's second record."""
    records = b"".join(b"\x1c\x02" + bytes((number, 0, len(value))) + value for number, value in datasets)
    iptc = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
    return segment(0xED, b"Photoshop 3.0\0" + before + iptc)


PATH_INFO = b"8BIM\x07\xd0\x04Path\0" + (3).to_bytes(4, "big") + b"abc\0"
CREATED = ((5, b"A title"), (55, b"20260314"), (60, b"101112+0100"))


@pytest.mark.parametrize("before", [b"", PATH_INFO])
def test_a_time_that_is_only_in_iptc_is_a_hint(reads: Reads, before: bytes) -> None:
    found = reads(jpeg(resources(*CREATED, before=before)), "a.jpg")
    assert (found.level, found.basis) == (Level.FILE_NAME, ("IPTC DateCreated",))
    assert (found.recorded, found.offset) == ("2026-03-14T10:11:12", "+0100")
    assert found.notes == ("its capture time is only in IPTC, which programs write",)


def test_iptc_is_asked_only_where_exif_and_xmp_are_silent(reads: Reads) -> None:
    exif = app1(exif_block(exif={ORIGINAL: b"2026:03:15 09:00:00"}))
    assert reads(jpeg(resources(*CREATED), exif)).recorded == "2026-03-15T09:00:00"


@pytest.mark.parametrize(
    "segments",
    [
        resources((55, b"20260314")),
        resources((60, b"101112")),
        resources((55, b"2026\xff314"), (60, b"101112")),
        resources((55, b"00000000"), (60, b"000000")),
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff\xff\xff\x1c\x02\x37\xff\xff"),
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\xff"),
        segment(0xED, b"Adobe_CM\0" + bytes(40)),
        segment(0xED, b""),
    ],
)
def test_an_iptc_time_that_is_half_or_broken_says_nothing(reads: Reads, segments: bytes) -> None:
    assert (found := reads(jpeg(segments))).level is Level.IMPOSSIBLE, found


def test_a_gps_time_alone_is_a_hint(photo: Reads) -> None:
    found = photo(gps=gps_at("2026:03:14 10:11:12"))
    assert found.level is Level.FILE_NAME
    assert found.taken == Interval(AT - timedelta(minutes=5), AT + timedelta(minutes=5))


# --- F: not later than ---------------------------------------------------------------------------------------------


def test_level_f_a_time_of_change_is_only_an_upper_bound(photo: Reads) -> None:
    found = photo(first={MODIFIED: TAKEN})
    assert found.level is Level.UPPER_BOUND
    assert found.taken == Interval(datetime(1990, 1, 1, tzinfo=UTC), AT + SECOND + timedelta(hours=12))
    assert found.basis == ("EXIF ModifyDate",)


def test_a_time_of_change_with_its_offset_is_read_by_it(photo: Reads) -> None:
    found = photo({piexif.ExifIFD.OffsetTime: b"+01:00"}, first={MODIFIED: TAKEN})
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == AT + SECOND - timedelta(hours=1)


def test_level_f_a_scan_time_is_only_an_upper_bound(photo: Reads) -> None:
    found = photo({DIGITIZED: TAKEN}, first={MODIFIED: b"2026:04:01 09:00:00"})
    assert (found.level, found.basis) == (Level.UPPER_BOUND, ("EXIF DateTimeDigitized",))


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20260314-WA0001.jpg",
        "WhatsApp Image 2026-03-14 at 10.11.12.jpeg",
        "photo_2026-03-14_10-11-12.jpg",
        "signal-2026-03-14-101112.jpg",
    ],
)
def test_level_f_a_messengers_name_is_when_it_was_sent(photo: Reads, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.UPPER_BOUND
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["FB_IMG_1773483072000.jpg", "mmexport1773483072000.jpg", "wx_camera_1773483072000.jpg"]
)
def test_level_f_a_name_of_milliseconds_is_when_it_was_saved(photo: Reads, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.UPPER_BOUND
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == AT + timedelta(minutes=1)


# --- X: none, or impossible ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        b"0000:00:00 00:00:00",
        b"    :  :     :  :  ",
        b"                   ",
        b"2026:02:30 10:11:12",
        b"2026:13:14 10:11:12",
        b"2026:03:14 25:11:12",
        b"2026:03:14 10:11:60",
        b"yesterday afternoon",
        b"2026:03:1\x014 10:11:12",
        b"2026:03:1  10:11:12",
        b"2026:03:14  0:11:12",
        b"2026:03:\x0114 10:11:12",
        b"2026:03:1\xe24 10:11:12",
        b"1904:01:01 00:00:00",
        b"1970:01:01 00:00:12",
        b"1970:01:01 09:30:00",
        b"1980:01:01 00:00:59",
        b"2000:01:01 00:00:00",
        b"2000:01:01 07:45:00",
        b"2015:01:01 00:00:31",
        b"1989:12:31 23:59:59",
        b"0001:01:01 05:00:00",
        b"9999:12:31 23:59:59",
        b"2026:06:04 12:00:00",
        b"2031:03:14 10:11:12",
    ],
)
def test_level_x_a_time_that_cannot_be(photo: Reads, written: bytes) -> None:
    found = photo({ORIGINAL: written})
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert found.notes


def test_level_x_nothing_says_when_it_was_taken(reads: Reads) -> None:
    found = reads(PICTURE)
    assert (found.format, found.level, found.taken, found.recorded) == ("jpeg", Level.IMPOSSIBLE, None, None)
    assert found.notes == ("nothing in it says when it was taken",)


def test_an_impossible_time_is_shown_as_written(photo: Reads) -> None:
    assert photo({ORIGINAL: b"0000:00:00 00:00:00"}).recorded == "0000:00:00 00:00:00"
    assert photo({ORIGINAL: b"1970:01:01 00:00:12"}).recorded == "1970-01-01T00:00:12"


def test_a_clock_that_was_reset_is_not_rescued_by_the_files_name(photo: Reads) -> None:
    assert photo({ORIGINAL: b"2000:01:01 00:00:10"}, name="IMG_20260314_101112.jpg").level is Level.IMPOSSIBLE


def test_zeros_leave_the_word_to_the_weaker_evidence(photo: Reads) -> None:
    found = photo({ORIGINAL: b"0000:00:00 00:00:00"}, name="IMG_20260314_101112.jpg")
    assert found.level is Level.FILE_NAME
    assert any("zeros" in note for note in found.notes)


def test_a_camera_may_run_a_day_ahead_of_this_laptop_in_any_zone(photo: Reads) -> None:
    ahead = (NOW + timedelta(hours=37)).strftime("%Y:%m:%d %H:%M:%S").encode()
    assert photo({ORIGINAL: ahead}).level is Level.ASSUMED_ZONE
    assert photo({ORIGINAL: ahead, OFFSET: b"+00:00"}).level is Level.IMPOSSIBLE


def test_level_x_two_exif_blocks_that_disagree_are_for_a_person(reads: Reads) -> None:
    one, two = exif_block(exif={ORIGINAL: TAKEN}), exif_block(exif={ORIGINAL: b"2026:03:15 10:11:12"})
    found = reads(jpeg(app1(one), app1(two)))
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert "disagree" in found.notes[0]
    assert found.recorded == "2026-03-14T10:11:12"


def test_two_exif_blocks_of_one_mind_are_read_as_one(reads: Reads) -> None:
    one, two = exif_block(exif={ORIGINAL: TAKEN}), exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"})
    assert reads(jpeg(app1(one), app1(two))).recorded == "2026-03-14T10:11:12"
