"""Every level of the table in config/README.md, by name, from a real JPEG's bytes to the capture."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import piexif
import pytest

from agent.model.capture import Camera, Place
from agent.model.times import Interval, Level, WallClock
from tests.unit.capture.photobuilding import (
    AT,
    DIGITIZED,
    MODIFIED,
    OFFSET,
    ORIGINAL,
    SECOND,
    SUBSEC,
    TAKEN,
    Reads,
    app1,
    directory,
    fix_at,
    gps_at,
    jpeg,
    wall,
)

# --- A: the clock and its offset, confirmed by GPS -----------------------------------------------------------------


def test_level_a_a_clock_with_its_offset_that_gps_confirms(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 10:09:00"))
    assert found.level is Level.CONFIRMED
    assert found.taken == Interval(AT, AT + SECOND)
    assert found.basis == ("EXIF DateTimeOriginal", "EXIF OffsetTimeOriginal", "GPS time")
    assert (found.recorded, found.offset) == ("2026-03-14T10:11:12", "+00:00")
    assert found.also == ()


def test_a_time_that_gps_confirms_is_not_moved_by_the_cameras_clock_error(photo: Reads) -> None:
    assert not photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 10:09:00")).clock_bound
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}).clock_bound


@pytest.mark.parametrize(("fix", "level"), [("10:06:12", Level.CONFIRMED), ("10:06:11", Level.OWN_OFFSET)])
def test_gps_confirms_up_to_five_minutes(photo: Reads, fix: str, level: Level) -> None:
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at(f"2026:03:14 {fix}")).level is level


# --- B: its own offset ---------------------------------------------------------------------------------------------


def test_level_b_a_clock_with_its_own_offset(photo: Reads) -> None:
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
def test_a_fraction_narrows_the_second(photo: Reads, digits: str, first: int, length: int) -> None:
    found = photo({ORIGINAL: TAKEN, SUBSEC: digits.encode(), OFFSET: b"+00:00"})
    start = AT + timedelta(microseconds=first)
    assert found.taken == Interval(start, start + timedelta(microseconds=length))
    assert found.recorded == "2026-03-14T10:11:12"


def test_a_gps_time_that_disagrees_by_hours_must_be_decided_the_same(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:14 07:00:00"))
    assert found.level is Level.OWN_OFFSET
    fixed = datetime(2026, 3, 14, 7, tzinfo=UTC)
    assert found.also == (Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)),)
    assert "191 minutes earlier" in found.notes[0]


def test_a_gps_date_one_day_late_is_ignored_with_a_note(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2026:03:15 10:11:12"))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert found.notes == ("its GPS date is a day away from its clock's and was not used",)


@pytest.mark.parametrize("offset", [b"+00:00", None])
def test_a_gps_time_of_another_week_must_be_decided_the_same(photo: Reads, offset: bytes | None) -> None:
    """A clock that was never set shows a visit's time as easily as any other; the receiver knows better."""
    found = photo({ORIGINAL: TAKEN} | ({OFFSET: offset} if offset else {}), gps_at("2026:03:21 15:30:00"))
    fixed = datetime(2026, 3, 21, 15, 30, tzinfo=UTC)
    assert Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)) in found.also
    assert "days" in found.notes[0]


def test_a_gps_week_rollover_is_ignored_with_a_note(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, gps_at("2006:07:29 10:11:12"))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert "rollover" in found.notes[0]


# --- D: a wall clock -----------------------------------------------------------------------------------------------


def test_level_d_a_clock_without_a_zone_stays_a_wall_clock(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN})
    assert found.level is Level.ASSUMED_ZONE
    assert found.taken == WallClock(wall(2026, 3, 14, 10, 11, 12), wall(2026, 3, 14, 10, 11, 13))
    assert (found.basis, found.also, found.offset) == (("EXIF DateTimeOriginal",), (), None)


def test_a_camera_that_puts_a_colon_between_day_and_time_is_read(photo: Reads) -> None:
    found = photo({ORIGINAL: b"2026:03:14:10:11:12"})
    assert (found.level, found.recorded) == (Level.ASSUMED_ZONE, "2026-03-14T10:11:12")


def test_a_wall_clock_in_the_hour_that_is_repeated_keeps_both_instants(photo: Reads) -> None:
    found = photo({ORIGINAL: b"2025:10:26 01:30:00"})
    assert isinstance(found.taken, WallClock)
    assert len(found.taken.read_in(ZoneInfo("Europe/London"))) == 2


def test_a_fix_a_whole_zone_from_the_clock_adds_a_reading(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at("2026:03:14 09:09:30"))
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(AT - timedelta(hours=1), AT - timedelta(hours=1) + SECOND),)
    assert found.notes == ("by its GPS time the camera's clock was +01:00 from UTC",)


def test_a_fix_between_two_zones_must_be_decided_the_same_as_the_clock(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at("2026:03:14 10:03:00"))
    fixed = datetime(2026, 3, 14, 10, 3, tzinfo=UTC)
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(fixed - timedelta(minutes=5), fixed + timedelta(minutes=5)),)


@pytest.mark.parametrize("fix", ["2026:03:14 23:00:00", "2026:03:13 19:00:00", "2026:03:15 10:11:12"])
def test_a_fix_that_no_zone_explains_is_ignored(photo: Reads, fix: str) -> None:
    found = photo({ORIGINAL: TAKEN}, fix_at(fix))
    assert (found.level, found.also) == (Level.ASSUMED_ZONE, ())
    assert "was not used" in found.notes[0]


def test_a_gps_date_with_a_broken_digit_is_ignored(photo: Reads) -> None:
    fix = {**fix_at("2026:03:14 10:11:12"), piexif.GPSIFD.GPSDateStamp: b"2026:03:1\x014"}
    assert photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, fix).level is Level.OWN_OFFSET


@pytest.mark.parametrize("fix", ["2026:03:14 00:00:00", "2026:00:00 10:11:12", "2036:03:14 10:11:12"])
def test_a_fix_of_zeros_or_from_the_future_is_ignored(photo: Reads, fix: str) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00"}, fix_at(fix))
    assert (found.level, found.also) == (Level.OWN_OFFSET, ())
    assert "was not used" in found.notes[0]


def test_the_offset_of_another_time_is_no_offset_of_the_original(photo: Reads) -> None:
    edited = {ORIGINAL: TAKEN, piexif.ExifIFD.OffsetTime: b"+05:00"}
    found = photo(edited, first={MODIFIED: b"2026:04:01 09:00:00"})
    assert (found.level, found.also, found.offset) == (Level.ASSUMED_ZONE, (), None)


def test_the_offset_of_the_very_same_time_is_a_reading_that_must_hold_too(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, piexif.ExifIFD.OffsetTime: b"+05:00"}, first={MODIFIED: TAKEN})
    assert found.level is Level.ASSUMED_ZONE
    assert found.also == (Interval(AT - timedelta(hours=5), AT - timedelta(hours=5) + SECOND),)


ANYWHERE = Interval(AT - timedelta(hours=14), AT + timedelta(hours=12) + SECOND)


@pytest.mark.parametrize("offset", [b"+15:00", b"-13:00", b"+01:75", b"BST"])
def test_an_offset_that_no_place_has_leaves_the_clock_to_every_zone(photo: Reads, offset: bytes) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: offset})
    assert (found.level, found.also) == (Level.ASSUMED_ZONE, (ANYWHERE,))


def test_an_offset_of_blanks_was_never_set(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"   :  "})
    assert (found.level, found.also, found.notes) == (Level.ASSUMED_ZONE, (), ())


def test_a_block_with_a_field_of_no_type_that_exists_is_for_a_person(reads: Reads) -> None:
    fields = [(0x0112, 3, 1, b"\0\1"), (0x0128, 99, 1, b"\0\1"), (0x9003, 2, 20, TAKEN + b"\0")]
    found = reads(jpeg(app1(b"MM\0*\0\0\0\x08" + directory(fields, 8))))
    assert (found.level, found.recorded) == (Level.IMPOSSIBLE, "2026-03-14T10:11:12")
    assert found.notes[0].startswith("it is damaged near the place where its time is stored")


def test_a_damaged_block_may_have_lost_an_offset(reads: Reads) -> None:
    whole = b"MM\0*\0\0\0\x08" + directory([(0x9003, 2, 20, TAKEN + b"\0")], 8)
    assert reads(jpeg(app1(whole))).also == ()
    lost = b"MM\0*\0\0\0\x08" + directory([(0x9003, 2, 20, TAKEN + b"\0"), (0x9011, 9, 7, bytes(28))], 8)
    assert reads(jpeg(app1(lost))).also == (ANYWHERE,)
    outside = [(0x0112, 3, 1, b"\0\1"), (0x9003, 2, 20, TAKEN + b"\0"), (0x9011, 2, 200, b"+01:00 and lost")]
    assert reads(jpeg(app1(b"MM\0*\0\0\0\x08" + directory(outside, 8)))).also == (ANYWHERE,)
    cut = b"MM\0*\0\0\0\x08\xff\xff" + whole[10:]
    assert reads(jpeg(app1(cut))).taken is None


def test_a_time_of_digitizing_that_contradicts_must_lead_to_the_same_decision(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", DIGITIZED: b"2026:03:20 10:11:12"})
    later = AT + timedelta(days=6)
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(AT, AT + SECOND))
    assert found.also == (Interval(later, later + SECOND),)
    assert "DateTimeDigitized says 2026-03-20 10:11:12" in found.notes[0]


def test_a_file_changed_before_it_was_taken_has_a_wrong_clock(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2025:03:14 10:11:12"})
    assert found.also == (Interval(ANYWHERE.earliest.replace(year=2025), ANYWHERE.latest.replace(year=2025)),)
    assert photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2026:03:13 22:00:00"}).also == ()
    assert photo({ORIGINAL: TAKEN}, first={MODIFIED: b"2027:03:13 22:00:00"}).also == ()


def test_another_offset_of_the_same_time_must_give_the_same_decision(photo: Reads) -> None:
    other = {piexif.ExifIFD.OffsetTime: b"+05:00"}
    found = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", **other}, first={MODIFIED: TAKEN})
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(AT, AT + SECOND))
    assert found.also == (Interval(AT - timedelta(hours=5), AT - timedelta(hours=5) + SECOND),)
    confirmed = photo({ORIGINAL: TAKEN, OFFSET: b"+00:00", **other}, fix_at("2026:03:14 10:11:00"), {MODIFIED: TAKEN})
    assert (confirmed.level, confirmed.also) == (Level.CONFIRMED, ())


# --- Where and by which camera -------------------------------------------------------------------------------------


def test_make_model_and_serial_are_cleaned(photo: Reads) -> None:
    found = photo(
        {piexif.ExifIFD.BodySerialNumber: b"  \0"},
        first={piexif.ImageIFD.Make: b"Canon   \0junk", piexif.ImageIFD.Model: b" EOS R6\0"},
    )
    assert found.camera == Camera("Canon", "EOS R6", None)


def test_a_serial_number_is_read(photo: Reads) -> None:
    found = photo({piexif.ExifIFD.BodySerialNumber: b"0042\0"}, first={piexif.ImageIFD.Model: b"M\xfcller\0"})
    assert found.camera == Camera(None, "Müller", "0042")


def test_a_photo_that_names_no_camera_has_none(photo: Reads) -> None:
    assert photo({ORIGINAL: TAKEN}).camera is None


def test_the_place_is_signed_by_its_letters(photo: Reads) -> None:
    found = photo({ORIGINAL: TAKEN}, gps_at("2026:03:14 10:11:00", -33.5, 151.25))
    assert found.place == Place(-33.5, 151.25)


def test_no_place_without_letters_with_nothing_below_the_line_or_off_the_globe(photo: Reads) -> None:
    whole = gps_at("2026:03:14 10:11:00")
    letterless = {tag: value for tag, value in whole.items() if tag != piexif.GPSIFD.GPSLongitudeRef}
    divided = {**whole, piexif.GPSIFD.GPSLatitude: [(51, 0), (0, 0), (0, 0)]}
    outside = {**whole, piexif.GPSIFD.GPSLatitude: [(91, 1), (0, 1), (0, 1)]}
    nowhere = gps_at("2026:03:14 10:11:00", 0.0, 0.0)
    for gps in (letterless, divided, outside, nowhere):
        assert photo({ORIGINAL: TAKEN}, gps).place is None
