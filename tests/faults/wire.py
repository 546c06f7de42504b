"""A wire between laptop and server that goes bad at a chosen packet: cut, reset, cut short or dead.

What arrives in one piece is taken for a packet; both directions and all connections of a run are counted together.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

_PIECE = 64 * 1024


class Bad(StrEnum):
    """What happens to the connections at that packet."""

    CUT = "cut"  # closed, properly, in the middle of everything
    RESET = "reset"
    SHORT = "cut short"  # half of the packet arrives
    STALLED = "stalled"  # nothing arrives any more, and neither end is notified
    NOTHING = "nothing"  # but `then` is called


class Wire:
    """Listens on its own port while it is entered and forwards to `port`. `go_bad` before a run, `mend` after it."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.mend()

    def mend(self) -> None:
        """From here on everything gets through; counting starts anew."""
        self.go_bad(0, Bad.NOTHING)
        self.hang_up()

    def hang_up(self) -> None:
        """End the connections there are."""
        self._close()

    def go_bad(self, at: int, how: Bad, then: Callable[[], None] = lambda: None) -> None:
        """At packet `at`, counted from 1; `then` is called there, before the packet gets on."""
        with self._lock:
            self.packets, self._at, self._how, self._then = 0, at, how, then
            self._dead = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close()

    def _accept(self) -> None:
        while True:
            try:
                laptop, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._to)
            except OSError:
                laptop.close()
                continue
            for end in (laptop, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._ends += [laptop, server]
            for source, sink in ((laptop, server), (server, laptop)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        dead = self._dead
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                with self._lock:
                    self.packets += 1
                    now = self.packets == self._at
                    how, then = self._how, self._then
                if now:
                    then()
                    piece = self._spoil(piece, how, sink, dead)
                if dead.is_set():
                    return  # as if it lay in the ditch; the ends stay open
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _spoil(self, piece: bytes, how: Bad, sink: socket.socket, dead: threading.Event) -> bytes:
        if how is Bad.STALLED:
            dead.set()
        elif how is Bad.SHORT:
            sink.sendall(piece[: len(piece) // 2])
        if how in {Bad.CUT, Bad.SHORT, Bad.RESET}:
            self._close(reset=how is Bad.RESET)
        return piece

    def _close(self, *, reset: bool = False) -> None:
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Else a thread that reads from it would keep it open. The reading side says nothing to the other end.
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            end.close()
