"""A TCP connection that notices within about 20 seconds that the other end is gone.

After a laptop slept or a cable was pulled, TCP by itself would wait for minutes. Each system has its own option for how
long sent bytes may stay unacknowledged; all have keepalives for a silent connection.
"""

import contextlib
import socket
import sys

from agent.errors import ShareUnreachable

_IDLE, _INTERVAL, _PROBES = 5, 5, 3  # seconds, seconds, times: 20 s in all
_UNACKNOWLEDGED = 20  # seconds


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """Connect, or say in plain words why not (`ShareUnreachable`)."""
    try:
        connection = socket.create_connection((host, port), timeout=timeout)
    except socket.gaierror as error:
        raise ShareUnreachable(
            f"The server {host} is not known on this network. Connect to the school's network (or VPN); if you are "
            "connected, tell IT: its name in this laptop's settings may be wrong."
        ) from error
    except ConnectionRefusedError as error:
        raise ShareUnreachable(
            f"{host} can be reached, but nothing answers on port {port}. Tell IT: the server may not be running, or "
            "the port in this laptop's settings may be wrong."
        ) from error
    except OSError as error:  # TimeoutError is one: no answer, no route, network down
        raise ShareUnreachable(unanswered(host, port)) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # many small requests, answered one by one
    _notice_silence(connection)
    return connection


def several_addresses(host: str, port: int) -> bool:
    """Whether the server has more than one address on this network: often one in IPv6 and one in IPv4."""
    try:
        return len({found[4] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}) > 1
    except OSError:
        return False


def unanswered(host: str, port: int) -> str:
    """The message if nothing answers at all."""
    return f"{host} port {port} does not answer. Is this laptop on the school's network?"


def _notice_silence(connection: socket.socket) -> None:
    """Set each option separately: an older system (Windows before 10 1709) does without those that it lacks."""
    _set(connection, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "win32":
        known = _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
        known &= _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL)
        _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        _set(connection, socket.IPPROTO_TCP, 5, _UNACKNOWLEDGED)  # TCP_MAXRT, seconds (ws2ipdef.h)
        if not known:
            with contextlib.suppress(OSError):
                connection.ioctl(socket.SIO_KEEPALIVE_VALS, (1, _IDLE * 1000, _INTERVAL * 1000))
    elif sys.platform == "darwin":
        _set(connection, socket.IPPROTO_TCP, 0x10, _IDLE)  # TCP_KEEPALIVE (netinet/tcp.h)
        _set(connection, socket.IPPROTO_TCP, 0x101, _INTERVAL)  # TCP_KEEPINTVL
        _set(connection, socket.IPPROTO_TCP, 0x102, _PROBES)  # TCP_KEEPCNT
        _set(connection, socket.IPPROTO_TCP, 0x80, _UNACKNOWLEDGED)  # TCP_RXT_CONNDROPTIME, seconds
    else:
        _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
        _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL)
        _set(connection, socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        _set(connection, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED * 1000)  # RFC 5482, ms


def _set(connection: socket.socket, level: int, option: int, value: int) -> bool:
    try:
        connection.setsockopt(level, option, value)
    except OSError:
        return False
    return True
