"""When the next run is due. Pure: every moment comes in, in seconds of a clock that never goes back.

A run is due when a folder hinted at something and came to rest, when the rescan's time has come, when a photo has
settled or its wait is over, when a fault has been waited out, or when a share that could not be reached answers again.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

QUIET = 2.0
"""Seconds without a hint before a scan: a card being copied hints hundreds of times a second."""

RESTLESS = 60.0
"""Seconds after the first hint when a folder that does not come to rest is looked at all the same."""

KNOCK = 10.0
"""Seconds between two tries whether the share's port answers, while waiting; one TCP handshake, no login.

A port that was closed and now is open ends the wait; one that was open all along says nothing new.
"""

REFUSED = 15 * 60.0
"""Seconds before a share that refused us is asked again: a person has to do something first."""

SLEPT = 20.0
"""Seconds by which the laptop's clock must have left the ticking before it counts as sleep, or as put back."""

OVERSLEPT = 10 * 60.0
"""Seconds from one tick to the next that are a sleep, or a run as long as one: either way, look again."""


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
class Timers:
    """What is due when; `rescan` is the time from one rescan, and from one renewal of the register, to the next.

    `hint` may be called from any thread, all else from one.
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
        """Something changed in a folder."""
        self._last_hint = now
        if self._first_hint is None:
            self._first_hint = now

    def everything_now(self) -> None:
        """Forget all waiting: the laptop woke, or a folder could not be watched for a while."""
        self._scan = self._renewal = 0.0

    def due(self, now: float, answers: Callable[[], bool]) -> bool:
        """Whether to start a run; `answers` knocks at the share's port, and is asked only where that can matter."""
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
        """A run starts; whether it renews the register."""
        self._first_hint = self._again = None
        self._scan = now + self.rescan
        renews = now >= self._renewal
        if renews:
            self._renewal = now + self.rescan
        return renews

    def went_well(self, now: float, soonest: float) -> None:
        """The run went through; a photo wants to be looked at in `soonest` seconds."""
        self.backoff.reset()
        self._again, self._closed = None, False
        self._scan = min(self._scan, now + soonest)

    def refused(self, now: float) -> None:
        """The share refused us."""
        self._again = now + REFUSED
        self._renewal = 0.0

    def failed(self, now: float) -> float:
        """Another fault, which may right itself as a network or a full disk does; seconds until the next try."""
        wait = self.backoff.failed()
        self._again = now + wait
        self._knock = now + KNOCK
        self._renewal = 0.0
        return wait


def slept(ticked: float, passed: float) -> bool:
    """Whether the laptop was asleep between two ticks that lay `ticked` seconds apart, or `passed` by the wall clock.

    Most systems stop the monotonic clock during sleep; where it runs on, the tick itself was late. A clock that was put
    forward looks the same, and is treated the same.
    """
    return passed - ticked > SLEPT or ticked > OVERSLEPT


def put_back(ticked: float, passed: float) -> bool:
    """Whether the wall clock was put back between two such ticks, by more than the network's time corrects it."""
    return ticked - passed > SLEPT
