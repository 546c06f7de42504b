"""What a `Session` talks through: a stream of bytes to the server's SFTP subsystem, whoever encrypts it.

Two makers: OpenSSH's own client as a child process (`sshpipe`), and paramiko in this process (`paramikopipe`).
`connecting` chooses. Both have judged the host key against the pinned ones, and have logged in, before a byte of SFTP
gets through.
"""

from typing import Protocol

LOOK_AFTER = 0.5  # seconds that `receive` waits at most


class Pipe(Protocol):
    """A stream each way. `receive` and `release` belong to one thread, `send` to another; `close` is for any."""

    @property
    def software(self) -> str:
        """The server's name for itself, such as SSH-2.0-OpenSSH_9.2; empty until it is known."""
        ...

    @property
    def maker(self) -> str:
        """Who encrypts, for IT: a program and its version."""
        ...

    def send(self, *data: memoryview) -> int:
        """Take some of the bytes in their order, at least one, and return how many. A few views at most.

        TimeoutError where none can be taken for now; OSError or 0 where the connection has ended.
        """
        ...

    def receive(self) -> bytes | memoryview:
        """What has come; a view is good until the next call. Nothing where the connection has ended, or OSError.

        TimeoutError where nothing came within `LOOK_AFTER`.
        """
        ...

    def alive(self) -> bool:
        """Whether the server gives a sign of life below SFTP. May wait for it: for a thread of its own."""
        ...

    def why_ended(self) -> str:
        """What became of a connection that has ended, to follow “The connection to the share”."""
        ...

    def close(self) -> None:
        """End the connection at once, and every wait on it; more than once does no harm."""
        ...

    def release(self) -> None:
        """Give back what the system holds for it: after `close`, when nobody receives any more."""
        ...
