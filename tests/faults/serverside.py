"""What the tests must know about the other end."""

import time

from tests.servers.openssh import OpenSSH


def until_the_server_has_done(sshd: OpenSSH) -> None:
    """Wait until the server has processed what a killed client sent; only then is it known what the share has."""
    deadline = time.monotonic() + 10
    while sshd.sessions() and time.monotonic() < deadline:
        time.sleep(0.02)
