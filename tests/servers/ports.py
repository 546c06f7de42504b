"""Ports for the tests' servers that nobody else takes, also while a server is stopped for a moment.

A port that the system chooses is free again as soon as it is asked for and closed. Before the server has it, or while
the server is stopped, the system may give it to somebody else: to a server of another test, or to a connection. So
these are from below what systems choose, and every process of the tests has some to itself.
"""

import functools
import itertools
import os
import random
import socket
from collections.abc import Iterator

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
"""Linux chooses from 32,768 on unless it is told otherwise, macOS and Windows from 49,152 on."""

BLOCK = 100
"""How many ports a process has; it holds the first of them to show that the others are its own."""


def free_port() -> int:
    """A port of this process on which nothing listens; the ones that were given last come last again."""
    mine = _ports(os.getpid())
    for _ in range(BLOCK):
        port = next(mine)
        if _can_be_listened_on(port):
            return port
    raise RuntimeError("servers listen on all ports that this process of the tests has")


@functools.cache
def _ports(process: int) -> Iterator[int]:
    blocks = list(range(FIRST, LAST, BLOCK))
    random.shuffle(blocks)
    for first in blocks:
        try:
            _held.append(socket.create_server((HOST, first)))
        except OSError:  # another process of the tests has it
            continue
        return itertools.cycle(range(first + 1, first + BLOCK))
    raise RuntimeError(f"no ports are left between {FIRST} and {LAST}")


_held: list[socket.socket] = []


def _can_be_listened_on(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
