"""The tests themselves: the ports of their servers are nobody else's."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.ports import BLOCK, HOST, free_port

ROOT = Path(__file__).parents[2]
ALL = BLOCK - 1
CHOSEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_the_system_gives_them_to_no_connection() -> None:
    if not CHOSEN.exists():
        pytest.skip("Linux says which ports it gives")
    first = int(CHOSEN.read_text().split()[0])
    if first < 32_768:
        pytest.skip(f"this machine is set to give ports from {first} on")
    assert all(free_port() < first for _ in range(ALL))


def test_another_process_has_others() -> None:
    mine = {free_port() for _ in range(ALL)}  # first, so that this process has its own while the other chooses
    code = f"from tests.servers.ports import free_port; print(*(free_port() for _ in range({ALL})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    theirs = {int(port) for port in done.stdout.split()}
    assert theirs
    assert not theirs & mine


def test_one_on_which_something_listens_is_not_given_again() -> None:
    with socket.create_server((HOST, free_port())) as listening:
        taken = listening.getsockname()[1]
        assert taken not in {free_port() for _ in range(2 * ALL)}
