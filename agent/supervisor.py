"""The background service: when to scan, retry, renew the register, and stop.

Events from the folders are hints; the scan is the truth. A run is started when something may have changed: a hint,
the rescan timer, a photo that has settled or whose wait is over, a `sync` that handed over, a laptop that woke, a share
that can be reached again. Between two runs it does next to nothing. Asked to stop, it ends between two steps.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from agent.errors import AgentError, ShareRefused
from agent.folders import Watcher
from agent.journal import Journal
from agent.pipeline.events import Event, Happened, Summary
from agent.pipeline.examine import unsettled
from agent.pipeline.run import Run
from agent.pipeline.stages import Stages

log = logging.getLogger("photo-agent")

TICK = 0.5
"""Seconds between two looks at requests and timers."""

QUIET = 2.0
"""Seconds without a hint before a scan: a card being copied hints hundreds of times a second."""

RESTLESS = 60.0
"""Seconds after the first hint when a folder that does not come to rest is looked at all the same."""

SLEPT = 20.0
"""Seconds by which the laptop's clock must have run ahead of the ticking before it counts as sleep."""

KNOCK = 10.0
"""Seconds between two tries whether the share's port answers, while waiting; one TCP handshake, no login.

A port that was closed and now is open ends the wait; one that was open all along says nothing new.
"""

REFUSED_PAUSE = 15 * 60.0
"""Seconds before a share that refused us is asked again: a person has to do something first."""


class Backoff:
    """How long to wait after a run that a fault ended: doubling from 2 s to 5 min, spread by a quarter either way."""

    def __init__(self, spread: Callable[[float, float], float] = random.uniform) -> None:
        self._spread = spread
        self.failures = 0

    def failed(self) -> float:
        """One more failure; seconds until the next try."""
        wait = min(2.0 ** (self.failures + 1), 300.0)
        self.failures = min(self.failures + 1, 16)
        return wait * self._spread(0.75, 1.25)

    def reset(self) -> None:
        """A run went through."""
        self.failures = 0


@dataclass(slots=True)
class ToAsker:
    """The audience of a run that `sync` handed over: its events go into the journal, where `sync` reads them."""

    journal: Journal
    request: int
    _bytes: int = 0

    def event(self, event: Event) -> None:
        """Passed on."""
        self.journal.report(self.request, event.as_json())

    def expect(self, files: int, size: int) -> None:
        """Passed on."""
        self.journal.report(self.request, {"event": "expect", "files": files, "bytes": size})

    def advance(self, size: int) -> None:
        """Passed on a megabyte at a time: each report is a commit."""
        self._bytes += size
        if self._bytes >= 1_000_000:
            self.journal.report(self.request, {"event": "advance", "bytes": self._bytes})
            self._bytes = 0


@dataclass(slots=True)
class ToLog:
    """The audience of the service's own runs: ids and counts to the log, never a name.

    A `sync` that asks in the middle of such a run follows it from there; its own run comes right after.
    """

    journal: Journal
    _files_left: int = 0
    _bytes_left: int = 0
    _asker: ToAsker | None = None

    def event(self, event: Event) -> None:
        """One line."""
        log.info("%s %s %s", event.what.value, event.photo or "", dict(event.details) or "")
        if event.what is Happened.SENT:
            self._files_left -= 1
        if self._asker is None and (request := self.journal.next_request()) is not None:
            self._asker = ToAsker(self.journal, request.id)
            self._asker.expect(self._files_left, self._bytes_left)
        if self._asker is not None:
            self._asker.event(event)

    def expect(self, files: int, size: int) -> None:
        """One line."""
        self._files_left, self._bytes_left = files, size
        log.info("sending %d photos, %.1f MB", files, size / 1e6)

    def advance(self, size: int) -> None:
        """Too much for a log."""
        self._bytes_left -= size
        if self._asker is not None:
            self._asker.advance(size)


@dataclass(slots=True)
class Supervisor:
    """The service's loop. `stop` may be called from a signal handler or another thread."""

    stages: Stages
    roots: Sequence[Path]
    knock: Callable[[], bool]
    backoff: Backoff = field(default_factory=Backoff)
    stopping: threading.Event = field(default_factory=threading.Event)
    _hinted: threading.Event = field(default_factory=threading.Event)
    _first_hint: float = 0.0
    _last_hint: float = 0.0
    _next_scan: float = 0.0
    _next_renewal: float = 0.0
    _again: float | None = None
    _next_knock: float = 0.0
    _closed: bool = False

    def stop(self) -> None:
        """End after the step in hand."""
        self.stopping.set()

    def run(self) -> None:
        """Until asked to stop."""
        watcher = Watcher(self.roots, self._hint)
        watcher.start()
        try:
            before = time.monotonic(), time.time()
            while not self.stopping.is_set():
                if self._woke(*before):
                    log.info("the laptop was asleep: looking again")
                    self._everything_now()
                before = time.monotonic(), time.time()
                if not watcher.alive() and watcher.revive():
                    self._everything_now()
                try:
                    self._serve_requests()
                    if not self.stopping.is_set() and self._is_due():
                        self._settle_accounts(self._one_run())
                except AgentError as fault:  # the journal, most likely: its disk may have room again later
                    self.stopping.wait(self._wait_out(fault))
                self.stopping.wait(TICK)
        finally:
            watcher.stop()
            log.info("stopped")

    # --- when --------------------------------------------------------------------------------------------------------

    def _hint(self) -> None:
        self._last_hint = time.monotonic()
        if not self._hinted.is_set():
            self._first_hint = self._last_hint
            self._hinted.set()

    def _everything_now(self) -> None:
        self._next_scan = self._next_renewal = 0.0
        if self._again is not None:
            self._again = 0.0

    @staticmethod
    def _woke(monotonic: float, wall: float) -> bool:
        # Most systems stop the monotonic clock during sleep; where it runs on, the tick itself was late.
        ticked = time.monotonic() - monotonic
        return time.time() - wall - ticked > SLEPT or ticked > SLEPT * 30

    def _is_due(self) -> bool:
        now = time.monotonic()
        if self._hinted.is_set() and (now - self._last_hint >= QUIET or now - self._first_hint >= RESTLESS):
            return True
        if now >= self._next_scan:
            return True
        return self._again is not None and (now >= self._again or self._opened(now))

    def _opened(self, now: float) -> bool:
        """Whether the share's port, closed at the last knock, answers this one."""
        if self.backoff.failures == 0 or now < self._next_knock:
            return False
        self._next_knock = now + KNOCK
        before, self._closed = self._closed, not self.knock()
        return before and not self._closed

    # --- what --------------------------------------------------------------------------------------------------------

    def _one_run(self) -> Summary:
        self._hinted.clear()
        now = time.monotonic()
        self._next_scan = now + self.stages.settings.folders.rescan_minutes * 60
        renew = now >= self._next_renewal
        if renew:
            self._next_renewal = now + self.stages.settings.folders.rescan_minutes * 60
        self._again = None
        return Run(
            self.stages,
            self.roots,
            ToLog(self.stages.journal),
            patient=True,
            renew=renew,
            stopping=self.stopping.is_set,
        ).through()

    def _serve_requests(self) -> None:
        while not self.stopping.is_set() and (request := self.stages.journal.next_request()) is not None:
            audience = ToAsker(self.stages.journal, request.id)
            summary = Run(self.stages, request.paths or self.roots, audience, stopping=self.stopping.is_set).through()
            self.stages.journal.report(request.id, summary.as_json())
            self.stages.journal.finish(request.id, self.stages.clock())
            if request.paths:
                self.stages.journal.tidy()  # what was asked for may be private
            self._settle_accounts(summary)

    def _settle_accounts(self, summary: Summary) -> None:
        """Plan the next try from how this run ended."""
        now = time.monotonic()
        if isinstance(summary.fault, ShareRefused):
            self._again = now + REFUSED_PAUSE
            self._next_renewal = 0.0
        elif summary.fault is not None:
            self._wait_out(summary.fault)
        else:
            self.backoff.reset()
        self._next_scan = min(self._next_scan, now + self._soonest_wait())

    def _wait_out(self, fault: AgentError) -> float:
        """Plan to try again, for it may right itself as a network or a full disk does; in how many seconds."""
        now, wait = time.monotonic(), self.backoff.failed()
        self._again = now + wait
        self._next_knock = now + KNOCK
        self._next_renewal = 0.0
        log.warning("%s Next try in %.0f s at the latest.", fault, wait)
        return wait

    def _soonest_wait(self) -> float:
        """Seconds until a photo has settled or its own wait is over."""
        waits = [timedelta(days=1)]
        settling = unsettled(self.stages)
        if settling is not None:
            waits.append(settling)
        clock = self.stages.clock()
        pauses = [one.not_before - clock for one in self.stages.journal.standings() if one.not_before is not None]
        # One that is over already was looked at by the run that just ended.
        waits += [pause for pause in pauses if pause > timedelta(0)]
        return max(min(waits).total_seconds(), TICK)


def knock_at(host: str, port: int, timeout: float = 3.0) -> bool:
    """Whether the share's port answers: one TCP handshake, closed at once."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True
