"""What bad input gets: a reason in `status`, never a crash, and the other photos go on.

Each test puts a good visit photo beside the bad one and sees it leave.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.folders import walk
from agent.journal import State
from agent.model.files import Photo
from agent.model.ids import VisitId
from agent.pipeline import examine
from agent.pipeline.context import open_context
from agent.pipeline.events import Event, Happened
from agent.pipeline.lock import only_writer
from agent.pipeline.review import assign
from agent.pipeline.run import Run
from agent.pipeline.status import status
from tests.laptop import ON_VISIT, PRIVATE, Heard, Laptop, jpeg, sha256
from tests.servers.openssh import AS_ROOT

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if AS_ROOT else ()
"""Before a command: a root for whom permissions count as they do for a teacher."""


@pytest.fixture
def good(laptop: Laptop) -> Path:
    """A photo that is as it should be."""
    return laptop.photo("good.jpg", seed=200)


def waiting(laptop: Laptop) -> dict[str, str | None]:
    """The photos that `status` says are waiting, by name, with the reason."""
    return {one.tracked.photo.main.path.name: one.reason for one in laptop.look(status).waiting}


# --- Files that do not keep still ------------------------------------------------------------------------------------


def test_a_photo_that_vanishes_before_reading_is_forgotten(laptop: Laptop, good: Path) -> None:
    laptop.configure(folders={"settle_seconds": 0.2})
    gone = laptop.photo("gone.jpg")

    def vanish(_: Event) -> None:
        gone.unlink(missing_ok=True)

    summary = laptop.run(Heard(then=vanish))
    assert not good.exists()
    assert summary.proven == 1

    assert laptop.run().exit_code == 0
    assert waiting(laptop) == {}


def test_a_photo_that_vanishes_while_it_settles_was_never_there(laptop: Laptop, good: Path) -> None:
    laptop.configure(folders={"settle_seconds": 0.2})
    gone = laptop.photo("gone.jpg")

    def take_away(seconds: float) -> None:
        gone.unlink()
        time.sleep(seconds)

    summary = laptop.run(sleep=take_away)

    assert (summary.proven, summary.exit_code) == (1, 0)
    assert not good.exists()


def test_a_photo_that_vanishes_while_packed_is_reported(laptop: Laptop, good: Path) -> None:
    gone = laptop.photo("gone.jpg")

    def vanish(event: Event) -> None:
        if event.what is Happened.DECIDED:
            gone.unlink(missing_ok=True)

    heard = Heard(then=vanish)
    summary = laptop.run(heard)

    assert (summary.proven, summary.failed, summary.exit_code) == (1, 1, 3)
    (failed,) = (event for event in heard.events if event.what is Happened.FAILED)
    assert "vanished" in str(failed.details["reason"])
    assert not good.exists()
    assert laptop.run().exit_code == 0


def test_a_photo_that_grows_while_it_settles_waits_for_another_run(laptop: Laptop, good: Path) -> None:
    laptop.configure(folders={"settle_seconds": 0.2})
    growing = laptop.photo("growing.jpg")

    def grow(seconds: float) -> None:
        time.sleep(seconds)
        with growing.open("ab") as file:
            file.write(b"more")

    summary = laptop.run(sleep=grow)

    assert (summary.proven, summary.exit_code) == (1, 3)
    assert not good.exists()
    assert growing.exists()


@pytest.mark.parametrize("patient", [True, False])
def test_a_photo_of_a_long_look_is_not_settled_by_that_look_alone(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, patient: bool
) -> None:
    """A card with thousands of photos takes longer to look through than a photo takes to settle."""
    laptop.configure(folders={"settle_seconds": 0.2})
    photo = laptop.photo("IMG_1.jpg")
    looks = [examine.walk] if patient else []

    def long_walk(*given: Any, **named: Any) -> Iterator[Photo]:
        time.sleep(0.3)  # before this photo's turn
        looks.append(walk)
        yield from walk(*given, **named)
        if len(looks) == 1:
            photo.write_bytes(photo.read_bytes() + b"more")

    monkeypatch.setattr(examine, "walk", long_walk)
    laptop.run(patient=patient)

    assert len(looks) == 2
    assert [one.state for one in laptop.tracked()] == [State.FOUND]
    time.sleep(0.2)
    laptop.run(patient=patient)
    assert not photo.exists()


def test_a_photo_that_grows_while_it_is_sent_is_not_proven_and_not_removed(laptop: Laptop, good: Path) -> None:
    growing = laptop.photo("growing.jpg", size=30_000_000)
    content = growing.read_bytes()
    laptop.configure(share={"bandwidth_kib_per_s": 16 * 1024})
    sent = 0

    def grow(size: int) -> None:
        nonlocal sent
        sent += size
        if sent - size < 4_000_000 <= sent:
            with growing.open("ab") as file:
                file.write(b"more")

    heard = Heard(advanced=grow)
    summary = laptop.run(heard)

    assert (summary.failed, summary.exit_code) == (1, 3)
    assert growing.read_bytes() == content + b"more"
    assert not good.exists()
    assert len(laptop.on_share()) == 1, "neither the half photo nor a temporary file of it is left on the share"
    assert "changed" in str(waiting(laptop)["growing.jpg"])


# --- Files that are no good ------------------------------------------------------------------------------------------


def test_a_photo_that_may_not_be_read_is_reported_and_stays(laptop: Laptop, good: Path) -> None:
    if AS_ROOT and shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and setpriv is not here to make it an ordinary user")
    closed = laptop.photo("closed.jpg")
    closed.chmod(0)

    done = laptop.command("sync", before=WITHOUT_PRIVILEGES)

    assert done.returncode == 4, done.stderr
    assert not good.exists()
    assert "ermission denied" in str(waiting(laptop)["closed.jpg"])
    closed.chmod(0o600)
    assert laptop.command("sync").returncode == 0
    assert not closed.exists()


def test_a_folder_that_may_not_be_read_is_reported_and_the_others_go_on(laptop: Laptop, good: Path) -> None:
    if AS_ROOT and shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and setpriv is not here to make it an ordinary user")
    inside = laptop.photo("closed/IMG_1.jpg")
    inside.parent.chmod(0)

    done = laptop.command("sync", before=WITHOUT_PRIVILEGES)

    inside.parent.chmod(0o700)
    assert "may not read" in done.stderr
    assert not good.exists()
    assert inside.exists()


def test_a_file_of_zero_bytes_is_refused_with_its_reason(laptop: Laptop, good: Path) -> None:
    empty = laptop.file("empty.jpg", b"")

    summary = laptop.run()

    assert (summary.refused, summary.exit_code) == (1, 4)
    assert not good.exists()
    assert empty.exists()
    assert "empty" in str(waiting(laptop)["empty.jpg"])


def test_an_empty_file_that_is_filled_later_goes_its_way(laptop: Laptop) -> None:
    photo = laptop.file("IMG_1.jpg", b"")
    laptop.run()
    photo.write_bytes(jpeg(ON_VISIT))

    assert laptop.run().removed == 1


def test_a_fresh_photo_without_its_end_waits_for_it(laptop: Laptop, good: Path) -> None:
    whole = jpeg(ON_VISIT, size=200_000)
    cut = laptop.file("cut.jpg", whole[:150_000])

    summary = laptop.run()
    assert (summary.proven, summary.waiting, summary.review) == (1, 1, 0)
    assert "its end is missing" in str(waiting(laptop)["cut.jpg"])
    assert cut.exists()

    cut.write_bytes(whole)
    assert laptop.run().removed == 1
    assert sha256(whole) in laptop.originals_on_share()


def test_a_visit_photo_long_without_its_end_is_sent_as_damaged(laptop: Laptop, good: Path) -> None:
    cut = laptop.file("cut.jpg", jpeg(ON_VISIT, size=200_000)[:150_000])
    an_hour_ago = time.time() - 3600
    os.utime(cut, (an_hour_ago, an_hour_ago))

    content = cut.read_bytes()

    heard = Heard()
    summary = laptop.run(heard)

    assert (summary.removed, summary.damaged, summary.exit_code) == (2, 1, 0)
    (told,) = [event for event in heard.events if event.what is Happened.DAMAGED]
    assert told.details == {"reason": "its end is missing"}
    assert laptop.look(status).damage.photos == 1
    assert on_record(laptop) == [None, "end missing"]
    assert sha256(content) in laptop.originals_on_share()
    assert not cut.exists()


def test_a_photo_that_does_not_decode_is_sent_and_said_to_be_damaged(laptop: Laptop, good: Path) -> None:
    content = jpeg(ON_VISIT)
    tables = content.index(b"\xff\xc4")
    spoilt = laptop.file("spoilt.jpg", content[: tables + 4] + bytes(40) + content[tables + 44 :])

    heard = Heard()
    summary = laptop.run(heard)

    assert (summary.removed, summary.damaged, summary.exit_code) == (2, 1, 0)
    (told,) = [event for event in heard.events if event.what is Happened.DAMAGED]
    assert "decode" in str(told.details["reason"])
    assert not spoilt.exists()
    text = laptop.command("status").stdout
    assert "1 of those sent" in text
    assert "card may be failing" in text
    assert on_record(laptop) == [None, "does not decode"]
    assert "damaged: does not decode" in laptop.command("log", "show").stdout
    assert "1: check the card" in laptop.command("log", "visit", "museum").stdout


def on_record(laptop: Laptop) -> list[str | None]:
    """The damage that the recorded transfers state."""
    shown = laptop.command("log", "show", "--json").stdout.splitlines()
    return sorted((json.loads(line)["damage"] for line in shown), key=str)


def test_a_private_photo_is_never_decoded(laptop: Laptop) -> None:
    laptop.photo("private.jpg", PRIVATE)
    settings = laptop.settings
    with only_writer(settings), open_context(settings) as context:
        assert Run(context, settings.watch, Heard()).through().private == 1
        reading, decoding = context.worker._children
        assert reading._imposed is not None, "the worker that reads headers was started"
        assert decoding._imposed is None, "the one that decodes was not"


def test_what_only_looks_like_a_photo_is_left_alone(laptop: Laptop, good: Path) -> None:
    folder = laptop.imports / "IMG_1.jpg"
    inside = laptop.photo("IMG_1.jpg/IMG_2.jpg", seed=7)
    os.mkfifo(laptop.imports / "IMG_3.jpg")
    (laptop.imports / "IMG_4.jpg").symlink_to(laptop.photo("elsewhere.png", PRIVATE))
    (laptop.imports / "IMG_5.jpg").symlink_to(laptop.imports / "nowhere.jpg")
    text = laptop.file("notes.txt", b"what we saw")

    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (2, 0), "the good one, and the one in the folder"
    assert not inside.exists()
    assert folder.is_dir()
    assert (laptop.imports / "IMG_4.jpg").is_symlink()
    assert text.exists()


# --- Names -----------------------------------------------------------------------------------------------------------

NAMES = (
    b"IMG\n1.jpg",
    b"\"IMG\" '1' `$(reboot)`.jpg",
    "IMG_\u202egpj.exe.jpg".encode(),  # a mark that turns the writing direction
    b"I" * 251 + b".jpg",  # as long as a name may be
    b"IMG_\xff\xfe.jpg",  # no UTF-8
    b"IMG_\x1b[31m.jpg",  # colours a terminal
    b"--json.jpg",
    b"[bold]IMG[bold] 100%.jpg",
    "IMG e\u0301.jpg".encode(),
    "IMG \u00e9.jpg".encode(),  # looks the same
    b"con.jpg",
)


def test_photos_of_any_name_are_shown_explained_and_sent(laptop: Laptop, good: Path) -> None:
    paths = [laptop.imports / os.fsdecode(name) for name in NAMES]
    for seed, path in enumerate(paths):
        path.write_bytes(jpeg(None, seed=seed))  # held, as it has no time: so that commands show its name
    laptop.run()
    assert not good.exists()

    table = laptop.command("review", "list")
    lines = laptop.command("review", "list", "--json").stdout.splitlines()
    explained = laptop.command("explain", "--json", *paths).stdout.splitlines()
    assert table.returncode == 0
    assert not {"\u202e", "\x1b"} & set(table.stdout)
    assert [json.loads(line)["decision"] for line in explained] == ["review"] * len(NAMES)

    originals = {sha256(path.read_bytes()) for path in paths}
    held = [json.loads(line)["id"] for line in lines]
    laptop.look(lambda context: [assign(context, one, VisitId("museum")) for one in held])
    assert laptop.command("sync").returncode == 0
    assert not [path for path in paths if path.exists()]
    assert originals < laptop.originals_on_share()
    assert all(name.isascii() for name in laptop.on_share())


@pytest.mark.skipif(os.name == "nt", reason="the rights of POSIX")
def test_a_file_that_may_not_be_looked_at_is_not_called_missing(laptop: Laptop, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "visits.csv").write_text("id")
    closed.chmod(0)
    try:
        done = laptop.command("visits", "check", closed / "visits.csv", before=WITHOUT_PRIVILEGES)
    finally:
        closed.chmod(0o700)
    assert done.returncode == 2
    assert "in a folder that you may not look into" in done.stderr
