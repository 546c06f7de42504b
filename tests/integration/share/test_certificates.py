"""A school with an SSH certificate authority: a certificate beside the laptop's key is used."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import LoginRefused
from agent.share import open_share
from tests.integration.share.opening import server_of
from tests.servers.openssh import OpenSSH, why_not


def _keygen(*options: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, options)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := why_not():
        pytest.skip(reason)
    file = tmp_path_factory.mktemp("authority") / "ca"
    _keygen("-t", "ed25519", "-N", "", "-f", file)
    return file


@pytest.fixture(scope="module")
def trusting(authority: Path) -> Iterator[OpenSSH]:
    """A server that lets in whom the authority vouches for."""
    with OpenSSH(options=(f"TrustedUserCAKeys {authority}.pub",)) as server:
        yield server


def certified(authority: Path, folder: Path, *, user: str, valid: str = "+1d") -> Path:
    """A laptop's key that the server does not know, with a certificate next to it."""
    key = folder / "id_ed25519"
    _keygen("-t", "ed25519", "-N", "", "-f", key)
    _keygen("-s", authority, "-I", "laptop-17", "-n", user, "-V", valid, f"{key}.pub")
    assert key.with_name("id_ed25519-cert.pub").exists()
    return key


def test_a_certificate_beside_the_key_lets_a_laptop_in(trusting: OpenSSH, authority: Path, tmp_path: Path) -> None:
    key = certified(authority, tmp_path, user=trusting.user)
    with open_share(server_of(trusting, key_file=key), clock=lambda: datetime.now(UTC)) as share:
        share.try_out()


@pytest.mark.parametrize("fault", ["another user", "expired", "another authority"])
def test_a_certificate_that_is_refused_is_named(trusting: OpenSSH, authority: Path, tmp_path: Path, fault: str) -> None:
    signer = authority
    if fault == "another authority":
        signer = tmp_path / "other"
        _keygen("-t", "ed25519", "-N", "", "-f", signer)
    user = "somebody-else" if fault == "another user" else trusting.user
    key = certified(signer, tmp_path, user=user, valid="-2d:-1d" if fault == "expired" else "+1d")
    with pytest.raises(LoginRefused, match="SSH certificate"):
        open_share(server_of(trusting, key_file=key), clock=lambda: datetime.now(UTC))


def test_without_its_certificate_the_plain_key_is_used(trusting: OpenSSH, authority: Path, tmp_path: Path) -> None:
    key = tmp_path / "id_ed25519"
    shutil.copy(trusting.key_file, key)
    shutil.copy(f"{trusting.key_file}.pub", f"{key}.pub")
    key.chmod(0o600)
    with open_share(server_of(trusting, key_file=key), clock=lambda: datetime.now(UTC)) as share:
        share.try_out()
