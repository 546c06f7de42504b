"""Fixtures around the real servers; a test module imports the one it wants.

`from tests.servers.fixtures import sshd  # noqa: F401`. One sshd serves a whole run, whichever modules ask for it; each
test gets an empty share on it, and a server that a test stopped or gave another host key is put right before the next.
"""

from collections.abc import Callable

import pytest

from tests.servers.openssh import AS_ROOT, OpenSSH, why_not

PLAIN = pytest.StashKey[OpenSSH]()
CHROOTED = pytest.StashKey[OpenSSH]()


@pytest.fixture
def sshd(request: pytest.FixtureRequest) -> OpenSSH:
    """A running sshd with an empty share and its host key pinned."""
    return _whole(request.config, PLAIN, OpenSSH)


@pytest.fixture
def chrooted_sshd(request: pytest.FixtureRequest) -> OpenSSH:
    """Chrooted and without a shell, as `install/` sets one up; logs in as an account without privileges."""
    if not AS_ROOT:
        pytest.skip("only root can start a chrooted server")
    return _whole(request.config, CHROOTED, lambda: OpenSSH(chrooted=True, unprivileged=True))


def _whole(config: pytest.Config, key: pytest.StashKey[OpenSSH], make: Callable[[], OpenSSH]) -> OpenSSH:
    if reason := why_not():
        pytest.skip(reason)
    if key not in config.stash:
        server = make()
        config.add_cleanup(lambda: server.__exit__(None, None, None))
        config.stash[key] = server.__enter__()
    server = config.stash[key]
    server.pin_host_key()
    if not server.running:
        server.restart()
    server.fresh_root()
    return server
