"""One photo's fault is one photo's: the boundary that every stage has around each photo.

Whatever goes wrong with a photo, foreseen or not, that photo waits in the state it has reached and is tried again after
a pause, longer each time; the others go on. What concerns more than one photo passes through and ends the run: the
share, the journal, the record, a reader that does not start.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from agent.errors import AgentError, LocalFault, RemovalRefused, ShareFault, contained
from agent.journal import TrackedPhoto
from agent.pipeline.context import Context
from agent.pipeline.events import Audience, Event, Happened

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)

OF_ONE_PHOTO = (LocalFault, ShareFault, RemovalRefused)
"""Faults that say nothing about other photos; `contained` turns those that nobody foresaw into one of them."""

Made = TypeVar("Made")


@dataclass(slots=True)
class Boundary:
    """What a stage does with each photo, photo by photo; `failures` counts those that a fault befell."""

    context: Context
    audience: Audience
    failures: int = 0

    def each(self, tracked_photos: Iterable[TrackedPhoto], step: Callable[[TrackedPhoto], Made]) -> Iterator[Made]:
        """What `step` makes of each photo, in order; a photo that a fault befell waits and is left out."""
        for tracked in tracked_photos:
            try:
                with contained("a photo"):
                    made = step(tracked)
            except OF_ONE_PHOTO as fault:
                self.put_off(tracked, fault)
            else:
                yield made

    def put_off(self, tracked: TrackedPhoto, fault: AgentError) -> None:
        """Have the photo wait, and say so; one that a person settled meanwhile is left as the person has it."""
        after = waiting(self.context, tracked, fault)
        if self.context.journal.save_if_unchanged([(tracked, after)]):
            self.failures += 1
            self.audience.event(failed(after))


def waiting(context: Context, tracked: TrackedPhoto, fault: AgentError) -> TrackedPhoto:
    """The photo after one more failure: in its state, not tried again before its pause is over, with the reason."""
    attempts = tracked.attempts + 1
    return replace(tracked, attempts=attempts, not_before=context.clock() + pause(attempts), reason=str(fault))


def failed(tracked: TrackedPhoto) -> Event:
    """The event for a photo that `waiting` made."""
    again = None if tracked.not_before is None else tracked.not_before.isoformat(timespec="seconds")
    return Event(Happened.FAILED, tracked.id, {"reason": tracked.reason, "again_at": again})


def pause(attempts: int) -> timedelta:
    """How long to leave a photo that failed: doubling, capped, and spread so that a fleet does not come back as one."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(attempts - 1, 12), LONGEST_WAIT)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311  # spreading load, not a secret
