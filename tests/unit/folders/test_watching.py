"""Hints from the system, and what happens if it gives none."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from agent.folders import Watcher, scan, watch_limits
from agent.model.capture import Capture
from tests.platforms import not_under_wine

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


class Hints:
    def __init__(self) -> None:
        self.count = 0
        self._new = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self._new.set()

    def come(self, within: float = 20.0) -> bool:
        came = self._new.wait(within)
        self._new.clear()
        return came

    def settle(self) -> None:
        """Wait until none has come for a while, and forget all."""
        while self.come(0.7):
            pass


@contextmanager
def watching(*roots: Path, **options: object) -> Iterator[tuple[Watcher, Hints]]:
    hints = Hints()
    watcher = Watcher(roots, hints, **options)
    watcher.start()
    try:
        yield watcher, hints
    finally:
        watcher.stop()


def until(condition: Callable[[], bool], within: float = 20.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@not_under_wine("notice of every change")
def test_new_changed_and_moved_files_at_any_depth_bring_hints(folder, put):
    put("deep/er/1.jpg")
    with watching(folder) as (watcher, hints):
        assert watcher.alive()
        for act in (
            lambda: put("deep/er/2.jpg"),
            lambda: put("new/folder/3.jpg"),
            lambda: (folder / "deep" / "er" / "2.jpg").rename(folder / "2.jpg"),
            lambda: put("2.jpg", b"other"),
        ):
            hints.settle()
            act()
            assert hints.come()


@linux
def test_reading_brings_no_hint_or_each_scan_would_bring_the_next(folder, put):
    put("a/1.jpg")
    with watching(folder) as (_, hints):
        hints.settle()
        before = hints.count
        scan([folder], read=lambda file: Capture("unknown"))
        (folder / "a" / "1.jpg").read_bytes()
        assert not hints.come(0.8)
        assert hints.count == before


@linux
def test_this_agents_own_hidden_folders_bring_no_hint(folder, put):
    own = folder / ".photo-agent-removing-00"
    own.mkdir()
    with watching(folder) as (_, hints):
        hints.settle()
        (own / "1.jpg").write_bytes(b"x")
        (own / "1.jpg").unlink()
        own.rmdir()
        (folder / ".photo-agent-removing-01").mkdir()
        assert not hints.come(0.8)


def test_a_missing_root_is_watched_once_it_is_there(folder, put):
    card = folder / "card"
    clock = [0.0]
    with watching(card, folder, monotonic=lambda: clock[0]) as (watcher, hints):
        assert not watcher.alive()
        assert not watcher.revive()
        card.mkdir()
        assert not watcher.revive(), "the wait is not over"
        clock[0] = 1000.0
        assert watcher.revive()
        assert watcher.alive()
        assert not watcher.revive()
        hints.settle()
        (card / "1.jpg").write_bytes(b"x")
        assert hints.come()


def test_the_wait_between_tries_doubles_up_to_its_cap(folder):
    clock = [0.0]
    tries: list[float] = []
    options = {"backoff": timedelta(seconds=2), "backoff_cap": timedelta(seconds=20), "monotonic": lambda: clock[0]}
    with watching(folder / "card", **options) as (watcher, _):
        (root,) = watcher._roots
        seen = root.next_try
        tries.append(seen)
        while len(tries) < 7:
            clock[0] += 0.5
            watcher.revive()
            if root.next_try != seen:
                tries.append(root.next_try - clock[0])
                seen = root.next_try
    assert tries == [2, 4, 8, 16, 20, 20, 20]


def test_a_root_that_was_swapped_for_another_folder_is_watched_anew(folder, put):
    root = folder / "card"
    root.mkdir()
    with watching(root) as (watcher, hints):
        root.rename(folder / "old")
        root.mkdir()
        assert until(lambda: not watcher.alive())
        assert watcher.revive()
        hints.settle()
        (root / "1.jpg").write_bytes(b"x")
        assert hints.come()


@not_under_wine("notice of a watched folder's end")
def test_a_root_that_was_deleted_is_found_dead_and_revived_when_it_is_back(folder):
    root = folder / "card"
    root.mkdir()
    clock = [0.0]
    with watching(root, monotonic=lambda: clock[0]) as (watcher, _):
        shutil.rmtree(root)
        assert until(lambda: not watcher.alive())
        assert not watcher.revive()
        root.mkdir()
        clock[0] = 1000.0
        assert watcher.revive()
        assert watcher.alive()


def test_a_watcher_may_be_stopped_twice_and_started_again(folder, put):
    with watching(folder) as (watcher, hints):
        watcher.stop()
        watcher.stop()
        assert not watcher.alive()
        watcher.start()
        assert watcher.alive()
        hints.settle()
        put("1.jpg")
        assert hints.come()


@linux
def test_stopping_leaves_no_thread_and_no_handle_behind(folder):
    with watching(folder, folder / "absent"):
        pass
    threads, handles = set(threading.enumerate()), sum(1 for _ in Path("/proc/self/fd").iterdir())
    for _ in range(5):
        with watching(folder, folder / "absent"):
            pass
    assert not set(threading.enumerate()) - threads
    # What other tests left open may be closed meanwhile.
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) <= handles


@linux
def test_a_folder_that_may_not_be_watched_leaves_nothing_behind(folder, as_ordinary_user):
    shut = folder / "shut"
    shut.mkdir()
    shut.chmod(0)
    threads = set(threading.enumerate())
    with as_ordinary_user(), watching(shut) as (watcher, _):
        assert not watcher.alive()
        assert until(lambda: not set(threading.enumerate()) - threads)
    shut.chmod(0o700)


@linux
def test_where_the_system_will_not_watch_nothing_fails(folder):
    # No more handles: inotify_init says EMFILE, as it does where fs.inotify.max_user_instances is reached.
    told = subprocess.run(
        [sys.executable, "-c", NO_HANDLES, str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 0, told.stderr
    refused, later = told.stdout.splitlines()
    assert refused == "False False"
    assert later == "True True"


NO_HANDLES = """
import os, resource, sys
from datetime import timedelta
from pathlib import Path
import watchdog.observers, watchdog.events
from agent.folders import Watcher
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
watcher = Watcher([Path(sys.argv[1])], lambda: None, backoff=timedelta(0))
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, hard))
watcher.start()
alive, revived = watcher.alive(), watcher.revive()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(alive, revived)
print(watcher.revive(), watcher.alive())
watcher.stop()
"""


@linux
def test_the_watch_limits_count_what_is_watched(folder, put):
    for number in range(30):
        put(f"{number}/1.jpg")
    before = watch_limits()
    with watching(folder):
        during = watch_limits()
    assert before is not None
    assert during is not None
    assert during.used >= before.used + 31 - 5  # other programs come and go meanwhile
    assert 0 < during.free < during.maximum
