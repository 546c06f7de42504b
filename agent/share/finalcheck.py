"""The last check of a photo under its final name: it is where it should be, and it is the file that was sent.

A server may say that it named a file without having done so, and somebody else may have put a file or a link there
meanwhile. So the final name is opened, between two looks at each folder above it that follow no link, and the content
is compared with what was sent: small files in full, others by `samples`, or in full if the server does not state what
the comparison needs. All names of a folder that are waiting are checked together.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass

from agent.errors import NotProven
from agent.model.files import Fingerprint
from agent.share import wire
from agent.share.faults import Refused, looked_at
from agent.share.pacing import Window
from agent.share.pool import PooledConnection
from agent.share.remotefolders import RemoteFolders
from agent.share.samples import Samples
from agent.share.session import Session
from agent.share.streams import Progress, read_back, read_piece
from agent.share.wire import Attributes, Flag, Reply

ELSEWHERE = (
    "The share confirmed the photo's name, but something else, or nothing, has that name. The photo stays "
    "on this laptop and will be sent again. If this happens again, tell IT: something on the share moves or changes "
    "new files."
)

UNDER_WAY = 2  # rounds of looks in each folder: while the answers of one come back, the next is asked

_AN_OPENING = wire.open_file(b"", 0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A final name, looked at and opened; `room` is where the open file counts."""

    about: Attributes
    handle: bytes
    room: Window


@dataclass(slots=True)
class _Asked:
    path: bytes
    opened: "asyncio.Future[tuple[Attributes, bytes]]"


class FinalCheck:
    """Checks names over one connection, whichever connection gave them."""

    def __init__(self, connection: PooledConnection, folders: RemoteFolders) -> None:
        self.session = connection.session
        self._lane = connection
        self._folders = folders
        self._waiting: dict[str, list[_Asked]] = defaultdict(list)
        self._looking: Counter[str] = Counter()  # rounds under way
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself does not hold them

    async def open(self, folder: str, path: bytes) -> Opened:
        """Open what has the name, for `check`. `FolderNotTrusted` if it is not where it should be; `Refused`;
        `NotProven` if there is nothing.
        """
        room = self._lane.check_handles
        await room.take(1)
        try:
            return Opened(*await self._opened(folder, path), room)
        except BaseException:
            room.give(1)
            raise

    async def check(self, opening: Awaitable[Opened], meant: Fingerprint, samples: Samples) -> None:
        """`NotProven` unless the name belongs to a file with the content that was sent. Raises what `open` raises."""
        opened = await opening
        try:
            await self._compare(opened.about, opened.handle, meant, samples)
        finally:
            # The reply proves nothing. Only where requests are taken in order is the handle surely closed in time.
            if self.session.is_openssh:
                self.dismiss(opened)
            else:
                await self.session.let_go(opened.handle)
                opened.room.give(1)

    def dismiss(self, opened: Opened) -> None:
        """Have it closed, on OpenSSH."""
        self.session.dismiss(opened.handle)
        opened.room.give(1)

    async def _compare(self, about: Attributes, handle: bytes, meant: Fingerprint, samples: Samples) -> None:
        if not about.is_file or about.size not in {meant.size, None}:
            raise NotProven(ELSEWHERE)
        reads = self._lane.reads
        if samples.whole or about.size is None or not about.says_type:
            if await read_back(self.session, handle, meant.size, reads, Progress(meant.size)) != meant:
                raise NotProven(ELSEWHERE)
            return
        pieces = samples.pieces
        found = await asyncio.gather(*(read_piece(self.session, handle, at, len(piece), reads) for at, piece in pieces))
        if found != [piece for _, piece in pieces]:
            raise NotProven(ELSEWHERE)

    async def _opened(self, folder: str, path: bytes) -> tuple[Attributes, bytes]:
        asked = _Asked(path, asyncio.get_running_loop().create_future())
        self._waiting[folder].append(asked)
        if self._looking[folder] < UNDER_WAY:
            self._looking[folder] += 1
            task = asyncio.create_task(self._look_while_asked(folder))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(looked_at)
        return await asked.opened

    async def _look_while_asked(self, folder: str) -> None:
        try:
            await self._look(folder)
        finally:  # at once: whoever asks after the last look needs another
            self._looking[folder] -= 1

    async def _look(self, folder: str) -> None:
        """Check all names that are waiting, again and again until none is; later ones are checked the next time."""
        while self._waiting[folder]:
            batch, self._waiting[folder] = self._waiting[folder], []
            before = self._folders.look(folder)
            asked = [
                (
                    self.session.look(one.path),
                    self.session.send(wire.open_file(one.path, Flag.READ)),
                )
                for one in batch
            ]
            after = self._folders.look(folder)
            astray: Exception | None = None
            try:
                await self._folders.judge(folder, before)
                await self._folders.judge(folder, after)
            except Exception as fault:  # noqa: BLE001  # every waiting caller gets it
                astray = fault
            for one, (look, opening) in zip(batch, asked, strict=True):
                await self._tell(one, look, opening, astray)

    async def _tell(
        self,
        one: _Asked,
        look: "asyncio.Future[Reply]",
        opening: "asyncio.Future[Reply]",
        astray: Exception | None,
    ) -> None:
        handle: bytes | None = None
        about: Attributes | None = None
        fault = astray
        try:
            reply = self.session.judge(_AN_OPENING, await opening, "read back the photo")
            handle = self.session.read_as(wire.handle, reply)
            about = await self.session.seen(await look)
        except Refused as refused:
            fault = fault or (None if refused.missing else refused)
        except Exception as unforeseen:  # noqa: BLE001  # passed on to the waiting caller
            fault = unforeseen
        if fault is None and about is not None and handle is not None and not one.opened.done():
            one.opened.set_result((about, handle))
            return
        if handle is not None:
            await self.session.let_go(handle)
        self._fail(one, fault or NotProven(ELSEWHERE))

    @staticmethod
    def _fail(one: _Asked, fault: Exception) -> None:
        if not one.opened.done():
            one.opened.set_exception(fault)


class AskedAhead:
    """What is asked together with one naming: a round trip less for each photo.

    It is for a server that takes the requests of a connection in their order, as OpenSSH's does: the name is opened,
    and its folder synced, as the naming left them.
    """

    def __init__(self, check: FinalCheck, folders: RemoteFolders) -> None:
        self._check, self._folders = check, folders
        self._opening: asyncio.Task[Opened] | None = None
        self._syncing: asyncio.Task[bool] | None = None

    def ask(self, session: Session, folder: str, path: bytes, *, sync: bool) -> None:
        """Ask, right after a task that names the file on `session` was made; nothing if that is another connection."""
        if session is not self._check.session:
            return
        self._opening = asyncio.create_task(self._check.open(folder, path))
        self._opening.add_done_callback(looked_at)
        if sync:
            self._syncing = asyncio.create_task(self._folders.sync(folder))
            self._syncing.add_done_callback(looked_at)

    async def opened(self, folder: str, path: bytes) -> Opened:
        """What was opened, once; opened now if nothing was asked."""
        opening, self._opening = self._opening, None
        return await (opening or self._check.open(folder, path))

    async def synced(self, folder: str) -> bool:
        """Whether the folder was synced; it is synced now if nothing was asked."""
        return await (self._syncing or self._folders.sync(folder))

    def forget(self) -> None:
        """Close what was opened: the file did not get the name, or the transfer ends here."""
        opening, syncing = self._opening, self._syncing
        self._opening = self._syncing = None
        if syncing is not None:
            syncing.cancel()
        if opening is not None and not opening.cancel() and not opening.cancelled() and opening.exception() is None:
            self._check.dismiss(opening.result())
