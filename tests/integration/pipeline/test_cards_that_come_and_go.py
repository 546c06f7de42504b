"""Photos on cards: locked, pulled out, put in again, or never seen again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.journal import State
from agent.pipeline.events import Event, Happened, Summary
from agent.record import EntryKind
from tests.laptop import ON_VISIT, PRIVATE, Heard, Laptop, jpeg, minutes, sha256

linux = pytest.mark.skipif(sys.platform != "linux", reason="leases and mounts as Linux has them")


def held_open(laptop: Laptop, photo: Path) -> Summary:
    """A run in which another program has the photo open for writing: it is recorded, not removed."""
    with photo.open("r+b"):
        return laptop.run()


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


@dataclass
class Card:
    """A card with a separate volume, put in at `place`: a RAM disk that is bound there."""

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

    first = laptop.run(heard := Heard(), roots=[card.place])
    second = laptop.run(roots=[card.place])

    assert (first.sent, first.removed, second.sent, photo.exists()) == (1, 0, 0, True)
    assert any("read-only" in str(event.details.get("reason")) for event in heard.events)
    assert laptop.entries(EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in laptop.entries(EntryKind.NOT_REMOVED)] == ["read-only"]

    card.pull()
    third = laptop.run()

    assert (third.removed, third.exit_code, third.away) == (0, 0, 1)
    assert laptop.entries(EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in laptop.entries(EntryKind.NOT_REMOVED)] == ["read-only", "away"]

    card.put_in()
    fourth = laptop.run(roots=[card.place])

    assert (fourth.sent, fourth.removed, photo.exists()) == (0, 1, False)
    assert len(laptop.entries(EntryKind.TRANSFERRED)) == 1


@linux
@pytest.mark.parametrize("below", ["", "DCIM/100CANON"])
def test_a_pulled_card_is_said_once_waits_and_goes_on(laptop: Laptop, card: Card, below: str) -> None:
    photos = on_card(card, 3)
    if not below:
        photos = [photo.rename(card.place / photo.name) for photo in photos]
    contents = {sha256(photo.read_bytes()) for photo in photos}
    laptop.configure(removal={"overdue_hours": 0.000001})
    laptop.run(heard := Heard(), roots=[card.place], stopping=lambda: len(heard.events) >= 3)
    assert {one.state for one in laptop.tracked()} == {State.DECIDED}
    card.pull()

    for number in range(3):
        summary = laptop.run(heard := Heard())
        assert (summary.exit_code, summary.failed, summary.waiting, summary.away) == (0, 0, 0, 3)
        told = [text for text in notices(heard) if "EOS_DIGITAL" in text]
        assert len(told) == (1 if number == 0 else 0)
    assert "3 photos" in str(heard.events) or number
    assert laptop.entries(EntryKind.OVERDUE) == []

    card.put_in()
    summary = laptop.run()

    assert (summary.removed, summary.exit_code, summary.away) == (3, 0, 0)
    assert laptop.originals_on_share() == contents
    assert laptop.entries(EntryKind.OVERDUE) == []


@linux
def test_a_card_pulled_before_the_removal_waits_with_its_proof(laptop: Laptop, card: Card) -> None:
    (photo,) = on_card(card, 1)

    def pull(event: Event) -> None:
        if event.what is Happened.PROVEN:
            card.pull()

    assert laptop.run(Heard(then=pull), roots=[card.place]).away == 1
    assert laptop.entries(EntryKind.REMOVED) == []
    assert [entry.body["outcome"] for entry in laptop.entries(EntryKind.NOT_REMOVED)] == ["away"]

    card.put_in()
    summary = laptop.run()

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
    assert (summary.exit_code, laptop.tracked()) == (0, [])
    assert [entry.body["outcome"] for entry in laptop.entries(EntryKind.NOT_REMOVED)] == ["changed"]


@linux
def test_photos_on_a_card_that_does_not_come_back_can_be_dismissed(laptop: Laptop, card: Card) -> None:
    on_card(card, 2)
    laptop.run(heard := Heard(), roots=[card.place], stopping=lambda: len(heard.events) >= 2)
    card.pull()
    assert laptop.run().away == 2

    done = laptop.command("review", "dismiss")

    assert done.returncode == 0, done.stderr
    assert "2 photos" in done.stdout
    summary = laptop.run()
    assert (summary.exit_code, summary.away) == (0, 0)
    assert [entry.body["outcome"] for entry in laptop.entries(EntryKind.NOT_REMOVED)] == ["dismissed"] * 2

    card.put_in()
    assert laptop.run(roots=[card.place]).removed == 2


@linux
def test_another_card_of_the_same_name_is_not_mistaken_for_the_first(
    laptop: Laptop, card: Card, tmp_path: Path
) -> None:
    (photo,) = on_card(card, 1)
    card.lock()
    laptop.run(roots=[card.place])
    card.pull()
    other = Card(tmp_path / "other chip", card.place)
    other.chip.mkdir()
    mount("-t", "tmpfs", "tmpfs", other.chip)
    other.put_in()
    try:
        on_card(other, 0)
        summary = laptop.run(roots=[card.place])
        assert (summary.away, summary.exit_code) == (1, 0)
        assert laptop.entries(EntryKind.REMOVED) == []
    finally:
        other.pull()
        subprocess.run(["umount", "-l", str(other.chip)], check=True)
    assert not photo.exists()
