"""A `Pipe` through paramiko: SSH in this process, if OpenSSH's client is not installed or cannot connect."""

import contextlib
from typing import TYPE_CHECKING

from agent.share.pipe import LOOK_AFTER

if TYPE_CHECKING:
    from paramiko import Channel, Transport

RECEIVE = 1024 * 1024  # the most bytes at once


class ParamikoPipe:
    """An open channel of a transport that has logged in; this pipe closes both.

    `why` says, for IT, why OpenSSH's client is not used.
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
        """As `Pipe`; waits for at most `LOOK_AFTER` while the network accepts nothing."""
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
        except (EOFError, SSHException) as ended:  # to receive, paramiko also reports that its window is open again
            raise ConnectionError(str(ended)) from ended

    def alive(self) -> bool:
        """As `Pipe`: an unknown global request must be answered (RFC 4254, section 4)."""
        from paramiko import SSHException

        with contextlib.suppress(OSError, EOFError, SSHException):  # the connection ended: no sign of life
            self._transport.global_request("keepalive@openssh.com", wait=True)
        return self._transport.is_active()

    def why_ended(self) -> str:
        """As `Pipe`; paramiko knows nothing more."""
        return "was lost"

    def close(self) -> None:
        """As `Pipe`; also ends a send that is blocked because the network accepts nothing any more."""
        self._transport.close()

    def release(self) -> None:
        """As `Pipe`; paramiko does this by itself."""
