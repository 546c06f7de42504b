"""One writer per laptop, and one inspection: locks that the system itself releases, even if the process is killed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from agent.errors import AlreadyRunning, JournalError
from agent.files.durable import make_folder
from agent.pipeline.places import inspection_lock, lock_file
from agent.settings import Settings

GLANCE = 0.3
"""Seconds to wait for a lock: `status` holds it for a moment to see whether anybody else does."""


@contextlib.contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold this laptop's lock.

    Raises AlreadyRunning if another instance holds it, JournalError if the state folder cannot be written.
    """
    busy = "Another photo-agent is already working on this laptop. `photo-agent status` shows what it is doing."
    with _locked(settings, lock_file(settings), busy):
        yield


@contextlib.contextmanager
def only_inspection(settings: Settings) -> Iterator[None]:
    """Hold the lock of an inspection. Raises AlreadyRunning if another one is running, JournalError as above."""
    busy = "Another inspection of this laptop is running. Wait until it ends, or stop it."
    with _locked(settings, inspection_lock(settings), busy):
        yield


@contextlib.contextmanager
def _locked(settings: Settings, path: Path, busy: str) -> Iterator[None]:
    lock = filelock.FileLock(path, timeout=GLANCE)
    try:
        make_folder(settings.state_dir)
        lock.acquire()
    except filelock.Timeout:
        raise AlreadyRunning(busy) from None
    except OSError as fault:
        raise JournalError(
            f"The state folder of photo-agent (state_dir in agent.toml) cannot be written: {fault.strerror}. Make room "
            "on this laptop's disk, and see that the folder belongs to you."
        ) from fault
    try:
        yield
    finally:
        lock.release()
