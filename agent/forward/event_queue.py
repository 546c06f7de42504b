"""A durable queue (SQLite) of events to forward to each receiver, and the place up to which the record was read.

Adding an event and moving the place in the record forward are one transaction. An event leaves the queue only once its
receiver has it. So whenever a crash comes, each event is still in the record after that place, or waits here, or was
received: it may be sent twice, but it is always sent. The number of waiting events is bounded; later ones stay in the
record, which is itself on this laptop's disk, and are added when there is room.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.files.closing import Closing
from agent.forward.event import Position, Step, Target

MOST = 10_000
"""The most events that wait for one receiver: some ten megabytes."""

_STEPS = (
    """
CREATE TABLE waiting (
    target TEXT NOT NULL, device TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (target, device, number)
) WITHOUT ROWID;
CREATE TABLE position (
    target TEXT NOT NULL, device TEXT NOT NULL, number INTEGER NOT NULL, byte INTEGER NOT NULL,
    PRIMARY KEY (target, device)
) WITHOUT ROWID;
""",
    """
ALTER TABLE waiting ADD COLUMN at TEXT;
CREATE TABLE receiver (
    target TEXT NOT NULL, device TEXT NOT NULL, received_at TEXT, fault TEXT, fault_since TEXT,
    PRIMARY KEY (target, device)
) WITHOUT ROWID;
""",
)
VERSION = len(_STEPS)


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """A waiting event: its index in the record, its id, and the bytes for the receiver."""

    number: int
    id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class ReceiverStatus:
    """The state of one receiver. `after` is how far the record was read, `waiting` how many events wait here, `oldest`
    when the first of these was put on record, `received_at` when the receiver last accepted something; `fault` is the
    obstacle since `fault_since`.
    """

    after: Position
    waiting: int = 0
    oldest: datetime | None = None
    received_at: datetime | None = None
    fault: str | None = None
    fault_since: datetime | None = None


class EventQueue(Closing):
    """The queue of one device. For one thread only. Raises sqlite3.Error if its file cannot be used."""

    def __init__(self, path: Path, device: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._device = device
        self._base = sqlite3.connect(path, timeout=10, isolation_level=None)
        try:
            # Sent and erased events are overwritten, not just released.
            for setting in ("journal_mode = TRUNCATE", "synchronous = FULL", "secure_delete = ON"):
                self._base.execute(f"PRAGMA {setting}")
            self._make()
        except sqlite3.Error:
            self._base.close()
            raise

    def _make(self) -> None:
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            found = self._base.execute("PRAGMA user_version").fetchone()[0]
            if found > VERSION:
                raise sqlite3.NotSupportedError("it was made by a newer version of photo-agent")
            for step in _STEPS[found:]:
                for statement in step.split(";"):
                    self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def position(self, target: Target) -> Position:
        """Where to continue reading the record for this receiver."""
        row = self._base.execute(
            "SELECT number, byte FROM position WHERE target = ? AND device = ?", (target.name, self._device)
        ).fetchone()
        return Position() if row is None else Position(*row)

    def count(self, target: Target) -> int:
        """How many events wait for this receiver."""
        row = self._base.execute(
            "SELECT count(*) FROM waiting WHERE target = ? AND device = ?", (target.name, self._device)
        ).fetchone()
        return int(row[0])

    def take(self, target: Target, steps: Iterable[Step]) -> int:
        """Add these events, and move the place forward, durable on return; how many steps they were."""
        taken = 0
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            after = None
            for step in steps:
                after = step.after
                taken += 1
                if step.event is None:
                    continue
                if step.event.erases is not None:
                    self._base.execute(
                        "DELETE FROM waiting WHERE target = ? AND device = ? AND number = ?",
                        (target.name, self._device, step.event.erases),
                    )
                self._base.execute(
                    "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        *(target.name, self._device, step.event.index, step.event.id, target.render(step.event)),
                        str(step.event.entry["at"]),
                    ),
                )
            if after is not None:
                self._base.execute(
                    "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?)",
                    (target.name, self._device, after.index, after.offset),
                )
        return taken

    def next(self, target: Target, most: int) -> list[QueuedEvent]:
        """The oldest waiting events."""
        rows = self._base.execute(
            "SELECT number, id, payload FROM waiting WHERE target = ? AND device = ? ORDER BY number LIMIT ?",
            (target.name, self._device, most),
        )
        return [QueuedEvent(*row) for row in rows]

    def received(self, target: Target, held: Sequence[QueuedEvent], at: datetime) -> None:
        """Drop these events, which the receiver has had since `at`; durable on return."""
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany(
                "DELETE FROM waiting WHERE target = ? AND device = ? AND number = ?",
                [(target.name, self._device, one.number) for one in held],
            )
            self._base.execute(
                """INSERT INTO receiver (target, device, received_at) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET received_at = excluded.received_at""",
                (target.name, self._device, at.isoformat()),
            )

    def stopped(self, target: Target, fault: str, at: datetime) -> None:
        """Store the obstacle, for whoever asks."""
        self._base.execute(
            """INSERT INTO receiver (target, device, fault, fault_since) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET fault = excluded.fault, fault_since = coalesce(fault_since, excluded.fault_since)
            WHERE fault IS NOT excluded.fault""",
            (target.name, self._device, fault, at.isoformat()),
        )

    def went_on(self, target: Target) -> None:
        """Clear the obstacle: forwarding works again."""
        self._base.execute(
            """UPDATE receiver SET fault = NULL, fault_since = NULL
            WHERE target = ? AND device = ? AND fault IS NOT NULL""",
            (target.name, self._device),
        )


def receiver_status(path: Path, device: str, target: Target) -> ReceiverStatus:
    """The state of this receiver. Raises sqlite3.Error if the file cannot be used.

    Changes nothing, except to finish a write that a crash left half done.
    """
    if not path.exists():
        return ReceiverStatus(Position())
    which = (target.name, device)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)) as base:
        if base.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise sqlite3.NotSupportedError("another version of photo-agent made it; the next run brings it up to date")
        base.execute("BEGIN")  # one moment for all of it
        place = base.execute("SELECT number, byte FROM position WHERE target = ? AND device = ?", which).fetchone()
        waiting, oldest = base.execute(
            "SELECT count(*), min(at) FROM waiting WHERE target = ? AND device = ?", which
        ).fetchone()
        row = base.execute(
            "SELECT received_at, fault, fault_since FROM receiver WHERE target = ? AND device = ?", which
        ).fetchone()
    received_at, fault, since = row or (None, None, None)
    after = Position() if place is None else Position(*place)
    return ReceiverStatus(after, int(waiting), _moment(oldest), _moment(received_at), fault, _moment(since))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def set_aside(path: Path) -> None:
    """Move a damaged queue out of the way: everything is then read from the record again, and sent once more."""
    for ending in ("", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).replace(path.with_name(f"{path.name}{ending}.damaged"))
