"""A `Pipe` through OpenSSH's client: a child process that does all of SSH, and leaves this one its time.

It never outlives us: its input ends with this process, however that ends, and so does it. That it has ended is seen at
once, since its output ends. What it says on standard error is read to its end, and little of it is kept (`Words`).

On POSIX systems a pair of sockets leads to it. Windows has no such thing for a child's input and output; there pipes do
(`threadedpipe`).
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

BUFFER = 1024 * 1024  # bytes received at most at once; what the system keeps of each way is asked to be as much
_TAKES = 0.02  # seconds that `send` waits while nothing is taken, before others have their turn
_SAID = 4096  # bytes of standard error, at once


class SshProcess:
    """The client itself: started, listened to on standard error, and ended. OSError where it cannot be started."""

    def __init__(self, command: Sequence[str], folder: Path, stdin: int | socket.socket, stdout: int | socket.socket):
        self.words = Words()
        apart: dict[str, object] = {"start_new_session": True}  # no terminal that could be asked, and no Ctrl-C from it
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
            **apart,  # type: ignore[call-overload]  # each system takes its own
        )
        self._listener = threading.Thread(target=self._listen, name="share-ssh", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Hear it out, and see its end: nothing is left of it then."""
        said = self.process.stderr
        assert said is not None  # noqa: S101  # as it was started
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
        """End it now; it has nothing to put in order."""
        with contextlib.suppress(OSError):
            self.process.kill()

    def gone(self) -> None:
        """Wait a moment until nothing is left of it."""
        self._listener.join(LOOK_AFTER)


class SshPipe:
    """OpenSSH's client at the other end of a pair of sockets. Whether it gets in shows when the server greets."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._ours, theirs = socket.socketpair()
        try:
            with theirs:
                for end in (self._ours, theirs):
                    with contextlib.suppress(OSError):  # then it is the system's own, smaller size
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
                # By the kernel: Python's own timeouts would cost one more call for each piece.
                for way, seconds in ((socket.SO_RCVTIMEO, LOOK_AFTER), (socket.SO_SNDTIMEO, _TAKES)):
                    self._ours.setsockopt(socket.SOL_SOCKET, way, struct.pack("ll", 0, int(seconds * 1_000_000)))
                self._ssh = SshProcess(command, folder, theirs, theirs)
        except BaseException:
            self._ours.close()
            raise
        self.words = self._ssh.words
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._sending = threading.Lock()  # what is released meanwhile could be another file's number

    @property
    def software(self) -> str:
        """As `Pipe`."""
        return self.words.software

    @property
    def maker(self) -> str:
        """As `Pipe`."""
        return "OpenSSH's client"

    def send(self, *data: memoryview) -> int:
        """As `Pipe`: the kernel puts them together, since to do so here would copy each photo once more."""
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

    def alive(self) -> bool:
        """As `Pipe`: it asks the server for signs of life by itself, and ends where there is none for too long."""
        return self._ssh.lives

    def why_ended(self) -> str:
        """As `Pipe`."""
        return self._ssh.why_ended()

    def close(self) -> None:
        """As `Pipe`."""
        self._ssh.kill()
        with contextlib.suppress(OSError):  # it has ended, or was closed, before
            self._ours.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """As `Pipe`."""
        with self._sending:
            self._ours.close()
        self._ssh.gone()
