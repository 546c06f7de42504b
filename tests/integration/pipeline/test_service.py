"""`photo-agent run` as a separate process: photos leave by themselves, and it ends when asked, between two steps."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watchdog.utils import BaseThread

from agent.errors import JournalError
from agent.journal import Journal, State
from agent.pipeline.context import open_context
from agent.pipeline.lock import only_writer
from agent.record import EntryKind
from agent.supervisor import Installed, Supervisor
from agent.supervisor.timers import QUIET
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Laptop, minutes, sha256

SOON = 60.0
"""Seconds by which anything has happened, however busy the machine; in fact it takes three or four."""


@pytest.fixture
def quick(laptop: Laptop) -> Laptop:
    """A laptop on which nothing is waited for longer than it must be."""
    laptop.configure(folders={"settle_seconds": 0.2})
    return laptop


@contextmanager
def running(laptop: Laptop) -> Iterator[subprocess.Popen[str]]:
    """The service, started, and ended if the test has not."""
    with (laptop.home / "service.log").open("a") as log:
        service = laptop.start("run", stderr=log)
    try:
        yield service
    finally:
        if service.poll() is None:
            service.terminate()
        service.communicate(timeout=30)


def until(what: Callable[[], object], laptop: Laptop) -> None:
    log, deadline = laptop.home / "service.log", time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, log.read_text() if log.exists() else "it has not happened"
        time.sleep(0.05)


def counts(laptop: Laptop) -> dict[State, int]:
    """What the journal says, read from outside."""
    path = laptop.home / "state" / "journal.sqlite3"
    try:
        with Journal.open(path, read_only=True) as journal:
            return journal.counts()
    except JournalError:  # not there yet
        return dict.fromkeys(State, 0)


def ready(laptop: Laptop) -> None:
    """Wait for the first run's end: a private photo that was there has been decided."""
    laptop.photo("there before.jpg", PRIVATE)
    with_private = counts(laptop)[State.PRIVATE]
    until(lambda: counts(laptop)[State.PRIVATE] > with_private, laptop)


def big_batch(laptop: Laptop) -> list[Path]:
    """Photos that a slow line needs 17 seconds for, far more than those in hand are given when it is asked to stop."""
    laptop.configure(folders={"settle_seconds": 0.2}, share={"bandwidth_kib_per_s": 512})
    return [laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=40_000) for n in range(130)]


def test_a_photo_that_is_dropped_into_the_folder_leaves_within_seconds(quick: Laptop) -> None:
    with running(quick):
        ready(quick)
        photo = quick.photo("IMG_1.jpg")
        original = sha256(photo.read_bytes())
        dropped = time.monotonic()
        until(lambda: not photo.exists(), quick)
        assert time.monotonic() - dropped < 15
        until(lambda: counts(quick)[State.REMOVED] == 1, quick)
    assert quick.originals_on_share() == {original}


def test_it_ends_with_code_0_when_asked_and_says_so(quick: Laptop) -> None:
    with running(quick) as service:
        ready(quick)
        service.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert service.wait(timeout=SOON) == 0
        assert time.monotonic() - asked < 5
    log = (quick.home / "service.log").read_text()
    assert "Stopped" in log
    assert "Traceback" not in log


def test_it_ends_with_code_0_in_mid_batch_and_the_next_run_finishes(quick: Laptop) -> None:
    photos = big_batch(quick)
    originals = {sha256(photo.read_bytes()) for photo in photos}
    with running(quick) as service:
        until(lambda: not all(photo.exists() for photo in photos), quick)
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=SOON) == 0
    left = [photo for photo in photos if photo.exists()]
    assert 0 < len(left) < len(photos), "those in hand were finished, the others were not begun"
    assert not [name for name in quick.on_share() if name.endswith(".part")]
    assert counts(quick)[State.REMOVED] == len(photos) - len(left)

    quick.configure()
    assert quick.run().exit_code == 0
    assert quick.originals_on_share() == originals
    assert len(quick.on_share()) == len(photos)


def test_a_second_instance_refuses_to_start(quick: Laptop) -> None:
    with running(quick) as service:
        ready(quick)
        second = quick.command("run")
        assert service.poll() is None
    assert second.returncode == 2
    assert "already working on this laptop" in second.stderr


def test_what_was_taken_while_the_share_was_away_leaves_soon_after_it_is_back(quick: Laptop) -> None:
    quick.run()
    quick.server.stop()  # type: ignore[attr-defined]  # tests' own server
    photo = quick.photo("IMG_1.jpg")
    log = quick.home / "service.log"
    with running(quick) as service:
        until(lambda: "next try is in" in log.read_text(), quick)
        assert service.poll() is None
        assert photo.exists()
        quick.server.restart()  # type: ignore[attr-defined]
        until(lambda: not photo.exists(), quick)
    (entry,) = quick.look(lambda context: list(context.record.entries(kinds={EntryKind.TRANSFERRED})))
    assert entry.body["found_at"] < entry.body["reachable_at"]


def test_a_register_that_is_renewed_while_it_runs_is_taken_up(quick: Laptop) -> None:
    quick.register("".join(VISITS.splitlines(keepends=True)[::2]))  # the farm alone
    quick.configure(folders={"settle_seconds": 0.2, "rescan_minutes": 0.02})
    photo = quick.photo("IMG_1.jpg")
    with running(quick):
        until(lambda: counts(quick)[State.PRIVATE] == 1, quick)
        quick.register(VISITS)
        until(lambda: not photo.exists(), quick)


def test_a_folder_that_appears_later_is_looked_through_and_watched(quick: Laptop) -> None:
    card = quick.home / "Card"
    quick.configure(folders={"settle_seconds": 0.2, "watch": [str(quick.imports), str(card)]})
    with running(quick):
        ready(quick)
        photo = quick.photo("IMG_1.jpg")
        card.mkdir()
        on_card = Path(photo.rename(card / photo.name))
        until(lambda: not on_card.exists(), quick)


def test_a_full_disk_is_waited_out(quick: Laptop) -> None:
    """The service finds that the record's folder cannot be written for a while."""
    quick.run()
    record = quick.home / "state" / "record"
    aside = record.rename(record.with_name("aside"))
    record.write_text("in the way")
    photo = quick.photo("IMG_1.jpg")
    log = quick.home / "service.log"
    with running(quick) as service:
        until(lambda: "next try is in" in log.read_text(), quick)
        assert photo.exists()
        assert service.poll() is None
        record.unlink()
        aside.rename(record)
        until(lambda: not photo.exists(), quick)
    assert "Traceback" not in log.read_text()


def test_a_watcher_that_died_is_noticed_and_nothing_is_missed(quick: Laptop) -> None:
    """In this process, where its threads can be ended as a fault of the system would end them."""
    stopping = threading.Event()
    settings = quick.settings

    def serve() -> None:
        with only_writer(settings), open_context(settings, sleep=stopping.wait) as context:
            Supervisor(context, settings.watch, knock=lambda: True, stopping=stopping).run()

    service = threading.Thread(target=serve)
    service.start()
    try:
        ready(quick)
        time.sleep(QUIET + 1)  # the run that the watcher's own hints bring is over
        for watching in [thread for thread in threading.enumerate() if isinstance(thread, BaseThread)]:
            watching.stop()
        photo = quick.photo("IMG_1.jpg")
        until(lambda: not photo.exists(), quick)
    finally:
        stopping.set()
        service.join()


def test_the_service_ends_when_another_version_was_installed_over_it(laptop: Laptop) -> None:
    settings = laptop.settings
    with only_writer(settings), open_context(settings) as context:
        installed = Installed(running="0.0.1")
        Supervisor(context, settings.watch, knock=lambda: True, installed=installed).run()  # it returns


def test_the_processes_that_read_photos_end_at_rest_and_start_again(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    with open_context(laptop.settings) as context:
        now = context.clock()
        assert context.capture.read(photo, now=now).is_photo
        assert context.worker.process_ids
        context.rest()
        assert not context.worker.process_ids
        assert context.capture.read(photo, now=now).is_photo
