"""Folders on the share: created if they are missing, checked before they are trusted, and synced.

Each component below the agent's root is looked at without following links (`trust` judges): once before the first photo
goes into a folder, and again around the final check of each photo (`finalcheck`).

A file's fsync does not make its *name* durable: a server that loses power a moment after a rename may come back with
the old, temporary name, which this device would later delete as a leftover. So the folder is synced too (OpenSSH opens
a folder like a file, and the handle stays open), one sync for many names.
"""

import asyncio
import contextlib
from collections import defaultdict

from agent.share import wire
from agent.share.faults import Refused, looked_at
from agent.share.session import Session
from agent.share.trust import SUPERUSER, is_trusted, judge_kind, stranger
from agent.share.wire import Attributes, Flag, PacketType, Reply

_A_FOLDER = wire.make_folder(b"")
MOST_OPEN = 4  # folders whose handles stay open: a run seldom has photos of more visits


class RemoteFolders:
    """The folders of one share, as one run of the agent sees them."""

    def __init__(self, session: Session, root: bytes) -> None:
        self._session = session
        self._root = root
        self._made: dict[str, asyncio.Task[None]] = {}
        self._new: set[str] = set()  # made by us, and their names are not synced yet
        self._turn: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, asyncio.Task[bool]] = {}
        self._open: dict[str, bytes] = {}  # handles, the oldest first
        self._can_open = True
        self._failed: set[str] = set()  # the disk failed when they were to be synced
        self._has_synced = False  # whether any folder was synced over this connection
        self._owners = {SUPERUSER}  # whose folders are trusted: the root's owner can do anything anyway
        self._own: int | None = None  # this device's user number on the server
        self._root_seen = False
        self._strangers: dict[str, list[tuple[str, Attributes]]] = {}  # components whose owner is not known yet

    def path(self, name: str) -> bytes:
        """A name below the agent's root, as the server needs it."""
        return self._root + b"/" + name.encode("utf-8", "surrogateescape") if name else self._root or b"/"

    def ensure(self, folder: str) -> "asyncio.Future[None]":
        """Make the folder and those above it, up to the root, which must exist. `Refused` if that is not possible.

        The requests are sent before this returns: a later request on the same session finds the folders made. They are
        sent together, since a server handles them in order; if a folder exists, its request is refused without harm.
        Each is then looked at: `FolderNotTrusted` if one is not a real folder. `certain` checks who owns them.
        """
        making = self._made.get(folder)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            root = None if self._root_seen else self._session.send(wire.on_path(PacketType.STAT, self.path("")))
            asked = [self._session.send(wire.make_folder(self.path(one))) for one in chain(folder)]
            looks = self.look(folder)
            making = self._made[folder] = asyncio.create_task(self._make(folder, root, asked, looks))
            making.add_done_callback(looked_at)
        waiting = asyncio.shield(making)
        waiting.add_done_callback(looked_at)
        return waiting

    async def forget(self) -> None:
        """Trust no folder any more: one was missing, because somebody removed it or it was never made."""
        self._made.clear()
        while self._open:
            await self._session.let_go(self._open.popitem()[1])

    def open_none(self) -> None:
        """Keep no folder open: the server allows too few open files, or does not open folders."""
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
                self._session.judge(_A_FOLDER, await made, "make a folder")
            except Refused as fault:  # it existed already, or another device was faster, or it cannot be made
                refused = fault
            about = await self._seen(one, await look)
            if about is None:
                raise refused or Refused("make a folder", wire.Code.FAILURE, "reports success, but makes no folder")
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
        """What a look shows; asked in another way if the server does not understand it, or has no code for
        "missing"."""
        try:
            return await self._session.seen(reply)
        except Refused:
            return await self._session.lstat(self.path(folder))

    async def _see_root(self, reply: Reply) -> None:
        with contextlib.suppress(Refused):  # if we may not look at it, its owner is not known
            about = await self._session.seen(reply)
            if about is not None and about.owner is not None:
                self._owners.add(about.owner)
            self._root_seen = True

    def _learn(self, owner: int | None) -> None:
        """Remember this device's user on the server: the owner of what it made."""
        if owner is not None:
            self._own = owner
            self._owners.add(owner)

    async def learn(self, session: Session, handle: bytes) -> None:
        """Learn that from a file that this device has just made."""
        about = await session.seen(await session.send(wire.on_handle(PacketType.FSTAT, handle)))
        self._learn(None if about is None else about.owner)

    async def _opens(self, folder: str) -> bool:
        """Whether it opens as a folder, for a server that does not state types."""
        opening = wire.on_path(PacketType.OPENDIR, self.path(folder))
        try:
            opened = await self._session.ask(opening, "list a folder")
        except Refused:
            return False
        await self._session.let_go(self._session.read_as(wire.handle, opened))
        return True

    def look(self, folder: str) -> "list[asyncio.Future[Reply]]":
        """Send a look at each component down to the folder, following no link; `judge` reads the answers."""
        return [self._session.look(self.path(one)) for one in chain(folder)]

    async def judge(self, folder: str, looks: "list[asyncio.Future[Reply]]", *, owners: bool = True) -> None:
        """`FolderNotTrusted` unless each look saw a real folder that belongs to root, the share's owner or this device.

        A missing folder is not an error here. Without `owners`, the owners do not matter because nothing is written.
        """
        for one, look in zip(chain(folder), looks, strict=True):
            about = await self._seen(one, await look)
            if about is None:
                continue
            judge_kind(one, about)
            if owners and not is_trusted(about, self._owners):
                raise stranger(one, about)

    async def certain(self, session: Session, folder: str, handle: bytes) -> None:
        """`FolderNotTrusted` unless the folders that `ensure` saw may be written to; call it before the first byte of a
        photo.

        `handle` belongs to a file that this device has just made; the server is asked for its owner only if that
        matters.
        """
        strangers = self._strangers.get(folder, [])
        if strangers and self._own is None:
            await self.learn(session, handle)
        for one, about in strangers:
            if not is_trusted(about, self._owners):
                raise stranger(one, about)

    # --- syncing -----------------------------------------------------------------------------------------------------

    async def sync(self, folder: str) -> bool:
        """Have every name that is now in the folder written to disk; False if the server cannot do this.

        Calls during a sync share the next one.
        """
        coming = self._next.get(folder)
        if coming is None:
            coming = self._next[folder] = asyncio.create_task(self._sync_next(folder))
        return await asyncio.shield(coming)

    def disk_failed(self, folder: str) -> bool:
        """Whether that failed during this connection, for the folder or one above it, because of the server's disk.

        Only OpenSSH's answer shows that: others also fail if they cannot sync a folder. As for a file, its next answer
        proves nothing about the names that the folder had then.
        """
        return not self._failed.isdisjoint(("", *chain(folder)))

    async def _sync_next(self, folder: str) -> bool:
        async with self._turn[folder]:
            del self._next[folder]  # a name made after this may be too late for this sync
            if folder not in self._new:
                return await self._sync_now(folder)
            above, own = await asyncio.gather(self.sync(folder.rpartition("/")[0]), self._sync_now(folder))
            if above:
                self._new.discard(folder)
            return above and own

    async def _sync_now(self, folder: str) -> bool:
        if not self._can_open or not self._session.offers(wire.FSYNC) or folder in self._failed:
            return False
        handle = self._open.get(folder)
        if handle is None:
            try:
                handle = await self._session.open_file(self.path(folder), Flag.READ, "open a folder")
            except Refused:
                if not folder:  # the root: somebody else made it, and its owner may not allow reading it
                    return True
                self._can_open = False  # some servers only open files; then the file itself is synced again
                return False
            self._open[folder] = handle
        try:
            await self._session.fsync(handle)
        except Refused as refused:
            if await self._disk_is_to_blame(handle, refused):
                self._failed.add(folder)
            await self._close(folder)
            return False
        self._has_synced = True
        while len(self._open) > MOST_OPEN:
            await self._close(next(iter(self._open)))
        return True

    async def _disk_is_to_blame(self, handle: bytes, refused: Refused) -> bool:
        """Whether a folder was not synced because the disk failed, and not because this file system syncs no folders.

        Such a file system never does it. After a disk has failed, Linux says at the next attempt that all is well.
        """
        if not self._session.is_openssh or refused.code != wire.Code.FAILURE:
            return False
        if not self._has_synced:
            try:
                await self._session.fsync(handle)
            except Refused:
                return False
        return True

    async def _close(self, folder: str) -> None:
        handle = self._open.pop(folder, None)
        if handle is not None:
            await self._session.let_go(handle)


def chain(folder: str) -> list[str]:
    """The folder and those above it, from below the root down: `visits`, `visits/museum`."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
