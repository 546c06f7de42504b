"""After each run: what was put on record is told to the log servers that the settings name. It holds up nothing.

Here the record meets `agent.forward`. The record is read on from where it was left, in the forwarder's thread, so a run
only knocks.
"""

import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.errors import RecordError
from agent.forward import (
    EcsFile,
    EcsServer,
    Forwarder,
    LogEvent,
    NotForwarded,
    Position,
    Step,
    SyslogServer,
    Target,
    TlsTrust,
    receiver_status,
)
from agent.pipeline.context import Context
from agent.record import EntryKind, Record, to_ecs
from agent.record.following import Followed, following
from agent.settings import Settings

log = logging.getLogger("photo-agent")


def after_run(context: Context) -> None:
    """Have new entries forwarded. Returns at once, whatever becomes of it."""
    if context.settings.forward.wanted:
        context.forwarder.knock()


def forwarder_of(settings: Settings, record: Record) -> Forwarder:
    """The forwarder of this laptop's record."""
    return Forwarder(queue_file(settings), record.device, targets(settings), Following(record), log.warning)


def queue_file(settings: Settings) -> Path:
    """Where what waits to be forwarded lies."""
    return settings.state_dir / "forward" / "queue.sqlite3"


def targets(settings: Settings) -> list[Target]:
    """The receivers that the settings name."""
    forward = settings.forward
    trust = TlsTrust(*(settings.forward_file(name) for name in ("ca_file", "client_cert", "client_key")))
    found: list[Target] = []
    if forward.syslog:
        found.append(SyslogServer(*_endpoint(forward.syslog), trust))
    if forward.ecs_server:
        found.append(EcsServer(*_endpoint(forward.ecs_server), trust))
    if (file := settings.forward_file("ecs_file")) is not None:
        found.append(EcsFile(file))
    return found


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class Receiver:
    """How it stands with one log server or file; `waiting` counts what is on record and not yet there.

    `oldest` is when the first of these was put on record, `received_at` when something was last taken, `fault` what has
    stood in the way since `fault_since`.
    """

    name: str
    description: str
    waiting: int
    oldest: datetime | None
    received_at: datetime | None
    fault: str | None
    fault_since: datetime | None


def receivers(context: Context) -> tuple[Receiver, ...]:
    """All that the settings name. Reads only, and asks no server."""
    return tuple(_receiver(context, target) for target in targets(context.settings))


def _receiver(context: Context, target: Target) -> Receiver:
    record = context.record
    try:
        queued = receiver_status(queue_file(context.settings), record.device, target)
        behind = max(0, len(record) - queued.after.index)
        oldest = queued.oldest
        if oldest is None and behind:
            steps = following(record.files, queued.after.index, queued.after.offset)
            oldest = next((one.entry.at for one in steps if one.entry is not None), None)
    except (sqlite3.Error, RecordError) as fault:
        return Receiver(target.name, target.description, 0, None, None, f"What waits cannot be read: {fault}", None)
    return Receiver(
        target.name,
        target.description,
        queued.waiting + behind,
        oldest,
        queued.received_at,
        queued.fault,
        queued.fault_since,
    )


def try_out(context: Context) -> Iterator[tuple[Receiver, str | None]]:
    """Each receiver, and why it would take nothing now; None where it would. Nothing is sent."""
    for target in targets(context.settings):
        try:
            target.try_out()
        except NotForwarded as fault:
            yield _receiver(context, target), str(fault)
        else:
            yield _receiver(context, target), None


class Following:
    """A record as the forwarder's source."""

    def __init__(self, record: Record) -> None:
        self._files = record.files

    def __call__(self, position: Position) -> Iterator[Step]:
        """From there on; raises what the record has for damage."""
        found = following(self._files, position.index, position.offset)
        for index, one in enumerate(found, start=position.index + 1):
            yield Step(_event(one), Position(index, one.end))


def _event(one: Followed) -> LogEvent | None:
    entry = one.entry
    if entry is None:
        return None
    document = to_ecs(entry)
    erased = entry.body.get("entry") if entry.kind is EntryKind.ERASED else None
    return LogEvent(
        id=f"{entry.device}:{entry.event}",  # as in the document: one event has one id, whichever way it comes
        index=entry.index,
        entry=json.loads(one.line),
        line=one.line,
        leaf_hash=entry.hash,
        document=document,
        erases=erased if isinstance(erased, int) else None,
    )
