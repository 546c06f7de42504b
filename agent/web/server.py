"""The page's process: a port on loopback, one thread for all requests, and an end when nobody looks any more.

One page a user: who holds the lock file in the state folder is it. Another `open` asks for a fresh token by leaving a
file there, which only this user can, and reads the address from another.
"""

import contextlib
import json
import logging
import os
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from agent.errors import AgentError
from agent.settings import Settings

CLOSED_AFTER = 5 * 60.0
"""Seconds without a request, from a page with script, after which it counts as closed: it asks every few seconds, and
browsers let a page in the background ask once a minute."""

LEFT_AFTER = 60 * 60.0
"""The same for a browser without script, which says nothing between two clicks."""

START_WITHIN = 15.0
TICK = 0.25
"""Seconds after which wishes and the end are looked at; a request is answered at once."""

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Page:
    """Where an open page is, its token in the address: whoever has that may look."""

    url: str


def open_page(settings: Settings, start: Callable[[], None]) -> Page:
    """The address of this user's page; `start` starts its process where none runs. AgentError where none comes up."""
    folder = _folder(settings)
    if not _is_served(folder):
        _forget(folder)
        start()
    wish = secrets.token_hex(8)
    deadline = time.monotonic() + START_WITHIN
    (folder / "wish").write_text(wish, encoding="ascii")
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            told = json.loads((folder / "address.json").read_text("utf-8"))
            if told["wish"] == wish:
                _forget(folder)
                return Page(f"http://{told['host']}/enter?token={told['token']}")
        time.sleep(0.05)
    raise AgentError("The page did not start. Try again; if it does not start then either, tell IT.")


def serve(settings: Settings, settings_file: Path, stopping: threading.Event | None = None) -> None:
    """Serve this user's page until nobody looks any more; returns at once where another process serves it."""
    folder = _folder(settings)
    with contextlib.suppress(filelock.Timeout), filelock.FileLock(folder / "lock", timeout=0):
        _serve(folder, settings, settings_file, stopping or threading.Event())
        _forget(folder)


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
    server = create_server(app, sockets, sockets=[listening], threads=1, ident=None, clear_untrusted_proxy_headers=True)
    app.last_seen.at = time.monotonic()
    while not stopping.is_set() and not app.last_seen.expired(time.monotonic()):
        wasyncore.loop(timeout=TICK, map=sockets, use_poll=hasattr(select, "poll"), count=1)
        for wish in _wishes(folder):
            _write_private(folder / "address.json", json.dumps({"wish": wish, "host": host, "token": tokens.add()}))
            app.last_seen.at = time.monotonic()
    ended = threading.Event()
    server.task_dispatcher.add_task(_Last(app.end, ended))  # type: ignore[arg-type]  # all it asks of a task
    ended.wait(START_WITHIN)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


@dataclass(frozen=True, slots=True)
class _Last:
    """The last thing that the thread which answers has to do: it alone may close what it opened."""

    end: Callable[[], None]
    ended: threading.Event

    def service(self) -> None:
        self.end()
        self.ended.set()

    def cancel(self) -> None:
        self.ended.set()


@dataclass(slots=True)
class LastSeen:
    """When the page was last asked for, by the clock that never goes back, and whether it says so by itself."""

    at: float = 0.0
    by_script: bool = False

    def expired(self, now: float) -> bool:
        """Whether nobody looks any more."""
        return now - self.at > (CLOSED_AFTER if self.by_script else LEFT_AFTER)


def _wishes(folder: Path) -> Iterator[str]:
    file = folder / "wish"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        wish = file.read_text("ascii")
        if wish:
            file.unlink()
            yield wish


def _folder(settings: Settings) -> Path:
    folder = settings.state_dir / "page"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _is_served(folder: Path) -> bool:
    try:
        with filelock.FileLock(folder / "lock", timeout=0):
            return False
    except filelock.Timeout:
        return True


def _forget(folder: Path) -> None:
    for name in ("address.json", "wish"):
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _write_private(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(file)
