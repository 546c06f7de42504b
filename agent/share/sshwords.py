"""What OpenSSH's client says about its connection, line by line on standard error; only a little is stored.

The server can insert lines of its own (a banner, RFC 4252, section 5.4), but none before its software is named. So only
the first such line counts. Everything else is for people, or leads to another way to connect.
"""

import threading
from collections import deque

LONGEST = 1024  # bytes of a line
KEPT = 4  # lines
_SOFTWARE = b"debug1: Remote protocol version 2.0, remote software version "
_ENTERED = b"Authenticated to "
_CONNECTED = b"debug1: Connection established."
_STRANGE = b"debug1: kex_exchange_identification: banner line"
_TIMED_OUT = ("timed out", "timeout, server", "not responding")


class Words:
    """Written by one thread, read by any."""

    def __init__(self) -> None:
        self.software = ""
        self.connected = False  # something answers at the server's port
        self.strange = False  # the answer began with something other than SSH's own first line
        self.entered = threading.Event()  # logged in, or the client has ended
        self._kept: deque[str] = deque(maxlen=KEPT)
        self._rest = b""

    def feed(self, said: bytes) -> None:
        """Take the next piece of output, of any length."""
        *lines, rest = (self._rest + said).split(b"\n")
        self._rest = rest[:LONGEST]
        for line in lines:
            self._hear(line.strip()[:LONGEST])

    def ended(self) -> None:
        """Note that the output has ended."""
        if self._rest:
            self.feed(b"\n")
        self.entered.set()

    def _hear(self, line: bytes) -> None:
        if line.startswith(_SOFTWARE):
            if not self.software:
                self.software = "SSH-2.0-" + _plain(line.removeprefix(_SOFTWARE))
        elif line == _CONNECTED:
            self.connected = True
        elif line.startswith(_STRANGE):
            self.strange = True
        elif line.startswith(_ENTERED):
            self.entered.set()
        elif line and not line.startswith((b"debug1:", b"OpenSSH_", b"Transferred:", b"Bytes per second:")):
            self._kept.append(_plain(line))

    @property
    def last(self) -> str:
        """The last lines that are for people; empty if there are none."""
        return " ".join(self._kept)

    @property
    def timed_out(self) -> bool:
        """Whether the server fell silent."""
        return any(sign in self.last.lower() for sign in _TIMED_OUT)


def _plain(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
