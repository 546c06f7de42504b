"""The page's process: a port on loopback, one thread for all requests, and an end when nobody looks any more.

Each user has one page, served by the process that holds the lock file in the state folder. `opening` explains how
another `open` asks that process for a fresh token.
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

TICK = 0.25
"""Seconds between two checks for new wishes and for the end of the process. Requests are answered at once."""

END_WITHIN = 15.0
"""Seconds that the last request may take when the page ends."""

MOST_CONNECTIONS = 50
"""Connections at a time; a browser opens six."""

SLOWEST = 20
"""Seconds after which a silent connection is closed, so that another user of this laptop cannot block all of them."""

HOST = "127.0.0.1"


def serve(settings: Settings, settings_file: Path, stopping: threading.Event | None = None) -> None:
    """Serve this user's page until nobody looks any more. Returns at once if another process is serving it."""
    folder = opening.folder_of(settings)
    with contextlib.suppress(filelock.Timeout), filelock.FileLock(folder / "lock", timeout=0):
        _serve(folder, settings, settings_file, stopping or threading.Event())
        opening.clear(folder)


def _serve(folder: Path, settings: Settings, settings_file: Path, stopping: threading.Event) -> None:
    from waitress import wasyncore
    from waitress.server import create_server

    from agent.web.access import Access, TakeToken
    from agent.web.assembly import create_app

    listening = socket.create_server((HOST, 0))
    host = f"{HOST}:{listening.getsockname()[1]}"
    tokens = TakeToken()
    app = create_app(settings, settings_file, Access(host, tokens))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # browsers often ask for ten pictures at once
    sockets: Any = {}  # waitress's own map, whose type it does not export
    # One thread answers, because only one may use the journal's connection and the process that reads photos.
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
    # This runs while the browser is still starting, so that the first request finds the journal open.
    server.task_dispatcher.add_task(_Work(app.warm_up))  # type: ignore[arg-type]  # has all the methods it calls
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
    """Work for the thread that answers requests: only this thread may open and close what it uses."""

    what: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)

    def service(self) -> None:
        self.what()
        self.done.set()

    def cancel(self) -> None:
        self.done.set()
