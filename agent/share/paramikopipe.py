"""A `Pipe` through paramiko: SSH in this process, where OpenSSH's client is not installed or cannot do it."""

import contextlib
from typing import TYPE_CHECKING

from agent.share.pipe import LOOK_AFTER

if TYPE_CHECKING:
    from paramiko import Channel, Transport

RECEIVE = 1024 * 1024  # bytes at most, at once


class ParamikoPipe:
    """An open channel of a transport that has logged in, both of which become this one's to close.

    `why` it is not OpenSSH's client, for IT.
    """

    def __init__(self, transport: "Transport", channel: "Channel", why: str) -> None:
        self._why = why
        self._transport = transport
        self._channel = channel
        channel.settimeout(LOOK_AFTER)

    @property
    def software(self) -> str:
        """As `Pipe`."""
        return str(self._transport.remote_version)

    @property
    def maker(self) -> str:
        """As `Pipe`."""
        import paramiko

        return f"paramiko {paramiko.__version__} ({self._why})"

    def send(self, *data: memoryview) -> int:
        """As `Pipe`; waits for at most `LOOK_AFTER` while the network takes nothing."""
        from paramiko import SSHException

        try:
            return self._channel.send(b"".join(data))
        except (EOFError, SSHException) as ended:
            raise ConnectionError(str(ended)) from ended

    def receive(self) -> bytes:
        """As `Pipe`."""
        from paramiko import SSHException

        try:
            return self._channel.recv(RECEIVE)
        except (EOFError, SSHException) as ended:  # to receive, paramiko sends too: that the window is open again
            raise ConnectionError(str(ended)) from ended

    def alive(self) -> bool:
        """As `Pipe`: an unknown global request must be answered (RFC 4254, section 4)."""
        from paramiko import SSHException

        with contextlib.suppress(OSError, EOFError, SSHException):  # the connection ended: no sign of life
            self._transport.global_request("keepalive@openssh.com", wait=True)
        return self._transport.is_active()

    def why_ended(self) -> str:
        """As `Pipe`; paramiko knows no more."""
        return "was lost"

    def close(self) -> None:
        """As `Pipe`; also ends a send that is blocked on a network that takes nothing any more."""
        self._transport.close()

    def release(self) -> None:
        """As `Pipe`; paramiko does it by itself."""
