"""OpenSSH's client as the way to the share: as strict as paramiko, never left over, replaced where it fails."""

import asyncio
import base64
import codecs
import dataclasses
import hmac
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentError, HostKeyRefused, LoginRefused, ShareUnreachable
from agent.model.delivery import Delivery
from agent.share import Delivered, Server, Share, Transport, connecting, make_key, open_share, sshclient
from agent.share.hostkeys import Pinned, pinned
from agent.share.sshpipe import SshPipe
from agent.share.threadedpipe import ThreadedSshPipe
from tests.integration.share.opening import server_of
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import OpenSSH, why_not
from tests.servers.photos import content, delivery, outgoing

pytestmark = pytest.mark.skipif(sshclient.client() is None, reason="OpenSSH's client is not installed here")

PIPES = [SshPipe, ThreadedSshPipe]


def clock() -> datetime:
    return datetime.now(UTC)


def opened(server: Server) -> Share:
    return open_share(server, clock=clock)


def made_by(share: Share) -> str:
    return dict(share.abilities().details)["connected by"]


def enters(server: Server) -> bool:
    """Whether OpenSSH's client alone gets in, without paramiko to stand in for it."""

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
    """How long it took until something was so."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    connecting._failed.clear()
    yield
    connecting._failed.clear()


# --- host keys -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSSH]:
    """A server with a host key of each type; `base` has their public halves."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("keys")
    for kind in ("rsa", "ecdsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / kind)], check=True)
    with OpenSSH(options=tuple(f"HostKey {folder / kind}" for kind in ("rsa", "ecdsa"))) as server:
        for kind in ("rsa", "ecdsa"):
            (server.base / f"{kind}.pub").write_bytes((folder / f"{kind}.pub").read_bytes())
        (server.base / "ed25519.pub").write_bytes((server.base / "host_key.pub").read_bytes())
        yield server


def _line(server: OpenSSH, kind: str, name: str = "") -> str:
    kind_name, key, *_ = (server.base / f"{kind}.pub").read_text().split()
    return f"{name or f'[{server.host}]:{server.port}'} {kind_name} {key}\n"


def _other(server: OpenSSH, kind: str) -> str:
    """Another key of the type, for this server."""
    name, kind_name, key = _line(server, kind).split()
    blob = bytearray(base64.b64decode(key))
    blob[-1] ^= 1
    return f"{name} {kind_name} {base64.b64encode(blob).decode()}\n"


def _hashed(server: OpenSSH, kind: str) -> str:
    name, rest = _line(server, kind).split(" ", 1)
    salt = bytes(range(20))
    digest = hmac.new(salt, name.encode(), "sha1").digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()} {rest}"


KNOWN: dict[str, tuple[Callable[[OpenSSH], str | bytes], bool]] = {
    "by its name and port": (lambda s: _line(s, "ed25519"), True),
    "hashed": (lambda s: _hashed(s, "ed25519"), True),
    "UTF-16": (lambda s: _line(s, "ed25519").encode("utf-16"), True),
    "with a mark": (lambda s: codecs.BOM_UTF8 + _line(s, "ed25519").encode(), True),
    "RSA alone": (lambda s: _line(s, "rsa"), True),
    "ECDSA alone": (lambda s: _line(s, "ecdsa"), True),
    "all three": (lambda s: _line(s, "rsa") + _line(s, "ecdsa") + _line(s, "ed25519"), True),
    "an old key beside it": (lambda s: _other(s, "ed25519") + _line(s, "ed25519"), True),
    "several names": (lambda s: _line(s, "ed25519", f"other,[{s.host}]:{s.port}"), True),
    "nothing": (lambda s: "", False),
    "another key": (lambda s: _other(s, "ed25519"), False),
    "another port": (lambda s: _line(s, "ed25519", f"[{s.host}]:1"), False),
    "no port": (lambda s: _line(s, "ed25519", s.host), False),
    "a wildcard": (lambda s: _line(s, "ed25519", "*"), False),
    "an authority": (lambda s: "@cert-authority " + _line(s, "ed25519"), False),
    "revoked": (lambda s: "@revoked " + _line(s, "ed25519"), False),
    "pinned and revoked": (lambda s: _line(s, "ed25519") + "@revoked " + _line(s, "ed25519"), False),
    "revoked by another type's name": (
        lambda s: _line(s, "ed25519") + "@revoked " + _line(s, "ed25519").replace("ssh-ed25519", "ssh-rsa"),
        False,
    ),
    "the first choice revoked": (
        lambda s: _line(s, "rsa") + _line(s, "ed25519") + "@revoked " + _line(s, "ed25519"),
        False,
    ),
    "revoked, another type pinned": (lambda s: _line(s, "rsa") + "@revoked " + _line(s, "ed25519"), True),
    "of another type by its name": (lambda s: _line(s, "ed25519").replace("ssh-ed25519", "ssh-rsa"), False),
    "a type in other letters beside it": (
        lambda s: _line(s, "ed25519").replace("ssh-ed", "ssh-\u00e9d") + _line(s, "ed25519"),
        True,
    ),
    "damaged": (lambda s: _line(s, "ed25519")[:-9] + "\n", False),
    "under our own word for it": (lambda s: _line(s, "ed25519", sshclient.ALIAS), False),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_host_key_is_judged_alike_by_both(three_keys: OpenSSH, tmp_path: Path, name: str) -> None:
    text, lets_in = KNOWN[name]
    known = tmp_path / "known hosts 100% 'odd'"
    data = text(three_keys)
    known.write_bytes(data if isinstance(data, bytes) else data.encode())
    server = dataclasses.replace(server_of(three_keys), known_hosts_file=known)
    assert enters(server) is lets_in
    assert paramiko_enters(server) is lets_in


def test_a_key_that_is_revoked_in_one_form_is_not_let_in_by_another(three_keys: OpenSSH, tmp_path: Path) -> None:
    """A server whose RSA key is pinned and revoked must not come in by its unpinned other keys either."""
    known = tmp_path / "known"
    known.write_text(_line(three_keys, "rsa") + "@revoked " + _line(three_keys, "rsa"))
    server = dataclasses.replace(server_of(three_keys), known_hosts_file=known)
    assert not enters(server)
    assert not paramiko_enters(server)


@pytest.mark.parametrize("transport", Transport)
def test_a_changed_host_key_stops_loudly(sshd: OpenSSH, transport: Transport) -> None:  # noqa: F811
    sshd.change_host_key()
    with pytest.raises(HostKeyRefused, match="has changed"):
        opened(dataclasses.replace(server_of(sshd), transport=transport))


def test_what_was_given_to_the_client_leaves_no_file(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with opened(server_of(sshd)) as share:
        assert "OpenSSH" in made_by(share)
        assert list(tmp_path.iterdir()) == []
    sshd.change_host_key()
    with pytest.raises(HostKeyRefused):
        opened(server_of(sshd))
    assert list(tmp_path.iterdir()) == []


# --- the user's own settings for ssh do not count --------------------------------------------------------------------


def test_nothing_that_the_user_set_for_ssh_is_used(
    sshd: OpenSSH,  # noqa: F811
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


def test_a_key_with_a_passphrase_asks_nobody_and_is_named(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)], check=True)
    with pytest.raises(LoginRefused, match="passphrase"):
        opened(dataclasses.replace(server_of(sshd), key_file=key))


# --- names and paths that ssh could take for something else ----------------------------------------------------------


@pytest.mark.parametrize("name", ["a key", "100%h key", "kéy", "it's", "~", "#key"])
def test_a_key_file_with_an_odd_path_is_used(sshd: OpenSSH, tmp_path: Path, name: str) -> None:  # noqa: F811
    key = tmp_path / name
    key.write_bytes(sshd.key_file.read_bytes())
    key.chmod(0o600)
    assert enters(dataclasses.replace(server_of(sshd), key_file=key))


@pytest.mark.parametrize("name", ['a "key"', "${HOME}", "back\\slash", "new\nline"])
def test_a_key_file_that_ssh_could_not_read_is_used_by_paramiko(sshd: OpenSSH, tmp_path: Path, name: str) -> None:  # noqa: F811
    key = tmp_path / name
    key.write_bytes(sshd.key_file.read_bytes())
    key.chmod(0o600)
    with opened(dataclasses.replace(server_of(sshd), key_file=key)) as share:
        assert "could take the path" in made_by(share)


def test_a_key_that_others_may_read_is_used_by_paramiko_and_said(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    key = tmp_path / "key"
    key.write_bytes(sshd.key_file.read_bytes())
    key.chmod(0o644)
    server = dataclasses.replace(server_of(sshd), key_file=key)
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
def test_names_that_ssh_could_misread_are_not_given_to_it(sshd: OpenSSH, user: str, host: str) -> None:  # noqa: F811
    known = pinned(sshd.known_hosts_file, sshd.host, sshd.port)
    server = dataclasses.replace(server_of(sshd), user=user, host=host)
    assert "for something else" in (sshclient.why_not(server, known) or "")


def test_a_user_that_begins_with_a_hyphen_is_told_as_by_paramiko(sshd: OpenSSH) -> None:  # noqa: F811
    with pytest.raises(LoginRefused, match="-oX"):
        opened(dataclasses.replace(server_of(sshd), user="-oX=y"))


# --- paramiko stands in ----------------------------------------------------------------------------------------------


def test_where_the_client_fails_paramiko_gets_in_and_the_client_is_let_be(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "log"
    broken = tmp_path / "ssh"
    broken.write_text(f"#!/bin/sh\necho x >> '{log}'\necho 'no such algorithm' >&2\nexit 255\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sshclient, "client", lambda: broken)
    for _ in range(4):
        with opened(server_of(sshd)) as share:
            assert "no such algorithm" in made_by(share)
            assert share.names("") == []
    assert log.read_text().count("x") == connecting.TWICE
    with pytest.raises(ShareUnreachable, match="no such algorithm"):
        opened(dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH))


@pytest.mark.parametrize("prints", ["", "yes hello", "sleep 60"])
def test_a_client_that_is_something_else_is_given_up(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prints: str,
) -> None:
    strange = tmp_path / "ssh"
    strange.write_text(f"#!/bin/sh\n{prints}\n")
    strange.chmod(0o755)
    monkeypatch.setattr(sshclient, "client", lambda: strange)
    began = time.monotonic()
    server = dataclasses.replace(server_of(sshd), timeout=1.0)
    if prints.startswith("sleep"):
        with pytest.raises(ShareUnreachable):
            opened(server)
    else:
        opened(server).close()
    assert time.monotonic() - began < 5
    until(lambda: not clients_of(os.getpid()))


def test_a_temporary_folder_that_cannot_be_written_keeps_nobody_away(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with opened(server_of(sshd)) as share:
        assert "could not be started" in made_by(share)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_temporary_folder_that_others_could_replace_is_not_used(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: int,
) -> None:
    """Who can put another known_hosts there could pretend to be the server."""
    (tmp_path / "for all").mkdir()
    (tmp_path / "for all").chmod(mode)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "for all"))
    with opened(server_of(sshd)) as share:
        assert ("could replace" in made_by(share)) is (mode != 0o1777)
    assert list((tmp_path / "for all").iterdir()) == []


@pytest.mark.parametrize("pipe", PIPES)
def test_the_client_works_in_no_folder_that_is_to_be_removed(
    sshd: OpenSSH,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    pipe: type,
) -> None:
    """Windows does not remove a folder in which a process works: each connection would leave one."""
    monkeypatch.setattr(connecting, "SSH_PIPE", pipe)
    with opened(dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH)):
        (process,) = clients_of(os.getpid())
        program = sshclient.client()
        assert program is not None
        assert Path(f"/proc/{process}/cwd").readlink() == program.parent.resolve()


def test_a_key_that_is_a_pipe_holds_nobody_up(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    os.mkfifo(tmp_path / "key", 0o600)
    server = dataclasses.replace(server_of(sshd), key_file=tmp_path / "key")
    began = time.monotonic()
    with pytest.raises(AgentError):
        opened(server)
    assert time.monotonic() - began < 2
    assert "is not a file" in (sshclient.why_not(server, pinned(sshd.known_hosts_file, sshd.host, sshd.port)) or "")


def test_a_first_address_that_is_silent_keeps_nobody_away(sshd: OpenSSH) -> None:  # noqa: F811
    """As where IPv6 leads nowhere: the client spends its time there, and paramiko gets in by the other address."""
    try:
        found = [about[4][0] for about in socket.getaddrinfo("localhost", sshd.port, type=socket.SOCK_STREAM)]
        silent = socket.socket(socket.AF_INET6)
        silent.bind(("::1", sshd.port))
    except OSError:
        pytest.skip("there is no IPv6 here")
    if found[:1] != ["::1"] or "127.0.0.1" not in found:
        silent.close()
        pytest.skip("localhost has not an address of each kind here, that of IPv6 first")
    known = sshd.base / "known_too"
    known.write_text(sshd.known_hosts_file.read_text().replace(sshd.host, "localhost"))
    server = dataclasses.replace(server_of(sshd), host="localhost", known_hosts_file=known, timeout=2.0)
    waiting = []
    with silent:
        silent.listen(0)  # and what waits to be taken up fills it: what comes then has no answer
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
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = tmp_path / "ssh"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sshclient, "client", lambda: slow)
    monkeypatch.setattr(socket, "getaddrinfo", two_addresses(socket.getaddrinfo))
    with opened(dataclasses.replace(server_of(sshd), timeout=1.0)) as share:
        assert "paramiko" in made_by(share)


def two_addresses(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """What the system says of a name, and one more address behind it."""

    def found(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        return [*real(host, port, *rest, **more), *real("127.0.0.2", port, *rest, **more)]

    return found


def test_settings_that_ask_for_paramiko_start_no_client(sshd: OpenSSH) -> None:  # noqa: F811
    with opened(dataclasses.replace(server_of(sshd), transport=Transport.PARAMIKO)) as share:
        assert "paramiko" in made_by(share)
        assert clients_of(os.getpid()) == []


# --- its life --------------------------------------------------------------------------------------------------------


def photo(folder: Path, size: int = 3_000_000) -> Delivery:
    return delivery(outgoing(folder, "visits/museum/photo.jpg", content(size)))


@pytest.mark.parametrize("pipe", PIPES)
def test_photos_go_by_sockets_and_by_pipes_as_on_windows(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipe: type,
) -> None:
    monkeypatch.setattr(connecting, "SSH_PIPE", pipe)
    before = set(threading.enumerate())
    with opened(dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH)) as share:
        assert isinstance(list(share.deliver([photo(tmp_path)]))[-1], Delivered)
    assert (sshd.disk / "visits/museum/photo.jpg").read_bytes() == content(3_000_000)
    until(lambda: not clients_of(os.getpid()) and set(threading.enumerate()) <= before)


@pytest.mark.parametrize("pipe", PIPES)
def test_a_client_that_dies_is_noticed_at_once(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipe: type,
) -> None:
    monkeypatch.setattr(connecting, "SSH_PIPE", pipe)
    with opened(dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH)) as share:
        for process in clients_of(os.getpid()):
            os.kill(process, signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="was lost"):
            list(share.deliver([photo(tmp_path)]))
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("pipe", PIPES)
def test_a_frozen_client_is_given_up_in_time(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pipe: type,
) -> None:
    monkeypatch.setattr(connecting, "SSH_PIPE", pipe)
    server = dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH, timeout=1.0)
    with opened(server) as share:
        (process,) = clients_of(os.getpid())
        os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="did not answer in time"):
            list(share.deliver([photo(tmp_path, 9_000_000)]))
        assert time.monotonic() - began < 6
    until(lambda: not alive(process))


def test_a_network_that_goes_dead_is_given_up_in_time(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    server = dataclasses.replace(server_of(sshd), transport=Transport.OPENSSH, timeout=2.0)
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
def test_the_client_does_not_outlive_a_program_that_is_killed(sshd: OpenSSH, when: str) -> None:  # noqa: F811
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = sshd.port if when == "at work" else silent.getsockname()[1]
        known = sshd.base / "known_too"
        known.write_text(sshd.known_hosts_file.read_text().replace(f":{sshd.port} ", f":{port} "))
        server = dataclasses.replace(server_of(sshd), port=port, known_hosts_file=known, timeout=4.0)
        code = (
            "import sys, pickle, datetime; from agent.share import open_share\n"
            "share = open_share(pickle.load(sys.stdin.buffer), clock=lambda: datetime.datetime.now(datetime.UTC))\n"
            "print('in', flush=True); import time; time.sleep(60)"
        )
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


def test_a_server_that_never_greets_is_given_up_in_the_time_it_always_was(sshd: OpenSSH) -> None:  # noqa: F811
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        known = sshd.base / "known_too"
        known.write_text(sshd.known_hosts_file.read_text().replace(f":{sshd.port} ", f":{port} "))
        server = dataclasses.replace(server_of(sshd), port=port, known_hosts_file=known, timeout=2.0)
        began = time.monotonic()
        with pytest.raises(ShareUnreachable, match="took the connection but did not answer"):
            opened(server)
        assert time.monotonic() - began < 4


def test_away_from_the_network_paramiko_is_not_even_loaded(sshd: OpenSSH) -> None:  # noqa: F811
    """The commonest fault of all, which the service meets every few minutes."""
    sshd.stop()
    code = (
        "import sys, pickle, datetime; from agent.share import open_share; from agent.errors import ShareUnreachable\n"
        "try: open_share(pickle.load(sys.stdin.buffer), clock=lambda: datetime.datetime.now(datetime.UTC))\n"
        "except ShareUnreachable as fault: print('paramiko' in sys.modules, fault)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, input=pickle.dumps(server_of(sshd)), capture_output=True
    )
    said = told.stdout.decode()
    assert said.startswith(f"False {sshd.host} can be reached, but nothing answers on port {sshd.port}."), said


def test_a_client_that_talks_without_end_costs_no_memory() -> None:
    from agent.share.sshwords import Words

    words = Words()
    for _ in range(200):
        words.feed(b"x" * 65536)
    words.feed(b"\n" + b"debug1: Remote protocol version 2.0, remote software version One\r\n")
    words.feed(b"banner\x1b[2J\ndebug1: Remote protocol version 2.0, remote software version Two\n" * 100)
    assert words.software == "SSH-2.0-One"
    assert len(words.last) < 1000
    assert "\x1b" not in words.last


def test_a_key_made_here_is_one_that_the_client_accepts(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    public = make_key(tmp_path / "key", "laptop-17")
    with (sshd.base / "authorized_keys").open("a", encoding="ascii") as file:
        file.write(public + "\n")
    assert enters(dataclasses.replace(server_of(sshd), key_file=tmp_path / "key"))


def test_no_key_that_is_not_asked_for_is_written_for_the_client(sshd: OpenSSH) -> None:  # noqa: F811
    known = pinned(sshd.known_hosts_file, sshd.host, sshd.port)
    assert sshclient.known_hosts(Pinned(())).strip() == ""
    assert sshclient.known_hosts(known).split()[0] == sshclient.ALIAS
