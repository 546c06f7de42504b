"""How `open` gets the address of this user's page: a wish, left in a folder that only this user can open, is answered
with an address and a fresh token in another file there.

Nothing in that folder is believed but what this user (or the system) wrote, and no link in it is followed: another
user's file could send the browser to a page of theirs.
"""

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from agent.errors import AgentError
from agent.files.owner import is_private_folder, may_speak_for_the_machine
from agent.settings import Settings

START_WITHIN = 15.0
"""Seconds that a page's process has to come up."""

START_AGAIN_AFTER = 4.0
"""Seconds after which another is started where none holds the lock: the first may have met one that was just ending."""

ANSWERED_WITHIN = 60.0
"""Seconds for which a wish is waited for; an older one is left over."""

_ADDRESS = re.compile(r"127\.0\.0\.1:\d{1,5}")
_TOKEN = re.compile(r"[\w-]{20,100}")


@dataclass(frozen=True, slots=True)
class Page:
    """Where an open page is, its token in the address: whoever of this user's programs has that may look."""

    url: str


def open_page(settings: Settings, start: Callable[[], None]) -> Page:
    """The address of this user's page; `start` starts its process where none runs. AgentError where none comes up."""
    folder = folder_of(settings)
    wish = secrets.token_hex(8)
    answer = folder / f"address-{wish}"
    write_privately(folder / f"wish-{wish}", "")
    try:
        deadline = time.monotonic() + START_WITHIN
        started = -START_AGAIN_AFTER
        while (now := time.monotonic()) < deadline:
            if now - started >= START_AGAIN_AFTER and not _is_served(folder):
                start()
                started = now
            if (page := _answered(answer)) is not None:
                return page
            time.sleep(0.05)
    finally:
        for file in (answer, folder / f"wish-{wish}"):
            file.unlink(missing_ok=True)
    raise AgentError("The page did not start. Try again; if it does not start then either, tell IT.")


def folder_of(settings: Settings) -> Path:
    """The folder for wishes, made where it is missing. AgentError where it is not this user's alone."""
    folder = settings.state_dir / "page"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = is_private_folder(folder)
    except OSError:
        private = False
    if not private:
        raise AgentError(
            f"The staff page was not opened: the folder {folder} is a link, or other users of this laptop can open it. "
            "Remove it and try again; if it comes back, tell IT."
        )
    return folder


def wishes(folder: Path) -> Iterator[str]:
    """Those that have not been answered, each once; what is left over is cleared away."""
    for file in sorted(folder.glob("wish-*")):
        with contextlib.suppress(OSError):
            age = time.time() - file.lstat().st_mtime
            file.unlink()
            if abs(age) < ANSWERED_WITHIN:
                yield file.name.removeprefix("wish-")


def answer(folder: Path, wish: str, host: str, token: str) -> None:
    """Leave the address there for whoever wished."""
    write_privately(folder / f"address-{wish}", json.dumps({"host": host, "token": token}))


def clear(folder: Path) -> None:
    """Take away addresses that nobody fetched."""
    for file in folder.glob("address-*"):
        with contextlib.suppress(OSError):
            file.unlink()


def write_privately(file: Path, text: str) -> None:
    """A new file that only this user can read; what lies there under that name, be it a link, is replaced."""
    new = file.with_name(f".{file.name}")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(file)


def _answered(file: Path) -> Page | None:
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, encoding="utf-8") as content:
            if not may_speak_for_the_machine(content.fileno()):
                return None
            told = json.load(content)
        host, token = str(told["host"]), str(told["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not _ADDRESS.fullmatch(host) or not _TOKEN.fullmatch(token):
        return None
    return Page(f"http://{host}/enter?token={token}")


def _is_served(folder: Path) -> bool:
    try:
        with filelock.FileLock(folder / "lock", timeout=0):
            return False
    except filelock.Timeout:
        return True
