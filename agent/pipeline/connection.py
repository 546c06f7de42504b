"""Logging in to the share while the run still looks at photos, if it will soon need the connection.

A login takes ten round trips, and photos can be looked at meanwhile. Only the login is early: nothing is sent, asked or
recorded before the run takes the connection, at the point where it would otherwise have connected. An error of the
login is raised there.
"""

import threading
import time
from typing import TYPE_CHECKING

from agent.errors import ShareUnreachable

if TYPE_CHECKING:  # SSH, which is imported on the thread that connects
    from agent.pipeline.context import Connect
    from agent.share import Share

FRESH = 20.0
"""Seconds for which a connection may wait to be taken. A server or a firewall may have cut an older one."""

GIVEN_UP = 1.0
"""Seconds for which a login that is no longer wanted may delay the end of a run."""


class EarlyLogin:
    """At most one early login. `connect` is called on a separate thread; everything else is for one thread only."""

    def __init__(self, connect: "Connect") -> None:
        self._connect = connect
        self._thread: threading.Thread | None = None
        self._handing_over = threading.Lock()
        self._share: Share | None = None
        self._fault: BaseException | None = None
        self._unwanted = False
        self._since = 0.0
        self.was_early = False
        """Whether the connection taken last had been made before it was wanted: it may have ended while it waited."""

    def begin(self, *, delivering: bool) -> None:
        """Start to log in, unless a login has begun already; `delivering` as in `Connect`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._log_in, args=(delivering,), name="share-early", daemon=True)
            self._thread.start()

    def take(self, *, delivering: bool) -> "Share":
        """The connection, now the caller's; made here if no login was begun. Raises as `Connect`.

        A new one is made if the early one may be dead by now, or if the share could not be reached some time ago: the
        network may be back.
        """
        thread, self._thread = self._thread, None
        self.was_early = False
        if thread is None:
            return self._connect(delivering=delivering)
        was_over = not thread.is_alive()
        while thread.is_alive():
            thread.join(1.0)  # not for ever: on Windows, Ctrl-C waits for the end of a wait
        (share, fault), self._share, self._fault = (self._share, self._fault), None, None
        if share is not None and time.monotonic() - self._since <= FRESH:
            self.was_early = True
            return share
        if share is not None:
            share.close()
        elif fault is not None and not (was_over and isinstance(fault, ShareUnreachable)):
            raise fault
        return self._connect(delivering=delivering)

    def close(self) -> None:
        """Give up a connection that was not taken. A login that still hangs ends by itself and is closed then."""
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
