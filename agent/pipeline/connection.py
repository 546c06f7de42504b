"""A run's connection to the share: made when it is first needed, and logged in to before where that will be soon.

A login takes ten round trips, in which photos can be looked at. Only the login is early: nothing is sent, asked or put
down before the run takes the connection where it would have connected without this. What went wrong is raised there.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.errors import ShareUnreachable
from agent.pipeline.clocks import compare_with_share, wrong_clock
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import LAST_REACHED, SHARE_TROUBLE
from agent.pipeline.network import why_it_waits

if TYPE_CHECKING:  # SSH, which is imported on the thread that connects
    from agent.pipeline.context import Connect
    from agent.share import Share

FRESH = 20.0
"""Seconds for which a connection may wait to be taken; an older one may have been cut by a server or a firewall."""

GIVEN_UP = 1.0
"""Seconds that a run's end may be held up by a login that nobody wants any more."""


class EarlyLogin:
    """At most one login ahead of its time. `connect` is called on a thread of its own; all else is for one thread."""

    def __init__(self, connect: "Connect") -> None:
        self._connect = connect
        self._thread: threading.Thread | None = None
        self._handing_over = threading.Lock()
        self._share: Share | None = None
        self._fault: BaseException | None = None
        self._unwanted = False
        self._since = 0.0

    def begin(self, *, delivering: bool) -> None:
        """Start to log in, unless that was done; `delivering` as in `Connect`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._log_in, args=(delivering,), name="share-early", daemon=True)
            self._thread.start()

    def take(self, *, delivering: bool) -> "Share":
        """The connection, which is the caller's from now on; made here where none was begun. Raises as `Connect` does.

        It is made anew where the early one may be dead by now; and where the share had not been reachable when it was
        tried, for the network may have come since.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return self._connect(delivering=delivering)
        was_over = not thread.is_alive()
        while thread.is_alive():
            thread.join(1.0)  # not for ever: on Windows, Ctrl-C waits for the end of a wait
        (share, fault), self._share, self._fault = (self._share, self._fault), None, None
        if share is not None and time.monotonic() - self._since <= FRESH:
            return share
        if share is not None:
            share.close()
        elif fault is not None and not (was_over and isinstance(fault, ShareUnreachable)):
            raise fault
        return self._connect(delivering=delivering)

    def close(self) -> None:
        """Give up what was not taken. A login that still hangs ends by itself, and is closed then."""
        with self._handing_over:
            self._unwanted = True
            share, self._share = self._share, None
        if share is not None:
            share.close()
        if self._thread is not None:
            self._thread.join(GIVEN_UP)

    def _log_in(self, delivering: bool) -> None:  # a thread's arguments have no names
        try:
            share = self._connect(delivering=delivering)
        except BaseException as fault:  # noqa: BLE001  # raised where the connection is taken
            self._fault = fault
            return
        with self._handing_over:
            if not self._unwanted:
                self._share, self._since = share, time.monotonic()
                return
        share.close()


@dataclass(slots=True)
class RunConnection:
    """The one connection of a run, with what is put down and told when it is made.

    `patient` is as in `Run`; `notice` hears of a clock that is wrong. `clock_ahead` is how far the laptop's is ahead of
    the share's, once that is known.
    """

    context: Context
    notice: Callable[[str], None]
    patient: bool
    share: "Share | None" = None
    clock_ahead: timedelta | None = None
    _early: EarlyLogin = field(init=False)

    def __post_init__(self) -> None:
        self._early = EarlyLogin(self.context.connect)

    def begin(self, *, delivering: bool = False) -> None:
        """Log in while the run does something else; not over a network that a patient run does not use."""
        if self.share is None and not (self.patient and why_it_waits(self.context)):
            self._early.begin(delivering=delivering)

    def made(self, *, delivering: bool = False) -> "Share":
        """The connection; `delivering` as in `Connect`. Raises ShareUnreachable, ShareRefused, ShareFault."""
        if self.share is None:
            if self.patient and (why := why_it_waits(self.context)):
                raise ShareUnreachable(why)
            self.share = self._early.take(delivering=delivering)
            self.context.share_clock.ask(self.share)
            self.context.journal.set_fact(LAST_REACHED, self.context.clock().isoformat())
            self.context.journal.set_fact(SHARE_TROUBLE, None)
            self.clock_ahead = compare_with_share(self.context)
            if self.clock_ahead is not None and (wrong := wrong_clock(self.clock_ahead)):
                self.notice(wrong)
        return self.share

    def close(self) -> None:
        """End it; what the share's clock says is not known any more."""
        self.context.share_clock.forget()
        self._early.close()
        if self.share is not None:
            self.share.close()
