"""Photos that other importers were seen to judge wrongly, each through a whole run: sent, held, or left alone.

The inputs lie in ../shared/cases/photos, whose README says what is right for each.
"""

import json
import os
import shutil
from pathlib import Path

import piexif
import pytest

from agent.journal import State
from agent.record import EntryKind
from tests.laptop import Laptop
from tests.unit.capture.photobuilding import app1, directory, exif_block, jpeg
from tests.unit.capture.test_other_containers import keys, movie

VISITS = """id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status
museum,Science Museum,2026-03-14 09:00,2026-03-14 16:30,Europe/London,,,,,,
ski,Ski week,2026-02-08 06:00,2026-02-14 22:00,Europe/Paris,,,,,,
beach,Beach,2026-06-20 09:00,2026-06-20 16:30,Europe/London,,,,,,
"""

AT_ONE_TIME = 1773483072
"""The times that the README gives both files of a pair with `touch`."""

SENT, HELD, PRIVATE = "sent", "held", "private"


def copied(laptop: Laptop, *files: Path, at: int | None = AT_ONE_TIME) -> list[Path]:
    """The files in the import folder, all with one time of change, as after any copy."""
    laptop.register(VISITS)
    found = []
    for file in files:
        path = laptop.imports / file.name
        shutil.copyfile(file, path)
        if at is not None:
            os.utime(path, (at, at))
        found.append(path)
    return found


def outcome(laptop: Laptop, path: Path) -> str:
    """What happened to a file in a run."""
    if not path.exists():
        return SENT
    waiting = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    parts = {member.file.path for one in waiting for member in one.photo.members}
    rest = laptop.look(lambda context: context.journal.tracked_photos(*(set(State) - {State.REVIEW})))
    assert path not in {member.file.path for one in rest for member in one.photo.members}
    return HELD if path in parts else PRIVATE


ONE_FILE = [
    ("n08_evening_tokyo.jpg", {PRIVATE, HELD}),
    ("n09_morning_newyork.jpg", {SENT, HELD}),
    ("VID-20260211-WA0003.mp4", {HELD}),
    ("video_2026-02-11_12-00-00.mp4", {HELD}),
    ("signal-2026-02-11-120000.mp4", {HELD}),
    ("Screen_Recording_20260211_120000_Chrome.mp4", {HELD}),
    ("IMG_0099.PNG", {HELD}),
    ("gopro_reset.jpg", {HELD}),
    ("dsc_reset.jpg", {HELD}),
    ("f27_samsung_junk.heic", {SENT}),
    ("n28_samsung_seft.heic", {SENT}),
    ("n39_insta360.mp4", {SENT, HELD}),
    ("f41_samsung_20260314_101112.mp4", {SENT}),
    ("PXL_20260314_101112345.mp4", {SENT, HELD}),
    ("n35_iphone_export.mp4", {SENT, HELD}),
    ("n46_two_exif.jpg", {SENT}),
    ("n06_off2.jpg", {SENT}),
]


@pytest.mark.parametrize(("name", "right"), ONE_FILE, ids=[name for name, _ in ONE_FILE])
def test_a_photo_by_itself_is_judged_as_it_should_be(laptop: Laptop, cases: Path, name: str, right: set[str]) -> None:
    (path,) = copied(laptop, cases / name)
    before = path.read_bytes()
    laptop.run()
    assert outcome(laptop, path) in right
    if path.exists():
        assert path.read_bytes() == before
        assert laptop.on_share() == {}


@pytest.mark.parametrize("name", ["f27_samsung_junk.heic", "n28_samsung_seft.heic", "n39_insta360.mp4"])
def test_a_trailer_is_no_damage_and_nothing_of_it_is_on_record(laptop: Laptop, cases: Path, name: str) -> None:
    copied(laptop, cases / name, at=None)  # just copied: nothing waits for an end that is there
    assert laptop.run().damaged == 0
    entries = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert all("damage" not in entry.body for entry in entries)
    assert laptop.look(lambda context: context.journal.tracked_photos(State.SETTLED)) == []


def test_a_private_clip_that_is_called_as_a_visits_picture_stays(laptop: Laptop, cases: Path) -> None:
    clip, picture = copied(laptop, *(cases / "f01_pair_private_clip" / f"IMG_0001.{end}" for end in ("MP4", "JPG")))
    laptop.run()
    assert (outcome(laptop, picture), outcome(laptop, clip)) == (SENT, PRIVATE)


def test_a_visits_clip_that_is_called_as_a_private_picture_goes(laptop: Laptop, cases: Path) -> None:
    clip, picture = copied(laptop, *(cases / "f03_pair_visit_clip" / f"IMG_0003.{end}" for end in ("MP4", "JPG")))
    laptop.run()
    assert (outcome(laptop, picture), outcome(laptop, clip)) == (PRIVATE, SENT)


def test_googles_clip_goes_with_its_still(laptop: Laptop, cases: Path) -> None:
    files = copied(laptop, *sorted((cases / "f50_takeout").iterdir()))
    summary = laptop.run()
    assert [outcome(laptop, path) for path in files] == [SENT, SENT]
    assert (summary.sent, summary.review) == (1, 0)


def test_what_came_by_one_messenger_has_one_reason(laptop: Laptop, cases: Path) -> None:
    (first,) = copied(laptop, cases / "VID-20260211-WA0003.mp4")
    for number in range(3):
        shutil.copyfile(first, laptop.imports / f"VID-20260211-WA000{number}.mp4")
    laptop.run()
    held = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    assert len(held) == 4
    (reason,) = {one.reason for one in held}
    assert reason == (
        "it came through WhatsApp, so somebody else may have taken it, at another time: "
        "please say whether it is from a visit"
    )


def test_screenshots_are_left_alone_where_the_school_wants_that(laptop: Laptop, cases: Path) -> None:
    laptop.configure(folders={"screenshots": "leave"})
    paths = copied(laptop, cases / "IMG_0099.PNG", cases / "Screen_Recording_20260211_120000_Chrome.mp4")
    laptop.run()
    assert [outcome(laptop, path) for path in paths] == [PRIVATE, PRIVATE]
    laptop.configure()
    laptop.run()
    assert [outcome(laptop, path) for path in paths] == [HELD, HELD]


def test_explain_says_where_a_file_comes_from(laptop: Laptop, cases: Path) -> None:
    (path,) = copied(laptop, cases / "VID-20260211-WA0003.mp4")
    laptop.command("sync")
    shown = laptop.command("explain", path).stdout
    assert "it came through WhatsApp" in shown
    assert json.loads(laptop.command("explain", path, "--json").stdout)["origin"] == "received"


def test_explain_says_both_ways_that_a_clock_is_read(laptop: Laptop, cases: Path) -> None:
    (path,) = copied(laptop, cases / "n08_evening_tokyo.jpg")
    laptop.command("sync")
    shown = laptop.command("explain", path).stdout
    assert "its clock showed 20:11" in shown
    assert "+09:00 from UTC" in shown


IDENTIFIER = "570F1469-09C7-4E50-9875-05F21D5BD166"


def apples_still(taken: str) -> bytes:
    """A picture with Apple's identifier in its note."""
    value = IDENTIFIER.encode() + b"\0"
    note = b"Apple iOS\0\0\1MM" + directory([(0x0011, 2, len(value), value)], 14)
    exif = {
        piexif.ExifIFD.DateTimeOriginal: taken.encode(),
        piexif.ExifIFD.OffsetTimeOriginal: b"+00:00",
        piexif.ExifIFD.MakerNote: note,
    }
    first = {piexif.ImageIFD.Make: b"Apple", piexif.ImageIFD.Model: b"iPhone 15"}
    return jpeg(app1(exif_block(first=first, exif=exif)))


def apples_clip(taken: str | None) -> bytes:
    """A clip with the same identifier, and a creation date if it has one."""
    words = {"com.apple.quicktime.content.identifier": IDENTIFIER, "com.apple.quicktime.make": "Apple"}
    return movie(keys(words | ({"com.apple.quicktime.creationdate": taken} if taken else {})))


@pytest.mark.parametrize(
    ("still", "clip", "right"),
    [
        ("2026:03:14 10:11:12", "2026-03-14T10:11:12+0000", SENT),
        ("2026:03:14 10:11:12", None, SENT),
        ("2026:03:14 10:11:12", "2025-12-25T15:00:00+0000", HELD),
        ("2025:12:25 15:00:00", "2026-03-14T10:11:12+0000", HELD),
        ("2025:12:25 15:00:00", "2025-12-25T15:00:00+0000", PRIVATE),
        ("2025:12:25 15:00:00", None, PRIVATE),
    ],
)
def test_a_live_photo_goes_only_if_both_its_halves_do(laptop: Laptop, still: str, clip: str | None, right: str) -> None:
    laptop.register(VISITS)
    picture = laptop.file("IMG_0007.JPG", apples_still(still))
    film = laptop.file("IMG_0007.MOV", apples_clip(clip))
    laptop.run()
    assert [outcome(laptop, path) for path in (picture, film)] == [right, right]
