"""A fault in one photo affects that photo only: every stage puts this boundary around each photo.

Whatever goes wrong with a photo, foreseen or not, that photo stays in the state it has reached and is tried again after
a pause, longer each time. The other photos continue. A fault that concerns more than one photo passes through and ends
the run: the share, the journal, the record, or a reader that does not start.
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
"""Faults that concern one photo only; `contained` turns unforeseen exceptions into one of these."""

Made = TypeVar("Made")


@dataclass(slots=True)
class Boundary:
    """Applies a stage's step to each photo in turn; `failures` counts the photos whose step failed."""

    context: Context
    audience: Audience
    failures: int = 0

    def each(self, tracked_photos: Iterable[TrackedPhoto], step: Callable[[TrackedPhoto], Made]) -> Iterator[Made]:
        """The results of `step`, in the order of the photos; a photo whose step failed waits and is left out."""
        for tracked in tracked_photos:
            try:
                with contained("a photo"):
                    made = step(tracked)
            except OF_ONE_PHOTO as fault:
                self.put_off(tracked, fault)
            else:
                yield made

    def put_off(self, tracked: TrackedPhoto, fault: AgentError) -> None:
        """Have the photo wait, and report it; a photo that a person has answered about meanwhile is left as it is."""
        after = waiting(self.context, tracked, fault)
        if self.context.journal.save_if_unchanged([(tracked, after)]):
            self.failures += 1
            self.audience.event(failed(after))


def waiting(context: Context, tracked: TrackedPhoto, fault: AgentError) -> TrackedPhoto:
    """The photo after one more failure: in the same state, with the reason, and not tried again before a pause ends."""
    attempts = tracked.attempts + 1
    return replace(tracked, attempts=attempts, not_before=context.clock() + pause(attempts), reason=str(fault))


def failed(tracked: TrackedPhoto) -> Event:
    """The event that reports a photo returned by `waiting`."""
    again = None if tracked.not_before is None else tracked.not_before.isoformat(timespec="seconds")
    return Event(Happened.FAILED, tracked.id, {"reason": tracked.reason, "again_at": again})


def pause(attempts: int) -> timedelta:
    """The pause after a failure: it doubles up to a limit, and varies so that many laptops do not retry together."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(attempts - 1, 12), LONGEST_WAIT)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311  # spreading load, not a secret
