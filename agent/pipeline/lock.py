"""One writer per laptop: a lock that the system itself gives back, even if the process is killed."""

import contextlib
from collections.abc import Iterator

import filelock

from agent.errors import AlreadyRunning, JournalError
from agent.files.durable import make_folder
from agent.pipeline.places import lock_file
from agent.settings import Settings

GLANCE = 0.3
"""Seconds to wait for the lock: `status` holds it for a moment to see whether anybody else does."""


@contextlib.contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold this laptop's lock.

    Raises AlreadyRunning where another instance holds it, JournalError where the state folder cannot be written.
    """
    lock = filelock.FileLock(lock_file(settings), timeout=GLANCE)
    try:
        make_folder(settings.state_dir)
        lock.acquire()
    except filelock.Timeout:
        raise AlreadyRunning(
            "Another photo-agent is at work on this laptop already. `photo-agent status` shows what it does."
        ) from None
    except OSError as fault:
        raise JournalError(
            f"The state folder of photo-agent (state_dir in agent.toml) cannot be written: {fault.strerror}. Make room "
            "on this laptop's disk, and see that the folder belongs to you."
        ) from fault
    try:
        yield
    finally:
        lock.release()
