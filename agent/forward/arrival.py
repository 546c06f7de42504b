"""Whether the other machine has everything that was written into a connection, which differs between systems.

A server that turns a client away also closes in good order, and may do so before the data has reached it. The data then
meets a closed port and is answered by a reset, a moment after the end of the stream was read.
"""

import os
import socket
import sys
import time

POLL = 0.02  # seconds

if sys.platform == "linux":
    import fcntl
    import struct

    _SIOCOUTQ = 0x5411  # linux/sockios.h: bytes that were not acknowledged; they are still counted after a reset

    def _on_the_way(connection: socket.socket) -> int | None:
        """Bytes that the other machine has not acknowledged."""
        answer: tuple[int] = struct.unpack("i", fcntl.ioctl(connection.fileno(), _SIOCOUTQ, bytes(4)))
        return answer[0]

elif sys.platform == "darwin":
    _SO_NWRITE = 0x1024  # sys/socket.h

    def _on_the_way(connection: socket.socket) -> int | None:
        """Bytes that the other machine has not acknowledged."""
        return connection.getsockopt(socket.SOL_SOCKET, _SO_NWRITE)

else:

    def _on_the_way(connection: socket.socket) -> int | None:  # noqa: ARG001
        """This system does not say."""
        return None


LONG_ENOUGH = 1.0
"""How many seconds to wait for a reset, on a system that does not say what was acknowledged."""


def see_all_arrive(connection: socket.socket, timeout: float) -> None:
    """Return when the other machine has acknowledged every byte; OSError if it reset the connection, or never does."""
    started = time.monotonic()
    while True:
        left = _on_the_way(connection)
        if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        waited = time.monotonic() - started
        if left == 0 or (left is None and waited >= LONG_ENOUGH):
            return
        if waited >= timeout:
            raise TimeoutError
        time.sleep(POLL)
