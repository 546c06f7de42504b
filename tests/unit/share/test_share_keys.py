"""Pinned host keys and this device's own key, as files; and what may be imported cheaply."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import HostKeyRefused, LoginRefused, UsageError
from agent.share.devicekey import make_key, public_key
from agent.share.hostkeys import find, host_key, judge, pin, pinned

KEY, OTHER = (host_key("ssh-ed25519", bytes([n]) * 51) for n in (1, 2))
LINE = f"{KEY.type} {KEY.base64}"


@pytest.mark.parametrize(
    "text",
    [
        f"photos.school.example {LINE}",
        f"Photos.School.Example {LINE} a comment",
        f"other,photos.school.example,192.0.2.1 {LINE}",
        f"# a comment\n\nother ssh-rsa AAAA\nphotos.school.example\t{LINE}\r\n",
    ],
)
def test_a_key_is_found_by_the_servers_name(text: str) -> None:
    assert find(text, "photos.school.example", 22).keys == (KEY,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"other.example {LINE}",
        f"[photos.school.example]:2222 {LINE}",
        f"#photos.school.example {LINE}",
        f"@cert-authority photos.school.example {LINE}",
        f"photos.school.example {KEY.type} not-base64!",
        f"photos.school.example {KEY.type}",
        f"|1|broken {LINE}",
        f"* {LINE}",
    ],
)
def test_what_pins_no_key_for_this_server_leaves_it_unknown(text: str) -> None:
    known = find(text, "photos.school.example", 22)
    assert known.keys == ()
    with pytest.raises(HostKeyRefused, match="not known here"):
        judge(KEY, known, "photos.school.example", 22)


def test_another_port_has_a_name_of_its_own() -> None:
    assert find(f"[photos.example]:2222 {LINE}", "photos.example", 2222).keys == (KEY,)
    assert find(f"photos.example {LINE}", "photos.example", 2222).keys == ()


def test_only_the_very_key_passes() -> None:
    known = find(f"photos.example {LINE}", "photos.example", 22)
    judge(KEY, known, "photos.example", 22)
    with pytest.raises(HostKeyRefused, match="Somebody may be pretending") as refusal:
        judge(OTHER, known, "photos.example", 22)
    assert KEY.fingerprint in str(refusal.value)
    assert OTHER.fingerprint in str(refusal.value)


def test_a_revoked_key_does_not_pass_though_it_is_pinned() -> None:
    known = find(f"photos.example {LINE}\n@revoked photos.example {LINE}\n", "photos.example", 22)
    with pytest.raises(HostKeyRefused, match="revoked"):
        judge(KEY, known, "photos.example", 22)


def test_pinning_replaces_this_servers_key_and_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "config" / "known_hosts"
    pin(file, "photos.example", 22, OTHER)
    pin(file, "other.example", 2222, OTHER)
    pin(file, "photos.example", 22, KEY)
    assert pinned(file, "photos.example", 22).keys == (KEY,)
    assert pinned(file, "other.example", 2222).keys == (OTHER,)
    assert list(file.parent.iterdir()) == [file]


def test_a_known_hosts_file_that_cannot_be_read_stops_everything(tmp_path: Path) -> None:
    with pytest.raises(HostKeyRefused, match="cannot be read"):
        pinned(tmp_path, "photos.example", 22)


def test_a_new_key_is_private_and_never_overwrites_one(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key"
    line = make_key(file, "laptop-17\n injected")
    kind, blob, *comment = line.split(" ")
    assert kind == "ssh-ed25519"
    assert base64.b64decode(blob)
    assert comment == ["laptop-17", "injected"]
    assert "\n" not in line
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(UsageError, match="already"):
        make_key(file, "again")
    assert file.read_bytes() == before
    assert public_key(file) == f"{kind} {blob}"


def test_a_key_with_a_passphrase_is_reported(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    locked = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"secret")
    )
    (tmp_path / "key").write_bytes(locked)
    with pytest.raises(LoginRefused, match="passphrase"):
        public_key(tmp_path / "key")


def test_light_names_are_imported_without_paramiko_and_cryptography() -> None:
    code = (
        "import sys, agent.share; "
        "agent.share.Server, agent.share.Share, agent.share.remote_name, agent.share.pin, agent.share.Delivered; "
        "print([name for name in ('paramiko', 'cryptography', 'asyncio') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


def test_every_public_name_is_there_and_no_other() -> None:
    import agent.share

    for name in agent.share.__all__:
        assert getattr(agent.share, name) is not None
    with pytest.raises(AttributeError):
        agent.share.Nonsense  # noqa: B018
