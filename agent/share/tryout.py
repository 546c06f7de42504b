"""Trying out a server with a small file of this device's own before the first photo, so that no photo is sent in vain.

OpenSSH's own server is known, and not tried. On any other, a small file goes through all steps of a photo: it is made,
written, synced, read while open and after, named, looked at and removed. If the server refuses something that a photo
can do without, the `Manners` change. If a photo cannot do without it, the error is raised, in the server's own words,
and no photo was sent.
"""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass

from agent.errors import ServerUnfit, ShareFault
from agent.model.ids import TransferId
from agent.share import wire
from agent.share.faults import Refused, as_fault
from agent.share.manners import Manners
from agent.share.names import temporary_name
from agent.share.patience import PAUSES
from agent.share.remotefolders import RemoteFolders
from agent.share.session import Session
from agent.share.wire import Attributes, Flag

OWN = TransferId(hashlib.sha256(b"tryout").hexdigest()[:32])  # not a photo's; `sweep` removes what a cut trial left
CONTENT = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(127))  # 4,064 bytes: not a whole block
FIRST, LATER = 1024, 2048  # bytes written before it is opened for reading, and the offset that is then read
_SIZES_SETTLE = 5  # looks, within about four seconds, until the size must be right
SEVERAL = 6  # files open at once, in addition to two
NAMES = 4  # how many names it uses; if none can be removed, this many small files stay
_NEW = Flag.WRITE | Flag.CREAT | Flag.EXCL


def known(session: Session) -> Manners | None:
    """The manners of a server that need not be tried; None for any other."""
    return Manners(tried=True) if session.is_openssh else None


async def try_out(session: Session, folders: RemoteFolders, device: str, folder: str) -> Manners:
    """What the server does with a file in `folder`. Raises ShareFault if a photo could not be delivered."""
    await folders.ensure(folder)
    trial = _Trial(session, folders, device, folder, Manners(tried=True, fsync=session.offers(wire.FSYNC)))
    try:
        await trial.write()
        await trial.read()
        await trial.name()
    except Refused as refused:
        fault = as_fault(refused, folder=folder)
        raise (ServerUnfit(str(fault)) if type(fault) is ShareFault else fault) from refused
    finally:
        await trial.clear()
    return trial.manners


@dataclass(slots=True)
class _Trial:
    session: Session
    folders: RemoteFolders
    device: str
    folder: str
    manners: Manners

    def _path(self, n: int) -> bytes:
        name = temporary_name(self.device, OWN, n, plain=self.manners.plain_names)
        return self.folders.path(f"{self.folder}/{name}")

    async def _gone(self, n: int) -> bool:
        """Whether nothing has this name (any more)."""
        try:
            await self.session.remove(self._path(n))
        except Refused as refused:
            if await self.session.lstat(self._path(n)) is None:
                return True
            self.manners.cannot("removes", refused)
            return False
        return True

    # --- a file is made and written ----------------------------------------------------------------------------------

    async def write(self) -> None:
        """Make and write the file, under a name that the server accepts, and see what the server does meanwhile."""
        handle = await self._made()
        try:
            with contextlib.suppress(Refused):  # then the server does not say who owns its files
                await self.folders.learn(self.session, handle)
            await self.folders.certain(self.session, self.folder, handle)
            await self.session.ask(wire.write(handle, 0, CONTENT[:FIRST]), "write a file")
            await self._behind(handle)
            if self.manners.fsync:
                try:
                    await self.session.fsync(handle)
                except Refused as refused:
                    if refused.says_full:
                        raise
                    self.manners.cannot("fsync", refused)
        finally:
            await self.session.let_go(handle)

    async def _made(self) -> bytes:
        try:
            return await self._opened_new()
        except Refused as refused:
            if refused.missing or refused.says_full:
                raise
            self.manners.plain_names = True
            try:
                handle = await self._opened_new()
            except Refused:
                self.manners.plain_names = False
                raise refused from None
            self.manners.in_its_words("plain_names", refused)
            return handle

    async def _opened_new(self) -> bytes:
        try:
            return await self.session.open_file(self._path(0), _NEW, "make a file")
        except Refused:
            if await self.session.lstat(self._path(0)) is None:
                raise
        # Left by an interrupted trial, or the server does not let us remove it: either way it is this device's own.
        flags = _NEW if await self._gone(0) else Flag.WRITE
        return await self.session.open_file(self._path(0), flags, "make a file")

    async def _behind(self, writing: bytes) -> None:
        """Open it for reading while it is still open for writing, write more, and see whether the reader sees it."""
        session = self.session
        try:
            reading = await session.open_file(self._path(0), Flag.READ, "read a file")
        except Refused as refused:
            self.manners.behind = False
            self.manners.one_open = not await self._second_opens()
            self.manners.in_its_words("behind", refused)
            await session.ask(wire.write(writing, FIRST, CONTENT[FIRST:]), "write a file")
            return
        try:
            await session.ask(wire.write(writing, FIRST, CONTENT[FIRST:]), "write a file")
            self.manners.behind = await self._read(reading, LATER, len(CONTENT) - LATER) == CONTENT[LATER:]
            self.manners.one_open = not await self._several_open()
        except Refused as refused:
            self.manners.behind = False
            self.manners.in_its_words("behind", refused)
        finally:
            await session.let_go(reading)

    async def _several_open(self) -> bool:
        """Whether at least as many files may be open as a run needs; otherwise a run opens one at a time."""
        opening = wire.open_file(self._path(0), Flag.READ)
        opened = await asyncio.gather(*(self.session.send(opening) for _ in range(SEVERAL)))
        few = False
        for reply in opened:
            try:
                handle = self.session.read_as(wire.handle, self.session.judge(opening, reply, "read a file"))
            except Refused as refused:
                few = True
                self.manners.in_its_words("one_open", refused)
            else:
                await self.session.let_go(handle)
        return not few

    async def _second_opens(self) -> bool:
        try:
            handle = await self.session.open_file(self._path(1), _NEW, "make a second file")
        except Refused:
            return False
        await self.session.let_go(handle)
        await self._gone(1)
        return True

    # --- read, named -------------------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read it back in full, and see what the server says about it."""
        about = await self.session.lstat(self._path(0))
        if about is None:
            raise ServerUnfit(
                "The share accepted a small test file, but a moment later the file had disappeared. Something on the "
                "share moves new files away, so no photo was sent. Tell IT: files from this laptop must stay in place."
            )
        self._note(about)
        if await self._content(0) != CONTENT:
            raise ServerUnfit(
                "The share returned a small test file with different content, so no photo was sent. Tell IT: the share "
                "damages files."
            )
        if self.manners.sizes:
            await self._sized(about)

    async def _sized(self, about: Attributes | None) -> None:
        """Make sure that the server says the right size: a photo's could not be checked, and it would come again."""
        for pause in PAUSES[:_SIZES_SETTLE]:
            await asyncio.sleep(pause)
            about = await self.session.lstat(self._path(0)) if pause else about
            if about is not None and about.size == len(CONTENT):
                return
        said = None if about is None else about.size
        raise ServerUnfit(
            f"The share says that a small test file of {len(CONTENT)} bytes has {said}, so photos could not be checked "
            "there and none was sent. Tell IT: the server states wrong sizes."
        )

    def _note(self, about: Attributes) -> None:
        self.manners.sizes = about.size is not None
        self.manners.types = about.says_type
        self.manners.owners = about.owner is not None

    async def _content(self, n: int) -> bytes:
        """All of it, and one byte more if there is one; tried again for a while if it cannot be opened yet."""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                handle = await self.session.open_file(self._path(n), Flag.READ, "read back a file")
            except Refused as refused:
                if refused.missing:
                    raise
                self.manners.locked = True
                self.manners.in_its_words("locked", refused)
                last = refused
                continue
            try:
                return await self._read(handle, 0, len(CONTENT) + 1)
            finally:
                await self.session.let_go(handle)
        raise last

    async def _read(self, handle: bytes, offset: int, length: int) -> bytes:
        found = b""
        while len(found) < length:
            request = wire.read(handle, offset + len(found), length - len(found))
            try:
                piece = self.session.read_as(wire.one_string, await self.session.ask(request, "read a file"))
            except Refused as refused:
                if refused.code == wire.Code.EOF:
                    break
                raise
            if not piece:
                break
            found += piece
        return found

    async def name(self) -> None:
        """Give it a second name, as a photo gets its final one, and remove the first."""
        free = [n for n in range(1, NAMES) if await self._gone(n)]
        linked = renamed = False
        if free and self.manners.removes and self.session.offers(wire.HARDLINK):
            linked = await self._linked(free[0])
            if linked and await self._gone(0):
                return
            free = free[linked:]
        if free:  # a rename leaves no first name behind, so it is the better way if none can be removed
            renamed = await self._renamed(0, free[0])
        elif not self.manners.removes:
            renamed = True  # files of earlier trials are still there, and they were named
        self.manners.links = linked and not renamed
        if not linked and not renamed:
            raise ServerUnfit(
                "The share lets this device write files but not name them: it refuses to rename "
                f"({self._why('renames')}) and to make hard links ({self._why('links')}). No photo was sent. Ask IT to "
                "allow renaming."
            )

    def _why(self, what: str) -> str:
        return self.manners.said.get(what, "not offered")

    async def _linked(self, n: int) -> bool:
        request = wire.extended(wire.HARDLINK, self._path(0), self._path(n))
        try:
            await self.session.ask(request, "make a hard link")
        except Refused as refused:
            self.manners.cannot("links", refused)
            return False
        if await self.session.lstat(self._path(n)) is not None and await self._content(n) == CONTENT:
            self.manners.copies = self.manners.locked or not await self._is_one_file(n)
            return True
        self.manners.said["links"] = "reports success, but makes no link"
        return False

    async def _is_one_file(self, n: int) -> bool:
        """Whether a change to the file shows under the name of its link: a copy may have been damaged while made."""
        try:
            await self._start_with(CONTENT[1:2])
            changed = await self._content(n) != CONTENT
            await self._start_with(CONTENT[:1])
        except Refused:
            return False
        return changed

    async def _start_with(self, first: bytes) -> None:
        handle = await self.session.open_file(self._path(0), Flag.WRITE, "write a file")
        try:
            await self.session.ask(wire.write(handle, 0, first), "write a file")
        finally:
            await self.session.let_go(handle)

    async def _renamed(self, source: int, target: int) -> bool:
        for pause in PAUSES if self.manners.locked else PAUSES[:1]:
            await asyncio.sleep(pause)
            try:
                await self.session.ask(wire.rename(self._path(source), self._path(target)), "rename a file")
            except Refused as refused:
                self.manners.cannot("renames", refused)
                continue
            if await self.session.lstat(self._path(source)) is None and await self._content(target) == CONTENT:
                self.manners.renames = True
                self.manners.said.pop("renames", None)
                return True
            self.manners.said["renames"] = "reports success, but renames nothing"
            break
        self.manners.renames = False
        return False

    async def clear(self) -> None:
        """Remove the names again, as far as the server allows it."""
        for n in range(NAMES):
            await self._gone(n)
