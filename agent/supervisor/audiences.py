"""Who follows the service's runs: the log, and through the journal whoever called `sync`."""

import logging
from dataclasses import dataclass

from agent.journal import Journal
from agent.pipeline.events import Event, Happened

log = logging.getLogger("photo-agent")


@dataclass(slots=True)
class ToAsker:
    """The audience of a run that `sync` handed over: its events go into the journal, where `sync` reads them."""

    journal: Journal
    request: int
    _bytes: int = 0

    def event(self, event: Event) -> None:
        """Passed on."""
        self.journal.report(self.request, event.as_json())

    def expect(self, files: int, size: int) -> None:
        """Passed on."""
        self.journal.report(self.request, {"event": "expect", "files": files, "bytes": size})

    def advance(self, size: int) -> None:
        """Passed on a megabyte at a time: each report is a commit."""
        self._bytes += size
        if self._bytes >= 1_000_000:
            self.journal.report(self.request, {"event": "advance", "bytes": self._bytes})
            self._bytes = 0


@dataclass(slots=True)
class ToLog:
    """The audience of the service's own runs: ids and counts to the log, never a name.

    A `sync` that asks in the middle of such a run follows it from there; its own run comes right after.
    """

    journal: Journal
    _files_left: int = 0
    _bytes_left: int = 0
    _asker: ToAsker | None = None

    def event(self, event: Event) -> None:
        """One line."""
        log.info("%s %s %s", event.what.value, event.photo or "", dict(event.details) or "")
        if event.what is Happened.SENT:
            self._files_left -= 1
        if self._asker is None and (request := self.journal.next_request()) is not None:
            self._asker = ToAsker(self.journal, request.id)
            self._asker.expect(self._files_left, self._bytes_left)
        if self._asker is not None:
            self._asker.event(event)

    def expect(self, files: int, size: int) -> None:
        """One line."""
        self._files_left, self._bytes_left = files, size
        log.info("sending %d %s, %.1f MB", files, "photo" if files == 1 else "photos", size / 1e6)

    def advance(self, size: int) -> None:
        """Too much for a log."""
        self._bytes_left -= size
        if self._asker is not None:
            self._asker.advance(size)
