"""Forwards in a thread of its own while photos are processed; the thread is woken, and nothing waits for it.

It never raises into the rest of the program and never delays it. An obstacle is logged once, and again when it has
changed or is over; meanwhile the thread tries again, less and less often.
"""

import itertools
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import AgentError
from agent.forward.event import Source, Target
from agent.forward.event_queue import MOST, EventQueue, set_aside

BATCH = 500
"""Events in one connection, so that at most this many come twice after a crash."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds before the next try after a failure; doubled each time."""


@dataclass(slots=True)
class TargetQueue:
    """One receiver: when it is tried again, and the fault that was last logged for it."""

    target: Target
    failures: int = 0
    due: float = 0.0
    last_fault: str = ""
    full: bool = False


class Forwarder:
    """`source` gives the record of `device`; `tell` receives a sentence for the log, from this thread.

    Nothing is started before the first `knock`.
    """

    def __init__(
        self,
        queue: Path,
        device: str,
        targets: Sequence[Target],
        source: Source,
        tell: Callable[[str], None],
        *,
        most: int = MOST,
        first_pause: float = FIRST_PAUSE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._queue = queue
        self._device = device
        self._lanes = [TargetQueue(target) for target in targets]
        self._source = source
        self._tell = tell
        self._most = most
        self._first_pause = first_pause
        self._clock = clock
        self._changed = threading.Condition()
        self._knocked = False
        self._closing = False
        self._given_up = False
        self._thread: threading.Thread | None = None

    def knock(self) -> None:
        """Announce that there may be new entries. Returns at once."""
        if not self._lanes:
            return
        with self._changed:
            self._knocked = True
            self._changed.notify()
            if self._thread is None and not self._closing:
                # A daemon: a batch that is being sent when the program ends is only sent once more by the next run.
                thread = threading.Thread(target=self._work, name="forwarding", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the system has no thread left; the next knock tries again
                    self._tell("Entries of the record wait to be forwarded: this laptop has too much to do.")
                else:
                    self._thread = thread

    def close(self, patience: float) -> None:
        """End it, after the current batch, but within `patience` seconds. Unsent events wait for the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(patience)
            self._given_up = True

    def _work(self) -> None:
        while self._wait():
            now = time.monotonic()
            for lane in self._lanes:
                if now >= lane.due:
                    self._try(lane)

    def _wait(self) -> bool:
        """Wait until there is something to do; False when it is time to end."""
        with self._changed:
            while not self._knocked and not self._closing:
                retries = [lane.due for lane in self._lanes if lane.failures]
                pause = min(retries) - time.monotonic() if retries else None
                if pause is not None and pause <= 0:
                    return True
                self._changed.wait(pause)
            knocked, self._knocked = self._knocked, False
            return knocked or not self._closing

    def _try(self, lane: TargetQueue) -> None:
        try:
            with EventQueue(self._queue, self._device) as waiting:
                self._catch_up_or_say_why(waiting, lane)
        except sqlite3.DatabaseError as fault:
            self._failed(lane, f"The queue of events to be forwarded cannot be used: {fault}.")
            if _is_damaged(fault):
                self._start_anew(lane)
        except AgentError as fault:
            self._failed(lane, str(fault))
        except Exception as fault:  # noqa: BLE001  # whatever it is, it must not end the thread unseen; it is logged
            self._failed(lane, f"Forwarding met a fault of its own ({type(fault).__name__}): tell IT.")
        else:
            if lane.failures:
                self._tell(f"Forwarding to {lane.target.description} works again.")
            lane.failures, lane.due, lane.last_fault = 0, 0.0, ""

    def _catch_up_or_say_why(self, waiting: EventQueue, lane: TargetQueue) -> None:
        try:
            self._catch_up(waiting, lane)
        except AgentError as fault:
            waiting.stopped(lane.target, str(fault), self._clock())
            raise
        waiting.went_on(lane.target)

    def _catch_up(self, waiting: EventQueue, lane: TargetQueue) -> None:
        """Read the record and send until nothing is left. A fault between two batches loses nothing."""
        while not self._given_up:
            trouble = self._take_over(waiting, lane)
            held = waiting.next(lane.target, BATCH)
            if held:
                lane.target.send([one.payload for one in held])
                waiting.received(lane.target, held, self._clock())
            elif trouble is not None:
                raise trouble
            else:
                return

    def _take_over(self, waiting: EventQueue, lane: TargetQueue) -> AgentError | None:
        """Queue as many events as there is room for, even if the record cannot be read further after them."""
        room = self._most - waiting.count(lane.target)
        while room > 0:
            source = self._source(waiting.position(lane.target))
            try:
                taken = waiting.take(lane.target, itertools.islice(source, min(room, BATCH)))
            except AgentError as fault:
                return fault
            if taken == 0:
                break
            room -= taken
        self._tell_if_full(lane, full=room <= 0)
        return None

    def _tell_if_full(self, lane: TargetQueue, *, full: bool) -> None:
        if full and not lane.full and lane.failures:
            self._tell(
                f"The queue for {lane.target.description} is full: {self._most} events wait. Newer ones stay in the "
                "record on this laptop until there is room; none is dropped."
            )
            lane.full = True
        elif not full:
            lane.full = False

    def _failed(self, lane: TargetQueue, what: str) -> None:
        pause = min(self._first_pause * 2**lane.failures, LONGEST_PAUSE)
        lane.failures = min(lane.failures + 1, 16)
        lane.due = time.monotonic() + pause * random.uniform(0.75, 1.25)  # noqa: S311  # spreads laptops, hides nothing
        if what != lane.last_fault:
            self._tell(f"Entries of the record wait to be forwarded to {lane.target.description}. {what}")
            lane.last_fault = what

    def _start_anew(self, lane: TargetQueue) -> None:
        try:
            set_aside(self._queue)
        except OSError as fault:
            self._failed(lane, f"The damaged queue cannot be set aside: {fault.strerror}.")
        else:
            self._tell("The damaged queue was set aside; every entry on record is forwarded once more.")


def _is_damaged(fault: sqlite3.DatabaseError) -> bool:
    return getattr(fault, "sqlite_errorcode", None) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
