"""The share's clock during a connection: entries of the record have its time besides the laptop's."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.errors import ShareFault
from agent.share import Share


class ShareClock:
    """Gives the share's time; None while it is not known. `monotonic` is a clock that is never set."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asked: tuple[datetime, float] | None = None

    def ask(self, share: Share) -> None:
        """Ask the share once; from then on the time is derived from the monotonic clock. No answer is not a fault."""
        try:
            self._asked = (share.now(), self._monotonic())
        except ShareFault:
            self._asked = None

    def forget(self) -> None:
        """Forget the time when the connection ends: it would be wrong after the laptop has slept."""
        self._asked = None

    def __call__(self) -> datetime | None:
        """The time on the share now."""
        if self._asked is None:
            return None
        at, then = self._asked
        return at + timedelta(seconds=self._monotonic() - then)
