"""When the next run is due. Pure: every moment comes in, in seconds of a clock that never goes back.

A run is due when a folder has changed and come to rest, when it is time for a rescan, when a photo has settled or its
wait is over, when the wait after a fault is over, or when a share that could not be reached answers again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

QUIET = 2.0
"""Seconds without a hint before a scan; copying a card causes hundreds of hints a second."""

RESTLESS = 60.0
"""Seconds after the first hint after which a folder is scanned even if it does not come to rest."""

KNOCK = 10.0
"""Seconds between two checks whether the share's port answers, while waiting: one TCP handshake without a login.

A port that was closed and is now open ends the wait. A port that was open all the time tells us nothing new.
"""

REFUSED = 15 * 60.0
"""Seconds before the next try with a share that refused us, because a person has to do something first."""

SLEPT = 20.0
"""Seconds by which the wall clock and the monotonic clock must differ before the laptop counts as having slept, or its
clock as put back."""

OVERSLEPT = 10 * 60.0
"""Seconds between two ticks that mean sleep, or a run that took just as long. In both cases, scan again."""


class Backoff:
    """How long to wait after a run that ended with a fault: doubling from 2 s to 5 min, varied by up to a quarter."""

    def __init__(self, spread: Callable[[float, float], float] = random.uniform) -> None:
        self._spread = spread
        self.failures = 0

    def failed(self) -> float:
        """Count one more failure. Returns the seconds until the next try."""
        wait = min(2.0 ** (self.failures + 1), 300.0)
        self.failures = min(self.failures + 1, 16)
        return wait * self._spread(0.75, 1.25)

    def reset(self) -> None:
        """Forget the failures, after a run without a fault."""
        self.failures = 0


@dataclass(slots=True)
class Timers:
    """Decides when a run is due. `rescan` is the time between two rescans and between two renewals of the register.

    `hint` may be called from any thread, everything else from one thread only.
    """

    rescan: float
    backoff: Backoff = field(default_factory=Backoff)
    _first_hint: float | None = None
    _last_hint: float = 0.0
    _scan: float = 0.0
    _renewal: float = 0.0
    _again: float | None = None
    _knock: float = 0.0
    _closed: bool = False

    def hint(self, now: float) -> None:
        """Note that something has changed in a folder."""
        self._last_hint = now
        if self._first_hint is None:
            self._first_hint = now

    def everything_now(self) -> None:
        """End all waiting, because the laptop woke up or a folder could not be watched for a while."""
        self._scan = self._renewal = 0.0

    def due(self, now: float, answers: Callable[[], bool]) -> bool:
        """Whether to start a run. `answers` tries the share's port, and is called only if that can matter."""
        first = self._first_hint
        if first is not None and (now - self._last_hint >= QUIET or now - first >= RESTLESS):
            return True
        if now >= self._scan:
            return True
        return self._again is not None and (now >= self._again or self._opened(now, answers))

    def _opened(self, now: float, answers: Callable[[], bool]) -> bool:
        if self.backoff.failures == 0 or now < self._knock:
            return False
        self._knock = now + KNOCK
        before, self._closed = self._closed, not answers()
        return before and not self._closed

    def begin(self, now: float) -> bool:
        """Note that a run starts. Returns whether it renews the register."""
        self._first_hint = self._again = None
        self._scan = now + self.rescan
        renews = now >= self._renewal
        if renews:
            self._renewal = now + self.rescan
        return renews

    def went_well(self, now: float, soonest: float) -> None:
        """Note that the run ended without a fault. The next photo is ready to be read in `soonest` seconds."""
        self.backoff.reset()
        self._again, self._closed = None, False
        self._scan = min(self._scan, now + soonest)

    def refused(self, now: float) -> None:
        """Note that the share refused us."""
        self._again = now + REFUSED
        self._renewal = 0.0

    def failed(self, now: float) -> float:
        """Note a fault that may go away by itself, such as a network fault. Returns the seconds until the next try."""
        wait = self.backoff.failed()
        self._again = now + wait
        self._knock = now + KNOCK
        self._renewal = 0.0
        return wait


def slept(ticked: float, passed: float) -> bool:
    """Whether the laptop slept between two ticks, `ticked` seconds apart, or `passed` seconds by the wall clock.

    Most systems stop the monotonic clock during sleep. Where it keeps running, the tick itself comes late. A clock that
    was put forward looks the same and is treated the same.
    """
    return passed - ticked > SLEPT or ticked > OVERSLEPT


def put_back(ticked: float, passed: float) -> bool:
    """Whether the wall clock was put back between two such ticks, by more than a correction from a time server."""
    return ticked - passed > SLEPT
