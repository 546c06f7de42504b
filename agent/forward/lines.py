"""Appending JSON Lines to a file that Filebeat, the Wazuh agent or a Splunk forwarder reads as it grows."""

import os
from contextlib import suppress
from pathlib import Path

from agent.forward.faults import NotForwarded


def append(path: Path, content: bytes) -> None:
    """Append whole lines to the file, on the medium on return; NotForwarded, and nothing appended, if that fails.

    The file is opened each time, so that it may be rotated by renaming. A line that a crash cut short is ended with a
    line break, so that it spoils no other one; its event comes again.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        # Readable by the group: log shippers run as another user.
        descriptor = os.open(path, flags, 0o640)
        try:
            _append(descriptor, content)
        finally:
            os.close(descriptor)
    except OSError as fault:
        raise NotForwarded(
            f"The file for events (forward.ecs_file in agent.toml) cannot be written: {fault.strerror or fault}."
        ) from fault


def check(path: Path) -> None:
    """NotForwarded if the file, or a new one in its folder, cannot be written. Writes nothing."""
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise NotForwarded("The file for events (forward.ecs_file in agent.toml) cannot be written, or has no folder.")


def _append(descriptor: int, content: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size:
        os.lseek(descriptor, size - 1, os.SEEK_SET)
        if os.read(descriptor, 1) != b"\n":
            content = b"\n" + content
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
