"""The audiences of the service's runs: the log, and, through the journal, a `sync` that handed over."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.counting import counted
from agent.journal import Journal
from agent.pipeline.events import Event, Happened

Tell = Callable[[Mapping[str, object]], None]
"""Takes an event in the form of `sync --json`."""

log = logging.getLogger("photo-agent")


@dataclass(slots=True)
class ToAsker:
    """The audience of a run that `sync` handed over: its events go into the journal, where `sync` reads them."""

    journal: Journal
    request: int
    tell: Tell = lambda _: None
    _bytes: int = 0

    def event(self, event: Event) -> None:
        """Report the event."""
        self.journal.report(self.request, event.as_json())
        self.tell(event.as_json())

    def expect(self, files: int, size: int) -> None:
        """Report how much is about to be sent."""
        self.journal.report(self.request, {"event": "expect", "files": files, "bytes": size})

    def advance(self, size: int) -> None:
        """Report progress, one megabyte at a time, because each report is a commit."""
        self._bytes += size
        if self._bytes >= 1_000_000:
            self.journal.report(self.request, {"event": "advance", "bytes": self._bytes})
            self._bytes = 0


@dataclass(slots=True)
class ToLog:
    """The audience of the service's own runs. It logs ids and counts, never a name.

    A `sync` that asks during such a run follows the rest of it; its own run comes directly afterwards.
    """

    journal: Journal
    tell: Tell = lambda _: None
    _files_left: int = 0
    _bytes_left: int = 0
    _asker: ToAsker | None = None

    def event(self, event: Event) -> None:
        """Log one line."""
        log.log(*in_a_sentence(event))
        self.tell(event.as_json())
        if event.what is Happened.SENT:
            self._files_left -= 1
        if self._asker is None and (request := self.journal.next_request()) is not None:
            self._asker = ToAsker(self.journal, request.id)
            self._asker.expect(self._files_left, self._bytes_left)
        if self._asker is not None:
            self._asker.event(event)

    def expect(self, files: int, size: int) -> None:
        """Log one line."""
        self._files_left, self._bytes_left = files, size
        if files:
            log.info("Sending %s, %.1f MB.", counted(files, "photo"), size / 1e6)

    def advance(self, size: int) -> None:
        """Log nothing, as this would be too much for a log. Only a `sync` that follows gets it."""
        self._bytes_left -= size
        if self._asker is not None:
            self._asker.advance(size)


def in_a_sentence(event: Event) -> tuple[int, str]:
    """The level of a log line, and its text."""
    photo, details = f"Photo {event.photo}", event.details
    reason = details.get("reason") or details.get("state")
    sentences = {
        Happened.NOTICE: str(details.get("text")),
        Happened.FOUND: f"{photo} was found.",
        Happened.DECIDED: f"{photo} is from {details.get('visit') or 'no visit'}{_because(details)}.",
        Happened.SENT: f"{photo} was sent.",
        Happened.PROVEN: f"{photo} is on the share: every byte was compared ({details.get('method')}).",
        Happened.DAMAGED: f"{photo} was sent, but it is damaged: {reason}.",
        Happened.REMOVED: f"{photo} was removed from its folder.",
        Happened.HELD: f"{photo} waits: {reason}.",
        Happened.FAILED: f"{photo} waits after a fault: {reason}",
    }
    bad = event.what in {Happened.NOTICE, Happened.DAMAGED, Happened.FAILED}
    return logging.WARNING if bad else logging.INFO, sentences[event.what]


def _because(details: Mapping[str, object]) -> str:
    reasons = details.get("reasons")
    return ": " + "; ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else ""
