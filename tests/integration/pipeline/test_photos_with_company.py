"""Files that belong to a photo go with it: the clip of a Live Photo, sidecars, copies, the desktop's thumbnails."""

import hashlib
import io
import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from agent.journal import State
from agent.model.ids import VisitId
from agent.pipeline.context import Context, open_context, wall_clock
from agent.pipeline.lock import only_writer
from agent.pipeline.review import assign
from agent.pipeline.run import Run
from agent.record import EntryKind
from agent.share.memory import Disk, MemoryShare
from agent.tagging import untag
from tests.faults.foldershare import FolderFiles
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Heard, Laptop, jpeg, minutes, mov, sha256

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><!-- by another program --></x:xmpmeta>"
HOUR = 3600.0
CR2 = b"II*\0\x10\0\0\0CR\x02\0" + bytes(4) + b"\0\0" + bytes(range(256)) * 8
"""A RAW photo by its first bytes, in which no time can be read."""


def suffixes(laptop: Laptop) -> list[str]:
    """The endings of the files on the share, whose names all begin alike."""
    names = [Path(name).name for name in laptop.on_share()]
    assert len({name.partition(".")[0] for name in names}) == 1
    return sorted(name.partition(".")[2] for name in names)


def assign_all(laptop: Laptop) -> None:
    """A person says of everything that is held that it is of the museum."""
    held = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    assert held
    laptop.look(lambda context: [assign(context, one.id, VisitId("museum")) for one in held])


# --- Live Photos -----------------------------------------------------------------------------------------------------


def test_a_live_photo_goes_as_one_and_its_clip_has_the_tag_beside_it(laptop: Laptop) -> None:
    picture = laptop.photo("IMG_1.jpg")
    clip = laptop.file("IMG_1.MOV", mov(begun=ON_VISIT))
    originals = {sha256(picture.read_bytes()), sha256(clip.read_bytes())}

    summary = laptop.run()

    assert (summary.found, summary.removed, summary.exit_code) == (1, 1, 0)
    assert not picture.exists()
    assert not clip.exists()
    assert suffixes(laptop) == ["jpg", "mov", "mov.xmp"]
    assert laptop.originals_on_share() == originals
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert len(entry.body["files"]) == 3


def test_a_private_live_photo_keeps_its_clip(laptop: Laptop) -> None:
    picture = laptop.photo("IMG_1.jpg", PRIVATE)
    clip = laptop.file("IMG_1.mov", mov(begun=PRIVATE))
    summary = laptop.run()
    assert (summary.private, summary.review) == (1, 0)
    assert picture.exists()
    assert clip.exists()


def test_a_clip_that_was_seen_before_its_picture_is_not_sent_twice(laptop: Laptop) -> None:
    laptop.file("IMG_1.mov", mov(begun=ON_VISIT), age=HOUR)
    assert laptop.run().review == 1
    assign_all(laptop)  # it waits to be sent, as a separate photo
    laptop.file("IMG_1.jpg", jpeg(ON_VISIT), age=HOUR)

    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (1, 0)
    assert suffixes(laptop) == ["jpg", "mov", "mov.xmp"]
    assert laptop.look(lambda context: context.journal.counts())[State.REVIEW] == 0


def test_of_two_files_of_one_name_and_time_of_change_each_is_its_own(laptop: Laptop) -> None:
    picture = laptop.photo("IMG_1.jpg")
    clip = laptop.file("IMG_1.mov", mov(begun=PRIVATE - timedelta(days=79)), beside=picture)
    summary = laptop.run()
    assert (summary.found, summary.removed, summary.review, summary.private) == (2, 1, 0, 1)
    assert clip.exists()


def test_a_film_of_forty_minutes_is_no_part_of_a_picture(laptop: Laptop) -> None:
    picture = laptop.photo("IMG_1.jpg")
    film = laptop.file("IMG_1.mov", mov(begun=ON_VISIT - minutes(40), length=2400), beside=picture)
    assert laptop.run().removed == 1
    assert film.exists()


def test_a_clip_of_another_place_holds_its_whole_live_photo_back(laptop: Laptop) -> None:
    laptop.register(VISITS.replace("Europe/London,,,,,,", "Europe/London,,,51.4978,-0.1745,2,", 1))
    picture = laptop.photo("IMG_1.jpg")
    where = b"+48.8584+002.2945/"
    udta = (8 + 12 + len(where)).to_bytes(4) + b"udta" + (12 + len(where)).to_bytes(4) + b"\xa9xyz"
    udta += len(where).to_bytes(2) + b"\x15\xc7" + where
    clip = laptop.file("IMG_1.mov", with_box(mov(begun=ON_VISIT), udta))
    summary = laptop.run()
    assert (summary.found, summary.sent, summary.review) == (1, 0, 1)
    assert picture.exists()
    assert clip.exists()


def with_box(clip: bytes, box: bytes) -> bytes:
    """The clip with a box more at the end of its header, which ends the file."""
    at = clip.rindex(b"moov") - 4
    size = int.from_bytes(clip[at : at + 4]) + len(box)
    return clip[:at] + size.to_bytes(4) + clip[at + 4 :] + box


def test_a_clip_whose_end_is_missing_is_waited_for_and_then_said_to_be_damaged(laptop: Laptop) -> None:
    whole = mov(begun=ON_VISIT)
    pictures, header = whole[20 : whole.rindex(b"moov") - 4], whole[whole.rindex(b"moov") - 4 :]
    picture = laptop.photo("IMG_1.jpg")
    clip = laptop.file("IMG_1.mov", whole[:20] + header + pictures[:-100])
    assert laptop.run().sent == 0
    for path in (picture, clip):
        os.utime(path, (time.time() - HOUR,) * 2)
    laptop.look(lambda context: look_back(context, HOUR))
    summary = laptop.run()
    assert (summary.sent, summary.damaged) == (1, 1)


def look_back(context: Context, seconds: float) -> None:
    """As if the photos had been found this long ago."""
    found = context.journal.tracked_photos(State.SETTLED, State.FOUND)
    ago = timedelta(seconds=seconds)
    context.journal.save(*(replace(one, looked_at=one.looked_at - ago) for one in found))


@pytest.mark.parametrize("ending", ["xmp", "AAE", "thm"])
def test_a_clip_that_is_named_as_a_sidecar_sends_the_photo_to_a_person(laptop: Laptop, ending: str) -> None:
    laptop.photo("IMG_1.jpg")
    alien = laptop.file(f"IMG_1.{ending}", mov())
    summary = laptop.run()
    assert (summary.sent, summary.review) == (0, 1)
    assert alien.exists()


# --- Sidecars, and formats that carry no tag inside ------------------------------------------------------------------


def test_sidecars_go_with_their_photo_untouched(laptop: Laptop) -> None:
    picture = laptop.photo("IMG_1.jpg")
    beside = [laptop.file("IMG_1.xmp", XMP), laptop.file("IMG_1.jpg.xmp", XMP + b"\n"), laptop.file("IMG_1.AAE", b"")]
    originals = {sha256(path.read_bytes()) for path in (picture, *beside)}

    assert laptop.run().exit_code == 0

    assert not [path for path in (picture, *beside) if path.exists()]
    assert originals == laptop.originals_on_share()


def test_a_sidecar_of_a_private_photo_and_one_without_a_photo_stay(laptop: Laptop) -> None:
    laptop.photo("home.jpg", PRIVATE)
    kept = [laptop.file("home.xmp", XMP), laptop.file("alone.xmp", XMP)]
    laptop.photo("IMG_1.jpg")
    assert laptop.run().removed == 1
    assert all(path.exists() for path in kept)
    assert suffixes(laptop) == ["jpg"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("IMG_1.CR2", CR2), ("VID_1.mov", mov()), ("IMG_1.png", b"\x89PNG\r\n\x1a\n" + bytes(100))],
)
def test_what_carries_no_tag_inside_goes_untouched_with_the_tag_beside_it(
    laptop: Laptop, name: str, content: bytes
) -> None:
    path = laptop.file(name, content, age=HOUR)
    assert laptop.run().review == 1
    assert path.exists()
    assign_all(laptop)

    assert laptop.run().exit_code == 0

    assert not path.exists()
    ending = Path(name).suffix[1:].lower()
    assert suffixes(laptop) == [ending, f"{ending}.xmp"]
    files = {name.rpartition(".")[2]: content for name, content in laptop.on_share().items()}
    assert files[ending] == content
    told = untag(io.BytesIO(files["xmp"]), io.BytesIO())
    assert (told.visit, told.was_no_file) == ("museum", True)


def test_a_raw_photo_and_the_jpeg_of_the_same_shot_go_each_by_itself(laptop: Laptop) -> None:
    picture, raw = laptop.photo("IMG_1.jpg"), laptop.file("IMG_1.CR2", CR2, age=HOUR)
    sidecar = laptop.file("IMG_1.xmp", XMP)
    laptop.run()
    assert (picture.exists(), raw.exists(), sidecar.exists()) == (False, True, True)
    assign_all(laptop)
    laptop.run()
    assert (raw.exists(), sidecar.exists()) == (False, False)
    assert XMP in laptop.on_share().values()
    assert CR2 in laptop.on_share().values()


# --- Copies and small pictures ---------------------------------------------------------------------------------------


def test_identical_copies_are_removed_and_the_share_holds_one(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    original = photo.read_bytes()
    copies = [laptop.file(name, original) for name in ("IMG_1 (1).jpg", "again/IMG_1.jpg", "IMG_1.JPEG")]

    summary = laptop.run()

    assert (summary.removed, summary.sent, summary.exit_code) == (4, 1, 0)
    assert not [path for path in (photo, *copies) if path.exists()]
    assert len(laptop.on_share()) == 1
    late = laptop.file("late copy.jpg", original)
    assert laptop.run().removed == 1
    assert not late.exists()
    assert len(laptop.on_share()) == 1
    entries = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert sorted(entry.body["files"][0]["method"] for entry in entries) == ["already-there"] * 4 + ["read-back"]


def test_a_copy_that_is_read_after_its_original_is_proven_goes_in_the_same_run(laptop: Laptop) -> None:
    """The share in memory ends each delivery before it asks for the next; a real one does so now and then."""
    photo = laptop.photo("IMG_1.jpg")
    copy = laptop.file("IMG_1 (1).jpg", photo.read_bytes())
    disk, settings = Disk(files=FolderFiles(laptop.share)), laptop.settings

    def connect(*, delivering: bool = False) -> MemoryShare:
        return MemoryShare(disk, device=settings.device.name, clock=wall_clock)

    with only_writer(settings), open_context(settings, connect=connect) as context:
        summary = Run(context, settings.watch, Heard()).through()

    assert (summary.removed, summary.failed, summary.exit_code) == (2, 0, 0)
    assert not photo.exists()
    assert not copy.exists()
    assert len(laptop.on_share()) == 1


def test_copies_of_a_photo_that_cannot_be_sent_say_so_too(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    laptop.file("IMG_1 (1).jpg", photo.read_bytes())
    blocked = laptop.share / "visits" / "museum"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where the visit's folder belongs")

    summary = laptop.run()

    assert (summary.removed, summary.waiting, summary.failed) == (0, 2, 2)
    held = laptop.look(lambda context: context.journal.tracked_photos(State.DECIDED))
    assert len({one.reason for one in held}) == 1
    assert all(one.reason and one.not_before for one in held)

    blocked.unlink()
    assert laptop.run().removed == 2


def test_a_copy_that_differs_in_a_single_byte_is_a_photo_of_its_own(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg", size=200_000)
    content = bytearray(photo.read_bytes())
    content[100_000] ^= 1
    laptop.file("IMG_1 (1).jpg", bytes(content))
    assert laptop.run().sent == 2
    assert laptop.originals_on_share() == {sha256(jpeg(ON_VISIT, size=200_000)), sha256(bytes(content))}


def test_the_desktops_small_pictures_of_a_removed_photo_go_too_and_others_stay(laptop: Laptop) -> None:
    gone, kept = laptop.photo("a & b.jpg"), laptop.photo("home.jpg", PRIVATE)
    cache = laptop.home / ".cache" / "thumbnails"
    small = {path: [thumbnail(cache / size, path) for size in ("normal", "x-large", "fail/x")] for path in (gone, kept)}

    assert laptop.command("sync").returncode == 0

    assert not [picture for picture in small[gone] if picture.exists()]
    assert all(picture.exists() for picture in small[kept])
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.REMOVED})))
    assert entry.body["thumbnails"] == 3


def thumbnail(folder: Path, of: Path) -> Path:
    """A small picture as the desktop's standard names it, by the MD5 of the photo's address."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.md5(f"file://{quote(str(of), safe='/&')}".encode(), usedforsecurity=False).hexdigest()
    picture = folder / f"{name}.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    return picture


def test_a_photo_that_is_elsewhere_too_is_on_record_by_an_entry_of_its_own(laptop: Laptop) -> None:
    linked, alone = laptop.photo("IMG_1.jpg", seed=1), laptop.photo("IMG_2.jpg", seed=2)
    os.link(linked, laptop.home / "birthday.jpg")
    assert laptop.run().removed == 2
    assert not alone.exists()
    (reported,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.LEFTOVER_REPORTED})))
    assert [(one["kind"], one["found"]) for one in reported.body["leftovers"]] == [("hard link", "yes")]
    assert "birthday" not in str(reported)
    told = json.loads(laptop.command("log", "visit", "museum", "--json").stdout)
    assert (told["sent"], told["leftovers"]) == (2, 1)


def test_photos_of_one_second_and_camera_are_told_apart(laptop: Laptop) -> None:
    for n in range(5):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT, seed=n)
    laptop.photo("IMG_9.jpg", ON_VISIT + minutes(1), seed=9)
    assert laptop.run().removed == 6
    assert len(laptop.on_share()) == 6
