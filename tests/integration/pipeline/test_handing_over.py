"""`sync` where another instance is at work: it hands over, follows, and ends as if it had done the work itself."""

import json
import signal
import subprocess
import time
from pathlib import Path

from agent.journal import State
from agent.pipeline.events import Summary
from tests.integration.pipeline.test_service import big_batch, counts, quick, ready, running, until
from tests.laptop import ON_VISIT, Laptop, minutes, sha256

__all__ = ["quick"]  # a fixture

STEPS = ["found", "decided", "sent", "proven", "removed"]


def slow_batch(laptop: Laptop) -> list[Path]:
    """Photos that are on their way for six seconds: a command takes two of them to start on a busy machine."""
    laptop.configure(folders={"settle_seconds": 0.2}, share={"bandwidth_kib_per_s": 1360})
    return [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=1_000_000) for n in range(8)]


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_service_does_it_and_its_events_and_summary_arrive(quick: Laptop) -> None:
    quick.configure(folders={"settle_seconds": 8})  # so that the service does not take the photo up before it is asked
    with running(quick):
        ready(quick)
        photo = quick.photo("IMG_1.jpg")
        done = quick.command("sync", "--json")
        assert not photo.exists()
    *steps, summary = events(done)
    assert done.returncode == 0
    assert [step["event"] for step in steps] == STEPS
    assert len({step["id"] for step in steps}) == 1
    assert summary["event"] == "summary"
    assert summary.keys() == Summary().as_json().keys()
    assert (summary["removed"], summary["exit_code"]) == (1, 0)


def test_the_exit_code_is_that_of_the_work_done_elsewhere(quick: Laptop) -> None:
    with running(quick):
        ready(quick)
        quick.photo("undated.jpg", None)
        assert quick.command("sync").returncode == 4
        quick.server.stop()  # type: ignore[attr-defined]  # tests' own server
        quick.photo("IMG_1.jpg")
        assert quick.command("sync").returncode == 5


def test_a_card_that_is_not_watched_is_seen_through_by_the_service(quick: Laptop) -> None:
    with running(quick):
        ready(quick)
        card = quick.home / "Card"
        card.mkdir()
        photo = quick.photo("IMG_1.jpg").rename(card / "IMG_1.jpg")
        done = quick.command("sync", "--json", card)
    assert done.returncode == 0
    assert not photo.exists()


def test_in_the_middle_of_a_batch_it_follows_from_there(quick: Laptop) -> None:
    photos = slow_batch(quick)
    with running(quick):
        until(quick.arriving, quick)
        done = quick.command("sync", "--json")
        assert not [photo for photo in photos if photo.exists()]
    *steps, summary = events(done)
    assert done.returncode == 0, done.stderr
    assert "removed" in {step["event"] for step in steps}
    assert summary["event"] == "summary"


def test_ctrl_c_ends_the_following_and_the_service_goes_on(quick: Laptop) -> None:
    photos = slow_batch(quick)
    with running(quick) as service:
        until(quick.arriving, quick)
        sync = quick.start("sync")
        assert sync.stderr is not None
        assert "following" in sync.stderr.readline()
        sync.send_signal(signal.SIGINT)
        _, said = sync.communicate(timeout=20)
        assert sync.returncode == 3
        assert "continues by itself" in said
        assert service.poll() is None
        until(lambda: not [photo for photo in photos if photo.exists()], quick)


def test_a_sync_that_followed_another_one_does_its_own_work_when_that_has_ended(quick: Laptop) -> None:
    quick.configure(folders={"settle_seconds": 2})
    first = quick.start("sync", "--json")
    until(lambda: counts(quick)[State.FOUND] == 0 and (quick.home / "state" / "agent.lock").exists(), quick)
    photo = quick.photo("IMG_1.jpg")

    second = quick.command("sync", "--json")

    first.communicate(timeout=20)
    assert (first.returncode, second.returncode) == (0, 0)
    assert events(second)[-1]["event"] == "summary"
    assert not photo.exists()


def test_a_service_that_is_killed_leaves_the_work_to_the_sync_that_followed_it(quick: Laptop) -> None:
    photos = slow_batch(quick)
    originals = {sha256(photo.read_bytes()) for photo in photos}
    with running(quick) as service:
        until(quick.arriving, quick)
        sync = quick.start("sync", "--json")
        assert sync.stderr is not None
        assert "following" in sync.stderr.readline()
        service.kill()
        out, _ = sync.communicate(timeout=60)
    assert sync.returncode == 0
    assert json.loads(out.splitlines()[-1])["event"] == "summary"
    assert quick.originals_on_share() == originals
    assert len(quick.on_share()) == len(photos)


def test_ctrl_c_finishes_the_current_photos_and_says_what_is_left(quick: Laptop) -> None:
    photos = big_batch(quick)
    originals = {sha256(photo.read_bytes()) for photo in photos}
    sync = quick.start("sync")
    until(lambda: not all(photo.exists() for photo in photos), quick)
    sync.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, said = sync.communicate(timeout=60)

    left = [photo for photo in photos if photo.exists()]
    assert sync.returncode == 3
    assert time.monotonic() - asked < 15
    assert 0 < len(left) < len(photos)
    assert "Finishing the photos" in said
    assert f"{len(photos) - len(left)} photos sent and checked" in out
    assert f"{len(left)} photos not sent yet" in out
    assert "Stopped, as you asked" in out
    quick.configure()
    assert quick.run().exit_code == 0
    assert quick.originals_on_share() == originals


def test_ctrl_c_twice_ends_it_at_once_and_nothing_is_lost(quick: Laptop) -> None:
    photos = slow_batch(quick)
    originals = {sha256(photo.read_bytes()) for photo in photos}
    sync = quick.start("sync")
    until(quick.arriving, quick)
    sync.send_signal(signal.SIGINT)
    assert sync.stderr is not None
    while "finishing" not in sync.stderr.readline().lower():
        continue
    sync.send_signal(signal.SIGINT)
    _, said = sync.communicate(timeout=15)

    assert sync.returncode == 1
    assert "Traceback" not in said
    quick.configure()
    assert quick.run().exit_code == 0
    assert quick.originals_on_share() == originals
    assert len(quick.on_share()) == len(photos)
