"""Hints that an import folder changed, so that a photo need not wait for the next rescan. They are only hints.

watchdog may lose events, die, or be refused by the system; the full scan decides, so nothing here is an error to the
service. Each root has its own observer, so that one that dies affects no other. A root that is missing (a card not yet
plugged in), that was swapped for another folder (a card mounted over it), whose observer died, or that the system
refused to watch (Linux's limits) is tried again by `revive`, less and less often. The rescan finds new photos there.
"""

import errno
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from agent.folders.names import is_own

if TYPE_CHECKING:
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

_Identity = tuple[int, int]
_STOP_TIMEOUT = 5.0  # seconds; a thread that hangs in a dead network mount must not hang the service


@dataclass(slots=True)
class _Root:
    """One root that is being watched, or could not be."""

    path: Path
    observer: "BaseObserver | None" = None
    watched: _Identity | None = None
    tries: int = 0
    next_try: float = 0.0


class Watcher:
    """Calls `hint` from a thread of its own for any change below `roots` that could bring a photo.

    Many events bring many hints; the caller collects them. `hint` must be quick and must not raise. Not for use by two
    threads at once. `backoff` is the wait before the second try for a root, doubled each time up to `backoff_cap`.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        hint: Callable[[], None],
        *,
        backoff: timedelta = timedelta(seconds=2),
        backoff_cap: timedelta = timedelta(minutes=5),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roots = [_Root(path) for path in dict.fromkeys(roots)]
        self._hint = hint
        self._backoff = backoff.total_seconds()
        self._cap = backoff_cap.total_seconds()
        self._monotonic = monotonic

    def start(self) -> None:
        """Watch every root that can be watched; `revive` tries the others again. It raises no error of its own."""
        for root in self._roots:
            if not self._is_watching(root):
                self._try(root)

    def stop(self) -> None:
        """End all watching; may be called more than once, and `start` after it."""
        for root in self._roots:
            self._let_go(root)
            root.tries, root.next_try = 0, 0.0

    def alive(self) -> bool:
        """Whether every root is watched. False is a reason to call `revive`, not to worry."""
        return all(self._is_watching(root) for root in self._roots)

    def revive(self) -> bool:
        """Try again the unwatched roots whose wait is over; whether a root is now watched that was not before.

        True means that events may have been missed in the meantime, so scan.
        """
        revived = False
        for root in self._roots:
            if not self._is_watching(root) and self._monotonic() >= root.next_try:
                self._try(root)
                revived = revived or root.observer is not None
        return revived

    # --- One root ----------------------------------------------------------------------------------------------------

    def _is_watching(self, root: _Root) -> bool:
        observer = root.observer
        if observer is None or not observer.is_alive():
            return False
        # A watch stays on its original folder; a card that was mounted later has covered that.
        return all(emitter.is_alive() for emitter in observer.emitters) and _identity(root.path) == root.watched

    def _try(self, root: _Root) -> None:
        self._let_go(root)
        try:
            root.watched = _identity(root.path)
            if root.watched is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            root.observer = _observe(root.path, _handler(self._hint))
        except OSError:
            root.next_try = self._monotonic() + min(self._cap, self._backoff * 2**root.tries)
            root.tries = min(root.tries + 1, 30)  # the wait reaches its cap long before
        else:
            root.tries = 0

    def _let_go(self, root: _Root) -> None:
        if root.observer is not None:
            root.observer.stop()
            root.observer.join(_STOP_TIMEOUT)
            root.observer = None


def _identity(root: Path) -> _Identity | None:
    try:
        seen = root.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _observe(root: Path, handler: "FileSystemEventHandler") -> "BaseObserver":
    """A running observer; raises OSError if the system refuses it, with nothing left running."""
    from watchdog import events
    from watchdog.observers import Observer

    with os.scandir(root):
        pass  # watchdog did not report a folder that may not be read (EACCES), and watched nothing
    observer = Observer()
    try:
        # Opening and reading are left out; otherwise each scan would cause the next one.
        observer.schedule(
            handler,
            os.path.realpath(root),  # inotify would watch the link itself
            recursive=True,
            event_filter=[
                events.FileCreatedEvent,
                events.FileModifiedEvent,
                events.FileMovedEvent,
                events.FileDeletedEvent,
                events.FileClosedEvent,
                events.DirCreatedEvent,
                events.DirMovedEvent,
                events.DirDeletedEvent,
            ],
        )
        observer.start()
    except OSError:
        observer.stop()
        raise
    return observer


def _handler(hint: Callable[[], None]) -> "FileSystemEventHandler":
    from watchdog.events import FileSystemEvent, FileSystemEventHandler

    class Hinting(FileSystemEventHandler):
        """Any event but those in this agent's own hidden folders."""

        def on_any_event(self, event: FileSystemEvent) -> None:
            if not _is_ours(event.src_path) and not _is_ours(event.dest_path):
                hint()

    return Hinting()


def _is_ours(path: str | bytes) -> bool:
    return any(is_own(part) for part in PurePath(os.fsdecode(path)).parts)
