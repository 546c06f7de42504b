"""Photos that are sent although they are damaged, and said to be: what is left of one must not be lost either.

Often this is the first that anyone hears of a failing card, so it is told during the run, at its end, by `status`, and
in the entry of the transfer.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from agent.journal import Standing
from agent.model import Decision
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.facts import DAMAGED
from agent.pipeline.stages import Stages

CUT_SHORT = "its end is missing"

_MARK = "damaged: "
_AFTER = "; sent all the same"


@dataclass(frozen=True, slots=True)
class Damage:
    """How many damaged photos were sent from this laptop, and when the last one was."""

    photos: int
    last: datetime


def damaged(decision: Decision, what: str) -> Decision:
    """The decision with the damage among its reasons."""
    return replace(decision, reasons=(*decision.reasons, f"{_MARK}{what}{_AFTER}"))


def damage_of(standing: Standing) -> str | None:
    """What is said to be wrong with a photo's picture."""
    reasons = () if standing.decision is None else standing.decision.reasons
    found = next((reason for reason in reasons if reason.startswith(_MARK)), None)
    return None if found is None else found.removeprefix(_MARK).removesuffix(_AFTER)


def on_record(standing: Standing) -> str | None:
    """The same in the words that the record has for it (`agent.record.schema.DAMAGES`)."""
    what = damage_of(standing)
    return None if what is None else "end missing" if what == CUT_SHORT else "does not decode"


def tell(stages: Stages, audience: Audience, standings: list[Standing]) -> int:
    """Tell of the damaged ones among photos just proven, and count them for `status`; how many."""
    found = [(standing, what) for standing in standings if (what := damage_of(standing))]
    for standing, what in found:
        audience.event(Event(Happened.DAMAGED, standing.id, {"reason": what}))
    if found:
        before = so_far(stages)
        count = len(found) + (0 if before is None else before.photos)
        stages.journal.set_fact(DAMAGED, json.dumps([count, stages.clock().isoformat()]))
    return len(found)


def so_far(stages: Stages) -> Damage | None:
    """What was counted until now; None where no photo was damaged."""
    fact = stages.journal.fact(DAMAGED)
    if fact is None:
        return None
    count, last = json.loads(fact)
    return Damage(int(count), datetime.fromisoformat(last))
