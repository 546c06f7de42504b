"""Who reads back: at first the connection that sends; another one beside it, as soon as it is logged in."""

import asyncio
import logging
from collections.abc import Callable

from agent.errors import LoginRefused, ShareUnreachable
from agent.share.connecting import connect
from agent.share.faults import looked_at
from agent.share.pool import LARGE, ConnectionPool
from agent.share.readback.reader import OwnReader, Reader
from agent.share.server import Server
from agent.share.session import Session

log = logging.getLogger(__name__)


class Readers:
    """The ways to read back. `lost` is called with an error that ends the run."""

    def __init__(self, server: Server, lost: Callable[[Exception], None]) -> None:
        self._server = server
        self._lost = lost
        self._second: asyncio.Task[OwnReader | None] | None = None
        self._pool: ConnectionPool | None = None
        self._alone = False

    def begin(self) -> None:
        """Start a connection for reading back, if the settings allow two."""
        if self._second is None and self._server.connections > 1 and not self._alone:
            self._second = asyncio.create_task(self._connected())
            self._second.add_done_callback(looked_at)

    async def instead(self) -> Session | None:
        """The connection made for reading back, if no other could be made: some servers allow one at a time."""
        reader = None if self._second is None else await self._second
        pool, self._pool, self._alone = self._pool, None, True
        self._second = None
        return None if reader is None or pool is None else pool.first

    def only_own(self) -> None:
        """Have the connection that sends do all the reading."""
        self._alone = True

    async def choose(self, own: Reader, size: int) -> Reader:
        """The reader for a file of `size` bytes; a large one waits for a second connection. Raises ShareRefused."""
        second = None if self._alone else self._second
        if second is None or not (second.done() or size > LARGE):
            return own
        return await asyncio.shield(second) or own

    async def widen(self) -> None:
        """Read over one more connection, if there is one to read on."""
        if self._second is not None and self._second.done() and (reader := self._second.result()) is not None:
            await reader.widen()

    async def close(self) -> None:
        """End all of them."""
        if self._second is not None:
            self._second.cancel()
            await asyncio.gather(self._second, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close()

    async def _connected(self) -> OwnReader | None:
        try:
            first = await connect(self._server)
        except (ShareUnreachable, LoginRefused) as refused:  # some servers allow only one
            log.info("photos are read back on the connection that sends them: %s", refused)
            return None
        self._pool = ConnectionPool(first, lambda: connect(self._server), self._server.connections, self._lost)
        return OwnReader(self._pool)
