"""The true time: the laptop's clock, corrected by the share's server, with how well that is known.

The server tells its time in whole seconds, some way into a question that itself takes time. If it said `s` to a
question asked at `a` and answered by `b` on the laptop's clock, the server is ahead of the laptop by at least `s - b`
and by less than `s + 1 s - a`. Each question narrows that; six of them, spread over a second, leave about 0.2 s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from agent.clockcheck.shown import COARSEST, ShownTime

QUESTIONS = 6
SECOND = timedelta(seconds=1)
STEP = 0.5
"""Seconds by which the laptop's clock and its count of time may part before the clock was set, or the laptop slept."""

LASTS = 600.0
"""Seconds for which a comparison is good: a laptop's clock drifts by some 0.05 s in that time."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class TrueClock:
    """The laptop's clock plus `behind`, to within `within`; that is None where no server was asked, and `why` says so.

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
        """What to show then: the second that has begun."""
        return ShownTime(self.at(laptop).replace(microsecond=0), self.within)

    def stale(self, laptop: datetime, counted: float) -> bool:
        """Whether it must be compared anew: the clock was set, the laptop slept, or it is long ago."""
        went_on = counted - self.counted
        return went_on > LASTS or abs((laptop - self.since).total_seconds() - went_on) > STEP


def compare(server: Clock, laptop: Clock, count: Callable[[], float], sleep: Callable[[float], object]) -> TrueClock:
    """Ask the server for its time `QUESTIONS` times. `server` tells whole seconds and raises what stands in its way.

    If the laptop's clock is set meanwhile the answers contradict each other, and the time counts as unchecked.
    """
    bounds: list[tuple[timedelta, timedelta]] = []
    moments: list[tuple[datetime, float]] = []
    for number in range(QUESTIONS):
        if number:
            sleep(1 / QUESTIONS)
        asked = laptop()
        told = server().replace(microsecond=0)
        answered = laptop()
        bounds.append((told - answered, told + SECOND - asked))
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
    """The laptop's clock as it is, and why it could not be checked."""
    return TrueClock(timedelta(0), None, laptop(), count(), why)
