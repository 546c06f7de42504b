"""Sends entries of the record to the log servers in the settings. Nothing waits for this.

This module connects the record with `agent.forward`. The forwarder's thread reads the record from where it stopped last
time.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.forward import LogEvent, Position, Step, Target
from agent.record import EntryKind, Record, to_ecs
from agent.record.following import Followed, following
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.forward import Forwarder

log = logging.getLogger("photo-agent")


def forwarder_of(settings: Settings, record: Record) -> "Forwarder":
    """The forwarder of this laptop's record."""
    from agent.forward import Forwarder

    return Forwarder(queue_file(settings), record.device, targets(settings), Following(record), log.warning)


def queue_file(settings: Settings) -> Path:
    """The folder of entries that wait to be forwarded."""
    return settings.state_dir / "forward" / "queue.sqlite3"


def targets(settings: Settings) -> list[Target]:
    """The receivers in the settings."""
    forward = settings.forward
    if not forward.wanted:
        return []
    from agent.forward import EcsFile, EcsServer, SyslogServer, TlsTrust

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


class Following:
    """A record as the forwarder's source."""

    def __init__(self, record: Record) -> None:
        self._files = record.files

    def __call__(self, position: Position) -> Iterator[Step]:
        """The entries from that position on; raises the record's errors if it is damaged."""
        found = following(self._files, position.index, position.offset)
        for index, one in enumerate(found, start=position.index + 1):
            yield Step(_event(one), Position(index, one.end))


def _event(one: Followed) -> LogEvent | None:
    from agent.record.bodies import BODIES

    entry = one.entry
    if entry is None:
        return None
    document = to_ecs(entry)
    erased = entry.body.get("entry") if entry.kind is EntryKind.ERASED else None
    return LogEvent(
        id=f"{entry.device}:{entry.event}",  # the same id as in the document, whichever way the event arrives
        index=entry.index,
        entry=json.loads(one.line),
        line=one.line,
        leaf_hash=entry.hash,
        document=document,
        severity=BODIES[entry.kind].facts.severity,
        erases=erased if isinstance(erased, int) else None,
    )
