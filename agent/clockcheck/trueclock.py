"""The true time: the laptop's clock, corrected by the share's server, with its accuracy.

The server gives its time in whole seconds, at some moment during a question that itself takes time. If it answered `s`
to a question asked at `a` and answered by `b` on the laptop's clock, the server is ahead of the laptop by at least
`s - b` and by less than `s + 1 s - a`. Each question narrows that; six of them, over a second, leave about 0.2 s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from agent.clockcheck.shown import COARSEST, ShownTime

QUESTIONS = 6
SECOND = timedelta(seconds=1)
STEP = 0.5
"""How many seconds the laptop's clock and its monotonic count may differ before the clock was set, or it slept."""

LASTS = 600.0
"""How many seconds a comparison is good for: a laptop's clock drifts by some 0.05 s in that time."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class TrueClock:
    """The laptop's clock plus `behind`, to within `within`, which is None if no server was asked; `why` says why not.

    `since` and `counted` are the laptop's clock and its monotonic count, in seconds, when it was compared.
    """

    behind: timedelta
    within: timedelta | None
    since: datetime
    counted: float
    why: str | None = None

    def at(self, laptop: datetime) -> datetime:
        """The true time when the laptop's clock shows `laptop`."""
        return laptop + self.behind

    def shown(self, laptop: datetime) -> ShownTime:
        """The time to show at that moment: the second that has begun."""
        return ShownTime(self.at(laptop).replace(microsecond=0), self.within)

    def stale(self, laptop: datetime, counted: float) -> bool:
        """Whether it must be compared again: the clock was set, the laptop slept, or it was long ago."""
        went_on = counted - self.counted
        return went_on > LASTS or abs((laptop - self.since).total_seconds() - went_on) > STEP


def compare(server: Clock, laptop: Clock, count: Callable[[], float], sleep: Callable[[float], object]) -> TrueClock:
    """Ask the server for its time `QUESTIONS` times. `server` returns whole seconds and raises if it fails.

    If the laptop's clock is set meanwhile the answers contradict each other, and the time counts as unchecked.
    """
    bounds: list[tuple[timedelta, timedelta]] = []
    moments: list[tuple[datetime, float]] = []
    for number in range(QUESTIONS):
        if number:
            sleep(1 / QUESTIONS)
        asked = laptop()
        answer = server().replace(microsecond=0)
        answered = laptop()
        bounds.append((answer - answered, answer + SECOND - asked))
        moments.append((answered, count()))
    least, most = max(low for low, _ in bounds), min(high for _, high in bounds)
    leapt = any(abs((b - a).total_seconds() - (y - x)) > STEP for (a, x), (b, y) in pairwise(moments))
    if leapt or least > most:
        return unchecked(laptop, count, "a clock was set while they were compared: try again")
    within = (most - least) / 2
    if within > COARSEST:
        return unchecked(laptop, count, "the server answers too slowly to tell the time by it")
    return TrueClock(least + within, within, *moments[-1])


def unchecked(laptop: Clock, count: Callable[[], float], why: str) -> TrueClock:
    """The laptop's clock unchanged, and why it could not be checked."""
    return TrueClock(timedelta(0), None, laptop(), count(), why)
