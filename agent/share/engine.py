"""Many deliveries on their way at once: the part of the share that lives on an event loop of its own.

Sending goes over one connection; what was sent is read back over another (where the settings allow two), since
requests to read would wait behind megabytes of writes on the same one while the way down is idle; so would those that
give the final name. Windows bound what is in flight. Files are sent in turns rather than all at once, so that the first
can be read back early and the last alone is left to read at the end.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.errors import AgentError, LocalFault, ShareFault, ShareUnreachable
from agent.model import Delivery, Proof, TransferId
from agent.share.connection import open_channel
from agent.share.faults import Refused, as_fault
from agent.share.pacing import Bucket, Window
from agent.share.port import Delivered, Outcome, Sent, Undelivered
from agent.share.remotefolders import RemoteFolders
from agent.share.server import Server
from agent.share.session import Session
from agent.share.upload import Means, Upload

WRITES = 2 * 1024 * 1024  # bytes unconfirmed: sshd's own window; covers 100 Mbit/s at 160 ms, 1 Gbit/s at 16 ms
READS = 2 * 1024 * 1024  # bytes asked for: half of what our channel's window lets the server send
SENDING = 2 * WRITES  # bytes of files whose turn it is: in turns, the first is done, and read back, while others travel
HANDLES = 64  # for each connection, open at once; enough for small files at 40 ms, far below OpenSSH's limit
HANDLES_UNTOLD = 12  # where the server tells no limit: some allow 32 in all, for both kinds and for folders


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """So many more payload bytes were confirmed by the server."""

    size: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The whole run ends: the connection was lost, or something unforeseen happened."""

    fault: BaseException


News = Outcome | Acknowledged | Broken


async def connect(server: Server) -> Session:
    """A session that has greeted."""
    transport, channel = await asyncio.to_thread(open_channel, server)
    try:
        session = Session(transport, channel, server.timeout)
        await session.greet()
    except BaseException:
        transport.close()
        raise
    return session


class Engine:
    """Delivers over one or two sessions. All methods are for the loop that made it."""

    def __init__(self, server: Server, session: Session, clock: Callable[[], datetime]) -> None:
        self.session = session
        self.root = server.root.rstrip("/").encode("utf-8")
        self.folders = RemoteFolders(session, self.root)
        self._server = server
        self._reader: asyncio.Task[Session] | None = None
        self._tell: Callable[[News], None] = lambda _: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._same: dict[TransferId, asyncio.Lock] = defaultdict(asyncio.Lock)
        told = session.limits.handles
        handles = min(HANDLES, max(1, told // 3)) if told else HANDLES_UNTOLD
        self._means = Means(
            session=session,
            reading=self._reading,
            folders=self.folders,
            device=server.device,
            clock=clock,
            acknowledged=lambda size: self._tell(Acknowledged(size)),
            writes=Window(WRITES),
            reads=Window(READS),
            sending=Window(SENDING),
            handles=Window(handles),
            reading_handles=Window(handles),
            bucket=Bucket(server.bandwidth_kib_per_s * 1024),
        )

    def begin(self, tell: Callable[[News], None]) -> None:
        """Start a run: `tell` hears of everything, on this loop."""
        self._tell = tell
        self._same.clear()

    def add(self, delivery: Delivery) -> None:
        """Put one more delivery on its way."""
        if self._server.connections > 1 and self._reader is None:  # made while the first photos travel
            self._reader = asyncio.create_task(self._second())
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what is under way, and take its temporary files away."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End both sessions."""
        await self.stop()
        if self._reader is not None:
            for reader in await asyncio.gather(self._reader, return_exceptions=True):
                if isinstance(reader, Session) and reader is not self.session:
                    await asyncio.to_thread(reader.close)
        await asyncio.to_thread(self.session.close)

    async def _reading(self) -> Session:
        """The session to read back on; the second connection is begun with the first delivery."""
        if self._server.connections < 2:
            return self.session
        if self._reader is None:
            self._reader = asyncio.create_task(self._second())
        return await asyncio.shield(self._reader)

    async def _second(self) -> Session:
        try:
            return await connect(self._server)
        except ShareUnreachable:  # some servers allow a device one connection only; if the first is lost, it tells
            return self.session

    # --- one delivery ------------------------------------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            async with self._same[delivery.transfer]:  # the same transfer twice at once would share temporary names
                self._tell(await self._outcome(delivery))
        except ShareUnreachable as lost:
            self._tell(Broken(lost))
        except Exception as unforeseen:  # noqa: BLE001  # goes to the thread that asked for the delivery, and up from there
            self._tell(Broken(unforeseen))

    async def _outcome(self, delivery: Delivery) -> Outcome:
        uploads = [Upload(self._means, outgoing, delivery.transfer, n) for n, outgoing in enumerate(delivery.files)]
        try:
            return Delivered(delivery.transfer, await self._prove(delivery, uploads))
        except Refused as refused:
            fault: AgentError = as_fault(refused, full=await self._is_full(refused, delivery))
            await _withdraw(uploads)
        except (LocalFault, ShareFault) as known:
            fault = known
            await _withdraw(uploads)
        except asyncio.CancelledError:
            await _withdraw(uploads)
            raise
        return Undelivered(delivery.transfer, fault)

    async def _prove(self, delivery: Delivery, uploads: list[Upload]) -> tuple[Proof, ...]:
        if any(await _together([upload.arrive() for upload in uploads])):
            self._tell(Sent(delivery.transfer))
        await _together([upload.prove() for upload in uploads])
        for upload in uploads:
            await upload.settle()
        return tuple(await _together([upload.confirm() for upload in uploads]))

    async def _is_full(self, refused: Refused, delivery: Delivery) -> bool:
        if not refused.vague:
            return False
        free = await self.session.free(self.root)
        return free is not None and free < delivery.size


async def _withdraw(uploads: list[Upload]) -> None:
    for upload in uploads:
        await upload.withdraw()


async def _together(steps: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results of all; with the first fault the others are stopped, and it is raised as it is."""
    if len(steps) == 1:
        return [await steps[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(step) for step in steps]
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from None
    return [task.result() for task in tasks]
