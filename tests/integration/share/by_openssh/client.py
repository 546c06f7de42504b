"""What the tests of OpenSSH's client use: opening a share by it, watching its processes, and standing in for it."""

import asyncio
import dataclasses
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.share import Server, Share, Transport, connecting, open_share, sshclient
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH

needs_client = pytest.mark.skipif(sshclient.client() is None, reason="OpenSSH's client is not installed here")

OPENED = (
    "import sys, pickle, datetime; from agent.share import open_share; from agent.errors import ShareUnreachable\n"
    "def opened():\n"
    "    return open_share(pickle.load(sys.stdin.buffer), clock=lambda: datetime.datetime.now(datetime.UTC))\n"
)
"""Start of a program for another process: opens the server that is pickled on standard input."""


def clock() -> datetime:
    return datetime.now(UTC)


def opened(server: Server) -> Share:
    return open_share(server, clock=clock)


def made_by(share: Share) -> str:
    return dict(share.abilities().details)["connected by"]


def enters(server: Server) -> bool:
    """Whether OpenSSH's client gets in by itself, without paramiko's help."""

    async def attempt() -> bool:
        try:
            session = await connecting._by_ssh(server)
        except (connecting._SshFailed, AgentError):
            return False
        await asyncio.to_thread(session.close)
        return True

    return asyncio.run(attempt())


def paramiko_enters(server: Server) -> bool:
    try:
        opened(dataclasses.replace(server, transport=Transport.PARAMIKO)).close()
    except AgentError:
        return False
    return True


def clients_of(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,comm="], check=True, capture_output=True, text=True)
    rows = [line.split(None, 3) for line in table.stdout.splitlines()]
    return [int(pid) for pid, ppid, state, name in rows if int(ppid) == parent and name == "ssh" and state[0] != "Z"]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(what: Callable[[], bool], seconds: float = 10) -> float:
    """Wait until something is true; returns the seconds that it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


def replaced_by(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a shell script in the place of OpenSSH's client."""
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sshclient, "client", lambda: program)


def copied_key(sshd: OpenSSH, path: Path, mode: int = 0o600) -> Path:
    """The key that the server accepts, in another file."""
    path.write_bytes(sshd.key_file.read_bytes())
    path.chmod(mode)
    return path


def pinned_at(sshd: OpenSSH, port: int, timeout: float) -> Server:
    """The server as if it were at another port, with its host key pinned there too."""
    known = sshd.base / "known_too"
    known.write_text(sshd.known_hosts_file.read_text().replace(f":{sshd.port} ", f":{port} "))
    return server_of(sshd, port=port, known_hosts_file=known, timeout=timeout)
