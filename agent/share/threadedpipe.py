"""A `Pipe` through OpenSSH's client on Windows, where only a thread can wait for an ordinary pipe: one for each way.

The two threads hold a bounded amount, so a server that sends without end, or accepts nothing, costs no more memory.
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
from agent.share.sshpipe import OverSsh, SshProcess

PIECE = 256 * 1024  # the most bytes received at once
PIECES = 8  # the most pieces received and not yet read
OUTGOING = 1024 * 1024  # the most bytes accepted for sending and not yet sent
_TAKES = 0.02  # seconds that `send` waits while nothing is accepted


class ThreadedSshPipe(OverSsh):
    """OpenSSH's client behind two pipes."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        super().__init__(SshProcess(command, folder, subprocess.PIPE, subprocess.PIPE))
        self._closed = False
        self._incoming: queue.Queue[bytes] = queue.Queue(PIECES)
        self._outgoing: deque[bytes] = deque()
        self._size = 0  # bytes in `_outgoing`, and on their way into the pipe
        self._change = threading.Condition()
        self._ended = False  # the outgoing direction
        self._threads = [
            threading.Thread(target=work, name=f"share-ssh-{way}", daemon=True)
            for way, work in (("in", self._take_in), ("out", self._let_out))
        ]
        for thread in self._threads:
            thread.start()

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
        assert pipe is not None  # noqa: S101  # it was started with one
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
        assert pipe is not None  # noqa: S101  # it was started with one
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

    def close(self) -> None:
        """As `Pipe`."""
        self._ssh.kill()
        with self._change:
            self._closed = True
            self._change.notify_all()
        with contextlib.suppress(queue.Empty):  # nobody will read it: let the thread that waits for room end
            while True:
                self._incoming.get_nowait()
        with contextlib.suppress(queue.Full):  # wakes `receive`
            self._incoming.put_nowait(b"")

    def release(self) -> None:
        """As `Pipe`."""
        for thread in self._threads:
            thread.join(4 * LOOK_AFTER)  # it checks this often whether it should end
        self._ssh.gone()
