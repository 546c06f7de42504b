"""A laptop and a real OpenSSH server for each test."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laptop import Laptop
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture behind `laptop`
from tests.servers.openssh import SUBSYSTEM, OpenSSH, why_not
from tests.servers.rsyslog import Authority, Rsyslog
from tests.servers.rsyslog import why_not as no_rsyslog

FAULTY = Path(__file__).parents[2] / "servers" / "faulty.py"


@pytest.fixture
def laptop(sshd: OpenSSH, tmp_path: Path) -> Laptop:  # noqa: F811  # the fixture imported above
    """Set up, its register on the share, its import folder empty."""
    return Laptop(tmp_path / "laptop", sshd)


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSSH]:
    """A server without fsync@openssh.com, as many that are not OpenSSH's."""
    if reason := why_not():
        pytest.skip(reason)
    if not SUBSYSTEM.is_file():
        pytest.skip(f"OpenSSH's sftp-server is not at {SUBSYSTEM} here")
    plan = tmp_path_factory.mktemp("forgetful") / "plan.json"
    plan.write_text(json.dumps({"step": "", "n": 1, "how": "", "hide": ["fsync@openssh.com"], "log": None}))
    with OpenSSH(subsystem=f"{sys.executable} -I -S {FAULTY} {plan}") as server:
        yield server


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[Rsyslog]:
    """A running server, known as "localhost", with its own certificate authority."""
    if reason := no_rsyslog():
        pytest.skip(reason)
    authority = Authority(tmp_path / "authority", "school")
    with Rsyslog(tmp_path / "rsyslog", authority, authority.issue("localhost")) as server:
        yield server
