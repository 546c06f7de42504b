"""OpenSSH's client and paramiko judge a server's host key alike, whatever known_hosts says."""

import base64
import codecs
import hmac
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.errors import HostKeyRefused
from agent.share import Transport, sshclient
from agent.share.hostkeys import Pinned, pinned
from tests.integration.share.by_openssh.client import enters, made_by, needs_client, opened, paramiko_enters
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH, why_not

pytestmark = needs_client


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
    server = server_of(three_keys, known_hosts_file=known)
    assert enters(server) is lets_in
    assert paramiko_enters(server) is lets_in


def test_a_server_whose_key_was_revoked_cannot_use_another(three_keys: OpenSSH, tmp_path: Path) -> None:
    """A server whose RSA key is pinned and revoked must not come in by its unpinned other keys either."""
    known = tmp_path / "known"
    known.write_text(_line(three_keys, "rsa") + "@revoked " + _line(three_keys, "rsa"))
    server = server_of(three_keys, known_hosts_file=known)
    assert not enters(server)
    assert not paramiko_enters(server)


@pytest.mark.parametrize("transport", Transport)
def test_a_changed_host_key_stops_loudly(sshd: OpenSSH, transport: Transport) -> None:
    sshd.change_host_key()
    with pytest.raises(HostKeyRefused, match="has changed"):
        opened(server_of(sshd, transport=transport))


def test_the_clients_known_hosts_file_does_not_stay(
    sshd: OpenSSH,
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


def test_only_this_servers_keys_are_written_for_the_client(sshd: OpenSSH) -> None:
    known = pinned(sshd.known_hosts_file, sshd.host, sshd.port)
    assert sshclient.known_hosts(Pinned(())).strip() == ""
    assert sshclient.known_hosts(known).split()[0] == sshclient.ALIAS
