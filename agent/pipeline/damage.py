"""Damaged photos are sent too, and reported as damaged: what is left of them must not be lost either.

Often this is the first sign of a failing card, so it is reported during the run, at its end, by `status`, and in the
entry of the transfer.
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
    """How many damaged photos were sent from this laptop, and when the last one was sent."""

    photos: int
    last: datetime


def damaged(decision: Decision, what: str) -> Decision:
    """The decision with the damage added, which its reasons mention too."""
    return replace(decision, damage=what, reasons=(*decision.reasons, f"{_MARK}{what}{_AFTER}"))


def damage_of(tracked: TrackedPhoto) -> str | None:
    """What is wrong with a photo's picture, in words; None if it is undamaged."""
    decision = tracked.decision
    if decision is None or decision.damage is not None:
        return None if decision is None else decision.damage
    # Decisions made before this field existed mention the damage only among their reasons.
    before = next((reason for reason in decision.reasons if reason.endswith(_AFTER)), None)
    return None if before is None else before.removeprefix(_MARK).removesuffix(_AFTER)


def on_record(tracked: TrackedPhoto) -> Damage | None:
    """The damage in the record's words."""
    what = damage_of(tracked)
    return None if what is None else Damage.END_MISSING if what == CUT_SHORT else Damage.DOES_NOT_DECODE


def report_damaged(context: Context, audience: Audience, tracked_photos: list[TrackedPhoto]) -> int:
    """Report the damaged photos among those just proven, and count them for `status`; returns their number."""
    found = [(tracked, what) for tracked in tracked_photos if (what := damage_of(tracked))]
    for tracked, what in found:
        audience.event(Event(Happened.DAMAGED, tracked.id, {"reason": what}))
    if found:
        before = so_far(context)
        count = len(found) + (0 if before is None else before.photos)
        context.journal.set_fact(DAMAGED, json.dumps([count, context.clock().isoformat()]))
    return len(found)


def so_far(context: Context) -> DamagedPhotos | None:
    """The count so far; None if no photo was damaged."""
    fact = context.journal.fact(DAMAGED)
    if fact is None:
        return None
    count, last = json.loads(fact)
    return DamagedPhotos(int(count), datetime.fromisoformat(last))
