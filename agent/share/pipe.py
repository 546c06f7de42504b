"""What a `Session` talks through: a stream of bytes to the server's SFTP subsystem, encrypted by somebody else.

There are two kinds: OpenSSH's own client as a child process (`sshpipe`), and paramiko in this process (`paramikopipe`);
`connecting` chooses. Both check the host key against the pinned ones and log in before a byte of SFTP gets through.
"""

from collections.abc import Sequence
from typing import Protocol

LOOK_AFTER = 0.5  # the most seconds that `receive` waits
SMALL = 16 * 1024  # bytes that are cheaper to copy than to pass on separately


class Pipe(Protocol):
    """A stream each way. `receive` and `release` belong to one thread, `send` to another; `close` is for any."""

    @property
    def software(self) -> str:
        """The server's software, such as SSH-2.0-OpenSSH_9.2; empty until it is known."""
        ...

    @property
    def maker(self) -> str:
        """The program that encrypts, with its version, for IT."""
        ...

    def send(self, *data: memoryview) -> int:
        """Accept some of the bytes in their order, at least one, and return how many. A few views at most.

        TimeoutError if none can be accepted for now; OSError or 0 if the connection has ended.
        """
        ...

    def receive(self) -> bytes | memoryview:
        """What has arrived; a view is valid until the next call. Empty if the connection has ended, or OSError.

        TimeoutError if nothing arrived within `LOOK_AFTER`.
        """
        ...

    def alive(self) -> bool:
        """Whether the server gives a sign of life below SFTP. May wait for it, so call it in a thread of its own."""
        ...

    def why_ended(self) -> str:
        """What happened to a connection that has ended, to complete “The connection to the share …”."""
        ...

    def close(self) -> None:
        """End the connection at once, and every wait on it; more than once does no harm."""
        ...

    def release(self) -> None:
        """Release what the system holds for it: call it after `close`, when nobody receives any more."""
        ...


def few(parts: Sequence[bytes | memoryview]) -> list[memoryview]:
    """The same bytes in few pieces: small ones put together, large ones not copied."""
    views: list[memoryview] = []
    small: list[bytes | memoryview] = []
    for part in parts:
        if len(part) < SMALL:
            small.append(part)
            continue
        if small:
            views.append(memoryview(b"".join(small)))
            small = []
        views.append(memoryview(part))
    if small:
        views.append(memoryview(b"".join(small)))
    return views
