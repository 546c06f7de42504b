"""The log servers and files in the settings: contacted after each run, with the state of each."""

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
    """Start forwarding new entries. Returns at once, whether that succeeds or not."""
    if context.settings.forward.wanted:
        context.forwarder.knock()


@dataclass(frozen=True, slots=True)
class Receiver:
    """The state of one log server or file; `waiting` counts the entries that have not arrived there yet.

    `oldest` is when the first of these was recorded, `received_at` when an entry was last accepted, `fault` the fault
    that has prevented forwarding since `fault_since`.
    """

    name: str
    description: str
    waiting: int
    oldest: datetime | None
    received_at: datetime | None
    fault: str | None
    fault_since: datetime | None


def receivers(context: Context) -> tuple[Receiver, ...]:
    """All receivers in the settings. Reads only, and contacts no server."""
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
        return Receiver(
            target.name, target.description, 0, None, None, f"The waiting entries cannot be read: {fault}", None
        )
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
    """Each receiver, with the reason why it would not accept entries now, or None. Nothing is sent."""
    for target in targets(context.settings):
        try:
            target.try_out()
        except NotForwarded as fault:
            yield _receiver(context, target), str(fault)
        else:
            yield _receiver(context, target), None
