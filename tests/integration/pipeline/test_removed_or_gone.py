"""'Removed' is what this program did and saw. Gone, its folder away, its card pulled out are other things on record."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.journal import State, TrackedPhoto
from agent.pipeline.context import open_context
from agent.pipeline.events import Event, Happened, Summary
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.record import Entry, EntryKind
from agent.removal.names import PRIVATE_PREFIX
from tests.laptop import ON_VISIT, PRIVATE, Heard, Laptop, jpeg, minutes, sha256

linux = pytest.mark.skipif(sys.platform != "linux", reason="leases and mounts as Linux has them")


def entries(laptop: Laptop, *kinds: EntryKind) -> list[Entry]:
    found: list[Entry] = laptop.look(lambda context: list(context.record.entries(kinds=set(kinds))))
    return found


def tracked_photos(laptop: Laptop, *states: State) -> list[TrackedPhoto]:
    found: list[TrackedPhoto] = laptop.look(lambda context: context.journal.tracked_photos(*states))
    return found


def sync(laptop: Laptop, *roots: Path, heard: Heard | None = None, **options: Any) -> Summary:
    """`sync PATH…`, or plain `sync`."""
    settings = laptop.settings
    with only_writer(settings), open_context(settings) as context:
        return Run(context, roots or settings.watch, heard or Heard(), **options).through()


def dies_at_unlink(laptop: Laptop, number: int, *roots: Path) -> None:
    """A sync that ends, as by SIGKILL, in place of its `number`-th unlinking of a photo."""
    child = os.fork()
    if child == 0:
        count, unlink = 0, os.unlink

        def die(path: Any, *rest: Any, **named: Any) -> None:
            nonlocal count
            if named.get("dir_fd") is not None:
                count += 1
                if count == number:
                    os._exit(9)
            unlink(path, *rest, **named)

        os.unlink = die  # type: ignore[assignment]
        try:
            sync(laptop, *roots)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def left_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def held_open(laptop: Laptop, photo: Path) -> Summary:
    """A run in which another program has the photo open for writing: it is recorded, not removed."""
    with photo.open("r+b"):
        return laptop.run()


# --- somebody else took it away --------------------------------------------------------------------------------------


@linux
def test_a_photo_that_somebody_else_took_away_is_not_called_removed(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)
    assert [one.state for one in tracked_photos(laptop)] == [State.RECORDED]

    photo.unlink()
    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (0, 0)
    assert entries(laptop, EntryKind.REMOVED) == []
    (entry,) = entries(laptop, EntryKind.NOT_REMOVED)
    assert entry.body["outcome"] == "gone"
    assert [one.state for one in tracked_photos(laptop)] == [State.GONE]
    assert laptop.run().exit_code == 0


@linux
def test_a_folder_that_is_gone_is_another_fact(laptop: Laptop) -> None:
    photo = laptop.photo("day 1/IMG_1.jpg")
    held_open(laptop, photo)

    photo.unlink()
    photo.parent.rmdir()
    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (0, 0)
    assert entries(laptop, EntryKind.REMOVED) == []
    (entry,) = entries(laptop, EntryKind.NOT_REMOVED)
    assert entry.body["outcome"] == "folder gone"


@linux
def test_a_photo_edited_after_it_was_sent_ends_its_first_transfer_so(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)

    photo.write_bytes(jpeg(ON_VISIT, seed=5))
    assert laptop.run().removed == 1

    first, second = entries(laptop, EntryKind.TRANSFERRED)
    (changed,) = entries(laptop, EntryKind.NOT_REMOVED)
    (removed,) = entries(laptop, EntryKind.REMOVED)
    assert (changed.body["outcome"], changed.body["transfer"]) == ("changed", first.body["transfer"])
    assert removed.body["transfer"] == second.body["transfer"]


# --- crashes ---------------------------------------------------------------------------------------------------------


@linux
def test_a_crash_outside_the_watched_folders_is_cleared_up_by_any_run(laptop: Laptop, tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    content = jpeg(ON_VISIT)
    (card / "IMG_1.jpg").write_bytes(content)
    dies_at_unlink(laptop, 1, card)
    assert left_below(card)[0].startswith(PRIVATE_PREFIX)

    summary = sync(laptop)

    assert (summary.removed, summary.exit_code, left_below(card)) == (1, 0, [])
    (entry,) = entries(laptop, EntryKind.REMOVED)
    assert entry.body["files"] == 1
    assert laptop.originals_on_share() == {sha256(content)}


@linux
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_after_a_crash_the_record_counts_every_file_that_was_removed(laptop: Laptop, number: int) -> None:
    for n in range(2):
        photo = laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n)
        laptop.file(f"IMG_{n}.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", beside=photo)
    dies_at_unlink(laptop, number)

    assert laptop.run().exit_code == 0

    removed = [entry.body for entry in entries(laptop, EntryKind.REMOVED)]
    assert [body["files"] for body in removed] == [2, 2]
    assert sum(body.get("unseen", 0) for body in removed) == number - 1
    assert left_below(laptop.imports) == []


@linux
def test_what_went_after_a_crash_is_on_record_as_unseen(laptop: Laptop) -> None:
    """This program meant to remove it and was ended; who took it away then, nobody saw."""
    photos = [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n) for n in range(2)]
    dies_at_unlink(laptop, 1)
    left = [photo for photo in photos if photo.exists()]
    for photo in left:
        photo.unlink()

    assert laptop.run().exit_code == 0

    assert len(left) == 1
    removed = [entry.body for entry in entries(laptop, EntryKind.REMOVED)]
    assert sorted(body.get("unseen", 0) for body in removed) == [0, 1]


@linux
def test_half_a_group_that_was_removed_is_not_sent_again(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    sidecar = laptop.file("IMG_1.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", beside=photo)
    held_open(laptop, photo)
    assert (photo.exists(), sidecar.exists()) == (True, False)
    on_share = laptop.on_share()

    summary = laptop.run()

    assert (summary.sent, summary.removed, summary.exit_code) == (0, 1, 0)
    assert laptop.on_share() == on_share
    assert len(entries(laptop, EntryKind.TRANSFERRED)) == 1
    (removed,) = entries(laptop, EntryKind.REMOVED)
    assert removed.body["files"] == 2


# --- a proof ages ----------------------------------------------------------------------------------------------------


def held_and_then(laptop: Laptop, happens: Callable[[Path], None]) -> Path:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)
    (name,) = laptop.on_share()
    happens(laptop.share / name)
    return photo


@linux
def test_a_copy_that_was_deleted_on_the_share_is_sent_again_first(laptop: Laptop) -> None:
    content = held_and_then(laptop, Path.unlink).read_bytes()

    summary = laptop.run(heard := Heard())

    assert laptop.originals_on_share() == {sha256(content)}
    assert (summary.removed, summary.exit_code) == (1, 0)
    assert len(entries(laptop, EntryKind.TRANSFERRED)) == 2
    (lost,) = entries(laptop, EntryKind.SHARE_LOST)
    assert lost.body["found"] == "gone"
    told = [event.details["text"] for event in heard.events if event.what is Happened.NOTICE]
    assert any("1 photo" in str(text) for text in told)


@linux
def test_a_copy_that_was_altered_on_the_share_is_sent_again_beside_it(laptop: Laptop) -> None:
    def alter(copy: Path) -> None:
        content = bytearray(copy.read_bytes())
        content[-20] ^= 1
        copy.write_bytes(content)

    photo = held_and_then(laptop, alter)
    content = photo.read_bytes()
    (altered,) = laptop.on_share()

    assert laptop.run().removed == 1

    assert len(laptop.on_share()) == 2
    (laptop.share / altered).unlink()
    assert laptop.originals_on_share() == {sha256(content)}
    (lost,) = entries(laptop, EntryKind.SHARE_LOST)
    assert lost.body["found"] == "different"


@linux
def test_nothing_is_removed_in_a_later_run_while_the_share_is_away(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)
    laptop.server.stop()  # type: ignore[attr-defined]

    assert laptop.run().exit_code == 5

    assert photo.exists()
    laptop.server.restart()  # type: ignore[attr-defined]
    assert laptop.run().removed == 1


# --- cards -----------------------------------------------------------------------------------------------------------


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


@dataclass
class Card:
    """A card of its own volume, put in at `place`: a RAM disk that is bound there."""

    chip: Path
    place: Path

    def put_in(self) -> None:
        mount("--bind", self.chip, self.place)

    def lock(self) -> None:
        mount("-o", "remount,ro,bind", self.place)

    def pull(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True, capture_output=True)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    one = Card(tmp_path / "chip", tmp_path / "media" / "EOS_DIGITAL")
    one.chip.mkdir()
    one.place.mkdir(parents=True)
    try:
        mount("-t", "tmpfs", "tmpfs", one.chip)
        one.put_in()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    try:
        yield one
    finally:
        for path in (one.place, one.chip):
            subprocess.run(["umount", "-l", str(path)], check=False, capture_output=True)


def on_card(card: Card, count: int) -> list[Path]:
    folder = card.place / "DCIM" / "100CANON"
    folder.mkdir(parents=True)
    photos = [folder / f"IMG_{n}.jpg" for n in range(count)]
    for n, photo in enumerate(photos):
        photo.write_bytes(jpeg(ON_VISIT + minutes(n), seed=n))
    return photos


def notices(heard: Heard) -> list[str]:
    return [str(event.details["text"]) for event in heard.events if event.what is Happened.NOTICE]


@linux
def test_a_photo_on_a_locked_card_is_sent_once_and_said_to_be_there(laptop: Laptop, card: Card) -> None:
    (photo,) = on_card(card, 1)
    card.lock()

    first = sync(laptop, card.place, heard=(heard := Heard()))
    second = sync(laptop, card.place)

    assert (first.sent, first.removed, second.sent, photo.exists()) == (1, 0, 0, True)
    assert any("read-only" in str(event.details.get("reason")) for event in heard.events)
    assert entries(laptop, EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in entries(laptop, EntryKind.NOT_REMOVED)] == ["read-only"]

    card.pull()
    third = sync(laptop)

    assert (third.removed, third.exit_code, third.away) == (0, 0, 1)
    assert entries(laptop, EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in entries(laptop, EntryKind.NOT_REMOVED)] == ["read-only", "away"]

    card.put_in()
    fourth = sync(laptop, card.place)

    assert (fourth.sent, fourth.removed, photo.exists()) == (0, 1, False)
    assert len(entries(laptop, EntryKind.TRANSFERRED)) == 1


@linux
@pytest.mark.parametrize("below", ["", "DCIM/100CANON"])
def test_a_pulled_card_is_said_once_waits_and_goes_on(laptop: Laptop, card: Card, below: str) -> None:
    photos = on_card(card, 3)
    if not below:
        photos = [photo.rename(card.place / photo.name) for photo in photos]
    contents = {sha256(photo.read_bytes()) for photo in photos}
    laptop.configure(removal={"overdue_hours": 0.000001})
    sync(laptop, card.place, heard=(heard := Heard()), stopping=lambda: len(heard.events) >= 3)
    assert {one.state for one in tracked_photos(laptop)} == {State.DECIDED}
    card.pull()

    for number in range(3):
        summary = sync(laptop, heard=(heard := Heard()))
        assert (summary.exit_code, summary.failed, summary.waiting, summary.away) == (0, 0, 0, 3)
        told = [text for text in notices(heard) if "EOS_DIGITAL" in text]
        assert len(told) == (1 if number == 0 else 0)
    assert "3 photos" in str(heard.events) or number
    assert entries(laptop, EntryKind.OVERDUE) == []

    card.put_in()
    summary = sync(laptop)

    assert (summary.removed, summary.exit_code, summary.away) == (3, 0, 0)
    assert laptop.originals_on_share() == contents
    assert entries(laptop, EntryKind.OVERDUE) == []


@linux
def test_a_card_pulled_before_the_removal_waits_with_its_proof(laptop: Laptop, card: Card) -> None:
    (photo,) = on_card(card, 1)

    def pull(event: Event) -> None:
        if event.what is Happened.PROVEN:
            card.pull()

    assert sync(laptop, card.place, heard=Heard(then=pull)).away == 1
    assert entries(laptop, EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in entries(laptop, EntryKind.NOT_REMOVED)] == ["away"]

    card.put_in()
    summary = sync(laptop)

    assert (summary.sent, summary.removed, photo.exists()) == (0, 1, False)


@linux
def test_a_photo_corrected_after_it_was_sent_is_another_photo(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)
    before = photo.stat()
    photo.write_bytes(jpeg(PRIVATE))
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))

    laptop.run()
    summary = laptop.run()

    assert photo.read_bytes() == jpeg(PRIVATE)
    assert (summary.exit_code, tracked_photos(laptop)) == (0, [])
    assert [entry.body["outcome"] for entry in entries(laptop, EntryKind.NOT_REMOVED)] == ["changed"]


@linux
def test_photos_on_a_card_that_does_not_come_back_can_be_dismissed(laptop: Laptop, card: Card) -> None:
    on_card(card, 2)
    sync(laptop, card.place, heard=(heard := Heard()), stopping=lambda: len(heard.events) >= 2)
    card.pull()
    assert sync(laptop).away == 2

    done = laptop.command("review", "dismiss")

    assert done.returncode == 0, done.stderr
    assert "2 photos" in done.stdout
    summary = sync(laptop)
    assert (summary.exit_code, summary.away) == (0, 0)
    assert [entry.body["outcome"] for entry in entries(laptop, EntryKind.NOT_REMOVED)] == ["dismissed"] * 2

    card.put_in()
    assert sync(laptop, card.place).removed == 2


@linux
def test_another_card_of_the_same_name_is_not_mistaken_for_the_first(
    laptop: Laptop, card: Card, tmp_path: Path
) -> None:
    (photo,) = on_card(card, 1)
    card.lock()
    sync(laptop, card.place)
    card.pull()
    other = Card(tmp_path / "other chip", card.place)
    other.chip.mkdir()
    mount("-t", "tmpfs", "tmpfs", other.chip)
    other.put_in()
    try:
        on_card(other, 0)
        summary = sync(laptop, card.place)
        assert (summary.away, summary.exit_code) == (1, 0)
        assert entries(laptop, EntryKind.REMOVED) == []
    finally:
        other.pull()
        subprocess.run(["umount", "-l", str(other.chip)], check=True)
    assert not photo.exists()
