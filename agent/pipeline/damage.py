"""Photos that are sent although they are damaged, and said to be: what is left of one must not be lost either.

Often this is the first that anyone hears of a failing card, so it is told during the run, at its end, by `status`, and
in the entry of the transfer.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from agent.journal import TrackedPhoto
from agent.model.decision import Decision
from agent.pipeline.context import Context
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.journal_keys import DAMAGED
from agent.record.words import Damage

CUT_SHORT = "its end is missing"

_MARK = "damaged: "
_AFTER = "; sent all the same"


@dataclass(frozen=True, slots=True)
class DamagedPhotos:
    """How many damaged photos were sent from this laptop, and when the last one was."""

    photos: int
    last: datetime


def damaged(decision: Decision, what: str) -> Decision:
    """The decision with the damage, which is among its reasons too."""
    return replace(decision, damage=what, reasons=(*decision.reasons, f"{_MARK}{what}{_AFTER}"))


def damage_of(tracked: TrackedPhoto) -> str | None:
    """What is said to be wrong with a photo's picture."""
    decision = tracked.decision
    if decision is None or decision.damage is not None:
        return None if decision is None else decision.damage
    # Decisions of before this field have it among their reasons only.
    before = next((reason for reason in decision.reasons if reason.endswith(_AFTER)), None)
    return None if before is None else before.removeprefix(_MARK).removesuffix(_AFTER)


def on_record(tracked: TrackedPhoto) -> Damage | None:
    """The same in the words that the record has for it."""
    what = damage_of(tracked)
    return None if what is None else Damage.END_MISSING if what == CUT_SHORT else Damage.DOES_NOT_DECODE


def report_damaged(context: Context, audience: Audience, tracked_photos: list[TrackedPhoto]) -> int:
    """Tell of the damaged ones among photos just proven, and count them for `status`; how many."""
    found = [(tracked, what) for tracked in tracked_photos if (what := damage_of(tracked))]
    for tracked, what in found:
        audience.event(Event(Happened.DAMAGED, tracked.id, {"reason": what}))
    if found:
        before = so_far(context)
        count = len(found) + (0 if before is None else before.photos)
        context.journal.set_fact(DAMAGED, json.dumps([count, context.clock().isoformat()]))
    return len(found)


def so_far(context: Context) -> DamagedPhotos | None:
    """What was counted until now; None where no photo was damaged."""
    fact = context.journal.fact(DAMAGED)
    if fact is None:
        return None
    count, last = json.loads(fact)
    return DamagedPhotos(int(count), datetime.fromisoformat(last))
