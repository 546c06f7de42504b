"""'Removed' is what this program did and saw. Gone, its folder away, its card pulled out are other things on record."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.journal import State
from agent.pipeline.events import Happened, Summary
from agent.record import EntryKind
from agent.removal.names import PRIVATE_PREFIX
from tests.laptop import ON_VISIT, Heard, Laptop, jpeg, minutes, sha256

linux = pytest.mark.skipif(sys.platform != "linux", reason="leases and mounts as Linux has them")


def dies_at_unlink(laptop: Laptop, number: int, *roots: Path) -> None:
    """A sync that ends, as by SIGKILL, in place of its `number`-th unlinking of a photo."""
    child = os.fork()
    if child == 0:
        count, unlink = 0, os.unlink

        def die(path: Any, *rest: Any, **named: Any) -> None:
            nonlocal count
            # A photo or its sidecar, by its folder's handle; not the files that a connection keeps for itself.
            if named.get("dir_fd") is not None and str(path).endswith((".jpg", ".xmp")):
                count += 1
                if count == number:
                    os._exit(9)
            unlink(path, *rest, **named)

        os.unlink = die  # type: ignore[assignment]
        try:
            laptop.run(roots=roots)
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
    assert [one.state for one in laptop.tracked()] == [State.RECORDED]

    photo.unlink()
    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (0, 0)
    assert laptop.entries(EntryKind.REMOVED) == []
    (entry,) = laptop.entries(EntryKind.NOT_REMOVED)
    assert entry.body["outcome"] == "gone"
    assert [one.state for one in laptop.tracked()] == [State.GONE]
    assert laptop.run().exit_code == 0


@linux
def test_a_folder_that_is_gone_is_another_fact(laptop: Laptop) -> None:
    photo = laptop.photo("day 1/IMG_1.jpg")
    held_open(laptop, photo)

    photo.unlink()
    photo.parent.rmdir()
    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (0, 0)
    assert laptop.entries(EntryKind.REMOVED) == []
    (entry,) = laptop.entries(EntryKind.NOT_REMOVED)
    assert entry.body["outcome"] == "folder gone"


@linux
def test_a_photo_edited_after_it_was_sent_ends_its_first_transfer_so(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    held_open(laptop, photo)

    photo.write_bytes(jpeg(ON_VISIT, seed=5))
    assert laptop.run().removed == 1

    first, second = laptop.entries(EntryKind.TRANSFERRED)
    (changed,) = laptop.entries(EntryKind.NOT_REMOVED)
    (removed,) = laptop.entries(EntryKind.REMOVED)
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

    summary = laptop.run()

    assert (summary.removed, summary.exit_code, left_below(card)) == (1, 0, [])
    (entry,) = laptop.entries(EntryKind.REMOVED)
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

    removed = [entry.body for entry in laptop.entries(EntryKind.REMOVED)]
    assert [body["files"] for body in removed] == [2, 2]
    assert sum(body.get("unseen", 0) for body in removed) == number - 1
    assert left_below(laptop.imports) == []


@linux
def test_what_went_after_a_crash_is_on_record_as_unseen(laptop: Laptop) -> None:
    """This program meant to remove it and was killed; nobody saw who removed it then."""
    photos = [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n) for n in range(2)]
    dies_at_unlink(laptop, 1)
    left = [photo for photo in photos if photo.exists()]
    for photo in left:
        photo.unlink()

    assert laptop.run().exit_code == 0

    assert len(left) == 1
    removed = [entry.body for entry in laptop.entries(EntryKind.REMOVED)]
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
    assert len(laptop.entries(EntryKind.TRANSFERRED)) == 1
    (removed,) = laptop.entries(EntryKind.REMOVED)
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
    assert len(laptop.entries(EntryKind.TRANSFERRED)) == 2
    (lost,) = laptop.entries(EntryKind.SHARE_LOST)
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
    (lost,) = laptop.entries(EntryKind.SHARE_LOST)
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
