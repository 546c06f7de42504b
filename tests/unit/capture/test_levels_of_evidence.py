"""Every level of the table in config/README.md, by name, from a real JPEG's bytes to the capture."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import piexif
import pytest

from agent.model import Camera, Capture, Interval, Level, Place, WallClock
from tests.unit.capture.photobuilding import (
    DIGITIZED,
    MODIFIED,
    NOW,
    OFFSET,
    ORIGINAL,
    PICTURE,
    SUBSEC,
    TAKEN,
    app1,
    directory,
    exif_block,
    fix_at,
    gps_at,
    jpeg,
    segment,
)

Photo = Callable[..., Capture]

AT = datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 (a wall clock, on purpose)


# --- A: the clock and its offset, confirmed by GPS -----------------------------------------------------------------


def test_level_a_a_clock_with_its_offset_that_gps_confirms(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 10:09:00"))
    assert found.level is Level.CONFIRMED
    assert found.taken == Interval(AT, AT + SECOND)
    assert found.basis == ("EXIF DateTimeOriginal", "EXIF OffsetTimeOriginal", "GPS time")
    assert (found.recorded, found.offset) == ("2026-03-14T10:11:12", "+00:00")
    assert found.also == ()


def test_a_time_that_gps_confirms_is_not_moved_by_the_cameras_clock_error(photo: Photo) -> None:
    assert not photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 10:09:00")).clock_bound
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}).clock_bound


@pytest.mark.parametrize(("fix", "level"), [("10:06:12", Level.CONFIRMED), ("10:06:11", Level.OWN_OFFSET)])
def test_gps_confirms_up_to_five_minutes(photo: Photo, fix: str, level: Level) -> None:
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at(f"2026:03:14 {fix}")).level is level


# --- B: its own offset ---------------------------------------------------------------------------------------------


def test_level_b_a_clock_with_its_own_offset(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+01:00"})
    assert found.level is Level.OWN_OFFSET
    assert found.taken == Interval(AT - timedelta(hours=1), AT - timedelta(hours=1) + SECOND)
    assert found.basis == ("EXIF DateTimeOriginal", "EXIF OffsetTimeOriginal")


@pytest.mark.parametrize(
    ("digits", "first", "length"),
    [
        ("81", 810_000, 10_000),
        ("813", 813_000, 1_000),
        ("5", 500_000, 100_000),
        ("0234605", 23_460, 1),
        ("00", 0, 10_000),
    ],
)
def test_a_fraction_narrows_the_second(photo: Photo, digits: str, first: int, length: int) -> None:
    found = photo({ORIGINAL: TAKEN, SUBSEC: digits.encode(), OFFSET: b"+00:00"})
    start = AT + timedelta(microseconds=first)
    assert found.taken == Interval(start, start + timedelta(microseconds=length))
    assert found.recorded == "2026-03-14T10:11:12"


def test_a_gps_time_that_disagrees_by_hours_must_be_decided_the_same(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 07:00:00"))
    assert found.level is Level.OWN_OFFSET
    fixed = datetime(2026, 3, 14, 7, tzinfo=UTC)
    assert found.also == (Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)),)
    assert "191 minutes earlier" in found.notes[0]


def test_a_gps_date_one_day_late_is_put_aside_and_said(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:15 10:11:12"))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert found.notes == ("its GPS date is a day from what its clock says and was not used",)


@pytest.mark.parametrize("offset", [b"+00:00", None])
def test_a_gps_time_of_another_week_must_be_decided_the_same(photo: Photo, offset: bytes | None) -> None:
    """A clock that was never set shows a visit's time as easily as any other; the receiver knows better."""
    found = photo({ORIGINAL: TAKEN} | ({OFFSET: offset} if offset else {}), gps_at("2026:03:21 15:30:00"))
    fixed = datetime(2026, 3, 21, 15, 30, tzinfo=UTC)
    assert Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)) in found.also
    assert "days" in found.notes[0]


def test_a_gps_week_rollover_is_put_aside_and_named(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2006:07:29 10:11:12"))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert "rollover" in found.notes[0]


# --- D: a wall clock -----------------------------------------------------------------------------------------------


def test_level_d_a_clock_without_a_zone_stays_a_wall_clock(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN})
    assert found.level is Level.ASSUMED_ZONE
    assert found.taken == WallClock(wall(2026, 3, 14, 10, 11, 12), wall(2026, 3, 14, 10, 11, 13))
    assert (found.basis, found.also, found.offset) == (("EXIF DateTimeOriginal",), (), None)


def test_a_camera_that_puts_a_colon_between_day_and_time_is_read(photo: Photo) -> None:
    found = photo({ORIGINAL: b"2026:03:14:10:11:12"})
    assert (found.level, found.recorded) == (Level.ASSUMED_ZONE, "2026-03-14T10:11:12")


def test_a_wall_clock_in_the_hour_that_is_repeated_keeps_both_instants(photo: Photo) -> None:
    found = photo({ORIGINAL: b"2025:10:26 01:30:00"})
    assert isinstance(found.taken, WallClock)
    assert len(found.taken.read_in(ZoneInfo("Europe/London"))) == 2


def test_a_fix_a_whole_zone_from_the_clock_gives_another_reading_that_must_hold(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at("2026:03:14 09:09:30"))
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(AT - timedelta(hours=1), AT - timedelta(hours=1) + SECOND),)
    assert found.notes == ("by its GPS time the camera's clock was +01:00 from UTC",)


def test_a_fix_between_two_zones_must_be_decided_the_same_as_the_clock(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at("2026:03:14 10:03:00"))
    fixed = datetime(2026, 3, 14, 10, 3, tzinfo=UTC)
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)),)


@pytest.mark.parametrize("fix", ["2026:03:14 23:00:00", "2026:03:13 19:00:00", "2026:03:15 10:11:12"])
def test_a_fix_that_no_zone_explains_is_put_aside(photo: Photo, fix: str) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at(fix))
    assert (found.level, found.also) == (Level.ASSUMED_ZONE, ())
    assert "was not used" in found.notes[0]


def test_a_gps_date_with_a_broken_digit_is_put_aside(photo: Photo) -> None:
    fix = {**fix_at("2026:03:14 10:11:12"), piexif.GPSIFD.GPSDateStamp: b"2026:03:1\x014"}
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, fix).level is Level.OWN_OFFSET


@pytest.mark.parametrize("fix", ["2026:03:14 00:00:00", "2026:00:00 10:11:12", "2036:03:14 10:11:12"])
def test_a_fix_of_zeros_or_from_the_future_is_put_aside(photo: Photo, fix: str) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, fix_at(fix))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert "was not used" in found.notes[0]


def test_the_offset_of_another_time_is_no_offset_of_the_original(photo: Photo) -> None:
    edited = {ORIGINAL: TAKEN, piexif.ExifIFD.OffsetTime: b"+05:00"}
    found = photo(edited, first={MODIFIED: b"2026:04:01 09:00:00"})
    assert (found.level, found.also, found.offset) == (Level.ASSUMED_ZONE, (), None)


def test_the_offset_of_the_very_same_time_is_a_reading_that_must_hold_too(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, piexif.ExifIFD.OffsetTime: b"+05:00"}, first={MODIFIED: TAKEN})
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(AT - timedelta(hours=5), AT - timedelta(hours=5) + SECOND),)


ANYWHERE = Interval(AT - timedelta(hours=14), AT + timedelta(hours=12) + SECOND)


@pytest.mark.parametrize("offset", [b"+15:00", b"-13:00", b"+01:75", b"BST"])
def test_an_offset_that_no_place_has_leaves_the_clock_to_every_zone(photo: Photo, offset: bytes) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: offset})
    assert (found.level, found.also) == (Level.ASSUMED_ZONE, (ANYWHERE,))


def test_an_offset_of_blanks_was_never_set(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"   :  "})
    assert (found.level, found.also, found.notes) == (Level.ASSUMED_ZONE, (), ())


def test_a_block_with_a_field_of_no_type_that_exists_is_for_a_person(reads: Photo) -> None:
    fields = [(0x0112, 3, 1, b"\0\1"), (0x0128, 99, 1, b"\0\1"), (0x9003, 2, 20, TAKEN + b"\0")]
    found = reads(jpeg(app1(b"MM\0*\0\0\0\x08" + directory(fields, 8))))
    assert (found.level, found.recorded) == (Level.IMPOSSIBLE, "2026-03-14T10:11:12")
    assert found.notes[0].startswith("it is damaged near the place where its time is stored")


def test_a_damaged_block_may_have_lost_an_offset(reads: Photo) -> None:
    whole = b"MM\0*\0\0\0\x08" + directory([(0x9003, 2, 20, TAKEN + b"\0")], 8)
    assert reads(jpeg(app1(whole))).also == ()
    lost = b"MM\0*\0\0\0\x08" + directory([(0x9003, 2, 20, TAKEN + b"\0"), (0x9011, 9, 7, bytes(28))], 8)
    assert reads(jpeg(app1(lost))).also == (ANYWHERE,)
    outside = [(0x0112, 3, 1, b"\0\1"), (0x9003, 2, 20, TAKEN + b"\0"), (0x9011, 2, 200, b"+01:00 and lost")]
    assert reads(jpeg(app1(b"MM\0*\0\0\0\x08" + directory(outside, 8)))).also == (ANYWHERE,)
    cut = b"MM\0*\0\0\0\x08\xff\xff" + whole[10:]
    assert reads(jpeg(app1(cut))).taken is None


def test_a_time_of_digitizing_that_contradicts_must_lead_to_the_same_decision(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", DIGITIZED: b"2026:03:20 10:11:12"})
    later = AT + timedelta(days=6)
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(AT, AT + SECOND))
    assert found.also == (Interval(later, later + SECOND),)
    assert "DateTimeDigitized says 2026-03-20 10:11:12" in found.notes[0]


def test_a_file_that_was_changed_before_it_was_taken_has_a_wrong_clock_somewhere(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2025:03:14 10:11:12"})
    assert found.also == (Interval(ANYWHERE.earliest.replace(year=2025), ANYWHERE.latest.replace(year=2025)),)
    assert photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2026:03:13 22:00:00"}).also == ()
    assert photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2027:03:13 22:00:00"}).also == ()


def test_an_offset_beside_the_very_same_time_that_differs_must_lead_to_the_same_decision(photo: Photo) -> None:
    other = {piexif.ExifIFD.OffsetTime: b"+05:00"}
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", **other}, first={MODIFIED: TAKEN})
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(AT, AT + SECOND))
    assert found.also == (Interval(AT - timedelta(hours=5), AT - timedelta(hours=5) + SECOND),)
    confirmed = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", **other}, fix_at("2026:03:14 10:11:00"), {MODIFIED: TAKEN})
    assert (confirmed.level, confirmed.also) == (Level.CONFIRMED, ())


# --- E: hints ------------------------------------------------------------------------------------------------------


def test_level_e_a_pixel_name_is_utc(photo: Photo) -> None:
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
    ],
)
def test_level_e_other_names_are_local_time(photo: Photo, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.FILE_NAME
    assert found.taken == WallClock(wall(2026, 3, 14, 10, 10, 12), wall(2026, 3, 14, 10, 12, 12))


@pytest.mark.parametrize("name", ["WhatsApp Image 2026-03-14 at 10.11.12.jpeg", "Imagen de WhatsApp 2026-03-14.jpg"])
def test_a_messengers_day_in_any_language_is_an_upper_bound(photo: Photo, name: str) -> None:
    assert photo(name=name).level is Level.UPPER_BOUND


def test_a_name_is_asked_only_where_the_content_is_silent(photo: Photo) -> None:
    assert photo({ORIGINAL: TAKEN}, name="IMG_20250101_090909.jpg").level is Level.ASSUMED_ZONE
    assert photo(first={MODIFIED: TAKEN}, name="IMG_20250101_090909.jpg").level is Level.UPPER_BOUND


@pytest.mark.parametrize(
    "name",
    ["DSC_0042.jpg", "IMG_20260230_101112.jpg", "IMG-20261301-WA0001.jpg", "IMG_20990314_101112.jpg", "holiday.jpg"],
)
def test_a_name_without_a_possible_time_says_nothing(photo: Photo, name: str) -> None:
    assert photo(name=name).level is Level.IMPOSSIBLE


def test_a_time_that_stands_only_in_xmp_is_a_hint(reads: Photo) -> None:
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
    """An APP13 with Photoshop's resources, of which one holds these datasets of IPTC's second record."""
    records = b"".join(b"\x1c\x02" + bytes((number, 0, len(value))) + value for number, value in datasets)
    iptc = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
    return segment(0xED, b"Photoshop 3.0\0" + before + iptc)


PATH_INFO = b"8BIM\x07\xd0\x04Path\0" + (3).to_bytes(4, "big") + b"abc\0"
CREATED = ((5, b"A title"), (55, b"20260314"), (60, b"101112+0100"))


@pytest.mark.parametrize("before", [b"", PATH_INFO])
def test_a_time_that_stands_only_in_iptc_is_a_hint(reads: Photo, before: bytes) -> None:
    found = reads(jpeg(resources(*CREATED, before=before)), "a.jpg")
    assert (found.level, found.basis) == (Level.FILE_NAME, ("IPTC DateCreated",))
    assert (found.recorded, found.offset) == ("2026-03-14T10:11:12", "+0100")
    assert found.notes == ("its time of capture stands only in IPTC, which programs write",)


def test_iptc_is_asked_only_where_exif_and_xmp_are_silent(reads: Photo) -> None:
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
def test_an_iptc_time_that_is_half_or_broken_says_nothing(reads: Photo, segments: bytes) -> None:
    assert (found := reads(jpeg(segments))).level is Level.IMPOSSIBLE, found


def test_a_gps_time_alone_is_a_hint(photo: Photo) -> None:
    found = photo(gps=gps_at("2026:03:14 10:11:12"))
    assert found.level is Level.FILE_NAME
    assert found.taken == Interval(AT - timedelta(minutes=5), AT + timedelta(minutes=5))


# --- F: not later than ---------------------------------------------------------------------------------------------


def test_level_f_a_time_of_change_is_only_an_upper_bound(photo: Photo) -> None:
    found = photo(first={MODIFIED: TAKEN})
    assert found.level is Level.UPPER_BOUND
    assert found.taken == Interval(datetime(1990, 1, 1, tzinfo=UTC), AT + SECOND + timedelta(hours=12))
    assert found.basis == ("EXIF ModifyDate",)


def test_a_time_of_change_with_its_offset_is_read_by_it(photo: Photo) -> None:
    found = photo({piexif.ExifIFD.OffsetTime: b"+01:00"}, first={MODIFIED: TAKEN})
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == AT + SECOND - timedelta(hours=1)


def test_level_f_a_scan_time_is_only_an_upper_bound(photo: Photo) -> None:
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
def test_level_f_a_messengers_name_is_when_it_was_sent(photo: Photo, name: str) -> None:
    found = photo(name=name)
    assert found.level is Level.UPPER_BOUND
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["FB_IMG_1773483072000.jpg", "mmexport1773483072000.jpg", "wx_camera_1773483072000.jpg"]
)
def test_level_f_a_name_of_milliseconds_is_when_it_was_saved(photo: Photo, name: str) -> None:
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
def test_level_x_a_time_that_cannot_be(photo: Photo, written: bytes) -> None:
    found = photo({ORIGINAL: written})
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert found.notes


def test_level_x_nothing_says_when_it_was_taken(reads: Photo) -> None:
    found = reads(PICTURE)
    assert (found.format, found.level, found.taken, found.recorded) == ("jpeg", Level.IMPOSSIBLE, None, None)
    assert found.notes == ("nothing in it says when it was taken",)


def test_what_stands_there_is_shown_even_where_it_is_impossible(photo: Photo) -> None:
    assert photo({ORIGINAL: b"0000:00:00 00:00:00"}).recorded == "0000:00:00 00:00:00"
    assert photo({ORIGINAL: b"1970:01:01 00:00:12"}).recorded == "1970-01-01T00:00:12"


def test_a_clock_that_was_reset_is_not_rescued_by_the_files_name(photo: Photo) -> None:
    assert photo({ORIGINAL: b"2000:01:01 00:00:10"}, name="IMG_20260314_101112.jpg").level is Level.IMPOSSIBLE


def test_zeros_leave_the_word_to_the_weaker_evidence(photo: Photo) -> None:
    found = photo({ORIGINAL: b"0000:00:00 00:00:00"}, name="IMG_20260314_101112.jpg")
    assert found.level is Level.FILE_NAME
    assert any("zeros" in note for note in found.notes)


def test_a_camera_may_run_a_day_ahead_of_this_laptop_in_any_zone(photo: Photo) -> None:
    ahead = (NOW + timedelta(hours=37)).strftime("%Y:%m:%d %H:%M:%S").encode()
    assert photo({ORIGINAL: ahead}).level is Level.ASSUMED_ZONE
    assert photo({ORIGINAL: ahead, OFFSET: b"+00:00"}).level is Level.IMPOSSIBLE


def test_level_x_two_exif_blocks_that_disagree_are_for_a_person(reads: Photo) -> None:
    one, two = exif_block(exif={ORIGINAL: TAKEN}), exif_block(exif={ORIGINAL: b"2026:03:15 10:11:12"})
    found = reads(jpeg(app1(one), app1(two)))
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert "disagree" in found.notes[0]
    assert found.recorded == "2026-03-14T10:11:12"


def test_two_exif_blocks_of_one_mind_are_read_as_one(reads: Photo) -> None:
    one, two = exif_block(exif={ORIGINAL: TAKEN}), exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"})
    assert reads(jpeg(app1(one), app1(two))).recorded == "2026-03-14T10:11:12"


# --- Where and by which camera -------------------------------------------------------------------------------------


def test_make_model_and_serial_are_cleaned(photo: Photo) -> None:
    found = photo(
        {piexif.ExifIFD.BodySerialNumber: b"  \0"},
        first={piexif.ImageIFD.Make: b"Canon   \0junk", piexif.ImageIFD.Model: b" EOS R6\0"},
    )
    assert found.camera == Camera("Canon", "EOS R6", None)


def test_a_serial_number_is_kept(photo: Photo) -> None:
    found = photo({piexif.ExifIFD.BodySerialNumber: b"0042\0"}, first={piexif.ImageIFD.Model: b"M\xfcller\0"})
    assert found.camera == Camera(None, "Müller", "0042")


def test_a_photo_that_names_no_camera_has_none(photo: Photo) -> None:
    assert photo({ORIGINAL: TAKEN}).camera is None


def test_the_place_is_signed_by_its_letters(photo: Photo) -> None:
    found = photo({ORIGINAL: TAKEN}, gps_at("2026:03:14 10:11:00", -33.5, 151.25))
    assert found.place == Place(-33.5, 151.25)


def test_no_place_without_letters_with_nothing_below_the_line_or_off_the_globe(photo: Photo) -> None:
    whole = gps_at("2026:03:14 10:11:00")
    letterless = {tag: value for tag, value in whole.items() if tag != piexif.GPSIFD.GPSLongitudeRef}
    divided = {**whole, piexif.GPSIFD.GPSLatitude: [(51, 0), (0, 0), (0, 0)]}
    outside = {**whole, piexif.GPSIFD.GPSLatitude: [(91, 1), (0, 1), (0, 1)]}
    nowhere = gps_at("2026:03:14 10:11:00", 0.0, 0.0)
    for gps in (letterless, divided, outside, nowhere):
        assert photo({ORIGINAL: TAKEN}, gps).place is None
