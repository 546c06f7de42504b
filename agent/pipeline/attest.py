"""A person's statement on places that this program cannot see, and where a visit's photos may be.

The record marks it as a statement, to distinguish it from anything the program checked. It is a fact in the journal
until the next run puts it on record. Until then it can be taken back; afterwards only a new statement can correct it.
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
"""When the recorded statement was made. It is a fact of its own, so that a run cannot undo a newer statement."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """The last statement about a visit, when it was made, and whether it is on record yet."""

    visit: VisitId
    words: Mapping[Place, Word]
    at: datetime
    on_record: bool = False

    @property
    def complete(self) -> bool:
        """Whether the person has looked everywhere."""
        return all(self.words.get(place, Word.NOT_LOOKED) is not Word.NOT_LOOKED for place in Place)


def attest(context: Context, visit: VisitId, words: Mapping[Place, Word]) -> Attestation:
    """Note a person's statement. UsageError if the visit is not known or not over, or if a place is missing."""
    register = context.registers.current()
    if register is None:
        raise UsageError("there is no register of visits on this laptop yet; `photo-agent sync` fetches it")
    known = review.open_visit(register, visit)
    now = context.clock()
    if now < known.span.latest:
        raise UsageError(f"{known.title} is not over yet; say where its photos are when it is")
    if missing := [place for place in Place if place not in words]:
        raise UsageError(f"Every place needs an answer. Missing: {', '.join(f'--{place}' for place in missing)}.")
    statement = Attestation(visit, {place: words[place] for place in Place}, now)
    fact = {"visit": visit, "at": now.isoformat(), "words": {place.value: word.value for place, word in words.items()}}
    context.journal.set_fact(_STATED + visit, json.dumps(fact))
    return statement


def take_back(context: Context, visit: VisitId) -> bool:
    """Forget the statement unless it is on record; returns whether it was forgotten."""
    statement = attested(context, visit)
    if statement is None or statement.on_record:
        return False
    context.journal.set_fact(_STATED + visit, None)
    return True


def attested(context: Context, visit: VisitId) -> Attestation | None:
    """The last statement about this visit on this laptop."""
    return statements(context).get(visit)


def statements(context: Context) -> dict[VisitId, Attestation]:
    """The last statement about each visit on this laptop."""
    on_record = context.journal.facts(_ON_RECORD)
    stated = (json.loads(fact) for fact in context.journal.facts(_STATED).values())
    found = (_read(body, on_record.get(_ON_RECORD + body["visit"]) == body["at"]) for body in stated)
    return {one.visit: one for one in found}


def put_on_record(context: Context) -> None:
    """Record the statements made since the last run."""
    new = [one for one in statements(context).values() if not one.on_record]
    context.record.append_all([_entry(context, one) for one in new])
    for one in new:
        context.journal.set_fact(_ON_RECORD + one.visit, one.at.isoformat())


def _entry(context: Context, statement: Attestation) -> Draft:
    body = Attested(
        visit=statement.visit,
        staff=context.settings.device.staff,
        phone=statement.words[Place.PHONE],
        bin=statement.words[Place.BIN],
        cloud=statement.words[Place.CLOUD],
        messages=statement.words[Place.MESSAGES],
        card=statement.words[Place.CARD],
    )
    return body.draft(f"attested-{statement.visit}-{statement.at.isoformat()}", statement.at)


def _read(body: Mapping[str, Any], on_record: bool) -> Attestation:
    words = {Place(place): Word(word) for place, word in body["words"].items()}
    return Attestation(VisitId(body["visit"]), words, datetime.fromisoformat(body["at"]), on_record)
