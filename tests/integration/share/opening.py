"""How the tests against a real server open it, and look on."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from agent.share import Server
from tests.servers.openssh import OpenSSH


def server_of(real: OpenSSH, **changes: object) -> Server:
    """The server as the settings would describe it."""
    server = Server(real.host, real.port, real.user, real.root, real.key_file, real.known_hosts_file, "laptop-17")
    return dataclasses.replace(server, **changes)  # type: ignore[arg-type]


def files(disk: Path) -> list[str]:
    """The names of all files on the share."""
    return sorted(path.relative_to(disk).as_posix() for path in disk.rglob("*") if path.is_file())


def once(size: int, end: Callable[[], object]) -> Callable[[int], None]:
    """A progress callback that does something once so much has been acknowledged."""
    told = 0

    def progress(more: int) -> None:
        nonlocal told
        if told < size <= told + more:
            end()
        told += more

    return progress
