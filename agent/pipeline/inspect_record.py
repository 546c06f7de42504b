"""The record of an inspection: how long it took, where it looked, what it found of each visit, and what is not known.

An inspection is a fact in the journal from its first moment on, updated every few seconds. At its end it is recorded,
either at once if no run is active, or by the next run. While it is running it holds a lock that the system itself
releases. So an inspection that was killed is recorded too, as cut short.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agent.errors import AlreadyRunning
from agent.model.ids import Sha256, VisitId
from agent.pipeline.context import Context
from agent.pipeline.lock import only_inspection, only_writer
from agent.pipeline.signing import signed
from agent.record import JSON, Draft, EntryKind
from agent.record.schema import check
from agent.record.words import Spot

if TYPE_CHECKING:  # it reads photos; `status` and a run only ask what was inspected
    from agent.pipeline.inspect import Inspection
    from agent.record.bodies import FoundThere, Inspected

_TO_RECORD = "inspected "
_LAST = "last inspection"

MOST = 200
"""The most lines of findings in one entry, one for each visit and place; the totals include all findings."""


def note(context: Context, inspection: "Inspection") -> None:
    """Save the inspection so far; durable on return. RecordError if the record would not accept it."""
    content = body_of(inspection, context.settings.device.staff).as_json()
    check(EntryKind.INSPECTED, content)  # so that the person sees the error now, and not in some later run
    body = json.dumps(content)
    context.journal.set_fact(_TO_RECORD + inspection.id, body)
    context.journal.set_fact(_LAST, body)


def record_now(context: Context, inspection: "Inspection") -> bool:
    """Record and sign the inspection, unless a run is active: then the next run does so. Returns whether it did.

    Raises RecordError if it cannot be written or signed; the next run tries again then, too.
    """
    try:
        with only_writer(context.settings), signed(context):
            _record(context, [inspection.id])
    except AlreadyRunning:
        return False
    return True


def put_on_record(context: Context) -> None:
    """Record the inspections since the last run, except one that is still running."""
    waiting = [name.removeprefix(_TO_RECORD) for name in context.journal.facts(_TO_RECORD)]
    if not waiting:
        return
    try:
        with only_inspection(context.settings):
            _record(context, waiting)
    except AlreadyRunning:
        pass


def _record(context: Context, ids: list[str]) -> None:
    bodies = {identity: context.journal.fact(_TO_RECORD + identity) for identity in ids}
    drafts = [_draft(identity, json.loads(body)) for identity, body in bodies.items() if body is not None]
    context.record.append_all(drafts)
    for identity in ids:
        context.journal.set_fact(_TO_RECORD + identity, None)


def _draft(identity: str, body: dict[str, JSON]) -> Draft:
    at = datetime.fromisoformat(str(body["began_at"]))
    return Draft(EntryKind.INSPECTED, body, f"inspected-{identity}", at)


def body_of(inspection: "Inspection", staff: str) -> "Inspected":
    """The body of the entry. It has no names; photos that only may be of a visit are just counted."""
    from agent.pipeline.inspect import What
    from agent.record.bodies import Inspected, LookedAt, NotLookedAt

    return Inspected(
        inspection=inspection.id,
        by=staff,
        began_at=inspection.began_at,
        seconds=int(inspection.seconds),
        cut_short=inspection.cut_short,
        register_version=inspection.register_version,
        files=inspection.files.total(),
        findings=inspection.count(What.COPY, What.PHOTO),
        unsure=inspection.count(What.UNSURE),
        on_their_way=inspection.count(What.ON_ITS_WAY),
        places=tuple(LookedAt(place=spot, files=number) for spot, number in sorted(inspection.files.items())),
        found=tuple(_lines(inspection)[:MOST]),
        not_known=tuple(
            NotLookedAt(place=spot, why=why, count=number)
            for (spot, why), number in sorted(inspection.not_known.items())
            if number
        ),
    )


def _lines(inspection: "Inspection") -> "list[FoundThere]":
    from agent.pipeline.inspect import What
    from agent.record.bodies import FoundThere

    lines: dict[tuple[VisitId, Spot], FoundThere] = {}
    for (what, visit, spot), number in sorted(inspection.found.items(), key=str):
        if visit is None or what not in {What.COPY, What.PHOTO}:
            continue
        line = lines.get((visit, spot)) or FoundThere(visit=visit, place=spot, copies=0, photos=0)
        lines[visit, spot] = replace(line, copies=number) if what is What.COPY else replace(line, photos=number)
    return list(lines.values())


@dataclass(frozen=True, slots=True)
class LastInspection:
    """The last inspection of this laptop so far; `on_record` says whether the record has it."""

    began_at: datetime
    cut_short: bool
    findings: int
    unsure: int
    on_record: bool
    register_version: Sha256


def last_inspection(context: Context) -> LastInspection | None:
    """The last inspection; None if there was none since the program was set up."""
    fact = context.journal.fact(_LAST)
    if fact is None:
        return None
    body: Mapping[str, Any] = json.loads(fact)
    return LastInspection(
        datetime.fromisoformat(body["began_at"]),
        bool(body["cut_short"]),
        int(body["findings"]),
        int(body["unsure"]),
        context.journal.fact(_TO_RECORD + str(body["inspection"])) is None,
        Sha256(body["register_version"]),
    )
