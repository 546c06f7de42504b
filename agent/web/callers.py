"""Which user of this laptop a connection on loopback comes from.

The browser is started with an address that appears in the list of running programs, which every user of a Linux laptop
may read. So the first caller with the token in it must also be the same user. macOS and Windows show a program's
arguments only to its own user; there the token is enough.
"""

import socket
import struct
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOCAL, _REMOTE, _USER = 1, 2, 7
"""Columns of these tables (proc_pid_net(5))."""


def is_this_user(caller: tuple[str, int], here: tuple[str, int]) -> bool:
    """Whether the program at the other end, with this address and port, belongs to this user.

    True if the system does not say: then the token alone decides. False for a connection that has ended.
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
            # In the table for IPv6, an IPv4 address is the end of a longer address.
            if (columns[_LOCAL][-13:], columns[_REMOTE][-13:]) == wanted:
                return int(columns[_USER]) == os.getuid()
    return not read_any


def _as_listed(end: tuple[str, int]) -> str:
    """For example "0100007F:1F90": the kernel prints the address as a number in its own order of bytes."""
    (number,) = struct.unpack("=I", socket.inet_aton(end[0]))
    return f"{number:08X}:{end[1]:04X}"
