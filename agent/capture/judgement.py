"""What the judge passes from one rule to the next: a time with its level, its reasons and its doubts."""

from dataclasses import dataclass

from agent.model.capture import Place
from agent.model.times import Interval, Level, WallClock


@dataclass(frozen=True, slots=True)
class Judgement:
    """The part of a `Capture` that is about time; its fields are the same. `place` is a video's own, from its header.

    `by_phone` is whether the time bears the mark of a phone's own recorder.
    """

    level: Level
    taken: Interval | WallClock | None = None
    recorded: str | None = None
    offset: str | None = None
    basis: tuple[str, ...] = ()
    also: tuple[Interval, ...] = ()
    clock_bound: bool = True
    place: Place | None = None
    notes: tuple[str, ...] = ()
    wall: WallClock | None = None
    by_phone: bool = False
