"""A `Pipe` through OpenSSH's client on Windows, where only a thread can wait for an ordinary pipe: one for each way.

What the two threads hold is bounded, so a server that sends without end, or takes nothing, costs no more memory.
"""

import contextlib
import os
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from agent.share.pipe import LOOK_AFTER
from agent.share.sshpipe import SshProcess

PIECE = 256 * 1024  # bytes received at most at once
PIECES = 8  # received and not yet looked at
OUTGOING = 1024 * 1024  # bytes taken to be sent and not yet gone
_TAKES = 0.02  # seconds that `send` waits while nothing is taken


class ThreadedSshPipe:
    """OpenSSH's client behind two pipes."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._ssh = SshProcess(command, folder, subprocess.PIPE, subprocess.PIPE)
        self.words = self._ssh.words
        self._closed = False
        self._incoming: queue.Queue[bytes] = queue.Queue(PIECES)
        self._outgoing: deque[bytes] = deque()
        self._size = 0  # bytes in `_outgoing`, and on their way into the pipe
        self._change = threading.Condition()
        self._ended = False  # the way out
        self._threads = [
            threading.Thread(target=work, name=f"share-ssh-{way}", daemon=True)
            for way, work in (("in", self._take_in), ("out", self._let_out))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def software(self) -> str:
        """As `Pipe`."""
        return self.words.software

    @property
    def maker(self) -> str:
        """As `Pipe`."""
        return "OpenSSH's client"

    def send(self, *data: memoryview) -> int:
        """As `Pipe`."""
        with self._change:
            if not self._change.wait_for(lambda: self._ended or self._size < OUTGOING, _TAKES):
                raise TimeoutError
            if self._ended:
                return 0
            piece = b"".join(data)[: OUTGOING - self._size]
            self._outgoing.append(piece)
            self._size += len(piece)
            self._change.notify_all()
        return len(piece)

    def receive(self) -> bytes:
        """As `Pipe`."""
        try:
            return self._incoming.get(timeout=LOOK_AFTER)
        except queue.Empty:
            if self._closed:
                return b""
            raise TimeoutError from None

    def _take_in(self) -> None:
        pipe = self._ssh.process.stdout
        assert pipe is not None  # noqa: S101  # as it was started
        with pipe:
            piece = b"?"
            while piece and not self._closed:
                try:
                    piece = os.read(pipe.fileno(), PIECE)
                except OSError:
                    piece = b""
                self._pass_on(piece)

    def _pass_on(self, piece: bytes) -> None:
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._incoming.put(piece, timeout=LOOK_AFTER)
                return

    def _let_out(self) -> None:
        pipe = self._ssh.process.stdin
        assert pipe is not None  # noqa: S101  # as it was started
        try:
            while (piece := self._next()) is not None:
                view = memoryview(piece)
                while view:
                    view = view[pipe.write(view) :]
                with self._change:
                    self._size -= len(piece)
                    self._change.notify_all()
        except OSError:  # it has ended
            pass
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()
            with contextlib.suppress(OSError):
                pipe.close()

    def _next(self) -> bytes | None:
        with self._change:
            self._change.wait_for(lambda: self._outgoing or self._closed)
            return None if self._closed else self._outgoing.popleft()

    def alive(self) -> bool:
        """As `Pipe`."""
        return self._ssh.lives

    def why_ended(self) -> str:
        """As `Pipe`."""
        return self._ssh.why_ended()

    def close(self) -> None:
        """As `Pipe`."""
        self._ssh.kill()
        with self._change:
            self._closed = True
            self._change.notify_all()
        with contextlib.suppress(queue.Empty):  # nobody will look at it: let the thread that waits for room end
            while True:
                self._incoming.get_nowait()
        with contextlib.suppress(queue.Full):  # wakes `receive`
            self._incoming.put_nowait(b"")

    def release(self) -> None:
        """As `Pipe`."""
        for thread in self._threads:
            thread.join(4 * LOOK_AFTER)  # it looks whether it is over that often
        self._ssh.gone()
