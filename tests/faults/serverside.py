"""What the tests must know of the other end."""

import time

from tests.servers.openssh import OpenSSH


def until_the_server_has_done(sshd: OpenSSH) -> None:
    """What a killed client had sent is worked off yet; only then is it known what the share has."""
    deadline = time.monotonic() + 10
    while sshd.sessions() and time.monotonic() < deadline:
        time.sleep(0.02)
