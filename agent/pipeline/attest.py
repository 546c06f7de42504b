"""A person's word on where a visit's photos are not, or not any more: places that this program cannot see.

It is a statement, kept apart from all that was checked. It is a fact of the journal until the next run puts it on
record; until then it can be taken back, and afterwards only be followed by another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.errors import UsageError
from agent.model.ids import VisitId
from agent.pipeline import review
from agent.pipeline.context import Context
from agent.record import Draft
from agent.record.bodies import Attested
from agent.record.words import Place, Word

_STATED = "attested "
_ON_RECORD = "attestation on record "
"""When what is on record was stated; a fact of its own, so that a run cannot undo a statement made meanwhile."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """What was stated last of a visit, when, and whether it is on record by now."""

    visit: VisitId
    words: Mapping[Place, Word]
    at: datetime
    on_record: bool = False

    @property
    def complete(self) -> bool:
        """Whether the person has looked everywhere."""
        return all(self.words.get(place, Word.NOT_LOOKED) is not Word.NOT_LOOKED for place in Place)


def attest(context: Context, visit: VisitId, words: Mapping[Place, Word]) -> Attestation:
    """Note a person's word. UsageError where the visit is not known, is not over, or a place is left out."""
    register = context.registers.current()
    if register is None:
        raise UsageError("there is no register of visits on this laptop yet; `photo-agent sync` fetches it")
    known = review.open_visit(register, visit)
    now = context.clock()
    if now < known.span.latest:
        raise UsageError(f"{known.title} is not over yet; say where its photos are when it is")
    if missing := [place for place in Place if place not in words]:
        raise UsageError(f"Every place needs an answer. Missing: {', '.join(f'--{place}' for place in missing)}.")
    said = Attestation(visit, {place: words[place] for place in Place}, now)
    fact = {"visit": visit, "at": now.isoformat(), "words": {place.value: word.value for place, word in words.items()}}
    context.journal.set_fact(_STATED + visit, json.dumps(fact))
    return said


def take_back(context: Context, visit: VisitId) -> bool:
    """Forget what was stated, as long as it is not on record; whether that was so."""
    said = attested(context, visit)
    if said is None or said.on_record:
        return False
    context.journal.set_fact(_STATED + visit, None)
    return True


def attested(context: Context, visit: VisitId) -> Attestation | None:
    """What was stated last of this visit on this laptop."""
    return statements(context).get(visit)


def statements(context: Context) -> dict[VisitId, Attestation]:
    """All that was stated last on this laptop, by visit."""
    on_record = context.journal.facts(_ON_RECORD)
    stated = (json.loads(fact) for fact in context.journal.facts(_STATED).values())
    found = (_read(told, on_record.get(_ON_RECORD + told["visit"]) == told["at"]) for told in stated)
    return {one.visit: one for one in found}


def put_on_record(context: Context) -> None:
    """Put down in the record what was stated since the last run."""
    new = [one for one in statements(context).values() if not one.on_record]
    context.record.append_all([_entry(context, one) for one in new])
    for one in new:
        context.journal.set_fact(_ON_RECORD + one.visit, one.at.isoformat())


def _entry(context: Context, said: Attestation) -> Draft:
    body = Attested(
        visit=said.visit,
        staff=context.settings.device.staff,
        phone=said.words[Place.PHONE],
        bin=said.words[Place.BIN],
        cloud=said.words[Place.CLOUD],
        messages=said.words[Place.MESSAGES],
        card=said.words[Place.CARD],
    )
    return body.draft(f"attested-{said.visit}-{said.at.isoformat()}", said.at)


def _read(told: Mapping[str, Any], on_record: bool) -> Attestation:
    words = {Place(place): Word(word) for place, word in told["words"].items()}
    return Attestation(VisitId(told["visit"]), words, datetime.fromisoformat(told["at"]), on_record)
