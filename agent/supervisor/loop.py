"""The service's loop. Events from the folders are hints; the scan is the truth.

Between two runs it does almost nothing. When asked to stop, it ends after the current step.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from agent.errors import AgentError, ShareRefused, contained
from agent.folders import Watcher
from agent.journal import has_to_wait
from agent.pipeline import answers
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.examine import settle_again, unsettled
from agent.pipeline.pausing import paused_until
from agent.pipeline.run import Run
from agent.supervisor.audiences import Tell, ToAsker, ToLog
from agent.supervisor.cards import CardKeeper
from agent.supervisor.logged import RunLogged
from agent.supervisor.notices import RunNotices
from agent.supervisor.replaced import Installed
from agent.supervisor.restarts import Restarts
from agent.supervisor.timers import Timers, put_back, slept

log = logging.getLogger("photo-agent")

TICK = 0.5
"""Seconds between two looks at requests and timers."""

LISTEN = 60.0
"""Seconds after which the journal is read again even if no other process has written to it, as a clock may have been
set."""

READY = 60.0
"""Seconds after a run for which the processes that read photos stay alive, as a card's next photos follow at once."""


@dataclass(slots=True)
class Supervisor:
    """The service. `stop` may be called from a signal handler or another thread. `knock` tries the share's port.

    `tell` receives each event and each run's summary in the form of `sync --json`. With `installed`, the service ends
    once another version was installed over it, which is for systems that start it again.
    """

    context: Context
    roots: Sequence[Path]
    knock: Callable[[], bool]
    stopping: threading.Event = field(default_factory=threading.Event)
    restarts: Restarts | None = None
    notices: RunNotices | None = None
    tell: Tell = lambda _: None
    logged: RunLogged | None = None
    installed: Installed | None = None
    _timers: Timers = field(init=False)
    _cards: CardKeeper = field(init=False)
    _listen_again: float = 0.0
    _pause: datetime | None = None
    _last_run: float = 0.0

    def __post_init__(self) -> None:
        self._timers = Timers(self.context.settings.folders.rescan_minutes * 60)
        self._cards = CardKeeper(
            self.context,
            show=lambda text: None if self.notices is None else self.notices.notices.show(text),
            hint=lambda: self._timers.hint(time.monotonic()),
            stopping=self.stopping.is_set,
            tell=self.tell,
        )

    def stop(self) -> None:
        """End after the current step."""
        self.stopping.set()

    def run(self) -> None:
        """Work until asked to stop."""
        timers = self._timers
        watcher = Watcher(self.roots, lambda: timers.hint(time.monotonic()))
        watcher.start()
        try:
            self._begin_with_cards()
            before = time.monotonic(), time.time()
            while not self.stopping.is_set():
                now = time.monotonic(), time.time()
                ticked, passed = now[0] - before[0], now[1] - before[1]
                if slept(ticked, passed) or put_back(ticked, passed):
                    log.info("The laptop was asleep, or its clock was set: looking again.")
                    self._begin_anew()
                before = now
                if self.installed is not None and (version := self.installed.another(now[0])) is not None:
                    log.info("Version %s was installed over this one: ending, so that the system starts it.", version)
                    self.stop()
                    break
                if not watcher.alive() and watcher.revive():
                    timers.everything_now()
                self._turn()
                if self.restarts is not None:
                    self.restarts.working(now[0])
                self.stopping.wait(0.0 if self._cards.busy else TICK)
        finally:
            watcher.stop()
            log.info("Stopped.")

    def _begin_with_cards(self) -> None:
        try:
            self._cards.begin()
        except AgentError as fault:
            log.warning("%s", fault)

    def _begin_anew(self) -> None:
        """Distrust every time that was measured before: scan at once, and let unsettled photos start settling again."""
        self._timers.everything_now()
        self._listen_again = 0.0
        try:
            settle_again(self.context)
        except AgentError as fault:
            log.warning("%s", fault)

    def _turn(self) -> None:
        try:
            with contained("the service"):
                self._listen()
                if self.stopping.is_set():
                    return
                paused = self._pauses()
                if (summary := self._cards.turn(time.monotonic(), paused=paused)) is not None:
                    self._plan_after(summary, of_card=True)
                if paused:
                    return
                if self._timers.due(time.monotonic(), self.knock):
                    self._run()
                elif not self._cards.busy and time.monotonic() - self._last_run > READY:
                    self.context.rest()
        except AgentError as fault:  # the journal, most likely: its disk may have room again later
            self.stopping.wait(self._wait_out(fault))

    def _listen(self) -> None:
        """Take requests. Other processes write them to the journal, so most turns find no change and read nothing."""
        now = time.monotonic()
        if not self.context.journal.changed_by_others() and now < self._listen_again:
            return
        self._listen_again = now  # if a fault comes in between, listen again at the next turn
        self._serve_requests()
        # A person's answer takes effect minutes after it was given, when no run may be due.
        soonest = answers.soonest(self.context)
        if soonest == timedelta(0):
            self._timers.hint(now)
        self._pause = paused_until(self.context)
        wait = LISTEN if soonest is None else min(soonest.total_seconds(), LISTEN)
        self._listen_again = time.monotonic() + wait

    def _pauses(self) -> bool:
        return self._pause is not None and paused_until(self.context) is not None

    def _run(self) -> None:
        self._listen_again = 0.0
        renew = self._timers.begin(time.monotonic())
        audience = ToLog(self.context.journal, self.tell)
        run = Run(self.context, self.roots, audience, patient=True, renew=renew, stopping=self.stopping.is_set)
        self._plan_after(run.through())

    def _serve_requests(self) -> None:
        journal = self.context.journal
        while not self.stopping.is_set() and (request := journal.next_request()) is not None:
            audience = ToAsker(journal, request.id, self.tell)
            summary = Run(self.context, request.paths or self.roots, audience, stopping=self.stopping.is_set).through()
            journal.report(request.id, summary.as_json())
            journal.finish(request.id, self.context.clock())
            if request.paths:
                journal.tidy()  # the requested paths may be private
                self._cards.look_again()
            self._plan_after(summary)
        while not self.stopping.is_set() and (answer := journal.next_card_answer()) is not None:
            journal.finish(answer.id, self.context.clock())
            sent = self._cards.answer(answer)
            if sent is not None:
                self._plan_after(sent, of_card=True)

    def _plan_after(self, summary: Summary, *, of_card: bool = False) -> None:
        self.tell(summary.as_json())
        # Cards have notices of their own.
        if self.notices is not None and not self.stopping.is_set() and not of_card:
            self.notices.after(summary)
        if self.logged is not None:
            self.logged.after_run()
        self._cards.after_run()
        now = self._last_run = time.monotonic()
        if summary.fault is None:
            self._timers.went_well(now, self._soonest_wait())
        elif isinstance(summary.fault, ShareRefused):
            self._timers.refused(now)
        else:
            self._wait_out(summary.fault)

    def _wait_out(self, fault: AgentError) -> float:
        wait = self._timers.failed(time.monotonic())
        log.warning("%s The next try is in %.0f s at the latest.", fault, wait)
        return wait

    def _soonest_wait(self) -> float:
        """Seconds until a photo has settled or its own wait is over."""
        waits = [timedelta(days=1)]
        settling = unsettled(self.context)
        if settling is not None:
            waits.append(settling)
        clock = self.context.clock()
        # A wait that is already over was handled by the run that has just ended.
        waits += [until - clock for until in self.context.journal.pauses() if has_to_wait(until, clock)]
        return max(min(waits).total_seconds(), TICK)


def knock_at(host: str, port: int, timeout: float = 3.0) -> bool:
    """Whether the share's port answers: one TCP handshake, closed at once."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True
