"""The log servers and files that the settings name: knocked at after each run, and how it stands with each."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agent.errors import RecordError
from agent.forward import NotForwarded, Target, receiver_status
from agent.pipeline.context import Context
from agent.pipeline.forwarding import queue_file, targets
from agent.record.following import following


def after_run(context: Context) -> None:
    """Have new entries forwarded. Returns at once, whatever becomes of it."""
    if context.settings.forward.wanted:
        context.forwarder.knock()


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
