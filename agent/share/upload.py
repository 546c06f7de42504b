"""The life of one file on its way to the share, from a look at its name to a proof.

`arrive`: a look whether the share has it already; else written under a temporary name and synced. `prove`: read back
whole. `settle`: given its final name, exclusively, and looked at once more. `confirm`: its name synced, the proof made.
`withdraw`: the temporary file taken away again. Each step is done for all files of a delivery before the next begins,
so that nobody sees half a Live Photo.

The final name is given by hardlink@openssh.com and removal of the temporary name where the server has it: a link never
replaces what is there, whichever server makes it, while a version 3 RENAME does so on some. Without it RENAME is
used (exclusive on OpenSSH) after a look that nothing is there, and believed only if the temporary name is gone.
posix-rename@openssh.com, which overwrites, is never used.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.errors import NotProven, ShareFault
from agent.model import Fingerprint, Method, Outgoing, Proof, RemoteName, TransferId
from agent.share import wire
from agent.share.faults import Refused
from agent.share.names import another, folder_of, temporary_name
from agent.share.pacing import Bucket, Window
from agent.share.remotefolders import RemoteFolders
from agent.share.session import Session
from agent.share.source import Source
from agent.share.streams import DIFFERENT, read_back, write_all
from agent.share.wire import Flag, Kind

MOST_CHOICES = 1000  # NAME to NAME-1000; beyond that something is wrong with more than a name
OPENING = 16 * 1024  # bytes a file counts for besides its own, so that thousands of tiny ones do not open at once

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Means:
    """What all uploads of a run share."""

    session: Session
    reading: Callable[[], Awaitable[Session]]
    folders: RemoteFolders
    device: str
    clock: Callable[[], datetime]
    acknowledged: Callable[[int], None]
    writes: Window
    reads: Window
    sending: Window
    handles: Window
    reading_handles: Window
    bucket: Bucket
    links: bool = field(default=True)


class Upload:
    """One file of a delivery. Raises `LocalFault`, `ShareFault`, `Refused`, `ShareUnreachable`."""

    def __init__(self, means: Means, outgoing: Outgoing, transfer: TransferId, n: int) -> None:
        self._means = means
        self._outgoing = outgoing
        self._choice = 1
        folder = folder_of(outgoing.name)
        self.folder = folder
        self._temporary = means.folders.path(f"{folder}/{temporary_name(means.device, transfer, n)}")
        self._left = False  # whether a temporary file of ours may be there
        self._meant: Fingerprint | None = None  # what was, or would be, sent
        self._held: Fingerprint | None = None  # what the share gave back
        self._method = Method.READ_BACK
        self._synced = False

    # --- arrive ------------------------------------------------------------------------------------------------------

    async def arrive(self) -> bool:
        """Bring the bytes to the share; False where it had them already and nothing was sent."""
        await self._means.folders.ensure(self.folder)
        if await self._find():
            return False
        session = self._means.session
        async with self._means.handles.hold(1), self._means.sending.turn(self._outgoing.size + OPENING) as turn:
            with Source(self._outgoing) as source:
                handle = await self._open_temporary()
                try:
                    self._meant = await write_all(
                        session,
                        handle,
                        source,
                        self._outgoing.size,
                        self._means.writes,
                        self._means.bucket,
                        self._means.acknowledged,
                        turn.end,
                    )
                    if session.offers(wire.FSYNC):
                        await session.fsync(handle)
                        self._synced = True
                except BaseException:
                    await session.let_go(handle)
                    raise
            await session.ask(wire.on_handle(Kind.CLOSE, handle), "the closing of the photo")
        return True

    async def _open_temporary(self) -> bytes:
        """A new file under the temporary name. What a transfer that was cut left there is never written into."""
        session, doing = self._means.session, "the making of a file"
        flags = Flag.WRITE | Flag.CREAT | Flag.EXCL
        self._left = True
        try:
            return await session.open_file(self._temporary, flags, doing)
        except Refused as refused:
            if refused.missing:
                self._means.folders.forget()
            if await session.lstat(self._temporary) is None:
                self._left = False
                raise
        await session.remove(self._temporary)
        return await session.open_file(self._temporary, flags, doing)

    async def _find(self) -> bool:
        """Whether the share holds this content under its name, or NAME-2, …; else settle on the first free name."""
        while self._choice <= MOST_CHOICES:
            about = await self._means.session.lstat(self._path)
            if about is None:
                return False
            if about.is_file and about.size == self._outgoing.size and await self._is_ours():
                self._method = Method.ALREADY_THERE
                return True
            self._choice += 1
        raise ShareFault("The share has no free name left for this photo. Tell IT.")

    async def _is_ours(self) -> bool:
        if self._meant is None:
            self._meant = await asyncio.to_thread(_read_through, self._outgoing)
        try:
            held, synced = await self._read(self._path, sync=True)
        except (NotProven, Refused):  # other content, or not for us to read: either way not ours to replace
            return False
        if held != self._meant:
            return False
        self._held, self._synced = held, synced
        return True

    # --- prove -------------------------------------------------------------------------------------------------------

    async def prove(self) -> None:
        """Read the temporary file back, whole. `NotProven` unless it is, byte for byte, what was sent."""
        if self._method is Method.ALREADY_THERE:
            return
        held, _ = await self._read(self._temporary, sync=False)
        if held != self._meant:
            raise NotProven(DIFFERENT)
        self._held = held

    async def _read(self, path: bytes, *, sync: bool) -> tuple[Fingerprint, bool]:
        session = await self._means.reading()
        async with self._means.reading_handles.hold(1):
            handle = await session.open_file(path, Flag.READ, "the reading back of the photo")
            try:
                held = await read_back(session, handle, self._outgoing.size, self._means.reads)
                return held, sync and await _synced(session, handle)
            finally:
                await session.let_go(handle)

    # --- settle ------------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Give the proven file its final name, without ever replacing one."""
        if self._held is None:
            raise NotProven(DIFFERENT)
        while self._method is Method.READ_BACK:
            try:
                await self._rename()
            except Refused:
                # Somebody else may have put a file there meanwhile (or the refusal was of something that had happened).
                if await self._means.session.lstat(self._path) is None:
                    raise
                if await self._find():
                    await self.withdraw()
            else:
                return

    async def _rename(self) -> None:
        session = await self._means.reading()  # there no request waits behind megabytes of writes
        if self._means.links and session.offers(wire.HARDLINK):
            request = wire.extended(wire.HARDLINK, self._temporary, self._path)
            try:
                await session.ask(request, "the naming of the photo")
            except Refused as refused:
                if await session.lstat(self._path) is not None:
                    raise
                log.debug("no hard links on the share: %s", refused)
                self._means.links = False
            else:
                await self._look_again(session)
                await self.withdraw()
                return
        if await session.lstat(self._path) is not None:
            raise Refused("the naming of the photo", wire.Code.FAILURE, "")
        await session.ask(wire.rename(self._temporary, self._path), "the naming of the photo")
        await self._look_again(session)
        if await session.lstat(self._temporary) is not None:  # then what lies under the final name is not ours
            raise NotProven(DIFFERENT)
        self._left = False

    async def _look_again(self, session: Session) -> None:
        about = await session.lstat(self._path)
        if about is None or not about.is_file or about.size != self._outgoing.size:
            raise NotProven(DIFFERENT)

    # --- confirm, withdraw -------------------------------------------------------------------------------------------

    async def confirm(self) -> Proof:
        """The proof, after the file's name is synced too, by its folder or else by the file itself."""
        if self._held is None or self._held != self._meant:
            raise NotProven(DIFFERENT)
        if self._synced and not await self._means.folders.sync(self.folder, await self._means.reading()):
            self._synced = await self._sync_file()
        return Proof(self._name, self._held, self._outgoing.original, self._method, self._synced, self._means.clock())

    async def _sync_file(self) -> bool:
        session = await self._means.reading()
        async with self._means.reading_handles.hold(1):
            try:
                handle = await session.open_file(self._path, Flag.READ, "the opening of the photo")
            except Refused:
                return False
            try:
                return await _synced(session, handle)
            finally:
                await session.let_go(handle)

    async def withdraw(self) -> None:
        """Take the temporary file away, if one may be there. One that the server keeps is swept another time."""
        if not self._left:
            return
        self._left = False
        try:
            session = await self._means.reading() if self._held is not None else self._means.session
            await session.remove(self._temporary)
        except Refused as refused:
            log.info("a temporary file stays on the share until the next sweep: %s", refused)

    @property
    def _name(self) -> RemoteName:
        return another(self._outgoing.name, self._choice)

    @property
    def _path(self) -> bytes:
        return self._means.folders.path(self._name)


async def _synced(session: Session, handle: bytes) -> bool:
    if not session.offers(wire.FSYNC):
        return False
    try:
        await session.fsync(handle)
    except Refused:  # some servers sync only what is open for writing; then it is simply not known to be on disk
        return False
    return True


def _read_through(outgoing: Outgoing) -> Fingerprint:
    with Source(outgoing) as source:
        while source.read(1 << 20):
            pass
        return source.sent()
