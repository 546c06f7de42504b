"""How `open` gets the address of this user's page.

`open` leaves a file, the wish, in a folder that only this user can open. The page's process answers with the address
and a fresh token in another file there. Only files that this user or the system wrote are believed, and links are not
followed: a file of another user could send the browser to that user's page.
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
"""Seconds in which a page's process must start."""

START_AGAIN_AFTER = 4.0
"""Seconds until another process is started if none holds the lock. The first may have met one that was ending."""

ANSWERED_WITHIN = 60.0
"""Seconds for which a wish is valid. Older ones are left over from a program that has ended."""

_ADDRESS = re.compile(r"127\.0\.0\.1:\d{1,5}")
_TOKEN = re.compile(r"[\w-]{20,100}")


@dataclass(frozen=True, slots=True)
class Page:
    """The address of an open page, with the token that lets any program of this user look at it."""

    url: str


def open_page(settings: Settings, start: Callable[[], None]) -> Page:
    """The address of this user's page. `start` starts its process if none runs. AgentError if none starts in time."""
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
    raise AgentError("The page did not start. Try again. If it still does not start, tell IT.")


def folder_of(settings: Settings) -> Path:
    """The folder for wishes, made if it is missing. AgentError if other users can open it."""
    folder = settings.state_dir / "page"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = is_private_folder(folder)
    except OSError:
        private = False
    if not private:
        raise AgentError(
            f"The staff page was not opened: the folder {folder} is a link, or other users of this laptop can open it. "
            "Remove it and try again. If it comes back, tell IT."
        )
    return folder


def wishes(folder: Path) -> Iterator[str]:
    """The wishes that have not been answered yet, each once. Left-over wishes are removed."""
    for file in sorted(folder.glob("wish-*")):
        with contextlib.suppress(OSError):
            age = time.time() - file.lstat().st_mtime
            file.unlink()
            if abs(age) < ANSWERED_WITHIN:
                yield file.name.removeprefix("wish-")


def answer(folder: Path, wish: str, host: str, token: str) -> None:
    """Leave the address there for the program that left the wish."""
    write_privately(folder / f"address-{wish}", json.dumps({"host": host, "token": token}))


def clear(folder: Path) -> None:
    """Remove addresses that no program has read."""
    for file in folder.glob("address-*"):
        with contextlib.suppress(OSError):
            file.unlink()


def write_privately(file: Path, text: str) -> None:
    """Write a new file that only this user can read. An existing file or link of that name is replaced."""
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
            answered = json.load(content)
        host, token = str(answered["host"]), str(answered["token"])
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
