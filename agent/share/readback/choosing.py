"""Who reads back: at first the connection that sends, soon one beside it, and on a fast network a separate process.

A second connection is all that a slow line can use, and is there as soon as it is logged in. Where megabytes are
confirmed in a fraction of a second, Python's time is what is short, and starting another process pays.
"""

import asyncio
import logging
from collections.abc import Callable

from agent.errors import LoginRefused, ShareUnreachable
from agent.share.connecting import connect
from agent.share.pool import LARGE, ConnectionPool
from agent.share.readback.process import ReaderProcess
from agent.share.readback.reader import OwnReader, Reader
from agent.share.server import Server
from agent.share.session import Session

FAST_BYTES = 8 * 1024 * 1024  # confirmed within
FAST_SECONDS = 1 / 3  # of each other: from there on one processor core has enough to do with sending

log = logging.getLogger(__name__)


class Readers:
    """The ways there are to read back. `lost` hears what ends a run."""

    def __init__(self, server: Server, lost: Callable[[Exception], None]) -> None:
        self._server = server
        self._lost = lost
        self._second: asyncio.Task[OwnReader | None] | None = None
        self._pool: ConnectionPool | None = None
        self._process: asyncio.Task[Reader | None] | None = None
        self._alone = False
        self._confirmed = 0
        self._since = float("-inf")

    def begin(self) -> None:
        """Have a connection to read back on, where the settings allow two."""
        if self._second is None and self._server.connections > 1 and not self._alone:
            self._second = asyncio.create_task(self._connected())
            self._second.add_done_callback(_looked_at)

    async def instead(self) -> Session | None:
        """The connection made to read back on, where no other could be: some servers allow one at a time."""
        reader = None if self._second is None else await self._second
        pool, self._pool, self._alone = self._pool, None, True
        self._second = None
        return None if reader is None or pool is None else pool.first

    def confirmed(self, size: int) -> None:
        """So many more bytes were confirmed; fast enough, and there is to be a process."""
        if self._process is not None or self._second is None:
            return
        now = asyncio.get_running_loop().time()
        if now - self._since > FAST_SECONDS:
            self._since, self._confirmed = now, 0
        self._confirmed += size
        if self._confirmed >= FAST_BYTES:
            self._process = asyncio.create_task(self._started())
            self._process.add_done_callback(_looked_at)

    def only_own(self) -> None:
        """Have all reading done by the connection that sends."""
        self._alone = True

    async def choose(self, own: Reader, size: int) -> Reader:
        """Who reads a file of `size` bytes; a large one waits for what is on its way. Raises ShareRefused."""
        if self._alone:
            return own
        for way in (self._process, self._second):
            if way is not None and (way.done() or size > LARGE) and (reader := await asyncio.shield(way)) is not None:
                return reader
        return own

    async def widen(self) -> None:
        """Read over one more connection, where there is one to read on."""
        for way in (self._process, self._second):
            if way is not None and way.done() and (reader := way.result()) is not None:
                await reader.widen()
                return

    async def close(self) -> None:
        """End them."""
        for way in (self._process, self._second):
            if way is not None:
                way.cancel()
                for reader in await asyncio.gather(way, return_exceptions=True):
                    if reader is not None and not isinstance(reader, BaseException):
                        await reader.close()
        if self._pool is not None:
            await self._pool.close()

    async def _connected(self) -> OwnReader | None:
        try:
            first = await connect(self._server)
        except (ShareUnreachable, LoginRefused) as refused:  # some allow one connection only; else the first one tells
            log.info("photos are read back on the connection that sends them: %s", refused)
            return None
        self._pool = ConnectionPool(first, lambda: connect(self._server), self._server.connections, self._lost)
        return OwnReader(self._pool)

    async def _started(self) -> Reader | None:
        process = ReaderProcess()
        try:
            await process.start(self._server)
        except (ShareUnreachable, LoginRefused) as refused:
            log.info("photos are read back without a process of its own: %s", refused)
            await process.close()
            return None
        except BaseException:
            await process.close()
            raise
        return process


def _looked_at(way: "asyncio.Task[OwnReader | None] | asyncio.Task[Reader | None]") -> None:
    """An error is told when there is something to read."""
    if not way.cancelled():
        way.exception()
