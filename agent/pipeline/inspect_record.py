"""An inspection on record: how long it took, where it looked, how many were found of which visit, what is not known.

It is a fact of the journal from its first moment on, brought up to date every few seconds, until it can be put on
record: by itself at its end where nobody else is at work, else by the next run. While it goes on it holds a lock that
the system itself gives back. So one that was killed goes on record as well, as cut short.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from agent.errors import AlreadyRunning
from agent.model import Sha256, VisitId
from agent.pipeline.context import Context
from agent.pipeline.lock import held, only_writer
from agent.pipeline.places import inspection_lock
from agent.pipeline.signing import signed
from agent.record import JSON, Draft, EntryKind
from agent.record.schema import check
from agent.settings import Settings

if TYPE_CHECKING:  # it reads photos; `status` and a run only ask what was inspected
    from agent.pipeline.inspect import Inspection
    from agent.pipeline.inspect_places import Spot

_TO_RECORD = "inspected "
_LAST = "last inspection"

MOST = 200
"""Lines of findings in one entry, one for each visit and place; the sums hold all."""


def inspecting_alone(settings: Settings) -> AbstractContextManager[None]:
    """Hold the lock of an inspection. AlreadyRunning where another one goes on, JournalError where it cannot be had."""
    taken = "Another inspection of this laptop is going on. Wait for its end, or stop it."
    return held(settings, inspection_lock(settings), taken)


def note(context: Context, inspection: "Inspection") -> None:
    """Keep it as far as it has come; durable on return. RecordError where the record would not take it."""
    said = body_of(inspection, context.settings.device.staff)
    check(EntryKind.INSPECTED, said)  # here, where it is seen, and not in some later run
    body = json.dumps(said)
    context.journal.set_fact(_TO_RECORD + inspection.id, body)
    context.journal.set_fact(_LAST, body)


def record_now(context: Context, inspection: "Inspection") -> bool:
    """Put it on record and sign it, where no run is at work; else the next one does so. Whether it is on record.

    RecordError where it cannot be written or signed: then, too, the next run tries again.
    """
    try:
        with only_writer(context.settings), signed(context):
            _record(context, [inspection.id])
    except AlreadyRunning:
        return False
    return True


def put_on_record(context: Context) -> None:
    """Put on record what was inspected since the last run, but not one that is going on."""
    waiting = [name.removeprefix(_TO_RECORD) for name in context.journal.facts(_TO_RECORD)]
    if not waiting:
        return
    try:
        with inspecting_alone(context.settings):
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


def body_of(inspection: "Inspection", staff: str) -> dict[str, JSON]:
    """What the record says of it. No names, and of what only may be of a visit a count alone."""
    from agent.pipeline.inspect import What

    return {
        "inspection": inspection.id,
        "by": staff,
        "began_at": inspection.began_at.isoformat(),
        "seconds": int(inspection.seconds),
        "cut_short": inspection.cut_short,
        "register_version": str(inspection.register_version),
        "files": inspection.files.total(),
        "findings": inspection.count(What.COPY, What.PHOTO),
        "unsure": inspection.count(What.UNSURE),
        "on_their_way": inspection.count(What.ON_ITS_WAY),
        "places": [{"place": spot.value, "files": number} for spot, number in sorted(inspection.files.items())],
        "found": cast("JSON", _lines(inspection)[:MOST]),
        "not_known": [
            {"place": spot.value, "why": why.value, "count": number}
            for (spot, why), number in sorted(inspection.not_known.items())
            if number
        ],
    }


def _lines(inspection: "Inspection") -> list[dict[str, JSON]]:
    from agent.pipeline.inspect import What

    lines: dict[tuple[VisitId, Spot], dict[str, JSON]] = {}
    for (what, visit, spot), number in sorted(inspection.found.items(), key=str):
        if visit is None or what not in {What.COPY, What.PHOTO}:
            continue
        line = lines.setdefault((visit, spot), {"visit": visit, "place": spot.value, "copies": 0, "photos": 0})
        line["copies" if what is What.COPY else "photos"] = number
    return list(lines.values())


@dataclass(frozen=True, slots=True)
class LastInspection:
    """The last inspection of this laptop, as far as it has come; `on_record` says whether the record has it."""

    began_at: datetime
    cut_short: bool
    findings: int
    unsure: int
    on_record: bool
    register_version: Sha256


def last_inspection(context: Context) -> LastInspection | None:
    """None where there was none since the program was set up."""
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
