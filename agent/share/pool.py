"""The connections that files are sent over, and how much may be in flight on each: one at first, more while work waits.

Files are sent in turns rather than all at once, so that the first can be read back early and only the last remains to
be read at the end. Large files have turns of their own, one on each connection, so that a video does not hold up five
hundred photos. Another connection is made only if a turn takes long: on a fast network one is as good as many; on a
network that loses packets, each connection is slow by itself (TCP halves its rate with each loss).
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.errors import LoginRefused, ShareUnreachable
from agent.share.pacing import Window
from agent.share.session import Session

WRITES = 2 * 1024 * 1024  # bytes unconfirmed: sshd's own window; covers 100 Mbit/s at 160 ms, 1 Gbit/s at 16 ms
READS = 3 * 1024 * 1024  # bytes asked for; more, since requests wait behind what is written, and less than WINDOW
SENDING = 2 * WRITES  # bytes of files whose turn it is
OPENING = 16 * 1024  # bytes added to each file's own size, so that thousands of tiny ones do not open at once
LARGE = 16 * 1024 * 1024  # bytes; more than the largest JPEG, less than a video and most RAW series
HANDLES = 64  # for each kind, open at once; enough for small files at 40 ms, far below OpenSSH's limit
HANDLES_NOT_STATED = 8  # if the server states no limit: some allow 32 in all, for all kinds and for folders
HANDLES_NOT_YET = 2  # until it has stated one: enough for two photos, and for as many small ones as TCP takes at first
FEW = 12  # with fewer than this in all, one file is open at a time
LONG = 1.0  # seconds of waiting for a turn before another connection is made; 4 MB take less at 100 Mbit/s

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PooledConnection:
    """One connection, and what may be in flight on it."""

    session: Session
    writes: Window = field(default_factory=lambda: Window(WRITES))
    reads: Window = field(default_factory=lambda: Window(READS))
    write_handles: Window = field(init=False)
    read_handles: Window = field(init=False)
    check_handles: Window = field(init=False)
    free: int = SENDING  # bytes of turns
    large: bool = False  # whether a large file has its turn
    reading: int = 0  # bytes of files that are being read back

    def __post_init__(self) -> None:
        handles = self._handles if self.session.stating.done() else HANDLES_NOT_YET
        self.write_handles, self.read_handles, self.check_handles = Window(handles), Window(handles), Window(handles)
        if not self.session.stating.done():
            self.session.stating.add_done_callback(self._stated)

    @property
    def _handles(self) -> int:
        stated = self.session.limits.handles
        return min(HANDLES, max(1, stated // 4)) if stated else HANDLES_NOT_STATED

    def _stated(self, _: object) -> None:
        if self.write_handles is not self.read_handles:  # else it was found out meanwhile that only one may be open
            for window in (self.write_handles, self.read_handles, self.check_handles):
                window.resize(self._handles)

    def one_open(self) -> None:
        """Allow one open file at a time, for whatever purpose. Call it before any is open."""
        self.session.one_open = True
        self.write_handles = self.read_handles = self.check_handles = Window(1)


@dataclass(slots=True)
class Turn:
    """A file's turn on a connection; given back at the end of its block, or bit by bit as its bytes are sent."""

    connection: PooledConnection
    left: Callable[[int], None]  # how many of the file's bytes are still to be sent


@dataclass(slots=True)
class _Asked:
    units: int  # 0 for a large file
    granted: "asyncio.Future[PooledConnection]"


class ConnectionPool:
    """Up to `most` connections. `lost` is called with an error that ends the run: more than one connection too many."""

    def __init__(
        self, first: Session, connect: Callable[[], Awaitable[Session]], most: int, lost: Callable[[Exception], None]
    ) -> None:
        self.all = [PooledConnection(first)]
        self._connect = connect
        self._most = most
        self._lost = lost
        self._waiting: tuple[deque[_Asked], deque[_Asked]] = deque(), deque()  # small files, large ones
        self._growing: asyncio.Task[None] | None = None

    @property
    def first(self) -> Session:
        """The session for everything but the content of files."""
        return self.all[0].session

    @asynccontextmanager
    async def turn(self, size: int) -> AsyncIterator[Turn]:
        """Wait until a file of `size` bytes may be sent; the turn says over which connection."""
        large = size > LARGE
        asked = _Asked(0 if large else min(size + OPENING, SENDING // 2), asyncio.get_running_loop().create_future())
        self._waiting[large].append(asked)
        self._serve()
        try:
            if not asked.granted.done():
                self._grow()
            connection = await asked.granted
        except asyncio.CancelledError:
            if asked.granted.done() and not asked.granted.cancelled():  # the turn came at the moment of cancellation
                self._give(asked.granted.result(), asked.units, large=large)
            elif asked in self._waiting[large]:
                self._waiting[large].remove(asked)
            raise
        held, ended = asked.units, False

        def left(size: int) -> None:
            """The next file is opened while this one's last bytes are sent: opening takes a round trip."""
            nonlocal held, ended
            if not ended and (size < held or size == 0):
                over, held, ended = held - size, size, size == 0
                self._give(connection, over, large=large and ended)

        try:
            yield Turn(connection, left)
        finally:
            left(0)

    def _give(self, connection: PooledConnection, units: int, *, large: bool) -> None:
        connection.free += units
        connection.large = connection.large and not large
        self._serve()

    def _serve(self) -> None:
        for large, queue in enumerate(self._waiting):
            while queue:
                asked = queue[0]
                connection = max(self.all, key=lambda one: (not (large and one.large), one.free))
                if (connection.large if large else connection.free < asked.units) or asked.granted.done():
                    if not asked.granted.done():
                        break
                    queue.popleft()
                    continue
                queue.popleft()
                connection.free -= asked.units
                connection.large = connection.large or bool(large)
                asked.granted.set_result(connection)

    @asynccontextmanager
    async def reading(self, size: int) -> AsyncIterator[PooledConnection]:
        """The connection with the least to read back, for a file of `size` bytes more."""
        connection = min(self.all, key=lambda one: one.reading)
        connection.reading += size
        try:
            async with connection.read_handles.hold(1):
                yield connection
        finally:
            connection.reading -= size

    # --- more connections --------------------------------------------------------------------------------------------

    def _grow(self) -> None:
        if len(self.all) < self._most and (self._growing is None or self._growing.done()):
            self._growing = asyncio.create_task(self._grow_while_needed())

    async def _grow_while_needed(self) -> None:
        while len(self.all) < self._most:
            longest = [queue[0] for queue in self._waiting if queue]
            await asyncio.sleep(LONG)
            if not any(queue and queue[0] in longest for queue in self._waiting):
                return
            await self.widen()

    async def widen(self) -> None:
        """Make one more connection, if that is allowed; some servers allow a device only a few."""
        if len(self.all) >= self._most:
            return
        try:
            self.all.append(PooledConnection(await self._connect()))
        except (ShareUnreachable, LoginRefused) as refused:  # the first got in, so this is one too many
            log.info("no further connection to the share: %s", refused)
            self._most = len(self.all)
        except Exception as fault:  # noqa: BLE001  # above all a changed host key: it ends the run with an error
            self._most = len(self.all)
            self._lost(fault)
        self._serve()

    def one_open(self) -> None:
        """For a server that allows one open file at a time: one connection, one file. Before anything is sent."""
        self._most = len(self.all)
        for connection in self.all:
            connection.one_open()

    async def close(self) -> None:
        """Close all of them."""
        if self._growing is not None:
            self._growing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._growing
        for connection in self.all:
            await asyncio.to_thread(connection.session.close)
