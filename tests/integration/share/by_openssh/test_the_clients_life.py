"""OpenSSH's client from its start to its end: it never outlives the program, and its failures are noticed in time."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agent.errors import ShareUnreachable
from agent.model.delivery import Delivery
from agent.share import Delivered, Transport
from agent.share.sshwords import Words
from tests.integration.share.by_openssh.client import (
    OPENED,
    alive,
    clients_of,
    needs_client,
    opened,
    pinned_at,
    until,
)
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH
from tests.servers.photos import content, delivery, outgoing

pytestmark = needs_client


def photo(folder: Path, size: int = 3_000_000) -> Delivery:
    return delivery(outgoing(folder, "visits/museum/photo.jpg", content(size)))


@pytest.mark.usefixtures("each_pipe")
def test_photos_go_through_either_pipe(sshd: OpenSSH, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with opened(server_of(sshd, transport=Transport.OPENSSH)) as share:
        assert isinstance(list(share.deliver([photo(tmp_path)]))[-1], Delivered)
    assert (sshd.disk / "visits/museum/photo.jpg").read_bytes() == content(3_000_000)
    until(lambda: not clients_of(os.getpid()) and set(threading.enumerate()) <= before)


@pytest.mark.usefixtures("each_pipe")
def test_a_client_that_dies_is_noticed_at_once(sshd: OpenSSH, tmp_path: Path) -> None:
    with opened(server_of(sshd, transport=Transport.OPENSSH)) as share:
        for process in clients_of(os.getpid()):
            os.kill(process, signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="was lost"):
            list(share.deliver([photo(tmp_path)]))
        assert time.monotonic() - began < 6  # a silence would take ten


@pytest.mark.usefixtures("each_pipe")
def test_a_frozen_client_is_given_up_in_time(sshd: OpenSSH, tmp_path: Path) -> None:
    server = server_of(sshd, transport=Transport.OPENSSH, timeout=1.0)
    with opened(server) as share:
        (process,) = clients_of(os.getpid())
        os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="did not answer in time"):
            list(share.deliver([photo(tmp_path, 9_000_000)]))
        assert time.monotonic() - began < 6
    until(lambda: not alive(process))


def test_a_network_that_goes_dead_is_given_up_in_time(sshd: OpenSSH, tmp_path: Path) -> None:
    server = server_of(sshd, transport=Transport.OPENSSH, timeout=2.0)
    with opened(server) as share:
        sshd.freeze_sessions()
        try:
            began = time.monotonic()
            with pytest.raises(ShareUnreachable, match="did not answer in time"):
                list(share.deliver([photo(tmp_path, 9_000_000)]))
            assert time.monotonic() - began < 5
        finally:
            sshd.thaw_sessions()


@pytest.mark.parametrize("when", ["at work", "while it connects"])
def test_the_client_does_not_outlive_a_program_that_is_killed(sshd: OpenSSH, when: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = sshd.port if when == "at work" else silent.getsockname()[1]
        server = pinned_at(sshd, port, timeout=4.0)
        code = OPENED + "share = opened(); print('in', flush=True); import time; time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin, child.stdout:
            child.stdin.write(pickle.dumps(server))
            child.stdin.close()
            if when == "at work":
                assert child.stdout.readline() == b"in\n"
            until(lambda: bool(clients_of(child.pid)))
            (client,) = clients_of(child.pid)
            child.kill()
            child.wait()
        assert until(lambda: not alive(client)) < (1 if when == "at work" else 6)


def test_a_server_that_never_greets_is_given_up_in_time(sshd: OpenSSH) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = pinned_at(sshd, silent.getsockname()[1], timeout=2.0)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="accepted the connection but did not answer"):
            opened(server)
        assert time.monotonic() - began < 4


def test_away_from_the_network_paramiko_is_not_even_loaded(sshd: OpenSSH) -> None:
    """The most common fault of all, which the service meets every few minutes."""
    sshd.stop()
    code = OPENED + "try: opened()\nexcept ShareUnreachable as fault: print('paramiko' in sys.modules, fault)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, input=pickle.dumps(server_of(sshd)), capture_output=True
    )
    said = done.stdout.decode()
    assert said.startswith(f"False {sshd.host} can be reached, but nothing answers on port {sshd.port}."), said


def test_a_client_that_talks_without_end_costs_no_memory() -> None:
    words = Words()
    for _ in range(200):
        words.feed(b"x" * 65536)
    words.feed(b"\n" + b"debug1: Remote protocol version 2.0, remote software version One\r\n")
    words.feed(b"banner\x1b[2J\ndebug1: Remote protocol version 2.0, remote software version Two\n" * 100)
    assert words.software == "SSH-2.0-One"
    assert len(words.last) < 1000
    assert "\x1b" not in words.last
