"""Which user of this laptop a connection on loopback comes from.

The address that a browser is started with stands in the list of running programs, which every user of a Linux laptop
may read. So whoever shows its token first must be this very user, too. macOS and Windows show a program's arguments to
its own user only; there the token is enough.
"""

import socket
import struct
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOCAL, _REMOTE, _USER = 1, 2, 7
"""Columns of these tables (proc_pid_net(5))."""


def is_this_user(caller: tuple[str, int], here: tuple[str, int]) -> bool:
    """Whether the program at the other end, with this address and port, is the user's own.

    True where the system does not say: then the token alone decides. False for a connection that has ended.
    """
    if sys.platform != "linux":
        return True
    import os

    wanted = (_as_listed(caller), _as_listed(here))
    read_any = False
    for table in _TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        read_any = True
        for line in lines:
            columns = line.split()
            # An IPv4 address in the table of IPv6 is the end of a longer one.
            if (columns[_LOCAL][-13:], columns[_REMOTE][-13:]) == wanted:
                return int(columns[_USER]) == os.getuid()
    return not read_any


def _as_listed(end: tuple[str, int]) -> str:
    """For example "0100007F:1F90": the kernel prints the address as a number in its own order of bytes."""
    (number,) = struct.unpack("=I", socket.inet_aton(end[0]))
    return f"{number:08X}:{end[1]:04X}"
