"""Photos that were sent to the share but could not be proven there: after three attempts they wait for IT.

To send them again in every run would only load the network: somebody has to look at the server first. They are tried
once a day, and as soon as `doctor` has found that the share can be written to.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from agent.errors import AgentError, FolderNotTrusted, ServerUnfit, ShareDenied, ShareFault, ShareFull, ShareFullLate
from agent.journal import Journal, State, TrackedPhoto
from agent.pipeline.journal_keys import IN_VAIN

MOST = 3
AGAIN = timedelta(days=1)
BEFORE = (ShareDenied, FolderNotTrusted, ServerUnfit)
"""Faults that are found before any byte is sent, unless everything had been sent."""


@dataclass(slots=True)
class InVain:
    """Counts how often each transfer was sent in vain, and says when it may be tried again."""

    journal: Journal
    _of: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    @classmethod
    def load(cls, journal: Journal) -> Self:
        """The counts in the journal."""
        found = json.loads(journal.fact(IN_VAIN) or "{}")
        return cls(journal, {transfer: (n, datetime.fromisoformat(again)) for transfer, (n, again) in found.items()})

    def __bool__(self) -> bool:
        return bool(self._of)

    def waits(self, tracked: TrackedPhoto, now: datetime) -> bool:
        """Whether the photo waits for IT. Setting the clock back does not make it wait any longer."""
        count, again = self._of.get(tracked.transfer or "", (0, now))
        return count >= MOST and timedelta() < again - now <= AGAIN

    def failed(self, tracked: TrackedPhoto, error: AgentError, now: datetime) -> str:
        """Count the attempt if bytes were sent; returns the reason to show."""
        sent = tracked.state is State.SENT or (isinstance(error, ShareFault) and not isinstance(error, BEFORE))
        cheap = isinstance(error, ShareFull) and not isinstance(error, ShareFullLate)
        if not sent or cheap or tracked.transfer is None:
            return str(error)
        count = self._of.get(tracked.transfer, (0, now))[0] + 1
        self._of[tracked.transfer] = (count, now + AGAIN)
        self._save()
        if count < MOST:
            return str(error)
        return (
            f"This photo was sent {_times(count)} and could not be checked on the share, so it stays on this laptop "
            f"and waits for IT. Until then it is sent at most once a day. The share reported: {error}"
        )

    def arrived(self, tracked: TrackedPhoto) -> None:
        """The photo is proven, so its count is dropped."""
        if self._of.pop(tracked.transfer or "", None) is not None:
            self._save()

    def _save(self) -> None:
        plain = {transfer: [count, again.isoformat()] for transfer, (count, again) in self._of.items()}
        self.journal.set_fact(IN_VAIN, json.dumps(plain) if plain else None)


def release(journal: Journal) -> int:
    """Try all photos again that wait for IT; returns their number."""
    counts = [int(count) for count, _ in json.loads(journal.fact(IN_VAIN) or "{}").values()]
    journal.set_fact(IN_VAIN, None)
    return sum(count >= MOST for count in counts)


def _times(count: int) -> str:
    return "three times" if count == MOST else f"{count} times"
