"""A Live Photo's partner, XMP, AAE and THM: they bear a photo out or throw doubt on it, and never override it."""

import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.capture import read
from agent.capture.companions import Companion, adjusted
from agent.capture.corroborate import corroborated
from agent.capture.evidence import Stamp
from agent.capture.placezone import with_zone_of_place
from agent.model.capture import Capture, Place
from agent.model.times import Interval, Level, WallClock
from tests.unit.capture.photobuilding import (
    AT,
    NOW,
    OFFSET,
    ORIGINAL,
    PICTURE,
    SECOND,
    SHOWN,
    TAKEN,
    app1,
    exif_block,
    gps_at,
    jpeg,
)

HOUR = timedelta(hours=1)

Pair = Callable[..., Capture]


def xmp(time: str) -> bytes:
    return (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        f"<rdf:Description xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:DateTimeOriginal='{time}'/>"
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def aae(time: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
        '"http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0"><dict>'
        f"<key>adjustmentTimestamp</key><date>{time}</date></dict></plist>"
    ).encode()


def photo(**exif: bytes) -> bytes:
    tags = {"taken": ORIGINAL, "offset": OFFSET}
    return jpeg(app1(exif_block(exif={tags[name]: value for name, value in exif.items()})))


WALL_CLOCK = photo(taken=TAKEN)
WITH_OFFSET = photo(taken=TAKEN, offset=b"+00:00")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A photo's bytes and those of another file next to it, read together."""

    def build(content: bytes, beside: bytes, name: str) -> Capture:
        main, other = tmp_path / "IMG_0001.JPG", tmp_path / name
        main.write_bytes(content)
        other.write_bytes(beside)
        return read(main, now=NOW, beside=[other])

    return build


# --- XMP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["2026-03-14T10:11:12", "2026-03-14T10:11:40+00:00", "2026-03-14T10:11:12+05:00"])
def test_an_xmp_of_the_same_time_changes_nothing(pair: Pair, tmp_path: Path, time: str) -> None:
    found = pair(WALL_CLOCK, xmp(time), "IMG_0001.JPG.xmp")
    assert found == read(tmp_path / "IMG_0001.JPG", now=NOW), "an offset that a program wrote least of all"


def test_an_xmp_that_says_another_time_must_lead_to_the_same_decision(pair: Pair) -> None:
    found = pair(WITH_OFFSET, xmp("2026-03-15T20:00:00"), "IMG_0001.xmp")
    later = datetime(2026, 3, 15, 20, tzinfo=UTC)
    assert (found.level, found.taken) == (Level.OWN_OFFSET, Interval(AT, AT + SECOND)), "it does not override"
    assert found.also == (Interval(later, later + SECOND),)
    assert "both times must lead to the same decision" in found.notes[0]


def test_another_wall_clock_time_in_xmp_may_be_of_any_zone(pair: Pair) -> None:
    found = pair(WALL_CLOCK, xmp("2026-03-15T20:00:00"), "IMG_0001.xmp")
    later = datetime(2026, 3, 15, 20, tzinfo=UTC)
    assert found.also == (Interval(later - 14 * HOUR, later + 12 * HOUR + SECOND),)


def test_an_xmp_alone_is_a_hint_and_not_enough_to_delete_on(pair: Pair) -> None:
    found = pair(PICTURE, xmp("2026-03-14T10:11:12+00:00"), "IMG_0001.xmp")
    assert (found.level, found.taken) == (Level.FILE_NAME, Interval(AT, AT + SECOND))
    assert not found.level.decides


def test_a_clock_that_was_reset_is_not_rescued_by_what_lies_beside_it(pair: Pair) -> None:
    found = pair(photo(taken=b"2000:01:01 00:00:10"), xmp("2026-03-14T10:11:12"), "IMG_0001.xmp")
    assert (found.level, found.taken) == (Level.IMPOSSIBLE, None)
    assert any("the XMP file beside it says" in note for note in found.notes), "but the person who decides is told"


@pytest.mark.parametrize("content", [b"", b"<", b"\xff" * 100, b"DateTimeOriginal <a>" * 9, bytes(3 * 1024 * 1024)])
def test_a_broken_file_beside_it_is_as_if_it_were_not_there(pair: Pair, tmp_path: Path, content: bytes) -> None:
    for name in ("a.xmp", "a.aae", "a.thm", "a.mov"):
        assert pair(WALL_CLOCK, content, name) == read(tmp_path / "IMG_0001.JPG", now=NOW)


# --- AAE -------------------------------------------------------------------------------------------------------------


def test_an_edit_after_the_picture_was_taken_changes_nothing(pair: Pair, tmp_path: Path) -> None:
    assert pair(WITH_OFFSET, aae("2026-03-20T08:00:00Z"), "IMG_0001.AAE") == read(tmp_path / "IMG_0001.JPG", now=NOW)


def test_an_edit_before_the_picture_was_taken_throws_doubt_on_the_clock(pair: Pair) -> None:
    found = pair(WITH_OFFSET, aae("2026-03-10T08:00:00Z"), "IMG_0001.AAE")
    assert found.taken == Interval(AT, AT + SECOND)
    assert found.also[0].latest == datetime(2026, 3, 10, 8, 0, 1, tzinfo=UTC)
    assert "edited before it was taken" in found.notes[0]


def test_an_edit_alone_is_an_upper_bound(pair: Pair) -> None:
    found = pair(PICTURE, aae("2026-03-20T08:00:00Z"), "IMG_0001.AAE")
    assert found.level is Level.UPPER_BOUND
    assert isinstance(found.taken, Interval)
    assert found.taken.latest == datetime(2026, 3, 20, 8, 0, 1, tzinfo=UTC)


def test_a_property_list_that_unpacks_without_end_is_refused() -> None:
    bomb = b"<!DOCTYPE a [<!ENTITY a 'adjustmentTimestamp'><!ENTITY b '&a;&a;'>]><plist><key>&b;</key></plist>"
    assert adjusted(bomb) is None
    assert adjusted(aae("2026-03-20T08:00:00Z")) == "2026-03-20T08:00:00Z"


# --- THM and Live Photos ---------------------------------------------------------------------------------------------


def avi() -> bytes:
    return b"RIFF" + struct.pack("<I", 16) + b"AVI LIST" + struct.pack("<I", 4) + b"movi"


def test_a_thumbnail_is_a_hint_for_a_film_that_says_nothing(pair: Pair) -> None:
    found = pair(avi(), WALL_CLOCK, "MVI_0001.THM")
    assert (found.format, found.level, found.taken) == ("avi", Level.FILE_NAME, WallClock(SHOWN, SHOWN + SECOND))


def test_a_thumbnail_of_the_same_time_bears_it_out(pair: Pair) -> None:
    found = pair(WALL_CLOCK, WALL_CLOCK, "IMG_0001.THM")
    assert (found.level, found.also) == (Level.ASSUMED_ZONE, ())
    assert found.basis[-1] == "the thumbnail beside it (THM)"


def live(written: str, content_id: str | None = "one") -> Companion:
    return Companion("its Live Photo partner", Stamp(written), own=True, content_id=content_id)


def still(level: Level = Level.ASSUMED_ZONE, content_id: str | None = "one") -> Capture:
    taken = WallClock(SHOWN, SHOWN + SECOND) if level is Level.ASSUMED_ZONE else Interval(AT, AT + SECOND)
    return Capture("heic", "2026-03-14T10:11:12", None, taken, level, ("EXIF DateTimeOriginal",), content_id=content_id)


def test_level_b_the_clip_of_a_live_photo_gives_its_pictures_clock_an_offset() -> None:
    found = corroborated(still(), [live("2026-03-14T10:11:11+0100")], NOW)
    assert found.level is Level.OWN_OFFSET
    assert found.taken == Interval(AT - HOUR, AT - HOUR + SECOND), "the picture's own second, not the clip's"
    assert found.basis[-1] == "the offset of its Live Photo partner"


@pytest.mark.parametrize(("mine", "theirs"), [("one", "two"), (None, None), ("one", None), (None, "one")])
def test_a_clip_that_is_a_partner_by_its_name_alone_gives_no_offset(mine: str | None, theirs: str | None) -> None:
    found = corroborated(still(content_id=mine), [live("2026-03-14T10:11:11+0100", theirs)], NOW)
    assert (found.level, found.taken, found.also) == (Level.ASSUMED_ZONE, WallClock(SHOWN, SHOWN + SECOND), ())


def test_a_clip_that_contradicts_its_picture_never_overrides_it() -> None:
    for level in (Level.ASSUMED_ZONE, Level.OWN_OFFSET):
        found = corroborated(still(level), [live("2026-03-14T15:00:00+0000")], NOW)
        assert (found.level, found.taken) == (level, still(level).taken)
        assert found.also == (
            Interval(AT.replace(hour=15, minute=0, second=0), AT.replace(hour=15, minute=0, second=1)),
        )


# --- What is worth nothing, and the place's zone ---------------------------------------------------------------------


@pytest.mark.parametrize("content", [PICTURE, WALL_CLOCK])
def test_a_files_time_of_change_is_worth_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    before = read(path, now=NOW)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert read(path, now=NOW) == before


def test_a_wall_clock_is_read_by_the_zone_of_its_place_too() -> None:
    taken = WallClock(SHOWN, SHOWN + SECOND)
    capture = Capture("jpeg", taken=taken, level=Level.ASSUMED_ZONE, place=Place(48.85, 2.35))
    found = with_zone_of_place(capture, lambda place: ("Europe/Paris",))
    assert found.also == (Interval(AT - HOUR, AT - HOUR + SECOND),)
    assert found.taken == taken


def test_both_sides_of_a_border_and_of_a_clock_change_count() -> None:
    shown = datetime(2025, 10, 26, 2, 30)  # noqa: DTZ001
    capture = Capture("jpeg", taken=WallClock(shown, shown), level=Level.ASSUMED_ZONE, place=Place(48.85, 2.35))
    found = with_zone_of_place(capture, lambda place: ("Europe/Paris", "Asia/Urumqi", "Nowhere/Land"))
    assert len(found.also) == 3


@pytest.mark.parametrize("level", [Level.OWN_OFFSET, Level.FILE_NAME])
def test_only_a_wall_clock_that_decides_has_the_place_asked(level: Level) -> None:
    taken = Interval(AT, AT) if level is Level.OWN_OFFSET else WallClock(SHOWN, SHOWN)
    capture = Capture("jpeg", taken=taken, level=level, place=Place(48.85, 2.35))
    assert with_zone_of_place(capture, lambda place: ("Europe/Paris",)) == capture


def test_a_photo_from_paris_is_read_by_the_clocks_of_paris(tmp_path: Path) -> None:
    pytest.importorskip("tzfpy")
    path = tmp_path / "a.jpg"
    gps = {tag: value for tag, value in gps_at("2026:03:14 10:11:12", 48.85, 2.35).items() if tag not in {7, 29}}
    path.write_bytes(jpeg(app1(exif_block(exif={ORIGINAL: TAKEN}, gps=gps))))
    assert read(path, now=NOW).also == (Interval(AT - HOUR, AT - HOUR + SECOND),)
