"""The share's clock, as it is known during a connection: for entries of the record, beside the laptop's own clock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.errors import ShareFault
from agent.share import Share


class ShareClock:
    """Says what time it is on the share; None while that is not known. `monotonic` is a clock that is never set."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told: tuple[datetime, float] | None = None

    def ask(self, share: Share) -> None:
        """Ask the share once; from then on the monotonic clock carries it on. A share that does not say is no fault."""
        try:
            self._told = (share.now(), self._monotonic())
        except ShareFault:
            self._told = None

    def forget(self) -> None:
        """The connection has ended: a laptop that sleeps would carry on a wrong time."""
        self._told = None

    def __call__(self) -> datetime | None:
        """The time on the share now."""
        if self._told is None:
            return None
        at, then = self._told
        return at + timedelta(seconds=self._monotonic() - then)
