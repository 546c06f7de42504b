"""Certificates and a real rsyslog."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.rsyslog import Authority, Rsyslog, why_not


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The school's certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"), "school")


@pytest.fixture
def rsyslog(tmp_path: Path, authority: Authority) -> Iterator[Rsyslog]:
    """Running, known as "localhost"."""
    if reason := why_not():
        pytest.skip(reason)
    with Rsyslog(tmp_path / "rsyslog", authority, authority.issue("localhost")) as server:
        yield server
