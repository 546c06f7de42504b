"""One writer per laptop: a lock that the system itself gives back, even if the process is killed."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import filelock

from agent.errors import AlreadyRunning, JournalError
from agent.files.durable import make_folder
from agent.pipeline.places import lock_file
from agent.settings import Settings

GLANCE = 0.3
"""Seconds to wait for the lock: `status` holds it for a moment to see whether anybody else does."""


def only_writer(settings: Settings) -> AbstractContextManager[None]:
    """Hold this laptop's lock.

    Raises AlreadyRunning where another instance holds it, JournalError where the state folder cannot be written.
    """
    return held(
        settings,
        lock_file(settings),
        "Another photo-agent is at work on this laptop already. `photo-agent status` shows what it does.",
    )


@contextlib.contextmanager
def held(settings: Settings, file: Path, taken: str) -> Iterator[None]:
    """Hold the lock on this file of the state folder; AlreadyRunning with these words where another one holds it."""
    lock = filelock.FileLock(file, timeout=GLANCE)
    try:
        make_folder(settings.state_dir)
        lock.acquire()
    except filelock.Timeout:
        raise AlreadyRunning(taken) from None
    except OSError as fault:
        raise JournalError(
            f"The state folder of photo-agent (state_dir in agent.toml) cannot be written: {fault.strerror}. Make room "
            "on this laptop's disk, and see that the folder belongs to you."
        ) from fault
    try:
        yield
    finally:
        lock.release()
