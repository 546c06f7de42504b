"""Folders on the share: made where they are missing, and synced so that a name in them outlives a power cut.

A file's fsync does not make its *name* durable: a server that loses power a moment after a rename may come back with
the old, temporary name, which this device would later sweep away. So the folder is synced too (OpenSSH opens a folder
like a file), many names by one sync.
"""

import asyncio
from collections import defaultdict

from agent.share import wire
from agent.share.faults import Refused
from agent.share.session import Session
from agent.share.wire import Flag, Kind


class RemoteFolders:
    """The folders of one share, as one run of the agent sees them."""

    def __init__(self, session: Session, root: bytes) -> None:
        self._session = session
        self._root = root
        self._made: dict[str, asyncio.Task[None]] = {}
        self._new: set[str] = set()  # made by us, their own names not yet synced
        self._turn: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, asyncio.Task[bool]] = {}
        self._can_open = True

    def path(self, name: str) -> bytes:
        """A name below the agent's root as the server wants it."""
        return self._root + b"/" + name.encode("utf-8") if name else self._root

    async def ensure(self, folder: str) -> None:
        """Have the folder and those above it, up to the root, which must be there. `Refused` where that cannot be."""
        making = self._made.get(folder)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            making = self._made[folder] = asyncio.create_task(self._make(folder))
        await asyncio.shield(making)

    def forget(self) -> None:
        """Believe in no folder any more: one was not there, since somebody took it away or it never was made."""
        self._made.clear()

    async def _make(self, folder: str) -> None:
        if await self._is_folder(folder):
            return
        above, _, _ = folder.rpartition("/")
        if above:
            await self.ensure(above)
        try:
            await self._session.ask(wire.make_folder(self.path(folder)), "the making of a folder")
        except Refused:
            if not await self._is_folder(folder):  # another device may have been faster
                raise
        else:
            self._new.add(folder)

    async def _is_folder(self, folder: str) -> bool:
        request = wire.on_path(Kind.STAT, self.path(folder))
        try:
            reply = await self._session.ask(request, "a look at a folder")
        except Refused as refused:
            if refused.missing:
                return False
            raise
        return self._session.read_as(wire.attributes, reply).is_folder

    async def sync(self, folder: str, session: Session) -> bool:
        """Have every name that is in the folder now put on disk; False where the server cannot do such a thing.

        It is asked on `session`; any that is open will do. Those who ask while a sync is under way share the next one.
        """
        coming = self._next.get(folder)
        if coming is None:
            coming = self._next[folder] = asyncio.create_task(self._sync_next(folder, session))
        return await asyncio.shield(coming)

    async def _sync_next(self, folder: str, session: Session) -> bool:
        async with self._turn[folder]:
            del self._next[folder]  # a name made from here on may be too late for this sync
            above, _, _ = folder.rpartition("/")
            if folder in self._new and above:
                if not await self.sync(above, session):
                    return False
                self._new.discard(folder)
            return await self._sync_now(folder, session)

    async def _sync_now(self, folder: str, session: Session) -> bool:
        if not self._can_open or not session.offers(wire.FSYNC):
            return False
        try:
            handle = await session.open_file(self.path(folder), Flag.READ, "the opening of a folder")
        except Refused:
            self._can_open = False  # some servers open files only; the file itself is synced again then
            return False
        try:
            await session.fsync(handle)
        except Refused:
            return False
        finally:
            await session.let_go(handle)
        return True
