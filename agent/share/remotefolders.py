"""Folders on the share: created where they are missing, looked at before they are believed, and synced.

Each component below the agent's root is looked at without following links (`trust` judges): once before the first photo
goes into a folder, and again around the last look at each photo (`finalcheck`).

A file's fsync does not make its *name* durable: a server that loses power a moment after a rename may come back with
the old, temporary name, which this device would later delete as a leftover. So the folder is synced too (OpenSSH opens
a folder like a file, and the handle stays open), many names by one sync.
"""

import asyncio
import contextlib
from collections import defaultdict

from agent.share import wire
from agent.share.faults import Refused
from agent.share.session import Session
from agent.share.trust import SUPERUSER, is_trusted, judge_kind, stranger
from agent.share.wire import Attributes, Flag, PacketType, Reply

_A_FOLDER = wire.make_folder(b"")
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
        self._owners = {SUPERUSER}  # whose folders are believed: whoever owns the root can do as they like anyway
        self._own: int | None = None  # this device's number on the server
        self._root_seen = False
        self._strangers: dict[str, list[tuple[str, Attributes]]] = {}  # components whose owner is not known yet

    def path(self, name: str) -> bytes:
        """A name below the agent's root as the server wants it."""
        return self._root + b"/" + name.encode("utf-8", "surrogateescape") if name else self._root or b"/"

    def ensure(self, folder: str) -> "asyncio.Future[None]":
        """Have the folder and those above it, up to the root, which must be there. `Refused` where that cannot be.

        They are asked for before this returns: what is asked next on the same session finds them made. All at once,
        since a server takes them in turn; what is there already is refused, and no harm done. Each is then looked at:
        `FolderNotTrusted` for one that is not a real folder. Whose they are, `certain` tells.
        """
        making = self._made.get(folder)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            root = None if self._root_seen else self._session.send(wire.on_path(PacketType.STAT, self.path("")))
            asked = [self._session.send(wire.make_folder(self.path(one))) for one in chain(folder)]
            looks = self.look(folder)
            making = self._made[folder] = asyncio.create_task(self._make(folder, root, asked, looks))
            making.add_done_callback(_looked_at)
        waiting = asyncio.shield(making)
        waiting.add_done_callback(_looked_at)
        return waiting

    async def forget(self) -> None:
        """Believe in no folder any more: one was not there, since somebody took it away or it never was made."""
        self._made.clear()
        while self._open:
            await self._session.let_go(self._open.popitem()[1])

    def open_none(self) -> None:
        """Keep no folder open: the server allows too few open files, or opens no folders."""
        self._can_open = False

    # --- making and judging ------------------------------------------------------------------------------------------

    async def _make(
        self,
        folder: str,
        root: "asyncio.Future[Reply] | None",
        asked: "list[asyncio.Future[Reply]]",
        looks: "list[asyncio.Future[Reply]]",
    ) -> None:
        if root is not None:
            await self._see_root(await root)
        strangers = []
        for one, made, look in zip(chain(folder), asked, looks, strict=True):
            refused: Refused | None = None
            try:
                self._session.judge(_A_FOLDER, await made, "the making of a folder")
            except Refused as fault:  # it was there, or another was faster; or it cannot be made
                refused = fault
            about = await self._seen(one, await look)
            if about is None:
                raise refused or Refused("the making of a folder", wire.Code.FAILURE, "said to be made, but is not")
            judge_kind(one, about)
            if refused is None:
                self._new.add(one)
                self._learn(about.owner)
            elif not about.says_type and not await self._opens(one):
                raise refused
            if not is_trusted(about, self._owners):
                strangers.append((one, about))
        self._strangers[folder] = strangers

    async def _seen(self, folder: str, reply: Reply) -> Attributes | None:
        """What a look says; asked another way where the server does not understand it, or has no word for "missing"."""
        try:
            return await self._session.seen(reply)
        except Refused:
            return await self._session.lstat(self.path(folder))

    async def _see_root(self, reply: Reply) -> None:
        with contextlib.suppress(Refused):  # not for us to look at: then its owner is not known
            about = await self._session.seen(reply)
            if about is not None and about.owner is not None:
                self._owners.add(about.owner)
            self._root_seen = True

    def _learn(self, owner: int | None) -> None:
        """Whom the server takes this device for: the owner of what it made."""
        if owner is not None:
            self._own = owner
            self._owners.add(owner)

    async def learn(self, session: Session, handle: bytes) -> None:
        """Learn it from a file that this device has just made."""
        about = await session.seen(await session.send(wire.on_handle(PacketType.FSTAT, handle)))
        self._learn(None if about is None else about.owner)

    async def _opens(self, folder: str) -> bool:
        """Whether it can be opened as a folder, where the server does not say what it is."""
        opening = wire.on_path(PacketType.OPENDIR, self.path(folder))
        try:
            opened = await self._session.ask(opening, "a look into a folder")
        except Refused:
            return False
        await self._session.let_go(self._session.read_as(wire.handle, opened))
        return True

    def look(self, folder: str) -> "list[asyncio.Future[Reply]]":
        """Ask for a look at each component down to the folder, no link followed; `judge` reads the answers."""
        return [self._session.look(self.path(one)) for one in chain(folder)]

    async def judge(self, folder: str, looks: "list[asyncio.Future[Reply]]", *, owners: bool = True) -> None:
        """`FolderNotTrusted` unless each look saw a real folder, of root, of the share's owner or of this device.

        One that is missing is no fault here. Without `owners`, whose they are does not matter: nothing is written.
        """
        for one, look in zip(chain(folder), looks, strict=True):
            about = await self._seen(one, await look)
            if about is None:
                continue
            judge_kind(one, about)
            if owners and not is_trusted(about, self._owners):
                raise stranger(one, about)

    async def certain(self, session: Session, folder: str, handle: bytes) -> None:
        """`FolderNotTrusted` unless what `ensure` saw may be written into; before the first byte of a photo goes.

        `handle` is of a file that this device has just made: whose that is, is asked only where it matters.
        """
        strangers = self._strangers.get(folder, [])
        if strangers and self._own is None:
            await self.learn(session, handle)
        for one, about in strangers:
            if not is_trusted(about, self._owners):
                raise stranger(one, about)

    # --- syncing -----------------------------------------------------------------------------------------------------

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


def chain(folder: str) -> list[str]:
    """The folder and those above it, from below the root down: `visits`, `visits/museum`."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _looked_at(made: "asyncio.Future[None]") -> None:
    """Not all who ask for a folder wait for it: whoever finds it missing is told why, and asyncio need not complain."""
    if not made.cancelled():
        made.exception()
