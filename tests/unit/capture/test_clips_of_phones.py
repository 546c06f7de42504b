"""Clips as phones, action cameras and exports leave them, and clocks that began again."""

import struct
from datetime import UTC, datetime, timedelta

import piexif
import pytest

from agent.capture.clock import read_offset
from agent.model.times import Interval, Level
from tests.unit.capture.photobuilding import (
    NOW,
    OFFSET,
    ORIGINAL,
    TAKEN,
    Reads,
    app1,
    box,
    exif_block,
    gps_at,
    jpeg,
)
from tests.unit.capture.test_films_of_cameras import avi, chunk, movie

ENDED = datetime(2026, 3, 14, 10, 11, 15, tzinfo=UTC)
LENGTH = 3.0
MINUTE = timedelta(minutes=1)
PRECISE = Interval(ENDED - timedelta(seconds=LENGTH) - MINUTE, ENDED + MINUTE)


def clip(*inside: bytes, ended: datetime = ENDED, behind: bytes = b"") -> bytes:
    since = int((ended - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())
    header = struct.pack(">IIIII", 0, since, since, 1000, round(LENGTH * 1000)) + bytes(80)
    moov = box(b"moov", box(b"mvhd", header) + b"".join(inside))
    return box(b"ftyp", b"mp42\0\0\0\0mp42") + box(b"mdat", bytes(50)) + moov + behind


def keys(**named: str) -> bytes:
    names = [name.replace("_", ".").replace("..", "_").encode() for name in named]
    listed = b"".join(struct.pack(">I", 8 + len(name)) + b"mdta" + name for name in names)
    items = b"".join(
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0) + value.encode()))
        for number, value in enumerate(named.values(), 1)
    )
    table = box(b"keys", struct.pack(">II", 0, len(names)) + listed)
    return box(b"meta", box(b"hdlr", bytes(25)) + table + box(b"ilst", items))


def user_data(**values: str) -> bytes:
    boxes = b""
    for name, value in values.items():
        if name == "day":
            boxes += box(b"\xa9day", struct.pack(">HH", len(value), 0x15C7) + value.encode())
        elif name == "make":
            boxes += box(b"\xa9mak", struct.pack(">HH", len(value), 0x15C7) + value.encode())
        else:
            boxes += box(name.encode(), value.encode())
    return box(b"udta", boxes)


EXPORTED = datetime(2026, 3, 20, 18, tzinfo=UTC)
STATED = Interval(datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC), datetime(2026, 3, 14, 10, 11, 13, tzinfo=UTC))


def test_an_iphones_export_was_taken_when_its_user_data_says(reads: Reads) -> None:
    content = clip(user_data(date="2026-03-14T10:11:12+0000", make="Apple"), ended=EXPORTED)
    found = reads(content, "a.mp4")
    assert (found.taken, found.level, found.also) == (STATED, Level.OWN_OFFSET, ())


@pytest.mark.parametrize("words", [{"day": "2026-03-14T10:11:12+0000"}, {"date": "2026-03-14T10:11:12+0000"}])
def test_a_date_that_any_program_may_write_must_agree_with_the_header(reads: Reads, words: dict[str, str]) -> None:
    found = reads(clip(user_data(**words), ended=EXPORTED), "a.mp4")
    assert found.taken == STATED
    assert any(reading.earliest <= EXPORTED <= reading.latest for reading in found.also)


def test_a_day_alone_is_held_against_the_header(reads: Reads) -> None:
    found = reads(clip(user_data(day="2026-03-14"), ended=EXPORTED), "a.mp4")
    assert any(reading.earliest <= ENDED <= reading.latest for reading in found.also)


def test_samsungs_offset_is_the_mark_of_a_recorder_that_writes_utc(reads: Reads) -> None:
    found = reads(clip(keys(com_samsung_android_utc__offset="+0100")), "20260314_111112.mp4")
    assert (found.taken, found.level, found.offset) == (PRECISE, Level.UTC_ALONE, "+00:00")


def test_a_pixels_name_that_agrees_with_the_header_says_that_it_is_utc(reads: Reads) -> None:
    found = reads(clip(), "PXL_20260314_101112345.mp4")
    assert (found.taken, found.level) == (PRECISE, Level.UTC_ALONE)
    assert "the file's name (PXL_, in UTC)" in found.basis


CHRISTMAS = "2025-12-25T10:11:12+0000"
VISIT = "2026-03-14T10:11:12+0000"


@pytest.mark.parametrize(
    "inside",
    [
        (keys(com_apple_quicktime_creationdate=VISIT, com_apple_quicktime_make="Apple"), user_data(date=CHRISTMAS)),
        (keys(com_apple_quicktime_creationdate=VISIT), user_data(day=CHRISTMAS)),
        (keys(com_apple_quicktime_creationdate=VISIT), keys(com_apple_quicktime_creationdate=CHRISTMAS)),
        (keys(com_apple_quicktime_creationdate=CHRISTMAS), keys(com_apple_quicktime_creationdate=VISIT)),
        (user_data(date=VISIT, day=CHRISTMAS, make="Apple"),),
    ],
    ids=["keys and date", "keys and day", "keys twice", "keys twice, turned round", "date and day"],
)
def test_each_date_that_a_clip_states_must_lead_to_one_decision(reads: Reads, inside: tuple[bytes, ...]) -> None:
    found = reads(clip(*inside), "a.mov")
    days = {moment.earliest.date().isoformat() for moment in (found.taken, *found.also) if moment is not None}
    assert days >= {"2026-03-14", "2025-12-25"}


def test_a_stated_day_that_agrees_with_the_time_changes_nothing(reads: Reads) -> None:
    found = reads(clip(keys(com_apple_quicktime_creationdate=VISIT), user_data(day="2026-03-14")), "a.mov")
    assert (found.taken, found.also) == (STATED, ())


def test_a_creation_date_that_is_only_a_day_is_held_against_the_header(reads: Reads) -> None:
    found = reads(clip(keys(com_apple_quicktime_creationdate="2026-03-14"), ended=EXPORTED), "a.mov")
    assert any(reading.earliest <= ENDED <= reading.latest for reading in found.also)


@pytest.mark.parametrize("written", ["2026-03-14T10:11:12 PST", "14/03/2026 10:11", "1773483072"])
def test_a_creation_date_that_cannot_be_read_outweighs_the_header(reads: Reads, written: str) -> None:
    found = reads(clip(keys(com_apple_quicktime_creationdate=written), ended=EXPORTED), "a.mov")
    assert (found.taken, found.level) == (None, Level.IMPOSSIBLE)
    assert "creation date cannot be read" in found.notes[0]


def test_a_creation_date_of_zeros_is_as_good_as_none(reads: Reads) -> None:
    found = reads(clip(keys(com_apple_quicktime_creationdate="0000-00-00T00:00:00Z")), "a.mov")
    assert found.level is Level.UTC_ALONE


def test_an_offset_that_does_not_exist_leaves_the_zone_open(reads: Reads) -> None:
    found = reads(clip(keys(com_apple_quicktime_creationdate="2026-03-14T10:11:12+25:00")), "a.mov")
    assert any(reading.latest - reading.earliest > timedelta(hours=24) for reading in found.also)


def test_a_film_with_two_headers_is_not_believed(reads: Reads) -> None:
    first, other = clip(), clip(ended=datetime(2025, 12, 25, 10, tzinfo=UTC))
    header = other[other.index(b"moov") - 4 :]
    inside = first[: first.index(b"moov") - 4] + box(b"moov", first[first.index(b"mvhd") - 4 :] + header[8:])
    pieces = box(b"free", b"") * 10_000  # more than are walked through
    for content in (first + header, first + header + pieces, inside):
        assert reads(content, "a.mp4").level is Level.IMPOSSIBLE


def test_a_film_in_thousands_of_pieces_is_read(reads: Reads) -> None:
    pieces = (box(b"moof", bytes(8)) + box(b"mdat", bytes(8))) * 1500
    assert reads(clip(behind=pieces), "a.mp4").level is Level.UTC_ALONE


@pytest.mark.parametrize(
    "name", ["PXL_20260314_111112345.mp4", "PXL_20260314_101145000.mp4", "VID_20260314_101112.mp4"]
)
def test_another_name_leaves_the_headers_zone_open(reads: Reads, name: str) -> None:
    found = reads(clip(), name)
    assert isinstance(found.taken, Interval)
    assert found.taken.latest - found.taken.earliest > timedelta(hours=24)


# --- What stands behind the last box ---------------------------------------------------------------------------------

SEFT = b"\0\0\1\x0a\x0e\0\0\0Image_UTC_Data1773483072000SEFHe\0\0\0\1\0\0\0\0\0\1\x0a#\0\0\0#\0\0\0\x18\0\0\0SEFT"
JUNK = b"tion/>\n</rdf:RDF></x:xmpmeta>" + SEFT
INSTA360 = bytes(range(1, 5)) * 50 + b"8db42d694ccc418790edff439fe026bf"


@pytest.mark.parametrize(
    "trailer", [SEFT, JUNK, INSTA360, bytes(300), b"\xff" * 300], ids=["seft", "junk", "insta", "0", "ff"]
)
def test_a_trailer_is_no_missing_end(reads: Reads, trailer: bytes) -> None:
    found = reads(clip(behind=trailer), "a.mp4")
    assert found.complete
    assert found.level is Level.UTC_ALONE


@pytest.mark.parametrize("trailer", [b"", SEFT])
def test_a_cut_clip_is_still_cut(reads: Reads, trailer: bytes) -> None:
    whole = movie() + trailer
    assert reads(whole, "a.mp4").complete
    pictures = whole.index(b"mdat") - 4
    assert not reads(whole[: pictures + 30], "a.mp4").complete
    assert not reads(whole[: pictures + 8], "a.mp4").complete


def test_insta360_is_named_as_the_camera(reads: Reads) -> None:
    found = reads(clip(behind=INSTA360), "VID_0001.insv")
    assert found.camera is not None
    assert found.camera.make == "Insta360"


# --- Clocks that began again -----------------------------------------------------------------------------------------


def dated(time: str, make: bytes = b"GoPro", offset: bytes | None = None) -> bytes:
    exif = {ORIGINAL: time.encode(), **({OFFSET: offset} if offset else {})}
    return jpeg(app1(exif_block(first={piexif.ImageIFD.Make: make, piexif.ImageIFD.Model: b"X"}, exif=exif)))


@pytest.mark.parametrize("time", ["2016:01:01 00:20:31", "2016:01:01 14:00:00", "2018:01:01 01:05:00",
                                  "2021:01:01 05:30:00", "2019:04:07 03:00:00", "1980:01:06 09:00:00"])  # fmt: skip
def test_a_clock_that_was_reset_hours_ago_is_for_a_person(reads: Reads, time: str) -> None:
    found = reads(dated(time), "IMG_0001.jpg")
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert "reset" in " ".join(found.notes)


@pytest.mark.parametrize("time", ["2021:01:02 00:20:00", f"{NOW.year}:01:01 02:00:00"])
def test_other_times_of_the_new_year_are_times_like_others(reads: Reads, time: str) -> None:
    assert reads(dated(time), "IMG_0001.jpg").level is Level.ASSUMED_ZONE


@pytest.mark.parametrize("time", ["2021:01:01 09:00:00", "2019:04:07 09:00:00"])
def test_later_on_that_day_another_makers_clock_is_believed(reads: Reads, time: str) -> None:
    assert reads(dated(time, b"Canon"), "IMG_0001.jpg").level is Level.ASSUMED_ZONE


def test_a_phones_new_year_is_believed(reads: Reads) -> None:
    assert reads(dated("2021:01:01 00:20:00", b"Apple", b"+00:00"), "IMG_0001.jpg").level is Level.OWN_OFFSET


def test_satellites_outweigh_the_doubt(reads: Reads) -> None:
    block = exif_block(
        first={piexif.ImageIFD.Make: b"GoPro"},
        exif={ORIGINAL: b"2021:01:01 00:20:00", OFFSET: b"+00:00"},
        gps=gps_at("2021:01:01 00:20:00"),
    )
    assert reads(jpeg(app1(block)), "IMG_0001.jpg").level is Level.CONFIRMED


@pytest.mark.parametrize("ended", [datetime(2016, 1, 1, 0, 20, tzinfo=UTC), datetime(2021, 1, 1, 4, tzinfo=UTC),
                                   datetime(2014, 12, 31, 16, 3, tzinfo=UTC)])  # fmt: skip
def test_a_clips_clock_may_have_begun_again_too(reads: Reads, ended: datetime) -> None:
    found = reads(clip(ended=ended), "GOPR0001.MP4")
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)


def test_an_avis_clock_may_have_begun_again_too(reads: Reads) -> None:
    assert reads(avi(chunk(b"IDIT", b"Fri Jan  1 00:20:31 2016\n\0")), "a.avi").level is Level.IMPOSSIBLE


# --- Offsets, two blocks, maker notes --------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "hours"), [("+00:00:00", 0), ("+00", 0), ("-08", -8), ("+05:30:00", 5.5),
                                                ("+0530", 5.5), ("+01:00", 1), ("Z", 0)])  # fmt: skip
def test_an_offset_may_be_written_longer_and_shorter(written: str, hours: float) -> None:
    assert read_offset(written) == timedelta(hours=hours)


@pytest.mark.parametrize("written", ["+15:00", "+01:60", "+01:00:30", "01:00", "+", "+1:2", "east"])
def test_a_text_that_is_not_an_offset_gives_none(written: str) -> None:
    assert read_offset(written) is None


def two_blocks(second: bytes, offset: bytes = b"+00:00") -> bytes:
    first = app1(exif_block(exif={ORIGINAL: TAKEN, OFFSET: b"+00:00"}))
    return jpeg(first, app1(exif_block(exif={ORIGINAL: second, OFFSET: offset})))


def test_two_blocks_seconds_apart_are_one_moment(reads: Reads) -> None:
    found = reads(two_blocks(b"2026:03:14 10:11:14"), "a.jpg")
    assert found.taken == Interval(STATED.earliest, STATED.latest + timedelta(seconds=2))


@pytest.mark.parametrize(
    ("second", "offset"), [(b"2026:03:14 10:13:00", b"+00:00"), (b"2026:03:14 10:11:14", b"+01:00")]
)
def test_two_blocks_that_contradict_each_other_are_for_a_person(reads: Reads, second: bytes, offset: bytes) -> None:
    assert reads(two_blocks(second, offset), "a.jpg").level is Level.IMPOSSIBLE


@pytest.mark.parametrize(
    "note",
    [
        b"\x01\xf1\x03\0" + bytes(18) + struct.pack("<6H", 12, 11, 10, 3, 14, 2026) + bytes(40),
        b"\x01\xf1\x03\0" + bytes(18) + struct.pack(">6H", 12, 11, 10, 3, 14, 2026) + bytes(40),
        b"RECONYXUF\0" + bytes(0x31) + bytes((12, 11, 10, 14, 3)) + struct.pack("<H", 2026) + bytes(40),
        b"RECONYXH2\0" + bytes(0x34) + struct.pack("<6H", 12, 11, 10, 14, 3, 2026) + bytes(40),
    ],
    ids=["HyperFire", "another firmware", "UltraFire", "HF2 PRO"],
)
def test_a_reconyx_note_says_when_the_picture_was_taken(reads: Reads, note: bytes) -> None:
    found = reads(jpeg(app1(exif_block(exif={piexif.ExifIFD.MakerNote: note}))), "RCNX0001.JPG")
    assert (found.recorded, found.level) == ("2026-03-14T10:11:12", Level.ASSUMED_ZONE)


def test_flirs_record_says_when_the_picture_was_taken(reads: Reads) -> None:
    info = bytearray(0x400)
    info[:2] = b"\2\0"
    info[0x384:0x38E] = struct.pack("<IIh", int(STATED.earliest.timestamp()), 250, -60)
    head = b"FFF\0" + bytes(16) + struct.pack(">III", 100, 0x40, 1)
    row = struct.pack(">H", 0x20) + bytes(10) + struct.pack(">II", 0x60, len(info)) + bytes(12)
    record = head.ljust(0x40, b"\0") + row + bytes(info)
    segments = b"\xff\xe1" + struct.pack(">H", len(record) + 10) + b"FLIR\0\1\0\0" + record
    found = reads(jpeg(segments), "FLIR0001.jpg")
    assert (found.recorded, found.offset, found.level) == ("2026-03-14T11:11:12", "+01:00", Level.OWN_OFFSET)
