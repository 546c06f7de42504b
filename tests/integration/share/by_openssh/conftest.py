"""A real server, and OpenSSH's client behind either kind of pipe. No failure of another test is remembered."""

from collections.abc import Iterator

import pytest

from agent.share import connecting
from agent.share.sshpipe import SshPipe
from agent.share.threadedpipe import ThreadedSshPipe
from tests.servers.fixtures import sshd  # noqa: F401  # the fixture that tests ask for by name


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    connecting._failed.clear()
    yield
    connecting._failed.clear()


@pytest.fixture(params=[SshPipe, ThreadedSshPipe])
def each_pipe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect by a pair of sockets, and by two pipes as on Windows."""
    monkeypatch.setattr(connecting, "SSH_PIPE", request.param)
