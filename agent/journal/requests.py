"""How `sync` hands its work to the running service: one row asks for the work, and further rows report on it.

A person's answer about a card, given on the staff page, is a row too.

The journal is the only thing that the two share; there is no socket and no protocol. The asker polls `events` and
`finished`; the service polls `next_request`. A request is wiped when it is finished, because paths are private.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from agent.errors import JournalError
from agent.journal.codec import instant
from agent.journal.store import Store

REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """`sync` was called with `paths` (none: the watched folders) while the service ran."""

    id: int
    paths: tuple[Path, ...]
    asked_at: datetime


class CardSaid(StrEnum):
    """The answers that a person can give about a card."""

    SEND = "send"  # send its photos, and remove them where the settings allow it
    ALWAYS = "always"  # the same, now and whenever this card is put in
    NOT_NOW = "not now"
    ASK_AGAIN = "ask again"  # end "always"
    STOP_WAITING = "stop waiting"  # it was taken out too soon, and will not come back


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """A person's answer about the card in the offer `offer`, as it was shown."""

    id: int
    offer: str
    said: CardSaid


class RequestQueue(Store):
    """The requests to the service, oldest first."""

    def ask(self, paths: Sequence[Path], at: datetime) -> int:
        """Ask the service to process these paths; returns the request's number. Deletes requests that finished long
        ago.
        """
        spelled = json.dumps([os.fspath(path) for path in paths], ensure_ascii=True)
        with self._writing() as db:
            db.execute("DELETE FROM request WHERE finished_at < ?", (sortable(at - REMEMBERED),))
            row = db.execute("INSERT INTO request (asked_at, paths) VALUES (?, ?)", (at.isoformat(), spelled))
            if row.lastrowid is None:
                raise JournalError("The journal took a request without giving it a number. Try again.")
            return row.lastrowid

    def next_request(self) -> SyncRequest | None:
        """The oldest unfinished request."""
        with self._reading() as db:
            row = db.execute(
                """SELECT id, paths, asked_at FROM request
                WHERE finished_at IS NULL AND card IS NULL ORDER BY id LIMIT 1"""
            ).fetchone()
        if row is None:
            return None
        number, paths, asked_at = row
        return SyncRequest(number, tuple(map(Path, json.loads(paths))), instant(asked_at))

    def answer_card(self, offer: str, said: CardSaid, at: datetime) -> None:
        """Answer about a card. The service checks whether the card is still as it was shown."""
        with self._writing() as db:
            db.execute("DELETE FROM request WHERE finished_at < ?", (sortable(at - REMEMBERED),))
            body = json.dumps([offer, said.value], ensure_ascii=True)
            db.execute("INSERT INTO request (asked_at, paths, card) VALUES (?, '[]', ?)", (at.isoformat(), body))

    def next_card_answer(self) -> CardAnswer | None:
        """The oldest answer about a card that has not been acted on."""
        with self._reading() as db:
            row = db.execute(
                """SELECT id, card FROM request
                WHERE finished_at IS NULL AND card IS NOT NULL ORDER BY id LIMIT 1"""
            ).fetchone()
        if row is None:
            return None
        offer, said = json.loads(row[1])
        return CardAnswer(row[0], str(offer), CardSaid(said))

    def report(self, request: int, event: Mapping[str, object]) -> None:
        """Report an event to the asker; it is dropped if the asker has withdrawn."""
        body = json.dumps(event, ensure_ascii=True)
        with self._writing() as db:
            db.execute(
                """INSERT INTO event SELECT id, 1 + (SELECT COALESCE(MAX(number), 0) FROM event WHERE request = id), ?
                FROM request WHERE id = ?""",
                (body, request),
            )

    def events(self, request: int, after: int = 0) -> list[tuple[int, dict[str, object]]]:
        """The events after event number `after`, each with its number, counted from 1."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT number, body FROM event WHERE request = ? AND number > ? ORDER BY number", (request, after)
            ).fetchall()
        return [(number, json.loads(body)) for number, body in rows]

    def finish(self, request: int, at: datetime) -> None:
        """Announce that nothing more will be reported. Repeating it, or finishing a withdrawn request, does no harm."""
        with self._writing() as db:
            db.execute(
                "UPDATE request SET finished_at = ?, paths = '[]' WHERE id = ? AND finished_at IS NULL",
                (sortable(at), request),
            )

    def withdraw(self, request: int) -> None:
        """The asker no longer waits: the request and its events are deleted, and later reports are dropped."""
        with self._writing() as db:
            db.execute("DELETE FROM request WHERE id = ?", (request,))


def sortable(at: datetime) -> str:
    """An instant as text of one width in UTC: its order as text is its order in time."""
    if at.tzinfo is None:
        raise ValueError("the journal stores instants, not wall clocks")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
