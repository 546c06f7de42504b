"""What OpenSSH's client says of its connection, line by line on standard error: little of it is kept.

The server can put lines of its own among them (a banner, RFC 4252, section 5.4), but none before its software is named.
So only the first line of that counts. All else is for people, or leads to another way to connect.
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
    """Fed by one thread, read by any."""

    def __init__(self) -> None:
        self.software = ""
        self.connected = False  # something answers at the server's port
        self.strange = False  # what answers began with something else than SSH's own first line
        self.entered = threading.Event()  # logged in; or nothing more will be said
        self._kept: deque[str] = deque(maxlen=KEPT)
        self._rest = b""

    def feed(self, said: bytes) -> None:
        """Take what was said next, in pieces of any length."""
        *lines, rest = (self._rest + said).split(b"\n")
        self._rest = rest[:LONGEST]
        for line in lines:
            self._hear(line.strip()[:LONGEST])

    def ended(self) -> None:
        """Nothing more will be said."""
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
        """Its last words that are for people; empty where there are none."""
        return " ".join(self._kept)

    @property
    def timed_out(self) -> bool:
        """Whether the server fell silent."""
        return any(sign in self.last.lower() for sign in _TIMED_OUT)


def _plain(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
