"""Folders on the share: made where they are missing, and synced so that a name in them outlives a power cut.

A file's fsync does not make its *name* durable: a server that loses power a moment after a rename may come back with
the old, temporary name, which this device would later sweep away. So the folder is synced too (OpenSSH opens a folder
like a file, and the handle is kept), many names by one sync.
"""

import asyncio
from collections import defaultdict

from agent.share import wire
from agent.share.faults import Refused
from agent.share.session import Session
from agent.share.wire import Flag, Kind, Reply

_A_FOLDER = wire.make_folder(b"")
_A_LOOK = wire.on_path(Kind.STAT, b"")
MOST_OPEN = 4  # folders whose handles are kept: a run seldom has photos of more visits


class RemoteFolders:
    """The folders of one share, as one run of the agent sees them."""

    def __init__(self, session: Session, root: bytes) -> None:
        self._session = session
        self._root = root
        self._made: dict[str, asyncio.Task[None]] = {}
        self._new: set[str] = set()  # made by us, their own names not yet synced
        self._turn: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, asyncio.Task[bool]] = {}
        self._open: dict[str, bytes] = {}  # handles, the longest kept first
        self._can_open = True

    def path(self, name: str) -> bytes:
        """A name below the agent's root as the server wants it."""
        return self._root + b"/" + name.encode("utf-8") if name else self._root or b"/"

    def ensure(self, folder: str) -> "asyncio.Future[None]":
        """Have the folder and those above it, up to the root, which must be there. `Refused` where that cannot be.

        They are asked for before this returns: what is asked next on the same session finds them made. All at once,
        since a server takes them in turn; what is there already is refused, and no harm done.
        """
        making = self._made.get(folder)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            parts = folder.split("/")
            chain = ["/".join(parts[: n + 1]) for n in range(len(parts))]
            asked = [self._session.send(wire.make_folder(self.path(one))) for one in chain]
            looked = self._session.send(wire.on_path(Kind.STAT, self.path(folder)))
            making = self._made[folder] = asyncio.create_task(
                self._make(folder, dict(zip(chain, asked, strict=True)), looked)
            )
            making.add_done_callback(_looked_at)
        waiting = asyncio.shield(making)
        waiting.add_done_callback(_looked_at)
        return waiting

    async def forget(self) -> None:
        """Believe in no folder any more: one was not there, since somebody took it away or it never was made."""
        self._made.clear()
        while self._open:
            await self._session.let_go(self._open.popitem()[1])

    async def _make(
        self, folder: str, asked: "dict[str, asyncio.Future[Reply]]", looked: "asyncio.Future[Reply]"
    ) -> None:
        for one, made in asked.items():
            try:
                self._session.judge(_A_FOLDER, await made, "the making of a folder")
            except Refused:
                if one == folder and not self._is_folder(await looked):  # else it was there, or another was faster
                    raise
            else:
                self._new.add(one)

    def _is_folder(self, reply: Reply) -> bool:
        try:
            self._session.judge(_A_LOOK, reply, "a look at a folder")
        except Refused as refused:
            if refused.missing:
                return False
            raise
        return self._session.read_as(wire.attributes, reply).is_folder

    async def sync(self, folder: str) -> bool:
        """Have every name that is in the folder now put on disk; False where the server cannot do such a thing.

        Those who ask while a sync is under way share the next one.
        """
        coming = self._next.get(folder)
        if coming is None:
            coming = self._next[folder] = asyncio.create_task(self._sync_next(folder))
        return await asyncio.shield(coming)

    async def _sync_next(self, folder: str) -> bool:
        async with self._turn[folder]:
            del self._next[folder]  # a name made from here on may be too late for this sync
            if folder not in self._new:
                return await self._sync_now(folder)
            above, own = await asyncio.gather(self.sync(folder.rpartition("/")[0]), self._sync_now(folder))
            if above:
                self._new.discard(folder)
            return above and own

    async def _sync_now(self, folder: str) -> bool:
        if not self._can_open or not self._session.offers(wire.FSYNC):
            return False
        handle = self._open.get(folder)
        if handle is None:
            try:
                handle = await self._session.open_file(self.path(folder), Flag.READ, "the opening of a folder")
            except Refused:
                if not folder:  # the root: that somebody else made, and its owner may not let it be read
                    return True
                self._can_open = False  # some servers open files only; the file itself is synced again then
                return False
            self._open[folder] = handle
        try:
            await self._session.fsync(handle)
        except Refused:
            await self._close(folder)
            return False
        while len(self._open) > MOST_OPEN:
            await self._close(next(iter(self._open)))
        return True

    async def _close(self, folder: str) -> None:
        handle = self._open.pop(folder, None)
        if handle is not None:
            await self._session.let_go(handle)


def _looked_at(made: "asyncio.Future[None]") -> None:
    """Not all who ask for a folder wait for it: whoever finds it missing is told why, and asyncio need not complain."""
    if not made.cancelled():
        made.exception()
