"""A connection is set to notice silence with its system's options, and works if the system has none."""

import socket
import sys

import pytest

from agent.share.sockets import _notice_silence


@pytest.mark.skipif(sys.platform == "win32", reason="no such sockets")
def test_options_that_a_system_lacks_are_gone_without() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        _notice_silence(ours)
        ours.sendall(b"here")
        assert theirs.recv(4) == b"here"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux' options")
def test_a_silent_connection_is_given_up_after_twenty_seconds() -> None:
    with socket.socket() as connection:
        _notice_silence(connection)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
