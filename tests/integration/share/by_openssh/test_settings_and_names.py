"""OpenSSH's client uses nothing that the user set for ssh, and gets no name or path that it could misread."""

import dataclasses
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from agent.errors import AgentError, LoginRefused, ShareUnreachable
from agent.share import Delivered, Transport, make_key, sshclient
from agent.share.hostkeys import pinned
from tests.integration.share.by_openssh.client import copied_key, enters, made_by, needs_client, opened
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH
from tests.servers.photos import content, delivery, outgoing

pytestmark = needs_client

# --- the user's own settings for ssh do not count --------------------------------------------------------------------


def test_nothing_that_the_user_set_for_ssh_is_used(
    sshd: OpenSSH,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = tmp_path / "trap"
    script = tmp_path / "ask"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\n")
    script.chmod(0o755)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(f"Host *\n  ProxyCommand touch {trap}\n  UserKnownHostsFile /dev/null\n")
    for name, value in {
        "HOME": str(tmp_path),
        "SSH_ASKPASS": str(script),
        "SSH_ASKPASS_REQUIRE": "force",
        "DISPLAY": ":0",
        "SSH_AUTH_SOCK": str(tmp_path / "agent"),
        "SSH_SK_PROVIDER": str(script),
    }.items():
        monkeypatch.setenv(name, value)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        agent.settimeout(0)
        with opened(server_of(sshd)) as share:
            assert "OpenSSH" in made_by(share)
        with pytest.raises(BlockingIOError):  # nobody asked the agent
            agent.accept()
    assert not trap.exists()


def test_a_key_with_a_passphrase_asks_nobody_and_is_named(sshd: OpenSSH, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)], check=True)
    with pytest.raises(LoginRefused, match="passphrase"):
        opened(server_of(sshd, key_file=key))


def test_a_key_made_here_is_one_that_the_client_accepts(sshd: OpenSSH, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key", "laptop-17")
    with (sshd.base / "authorized_keys").open("a", encoding="ascii") as file:
        file.write(public + "\n")
    assert enters(server_of(sshd, key_file=tmp_path / "key"))


def test_a_key_that_is_a_pipe_holds_nobody_up(sshd: OpenSSH, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    server = server_of(sshd, key_file=tmp_path / "key")
    began = time.monotonic()
    with pytest.raises(AgentError):
        opened(server)
    assert time.monotonic() - began < 8  # else it waits for ever
    assert "is not a file" in (sshclient.why_not(server, pinned(sshd.known_hosts_file, sshd.host, sshd.port)) or "")


# --- names and paths that ssh could misread ----------------------------------------------------------


@pytest.mark.parametrize("name", ["a key", "100%h key", "kéy", "it's", "~", "#key"])
def test_a_key_file_with_an_odd_path_is_used(sshd: OpenSSH, tmp_path: Path, name: str) -> None:
    key = copied_key(sshd, tmp_path / name)
    assert enters(server_of(sshd, key_file=key))


@pytest.mark.parametrize("name", ['a "key"', "${HOME}", "back\\slash", "new\nline"])
def test_a_key_file_that_ssh_could_not_read_is_used_by_paramiko(sshd: OpenSSH, tmp_path: Path, name: str) -> None:
    key = copied_key(sshd, tmp_path / name)
    with opened(server_of(sshd, key_file=key)) as share:
        assert "could misread the path" in made_by(share)


def test_a_key_that_others_may_read_is_left_to_paramiko(sshd: OpenSSH, tmp_path: Path) -> None:
    key = copied_key(sshd, tmp_path / "key", 0o644)
    server = server_of(sshd, key_file=key)
    with opened(server) as share:
        assert "other accounts of this laptop may read its SSH key" in made_by(share)
    with pytest.raises(ShareUnreachable, match="other accounts"):
        opened(dataclasses.replace(server, transport=Transport.OPENSSH))


@pytest.mark.parametrize(
    ("user", "host"),
    [
        ("-oProxyCommand=touch /tmp/x", "photos.example"),
        ("%h", "photos.example"),
        ("$(id)", "photos.example"),
        ("a;b", "photos.example"),
        ("laptop", "-oProxyCommand=x"),
        ("laptop", "user@photos.example"),
        ("laptop", "ssh://photos.example"),
        ("laptop", "a b"),
        ("laptop", "$(id)"),
        ("laptop", "%h"),
    ],
)
def test_names_that_ssh_could_misread_are_not_given_to_it(sshd: OpenSSH, user: str, host: str) -> None:
    known = pinned(sshd.known_hosts_file, sshd.host, sshd.port)
    server = server_of(sshd, user=user, host=host)
    assert "could misread" in (sshclient.why_not(server, known) or "")


def test_a_user_with_a_leading_hyphen_is_refused_as_by_paramiko(sshd: OpenSSH) -> None:
    with pytest.raises(LoginRefused, match="-oX"):
        opened(server_of(sshd, user="-oX=y"))


@pytest.mark.parametrize("transport", Transport)
def test_the_way_to_agree_on_keys_may_be_left_to_the_server(transport: Transport, tmp_path: Path) -> None:
    """As at a school: the other servers of these tests do not offer the slowest ways."""
    with OpenSSH(quick_keys=False) as school, opened(server_of(school, transport=transport)) as share:
        *_, last = share.deliver([delivery(outgoing(tmp_path / "in", "visits/v/1.jpg", content(300_000)))])
        assert isinstance(last, Delivered)
        assert (school.disk / "visits/v/1.jpg").read_bytes() == content(300_000)
