"""The shares that the one suite is run against: in memory (on a folder, too), the demo's, OpenSSH plain and shut in.

Those with a server are reached by OpenSSH's client and by paramiko.
"""

import dataclasses
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from agent.demo.server import EmbeddedServer
from agent.share import Disk, MemoryShare, Server, Share, Transport, make_key, open_share, pin, scan_host_key
from agent.share.sshclient import client
from tests.faults.foldershare import FolderFiles
from tests.servers.fixtures import chrooted_sshd, sshd  # noqa: F401
from tests.servers.openssh import OpenSSH

KINDS = (
    "memory",
    "memory-on-a-folder",
    "embedded",
    pytest.param("embedded-by-paramiko", marks=pytest.mark.slow),
    "openssh",
    "openssh-by-paramiko",
    "chrooted",
    pytest.param("chrooted-by-paramiko", marks=pytest.mark.slow),
)


def clock() -> datetime:
    return datetime.now(UTC)


class Stand(Protocol):
    """A share to test, with a view of its disk."""

    kind: str

    def open(self, device: str = "laptop-17", **changes: object) -> Share:
        """A new connection of this device; `changes` are to `Server`, where there is one."""
        ...

    def held(self) -> dict[str, bytes]:
        """Everything on the disk below the root, by name."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Somebody else's file."""
        ...


class InMemory:
    kind = "memory"

    def __init__(self, folder: Path | None = None) -> None:
        self.disk = Disk(free=10**12)
        if folder is not None:
            self.disk.files = FolderFiles(folder)

    def open(self, device: str = "laptop-17", **changes: object) -> Share:
        return MemoryShare(self.disk, device=device, clock=clock)

    def held(self) -> dict[str, bytes]:
        return dict(self.disk.files)

    def put(self, name: str, content: bytes) -> None:
        self.disk.files[name] = content


class OnDisk:
    def __init__(self, kind: str, server: Server, disk: Path) -> None:
        self.kind = kind
        self.server = server
        self.disk = disk

    def open(self, device: str = "laptop-17", **changes: object) -> Share:
        return open_share(dataclasses.replace(self.server, device=device, **changes), clock=clock)  # type: ignore[arg-type]

    def held(self) -> dict[str, bytes]:
        files = (path for path in self.disk.rglob("*") if path.is_file())
        return {path.relative_to(self.disk).as_posix(): path.read_bytes() for path in files}

    def put(self, name: str, content: bytes) -> None:
        path = self.disk / name
        for folder in reversed(path.relative_to(self.disk).parents):
            (self.disk / folder).mkdir(exist_ok=True)
            (self.disk / folder).chmod(0o777)  # made by the tests' account, used by the server's
        path.write_bytes(content)
        path.chmod(0o666)


def server_for(real: OpenSSH) -> Server:
    return Server(real.host, real.port, real.user, real.root, real.key_file, real.known_hosts_file, "laptop-17")


@pytest.fixture(params=KINDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    before = set(threading.enumerate())
    kind = request.param.removesuffix("-by-paramiko")
    transport = Transport.PARAMIKO if kind != request.param else Transport.OPENSSH
    if not kind.startswith("memory") and transport is Transport.OPENSSH and client() is None:
        pytest.skip("OpenSSH's client is not installed here")
    if request.param == "memory":
        yield InMemory()
    elif request.param == "memory-on-a-folder":
        yield InMemory(tmp_path / "disk")
    elif kind == "embedded":
        disk = tmp_path / "embedded"
        disk.mkdir()
        with EmbeddedServer(disk) as embedded:
            key_file, known = tmp_path / "key", tmp_path / "known_hosts"
            embedded.authorize(make_key(key_file, "laptop-17"))
            pin(known, embedded.host, embedded.port, scan_host_key(embedded.host, embedded.port, 20))
            server = Server(embedded.host, embedded.port, "any", "/", key_file, known, "x", transport=transport)
            yield OnDisk(kind, server, disk)
    else:
        real = request.getfixturevalue("sshd" if kind == "openssh" else "chrooted_sshd")
        yield OnDisk(kind, dataclasses.replace(server_for(real), transport=transport), real.disk)
    deadline = time.monotonic() + 20
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, f"threads were left running: {left}"
        time.sleep(0.01)
