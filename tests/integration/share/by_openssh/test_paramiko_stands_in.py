"""If OpenSSH's client fails, paramiko connects instead."""

import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ShareUnreachable
from agent.share import Transport, connecting, sshclient
from tests.integration.share.by_openssh.client import clients_of, made_by, needs_client, opened, replaced_by, until
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH

pytestmark = needs_client


def test_paramiko_gets_in_where_the_client_fails(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "log"
    replaced_by(monkeypatch, tmp_path, f"echo x >> '{log}'\necho 'no such algorithm' >&2\nexit 255")
    for _ in range(4):
        with opened(server_of(sshd)) as share:
            assert "no such algorithm" in made_by(share)
            assert share.names("") == []
    assert log.read_text().count("x") == connecting.TWICE
    with pytest.raises(ShareUnreachable, match="no such algorithm"):
        opened(server_of(sshd, transport=Transport.OPENSSH))


@pytest.mark.parametrize("prints", ["", "yes hello", "sleep 60"])
def test_a_client_that_is_something_else_is_given_up(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prints: str,
) -> None:
    replaced_by(monkeypatch, tmp_path, prints)
    began = time.monotonic()
    server = server_of(sshd, timeout=1.0)
    if prints.startswith("sleep"):
        with pytest.raises(ShareUnreachable):
            opened(server)
    else:
        opened(server).close()
    assert time.monotonic() - began < 5
    until(lambda: not clients_of(os.getpid()))


def test_a_missing_temporary_folder_keeps_nobody_out(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with opened(server_of(sshd)) as share:
        assert "could not be started" in made_by(share)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_temporary_folder_that_others_could_replace_is_not_used(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: int,
) -> None:
    """Anybody who can replace known_hosts there could pretend to be the server."""
    (tmp_path / "for all").mkdir()
    (tmp_path / "for all").chmod(mode)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "for all"))
    with opened(server_of(sshd)) as share:
        assert ("could replace" in made_by(share)) is (mode != 0o1777)
    assert list((tmp_path / "for all").iterdir()) == []


@pytest.mark.usefixtures("each_pipe")
def test_the_client_works_in_no_folder_that_is_to_be_removed(sshd: OpenSSH) -> None:
    """Windows does not remove a folder in which a process works: each connection would leave one."""
    with opened(server_of(sshd, transport=Transport.OPENSSH)):
        (process,) = clients_of(os.getpid())
        program = sshclient.client()
        assert program is not None
        assert Path(f"/proc/{process}/cwd").readlink() == program.parent.resolve()


def test_a_silent_first_address_keeps_nobody_out(sshd: OpenSSH) -> None:
    """As if IPv6 led nowhere: the client spends its time there, and paramiko gets in by the other address."""
    try:
        found = [about[4][0] for about in socket.getaddrinfo("localhost", sshd.port, type=socket.SOCK_STREAM)]
        silent = socket.socket(socket.AF_INET6)
        silent.bind(("::1", sshd.port))
    except OSError:
        pytest.skip("this machine has no IPv6")
    if found[:1] != ["::1"] or "127.0.0.1" not in found:
        silent.close()
        pytest.skip("localhost does not have an address of each kind here, IPv6 first")
    known = sshd.base / "known_too"
    known.write_text(sshd.known_hosts_file.read_text().replace(sshd.host, "localhost"))
    server = server_of(sshd, host="localhost", known_hosts_file=known, timeout=2.0)
    waiting = []
    with silent:
        silent.listen(0)  # once its queue is full, later connections get no answer
        for _ in range(4):
            waiting.append(socket.socket(socket.AF_INET6))
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(("::1", sshd.port))
        try:
            with opened(server) as share:
                assert "paramiko" in made_by(share)
        finally:
            for one in waiting:
                one.close()


def test_where_a_host_has_several_addresses_paramiko_tries_each(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replaced_by(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(socket, "getaddrinfo", two_addresses(socket.getaddrinfo))
    with opened(server_of(sshd, timeout=1.0)) as share:
        assert "paramiko" in made_by(share)


def two_addresses(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """The addresses that the system finds for a name, and one more after them."""

    def found(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        return [*real(host, port, *rest, **more), *real("127.0.0.2", port, *rest, **more)]

    return found


def test_settings_that_require_paramiko_start_no_client(sshd: OpenSSH) -> None:
    with opened(server_of(sshd, transport=Transport.PARAMIKO)) as share:
        assert "paramiko" in made_by(share)
        assert clients_of(os.getpid()) == []
