"""A `Pipe` through OpenSSH's client: a child process that does all of SSH and leaves this process its time.

It never outlives this process: when this process ends, however that happens, the child's input ends, and so does the
child. Its own end is noticed at once, since its output ends. Its standard error is read to the end, and little of it is
stored (`Words`).

On POSIX systems a pair of sockets leads to it. Windows has no such thing for a child's input and output; there pipes do
this (`threadedpipe`).
"""

import contextlib
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.share.pipe import LOOK_AFTER
from agent.share.sshclient import environment
from agent.share.sshwords import Words

BUFFER = 1024 * 1024  # the most bytes received at once; the system is asked to buffer as much each way
_TAKES = 0.02  # seconds that `send` waits while nothing is accepted, before others have their turn
_SAID = 4096  # bytes of standard error read at once


class SshProcess:
    """The client itself: started, its standard error read, and ended. OSError if it cannot be started."""

    def __init__(self, command: Sequence[str], folder: Path, stdin: int | socket.socket, stdout: int | socket.socket):
        self.words = Words()
        apart: dict[str, object] = {"start_new_session": True}  # no terminal to prompt on, and no Ctrl-C from one
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  # the system's own client
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(),
            bufsize=0,
            **apart,  # type: ignore[call-overload]  # each system has its own option
        )
        self._listener = threading.Thread(target=self._listen, name="share-ssh", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Read its standard error to the end, then wait until the process is gone."""
        said = self.process.stderr
        assert said is not None  # noqa: S101  # it was started with one
        with said:
            while piece := said.read(_SAID):
                self.words.feed(piece)
        self.words.ended()
        self.process.wait()

    @property
    def lives(self) -> bool:
        """Whether it runs and has logged in."""
        return self.words.entered.is_set() and self.process.poll() is None

    def why_ended(self) -> str:
        """As `Pipe`; its last words come a little after the end of its output."""
        self._listener.join(LOOK_AFTER)
        return "did not answer in time" if self.words.timed_out else "was lost"

    def kill(self) -> None:
        """End it now; it has nothing to clean up."""
        with contextlib.suppress(OSError):
            self.process.kill()

    def gone(self) -> None:
        """Wait a moment until the process is gone."""
        self._listener.join(LOOK_AFTER)


class OverSsh:
    """What every `Pipe` through OpenSSH's client has in common."""

    def __init__(self, ssh: SshProcess) -> None:
        self._ssh = ssh
        self.words = ssh.words

    @property
    def software(self) -> str:
        """As `Pipe`."""
        return self.words.software

    @property
    def maker(self) -> str:
        """As `Pipe`."""
        return "OpenSSH's client"

    def alive(self) -> bool:
        """As `Pipe`: the client asks the server for signs of life by itself, and ends if there is none for too long."""
        return self._ssh.lives

    def why_ended(self) -> str:
        """As `Pipe`."""
        return self._ssh.why_ended()


class SshPipe(OverSsh):
    """OpenSSH's client at the other end of a pair of sockets. The server's greeting shows whether it got in."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._ours, theirs = socket.socketpair()
        try:
            with theirs:
                for end in (self._ours, theirs):
                    with contextlib.suppress(OSError):  # then it is the system's own, smaller size
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
                # The kernel's timeout: Python's own would cost one more call for each piece.
                for way, seconds in ((socket.SO_RCVTIMEO, LOOK_AFTER), (socket.SO_SNDTIMEO, _TAKES)):
                    self._ours.setsockopt(socket.SOL_SOCKET, way, struct.pack("ll", 0, int(seconds * 1_000_000)))
                super().__init__(SshProcess(command, folder, theirs, theirs))
        except BaseException:
            self._ours.close()
            raise
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._sending = threading.Lock()  # a number that is released meanwhile could become another file's

    def send(self, *data: memoryview) -> int:
        """As `Pipe`: the kernel puts the pieces together, because doing it here would copy each photo once more."""
        if sys.platform == "win32":  # nobody asks for it there
            raise OSError("Windows' sockets cannot do this")
        with self._sending:
            try:
                return self._ours.sendmsg(data)
            except BlockingIOError:
                raise TimeoutError from None

    def receive(self) -> memoryview:
        """As `Pipe`: always into the same buffer, since a new megabyte each time would cost page faults."""
        try:
            size = self._ours.recv_into(self._buffer)
        except BlockingIOError:
            raise TimeoutError from None
        return self._view[:size]

    def close(self) -> None:
        """As `Pipe`."""
        self._ssh.kill()
        with contextlib.suppress(OSError):  # it has ended or was closed already
            self._ours.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """As `Pipe`."""
        with self._sending:
            self._ours.close()
        self._ssh.gone()
