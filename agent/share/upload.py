"""One file on its way to the share, from the first look at its name to the proof.

`arrive`: the share may have it already; otherwise it is written under a temporary name and synced. `prove`: it is read
back in full, which starts while it is still being written. `settle`: it gets its final name, exclusively. `confirm`:
the file with that name is checked once more, the name is synced, the proof is made. `withdraw`: the temporary file is
removed. `leave`: the temporary file of a large file stays, for another transfer to continue. Each step is done for all
files of a delivery before the next begins, so that nobody sees half a Live Photo.

`naming` gives the final name without replacing anything, and `finalcheck` makes sure that it was given. What the server
can and cannot do is found out before the first file (`manners`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.errors import NotProven, ShareFault
from agent.model.delivery import Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, TransferId
from agent.model.proof import Method, Proof
from agent.share import wire
from agent.share.faults import CLOSING, Refused, looked_at
from agent.share.finalcheck import FinalCheck
from agent.share.manners import Manners
from agent.share.names import another, folder_of, temporary_name
from agent.share.naming import give_name
from agent.share.pacing import Bucket
from agent.share.patience import patiently
from agent.share.pool import LARGE, ConnectionPool, Turn
from agent.share.readback.reader import Reader, Start
from agent.share.remotefolders import RemoteFolders
from agent.share.samples import Samples
from agent.share.source import LocalSource, expected, judge_local
from agent.share.streams import DIFFERENT, Progress, write_all
from agent.share.syncing import Syncing
from agent.share.wire import Flag, PacketType, Reply

OTHER = 1000  # added to a file's number to get another temporary name
MOST_CHOICES = 1000  # NAME to NAME-1000; beyond that something is wrong with more than a name

log = logging.getLogger(__name__)


@dataclass(slots=True)
class UploadContext:
    """What all uploads of a run share."""

    pool: ConnectionPool
    reader: Callable[[int], Awaitable[Reader]]
    folders: RemoteFolders
    device: str
    clock: Callable[[], datetime]
    acknowledged: Callable[[int], None]
    bucket: Bucket
    check: FinalCheck
    syncing: Syncing
    manners: Manners = field(default_factory=Manners)


class Upload:
    """One file of a delivery. Raises `LocalFault`, `ShareFault`, `Refused`, `ShareUnreachable`."""

    def __init__(self, context: UploadContext, outgoing: Outgoing, transfer: TransferId, n: int) -> None:
        self._context = context
        self._outgoing = outgoing
        self._choice = 1
        self.folder = folder_of(outgoing.name)
        self._transfer, self._n = transfer, n
        self._temporary = self._temporary_name(n)
        self._session = context.pool.first
        self._left = False  # whether a temporary file of ours may be there
        self.leftover = False  # whether it stayed, because the server did not remove it
        self._synced = False
        self._meant: Fingerprint | None = None  # what was, or would be, sent
        self._held: Fingerprint | None = None  # what the share gave back
        self._progress = Progress()
        self._reading: asyncio.Task[Fingerprint] | None = None
        self._method = Method.READ_BACK
        self._behind = False  # whether it is read while it is written
        self._samples = Samples(0)

    def _temporary_name(self, n: int) -> RemoteName:
        name = temporary_name(self._context.device, self._transfer, n, plain=self._context.manners.plain_names)
        return RemoteName(f"{self.folder}/{name}")

    # --- arrive ------------------------------------------------------------------------------------------------------

    async def arrive(self) -> bool:
        """Bring the bytes to the share; False if it had them already and nothing was sent. Raises as `prove`."""
        while not await self._unless_changed_here(self._sent()):
            if await self._find():
                return False
        return True

    async def _sent(self) -> bool:
        """Send, unless something has the final name.

        The requests for the folder, the look and the file are sent together, since each would take a round trip.
        """
        folder = self._context.folders.ensure(self.folder)
        if not self._context.manners.removes and await self._session.lstat(self._path) is not None:
            return False  # a file opened in vain could not be removed again
        async with self._context.pool.turn(self._outgoing.size) as turn:
            session = self._session = turn.connection.session
            async with turn.connection.write_handles.hold(1):
                with LocalSource(self._outgoing) as source:
                    opened, about = await asyncio.gather(
                        self._open_temporary(folder), session.lstat(self._path), return_exceptions=True
                    )
                    if not isinstance(opened, BaseException):
                        try:
                            await folder  # made and checked by now, since its request came first
                            await self._context.folders.certain(session, self.folder, opened[0])
                        except BaseException:
                            await session.let_go(opened[0])
                            raise
                        if about is None:
                            await self._write(source, turn, *opened)
                            return True
                        await session.let_go(opened[0])
        await self.withdraw()
        for fault in (about, opened):
            if isinstance(fault, BaseException) and (about is None or fault is about):
                raise fault
        return False

    async def _write(self, source: LocalSource, turn: Turn, handle: bytes, there: int) -> None:
        session, size = self._session, self._outgoing.size
        ending: list[asyncio.Future[Reply]] = []
        start = None
        behind = self._behind = session.offers(wire.FSYNC) and self._context.manners.behind

        def confirmed(units: int) -> None:
            self._context.acknowledged(units)
            self._progress.confirm(self._progress.upto + units)
            if behind:
                self._read_behind(start)

        def sending(offset: int, data: bytes) -> None:
            self._samples.see(offset, data)
            turn.left(size - offset - len(data))

        def all_under_way() -> None:
            # Directly after the last write: a server handles one file's requests in order (filexfer-02, section 3).
            ending.extend(session.send(request) for request in requests)
            turn.left(0)

        close = wire.on_handle(PacketType.CLOSE, handle)
        requests = [wire.extended(wire.FSYNC, handle), close] if self._can_sync else [close]
        self._samples = Samples(size, self._outgoing.splice, there)

        try:
            if there:
                start = Start(there, await asyncio.to_thread(source.skip, there))
            if behind:  # started before there is anything to read: opening it takes a round trip
                self._read_behind(start)
            if there:
                confirmed(there)
            span = range(there, size)
            window, bucket = turn.connection.writes, self._context.bucket
            self._meant = await write_all(
                session, handle, source, span, window, bucket, sending, confirmed, all_under_way
            )
            *synced, closed = [await reply for reply in ending]
            manners, syncing = self._context.manners, self._context.syncing
            for reply in synced:
                self._synced = syncing.was_sent(self._temporary, session, manners, requests[0], reply)
            session.judge(requests[-1], closed, CLOSING)
        except BaseException:
            if not ending:
                await session.let_go(handle)
            raise
        self._progress.confirm(size)
        self._read_behind(start)

    @property
    def _can_sync(self) -> bool:
        return self._context.manners.fsync and self._session.offers(wire.FSYNC)

    async def _open_temporary(self, folder: "asyncio.Future[None]") -> tuple[bytes, int]:
        """A file under the temporary name, and how many bytes of an interrupted transfer it already has."""
        session, self._left = self._session, True
        try:
            try:
                return await self._make_temporary(), 0
            except Refused as refused:
                if not refused.missing and (session.is_openssh or folder.done()):
                    raise
            await folder  # requested on another connection, so it may not have existed yet
            return await self._make_temporary(), 0
        except Refused as refused:
            if refused.missing:
                await self._context.folders.forget()
            about = await session.lstat(self._temporary_path)
            if about is None:
                self._left = False
                raise
        left, size = about.size or 0, self._outgoing.size
        if about.is_file and LARGE <= left <= size and self._can_be_gone_on_with:
            # A complete file may have its final name already, so nothing is written to it: reading back will judge it.
            there = left if left == size else left - left % session.write_length
            return await session.open_file(self._temporary_path, Flag.WRITE, "make a file"), there
        try:
            await session.remove(self._temporary_path)
        except Refused:  # it stays, and another name will do
            self._temporary = self._temporary_name(self._n + OTHER)
        return await self._make_temporary(), 0

    async def _make_temporary(self) -> bytes:
        flags = Flag.WRITE | Flag.CREAT | Flag.EXCL
        handle = await self._session.open_file(self._temporary_path, flags, "make a file")
        self._context.syncing.disk_failed.discard(self._temporary)  # that was another file of this name
        return handle

    async def _find(self) -> bool:
        """Whether the share holds this content under its name, or NAME-2, …; otherwise pick the first free name."""
        while self._choice <= MOST_CHOICES:
            about = await self._session.lstat(self._path)
            if about is None:
                return False
            if about.is_file and about.size in {self._outgoing.size, None} and await self._is_ours():
                self._method = Method.ALREADY_THERE
                # An interrupted transfer that got this far may have left a large temporary file that no sweep removed.
                self._left = self._left or self._outgoing.size >= LARGE
                return True
            self._choice += 1
        raise ShareFault("The share has no free name left for this photo. Tell IT.")

    async def _is_ours(self) -> bool:
        if self._name in self._context.syncing.disk_failed:  # a new copy is surer
            return False
        if self._meant is None:
            self._meant = await asyncio.to_thread(expected, self._outgoing)
        size = self._outgoing.size
        reader = await self._context.reader(size)
        try:
            held = await patiently(self._session, lambda: reader.read(self._path, size, Progress(size)))
        except NotProven:  # other content, which must not be replaced
            return False
        except Refused as refused:
            if refused.missing or refused.code == wire.Code.PERMISSION_DENIED:  # gone, or another device's
                return False
            raise  # it may well be ours: sending it again would only leave one more copy
        if held != self._meant:
            return False
        self._synced = self._can_sync and await self._context.syncing.file(self._name)
        self._held = held
        return self._name not in self._context.syncing.disk_failed

    # --- prove -------------------------------------------------------------------------------------------------------

    def _read_behind(self, start: Start | None) -> None:
        """Start reading the temporary file back, as far as it is confirmed. Raises what was found so far."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(start))
            self._reading.add_done_callback(looked_at)
        elif self._reading.done() and (self._session.is_openssh or start is not None):
            self._reading.result()  # on other servers, a file may not be readable while it is being written

    async def _read(self, start: Start | None) -> Fingerprint:
        reader = await self._context.reader(self._outgoing.size)
        size = self._outgoing.size
        return await patiently(
            self._session, lambda: reader.read(self._temporary_path, size, self._progress, start=start)
        )

    async def prove(self) -> None:
        """Wait until all of the temporary file is read back. `NotProven` unless it is, byte for byte, what was meant;
        `LocalFault` if that is because the local file was changed while it was sent.
        """
        if self._method is Method.READ_BACK:
            await self._unless_changed_here(self._compare())

    async def _unless_changed_here(self, step: Awaitable[bool | None]) -> bool | None:
        try:
            return await step
        except NotProven:
            await asyncio.to_thread(judge_local, self._outgoing)
            raise

    async def _compare(self) -> None:
        if self._reading is None:
            raise NotProven(DIFFERENT)
        try:
            held = await self._reading
        except (NotProven, Refused):
            if self._session.is_openssh or not self._behind:
                raise
            # Some servers only return what was there when the file was opened: by now it is complete and closed.
            held = await self._read(None)
            self._context.manners.behind = False
        if held != self._meant:
            raise NotProven(DIFFERENT)
        self._held = held

    # --- settle ------------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Give the proven file its final name, without ever replacing one."""
        if self._held is None:
            raise NotProven(DIFFERENT)
        while self._method is Method.READ_BACK:
            try:
                self._left = await give_name(self._session, self._context.manners, self._temporary_path, self._path)
            except Refused:
                # Somebody else may have put a file there meanwhile (or the naming had happened, and was still refused).
                if await self._session.lstat(self._path) is None:
                    raise
                if await self._find():
                    await self.withdraw()
            else:
                self._context.syncing.disk_failed.discard(self._name)  # that was another file of this name
                return

    # --- confirm, withdraw -------------------------------------------------------------------------------------------

    async def confirm(self) -> Proof:
        """The proof, after a last check of what has the name. The name is synced too, by its folder or by the file."""
        if self._held is None or self._held != self._meant:
            raise NotProven(DIFFERENT)
        # A file that was there already was read under its final name: only its folders are still to be checked.
        samples = Samples(0) if self._context.manners.copies else self._samples
        samples = Samples.none() if self._method is Method.ALREADY_THERE else samples
        withdrawing = asyncio.create_task(self.withdraw())
        try:
            held, check = self._held, self._context.check
            checking = patiently(self._session, lambda: check.check(self.folder, self._path, held, samples))
            await asyncio.gather(checking, self._sync_name())
        finally:
            await withdrawing
        return Proof(self._name, self._held, self._outgoing.original, self._method, self._synced, self._context.clock())

    async def _sync_name(self) -> None:
        self._synced = self._synced and await self._context.syncing.name(self._name)

    async def withdraw(self) -> None:
        """Remove the temporary file, if there may be one. If the server does not remove it, a later sweep will."""
        self.read_no_more()
        if not self._left:
            return
        self._left = False
        try:
            await self._session.remove(self._temporary_path)
            self._context.syncing.disk_failed.discard(self._temporary)
        except Refused as refused:
            self.leftover = True
            self._context.manners.did_not_remove(refused)
            log.info("a temporary file stays on the share until the next sweep: %s", refused)

    async def leave(self) -> None:
        """Stop: a large file's temporary file stays, for a later transfer to continue."""
        self.read_no_more()
        if self._left and self._held is None and self._can_be_gone_on_with:
            # Check: an interrupted transfer may have left one, and this transfer has not confirmed any of it yet.
            with contextlib.suppress(Refused):
                about = await self._session.lstat(self._temporary_path)
                self._left = about is None or (about.size or 0) < LARGE
        await self.withdraw()

    @property
    def _can_be_gone_on_with(self) -> bool:
        """Whether a later transfer may continue where this one stops.

        Not if it has a tag: a photo's bytes are always the same for one transfer, but its tag's may differ the next
        time, and the first file may already be linked to its final name.
        """
        outgoing, failed = self._outgoing, {self._temporary, self._name} & self._context.syncing.disk_failed
        return outgoing.splice is None and outgoing.size >= LARGE and self._session.offers(wire.FSYNC) and not failed

    def read_no_more(self) -> None:
        """Stop reading back, if it is still running: it would otherwise wait for writing that has ended."""
        if self._reading is not None and not self._reading.done():
            self._reading.cancel()

    @property
    def _name(self) -> RemoteName:
        return another(self._outgoing.name, self._choice)

    @property
    def _path(self) -> bytes:
        return self._context.folders.path(self._name)

    @property
    def _temporary_path(self) -> bytes:
        return self._context.folders.path(self._temporary)
