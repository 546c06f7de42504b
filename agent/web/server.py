"""The page's process: a port on loopback, one thread for all requests, and an end when nobody looks any more.

One page a user: who holds the lock file in the state folder is it. How another `open` asks it for a fresh token is
told in `opening`.
"""

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock

from agent.settings import Settings
from agent.web import opening

CLOSED_AFTER = 5 * 60.0
"""Seconds without a request, from a page with script, after which it counts as closed: it asks every few seconds, and
browsers let a page in the background ask once a minute."""

LEFT_AFTER = 60 * 60.0
"""The same for a browser without script, which says nothing between two clicks."""

TICK = 0.25
"""Seconds after which wishes and the end are looked at; a request is answered at once."""

END_WITHIN = 15.0
"""Seconds for the request in hand when the page ends."""

MOST_CONNECTIONS = 50
"""At a time: a browser has six."""

SLOWEST = 20
"""Seconds after which a connection that says nothing is closed, so that another user of this laptop cannot hold all."""

HOST = "127.0.0.1"


def serve(settings: Settings, settings_file: Path, stopping: threading.Event | None = None) -> None:
    """Serve this user's page until nobody looks any more; returns at once where another process serves it."""
    folder = opening.folder_of(settings)
    with contextlib.suppress(filelock.Timeout), filelock.FileLock(folder / "lock", timeout=0):
        _serve(folder, settings, settings_file, stopping or threading.Event())
        opening.clear(folder)


def _serve(folder: Path, settings: Settings, settings_file: Path, stopping: threading.Event) -> None:
    from waitress import wasyncore
    from waitress.server import create_server

    from agent.web.access import Access, TakeToken
    from agent.web.app import create_app

    listening = socket.create_server((HOST, 0))
    host = f"{HOST}:{listening.getsockname()[1]}"
    tokens = TakeToken()
    app = create_app(settings, settings_file, Access(host, tokens))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a browser asks for ten pictures at once is usual
    sockets: Any = {}  # waitress's own map; its types know only what lies in it
    # One thread answers: the journal's connection and the process that reads photos are for one thread alone.
    server = create_server(
        app,
        sockets,
        sockets=[listening],
        threads=1,
        ident=None,
        clear_untrusted_proxy_headers=True,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=SLOWEST,
        cleanup_interval=5,
    )
    # While the browser is still starting: the thread that answers has the journal open when the first request comes.
    server.task_dispatcher.add_task(_Work(app.warm_up))  # type: ignore[arg-type]  # all it asks of a task
    app.last_seen.at = time.monotonic()
    while not stopping.is_set() and not app.last_seen.expired(time.monotonic()):
        wasyncore.loop(timeout=TICK, map=sockets, use_poll=hasattr(select, "poll"), count=1)
        for wish in opening.wishes(folder):
            opening.answer(folder, wish, host, tokens.add())
            app.last_seen.at = time.monotonic()
    ended = threading.Event()
    server.task_dispatcher.add_task(_Work(app.end, ended))  # type: ignore[arg-type]
    ended.wait(END_WITHIN)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


@dataclass(frozen=True, slots=True)
class _Work:
    """Something that the thread which answers has to do itself: it alone may open and close what it uses."""

    what: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)

    def service(self) -> None:
        self.what()
        self.done.set()

    def cancel(self) -> None:
        self.done.set()


@dataclass(slots=True)
class LastSeen:
    """When the page was last asked for, by the clock that never goes back, and whether it says so by itself."""

    at: float = 0.0
    by_script: bool = False

    def expired(self, now: float) -> bool:
        """Whether nobody looks any more."""
        return now - self.at > (CLOSED_AFTER if self.by_script else LEFT_AFTER)
