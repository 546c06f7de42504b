"""How much may be in flight at once, and how fast.

A `Window` limits what is in flight (bytes that are not yet acknowledged, open handles), first come first served, so
that memory stays bounded and a large file does not starve small ones. A `Bucket` limits the bandwidth.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Window:
    """A number of units that may be taken at once. Belongs to one event loop; not for several threads."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a window needs room for at least one unit")
        self._size = size
        self._free = size
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, units: int) -> None:
        """Wait until `units` are free, and take them. A request for more takes the whole window."""
        units = min(units, self._size)
        if not self._queue and units <= self._free:
            self._free -= units
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((units, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn came at the moment of cancellation
                self.give(units)
            elif (units, turn) in self._queue:
                self._queue.remove((units, turn))
                self._serve()
            raise

    def give(self, units: int) -> None:
        """Give back what was taken."""
        self._free += min(units, self._size)
        self._serve()

    def resize(self, size: int) -> None:
        """Have room for `size` units from now on; what is taken stays taken."""
        self._free += size - self._size
        self._size = size
        self._serve()

    @asynccontextmanager
    async def hold(self, units: int) -> AsyncIterator[None]:
        """Take units for the duration of the block."""
        await self.take(units)
        try:
            yield
        finally:
            self.give(units)

    def _serve(self) -> None:
        while self._queue and self._queue[0][0] <= self._free:
            units, turn = self._queue.popleft()
            if not turn.done():
                self._free -= units
                turn.set_result(None)


class Bucket:
    """A bandwidth in bytes per second, 0 for no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._free_at = 0.0

    def piece(self, length: int) -> int:
        """How much to send at once, at most `length`: under a limit, about a tenth of a second's worth."""
        return length if self._rate <= 0 else max(1024, min(length, self._rate // 10))

    def wait(self, size: int, now: float) -> float:
        """Seconds to wait, from `now` on any steady clock, before sending `size` more bytes; they count as sent then.

        Nothing is saved up: after a pause the rate starts at once, without a burst.
        """
        if self._rate <= 0:
            return 0.0
        start = max(now, self._free_at)
        self._free_at = start + size / self._rate
        return start - now

    async def pause(self, size: int) -> None:
        """Wait as long as `wait` says, by the loop's clock."""
        if (seconds := self.wait(size, asyncio.get_running_loop().time())) > 0:
            await asyncio.sleep(seconds)
