"""From a server's name to an open SFTP channel, by paramiko: the host key is checked first, then a login by key only.

Every step has a deadline: some of paramiko's own waits have none, so a timer closes the connection under them.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from agent.errors import HostKeyRefused, LoginRefused, ShareFault, ShareUnreachable
from agent.share.algorithms import CIPHERS, KEY_TYPES, MACS, host_key_algorithms
from agent.share.firstwords import why_not_ssh
from agent.share.hostkeys import HostKey, Pinned, host_key, judge, pinned
from agent.share.server import Server
from agent.share.sockets import connect

if TYPE_CHECKING:
    from paramiko import Channel, PKey, Transport

WINDOW = 4 * 1024 * 1024  # bytes that the server may send before more is allowed: above what is ever requested
PACKET = 256 * 1024  # longest SSH packet we accept: fewer packets cost less Python time for each megabyte
KEEPALIVE = 10  # seconds of silence after which paramiko says something, so that no firewall drops the connection
LOG = "agent.share.ssh"


def open_channel(server: Server) -> "tuple[Transport, Channel]":
    """A channel to the server's SFTP subsystem, and its transport (which the caller must close).

    Raises `ShareUnreachable`, `HostKeyRefused`, `LoginRefused`; `ShareFault` if there is no SFTP.
    """
    known = pinned(server.known_hosts_file, server.host, server.port)
    with ThreadPoolExecutor(1) as apart:  # importing paramiko takes as long as the server takes to answer
        dialled = apart.submit(connect, server.host, server.port, server.timeout)
        from paramiko import AuthenticationException, SSHException

        transport = _transport(dialled.result())
    try:
        with _deadline(transport, server.timeout) as late:
            try:
                _greet(transport, server, known)
                shown = _shown(transport)
                judge(shown, known, server.host, server.port)
                _log_in(transport, server)
                channel = transport.open_session(window_size=WINDOW, max_packet_size=PACKET, timeout=server.timeout)
                _start_sftp(channel)
            except AuthenticationException as error:
                if late.is_set():
                    raise ShareUnreachable(silent(server)) from error
                if not transport.is_active():  # paramiko also says this if the connection ended before an answer
                    raise ShareUnreachable(_broke_off(server)) from error
                raise LoginRefused(_not_let_in(server)) from error
            except (SSHException, EOFError, OSError) as error:
                if late.is_set():
                    raise ShareUnreachable(silent(server)) from error
                why = None if transport.is_authenticated() else _why_not_ssh(transport, server.host, server.port)
                raise ShareUnreachable(why or _broke_off(server)) from error
    except BaseException:
        transport.close()
        raise
    transport.set_keepalive(KEEPALIVE)
    return transport, channel


def scan_host_key(host: str, port: int, timeout: float) -> HostKey:
    """The host key that a server shows now, for a person to compare; nothing is pinned and no login is tried."""
    from paramiko import SSHException

    transport = _transport(connect(host, port, timeout))
    try:
        with _deadline(transport, timeout):
            try:
                transport.start_client(timeout=timeout)
                return _shown(transport)
            except (SSHException, EOFError, OSError) as error:
                why = _why_not_ssh(transport, host, port) or f"{host} port {port} answers, but not as an SSH server."
                raise ShareUnreachable(why) from error
    finally:
        transport.close()


def _transport(connection: socket.socket) -> "Transport":
    from paramiko import Transport

    log = logging.getLogger(LOG)
    if log.level == logging.NOTSET:  # paramiko prints tracebacks for errors that this program reports itself
        log.setLevel(logging.CRITICAL)
    transport = Transport(connection)
    transport.set_log_channel(LOG)
    transport.daemon = True
    options = transport.get_security_options()
    options.ciphers = [cipher for cipher in CIPHERS if cipher in options.ciphers]
    options.digests = [mac for mac in MACS if mac in options.digests]
    options.kex = [kex for kex in options.kex if "sha1" not in kex]
    options.key_types = [kind for kind in KEY_TYPES if kind in options.key_types]
    return transport


def _greet(transport: "Transport", server: Server, known: Pinned) -> None:
    """Exchange keys; if a host key is pinned, only with a key of the pinned type."""
    from paramiko import SSHException

    options = transport.get_security_options()
    wanted = host_key_algorithms(known)
    if wanted:
        options.key_types = wanted
    try:
        transport.start_client(timeout=server.timeout)
    except SSHException as error:
        if not wanted or "host key" not in str(error).lower():
            raise
        # The server no longer has a key of the pinned type: find out which it shows instead.
        now = scan_host_key(server.host, server.port, server.timeout)
        judge(now, pinned(server.known_hosts_file, server.host, server.port), server.host, server.port)
        raise HostKeyRefused(f"{server.host} has a pinned host key, but does not use it. Nothing was sent.") from error


def _why_not_ssh(transport: "Transport", host: str, port: int) -> str | None:
    """Why the two sides could not agree, if the server's first bytes show it."""
    options = transport.get_security_options()
    ours = {"key exchange": options.kex, "host keys": KEY_TYPES, "ciphers": options.ciphers, "MACs": options.digests}
    aead = any("gcm" in cipher or "poly1305" in cipher for cipher in options.ciphers)
    return why_not_ssh(
        host, port, {kind: tuple(names) for kind, names in ours.items() if not (aead and kind == "MACs")}
    )


def _shown(transport: "Transport") -> HostKey:
    key = transport.get_remote_server_key()
    return host_key(key.get_name(), key.asbytes())


def _log_in(transport: "Transport", server: Server) -> None:
    transport.auth_timeout = server.timeout
    more = transport.auth_publickey(server.user, _device_key(server))
    if more or not transport.is_authenticated():
        raise LoginRefused(
            f"{server.host} wants more than this laptop's key ({', '.join(more)}). Ask IT to allow login by key alone."
        )


def _device_key(server: Server) -> "PKey":
    from paramiko import PKey, SSHException

    from agent.share.devicekey import public_key

    public_key(server.key_file)  # raises what is wrong with the file, if anything
    try:
        return PKey.from_path(server.key_file)
    except (SSHException, ValueError, OSError) as error:
        raise LoginRefused(f"This laptop's SSH key is of a kind that cannot be used here: {server.key_file}") from error


def _start_sftp(channel: "Channel") -> None:
    from paramiko import SSHException

    try:
        channel.invoke_subsystem("sftp")
    except SSHException as error:
        if channel.get_transport().is_active():
            raise ShareFault(
                "The server accepted the login but does not offer SFTP. Ask IT for an SFTP account."
            ) from error
        raise


@contextlib.contextmanager
def _deadline(transport: "Transport", seconds: float) -> Iterator[threading.Event]:
    """Close the connection under anything that waits on it after `seconds`; the event says whether that happened."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        transport.close()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _not_let_in(server: Server) -> str:
    certificate = server.key_file.with_name(f"{server.key_file.name}-cert.pub")
    if certificate.exists():  # it is used instead of the key, so the plain key is not tried
        return (
            f"{server.host} does not accept this laptop's SSH certificate for the user {server.user}. Ask IT whether "
            f"it has expired, was revoked or names another user. Without {certificate} the plain key is used."
        )
    return (
        f"{server.host} does not accept this laptop's key for the user {server.user}. "
        "Ask IT whether this laptop's key (“photo-agent init” shows it) is entered for that user."
    )


def _broke_off(server: Server) -> str:
    return f"{server.host} broke off the connection while it was being set up."


def silent(server: Server) -> str:
    """The message about a server that accepts the connection and then says nothing."""
    return f"{server.host} accepted the connection but did not answer within {server.timeout:.0f} seconds."
