"""Many deliveries on their way at once: the part of the share that has an event loop of its own.

Files go over `pool`. They are read back while later parts are being written; the settings, the amount and the network
decide over which connection (`readback`). The connections' windows limit what is in flight.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.errors import AgentError, LocalFault, ShareFault, ShareUnreachable, unforeseen
from agent.model.delivery import Delivery
from agent.model.ids import RemoteName, TransferId
from agent.model.proof import Proof
from agent.share.connecting import connect
from agent.share.faults import Refused, as_fault, looked_at
from agent.share.finalcheck import FinalCheck
from agent.share.manners import Manners
from agent.share.names import folder_of
from agent.share.pacing import Bucket
from agent.share.pool import FEW, ConnectionPool
from agent.share.port import Delivered, Outcome, Sent, Still, Undelivered
from agent.share.readback.choosing import Readers
from agent.share.readback.reader import OwnReader, Reader
from agent.share.remotefolders import RemoteFolders
from agent.share.server import Server
from agent.share.session import Session
from agent.share.stillthere import still_there
from agent.share.syncing import Syncing
from agent.share.tryout import known, try_out
from agent.share.upload import Upload, UploadContext

WORTH = 2 * 1024 * 1024  # bytes to send from which a second connection pays off


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The server confirmed this many more payload bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class ConnectionBroken:
    """The whole run ends: the connection was lost, or something unforeseen happened."""

    fault: BaseException


News = Outcome | Acknowledged | ConnectionBroken


class Engine:
    """Delivers over one session or more. All methods are for the loop that made it."""

    def __init__(
        self,
        server: Server,
        session: Session,
        readers: Readers,
        clock: Callable[[], datetime],
        disk_failed: set[RemoteName],
    ) -> None:
        self.session = session
        self.root = server.root.rstrip("/").encode("utf-8")
        self.folders = RemoteFolders(session, self.root)
        self._server = server
        self._tell: Callable[[News], None] = lambda _: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._same: dict[TransferId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pool = ConnectionPool(session, self._further, server.connections, self.lost)
        self._own = OwnReader(self._pool)
        self._readers = readers
        self._to_send = 0  # bytes, since the beginning
        self._trying: dict[str, asyncio.Task[None]] = {}
        self._known = False
        self._trial = asyncio.Lock()
        self._context = UploadContext(
            pool=self._pool,
            reader=self._reading,
            folders=self.folders,
            device=server.device,
            clock=clock,
            acknowledged=self._acknowledged,
            bucket=Bucket(server.bandwidth_kib_per_s * 1024),
            check=FinalCheck(self._pool.all[0], self.folders),
            syncing=Syncing(self._pool.all[0], self.folders, disk_failed),
        )
        if (manners := known(session)) is not None:
            self._learn(manners)

    def begin(self, tell: Callable[[News], None]) -> None:
        """Start a run: `tell` is called with all news, on this loop."""
        self._tell = tell
        self._same.clear()

    def add(self, delivery: Delivery) -> None:
        """Start one more delivery."""
        self._to_send += delivery.size
        if self._to_send > WORTH:
            self._readers.begin()
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def still_holds(self, proofs: Sequence[Proof], *, sync: bool) -> list[Still]:
        """See `Share`."""
        syncing = self._context.syncing if sync else None
        return await still_there(self.session, self.folders, self._reading, proofs, syncing)

    async def stop(self) -> None:
        """Stop everything in flight and remove its temporary files, except large ones that a later run can continue."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End everything."""
        await self.stop()
        for trying in self._trying.values():
            trying.cancel()
        await asyncio.gather(*self._trying.values(), return_exceptions=True)
        await self._readers.close()
        await self._pool.close()

    def lost(self, fault: Exception) -> None:
        """Note that an additional connection met an error that ends the run."""
        self._tell(ConnectionBroken(fault))

    def _acknowledged(self, size: int) -> None:
        self._tell(Acknowledged(size))

    async def _reading(self, size: int) -> Reader:
        return await self._readers.choose(self._own, size)

    async def _further(self) -> Session:
        """One more connection; the reading side, which has as much to do, may have one more too."""
        await self._readers.widen()
        return await connect(self._server)

    # --- what the server can do --------------------------------------------------------------------------------------

    async def manners(self, folder: str) -> Manners:
        """What the server can do, tried out in `folder` if not known. Raises ShareFault if that is too little."""
        if not self._known:
            trying = self._trying.get(folder)
            if trying is None:
                trying = self._trying[folder] = asyncio.create_task(self._try_out(folder))
                trying.add_done_callback(looked_at)
            await asyncio.shield(trying)
        return self._context.manners

    @property
    def found(self) -> Manners:
        """What was found so far."""
        return self._context.manners

    async def try_out(self, folder: str) -> None:
        """Try the server out, whether it is known or not, while nothing is being sent. Raises ShareFault."""
        self._learn(await try_out(self.session, self.folders, self._server.device, folder))

    async def _try_out(self, folder: str) -> None:
        async with self._trial:
            if not self._known:
                await self.try_out(folder)

    def _learn(self, manners: Manners) -> None:
        self._known = True
        self._context.manners = manners
        self._fit()
        if not self.session.stating.done():
            self.session.stating.add_done_callback(lambda _: self._fit())

    def _fit(self) -> None:
        """Open no more files at once than the server allows."""
        manners = self._context.manners
        if 0 < self.session.limits.handles < FEW:
            manners.one_open = True
        if manners.one_open:
            self._pool.one_open()
            self._readers.only_own()
            self.folders.open_none()

    # --- one delivery ------------------------------------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            async with self._same[delivery.transfer]:  # the same transfer twice at once would share temporary names
                self._tell(await self._outcome(delivery))
        except ShareUnreachable as lost:
            self._tell(ConnectionBroken(lost))
        except Exception as unforeseen:  # noqa: BLE001  # goes to the thread that asked for the delivery, and up from there
            self._tell(ConnectionBroken(unforeseen))

    async def _outcome(self, delivery: Delivery) -> Outcome:
        uploads: list[Upload] = []
        try:
            await self.manners(folder_of(delivery.files[0].name))
            uploads += [
                Upload(self._context, outgoing, delivery.transfer, n) for n, outgoing in enumerate(delivery.files)
            ]
            proofs = await self._prove(delivery, uploads)
            return Delivered(delivery.transfer, proofs, leftover=any(upload.leftover for upload in uploads))
        except Refused as refused:
            full = await self._is_full(refused, delivery)
            fault: AgentError = as_fault(refused, full=full, folder=folder_of(delivery.files[0].name))
            await _withdraw(uploads)
        except (LocalFault, ShareFault) as known:
            fault = known
            await _withdraw(uploads)
        except AgentError:
            raise  # it concerns the connection, or the whole share
        except Exception as strange:  # noqa: BLE001  # it concerns this delivery only; the others continue
            fault = unforeseen("a photo", strange)
            await _withdraw(uploads)
        except asyncio.CancelledError:
            for upload in uploads:
                await upload.leave()
            raise
        finally:  # even if the connection was lost and nothing can be removed
            for upload in uploads:
                upload.read_no_more()
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
        free = await self.session.free(self.folders.path(folder_of(delivery.files[0].name)))  # may be another volume
        return free is not None and free < delivery.size


async def _withdraw(uploads: list[Upload]) -> None:
    for upload in uploads:
        await upload.withdraw()


async def _together(steps: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """The results of all; at the first error the others are stopped, and it is raised unchanged."""
    if len(steps) == 1:
        return [await steps[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(step) for step in steps]
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from None
    return [task.result() for task in tasks]
