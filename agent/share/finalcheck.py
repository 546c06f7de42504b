"""The last check of a photo under its final name: it is where it should be, and it is the file that was sent.

A server may say that it named a file without having done so, and somebody else may have put a file or a link there
meanwhile. So the final name is opened, between two looks at each folder above it that follow no link, and the content
is compared with what was sent: small files in full, others by `samples`, or in full if the server does not state what
the comparison needs. All names of a folder that are waiting are checked together.
"""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass

from agent.errors import NotProven
from agent.model.files import Fingerprint
from agent.share import wire
from agent.share.faults import Refused, looked_at
from agent.share.pool import PooledConnection
from agent.share.remotefolders import RemoteFolders
from agent.share.samples import Samples
from agent.share.streams import Progress, read_back, read_piece
from agent.share.wire import Attributes, Flag, Reply

ELSEWHERE = (
    "The share confirmed the photo's name, but something else, or nothing, has that name. The photo stays "
    "on this laptop and will be sent again. If this happens again, tell IT: something on the share moves or changes "
    "new files."
)

UNDER_WAY = 2  # rounds of looks in each folder: while the answers of one come back, the next is asked

_AN_OPENING = wire.open_file(b"", 0)


@dataclass(slots=True)
class _Asked:
    path: bytes
    opened: "asyncio.Future[tuple[Attributes, bytes]]"


class FinalCheck:
    """Checks names over one connection, whichever connection gave them."""

    def __init__(self, connection: PooledConnection, folders: RemoteFolders) -> None:
        self._session = connection.session
        self._lane = connection
        self._folders = folders
        self._waiting: dict[str, list[_Asked]] = defaultdict(list)
        self._looking: Counter[str] = Counter()  # rounds under way
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself does not hold them

    async def check(self, folder: str, path: bytes, meant: Fingerprint, samples: Samples) -> None:
        """`NotProven` unless the name belongs to a file with the content that was sent; `FolderNotTrusted` if the file
        is not where it should be; `Refused` if it cannot be opened.
        """
        async with self._lane.check_handles.hold(1):
            about, handle = await self._opened(folder, path)
            try:
                await self._compare(about, handle, meant, samples)
            finally:
                # The reply proves nothing. Only where requests are taken in order is the handle surely closed in time.
                if self._session.is_openssh:
                    self._session.dismiss(handle)
                else:
                    await self._session.let_go(handle)

    async def _compare(self, about: Attributes, handle: bytes, meant: Fingerprint, samples: Samples) -> None:
        if not about.is_file or about.size not in {meant.size, None}:
            raise NotProven(ELSEWHERE)
        reads = self._lane.reads
        if samples.whole or about.size is None or not about.says_type:
            if await read_back(self._session, handle, meant.size, reads, Progress(meant.size)) != meant:
                raise NotProven(ELSEWHERE)
            return
        pieces = samples.pieces
        found = await asyncio.gather(
            *(read_piece(self._session, handle, at, len(piece), reads) for at, piece in pieces)
        )
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
        try:
            return await asked.opened
        except asyncio.CancelledError:
            if asked.opened.done() and not asked.opened.cancelled() and asked.opened.exception() is None:
                self._session.dismiss(asked.opened.result()[1])  # opened at the moment of cancellation
            raise

    async def _look_while_asked(self, folder: str) -> None:
        try:
            await self._look(folder)
        finally:  # at once: whoever asks after the last look needs another
            self._looking[folder] -= 1

    async def _look(self, folder: str) -> None:
        """Check all names that are waiting, again and again until none is; later ones are checked the next time."""
        while self._waiting[folder]:
            await self._session.all_closed()
            batch, self._waiting[folder] = self._waiting[folder], []
            before = self._folders.look(folder)
            asked = [
                (
                    self._session.look(one.path),
                    self._session.send(wire.open_file(one.path, Flag.READ)),
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
            reply = self._session.judge(_AN_OPENING, await opening, "read back the photo")
            handle = self._session.read_as(wire.handle, reply)
            about = await self._session.seen(await look)
        except Refused as refused:
            fault = fault or (None if refused.missing else refused)
        except Exception as unforeseen:  # noqa: BLE001  # passed on to the waiting caller
            fault = unforeseen
        if fault is None and about is not None and handle is not None and not one.opened.done():
            one.opened.set_result((about, handle))
            return
        self._fail(one, fault or NotProven(ELSEWHERE))
        if handle is not None:  # nobody waits for that: the others of this round are to hear their answers
            self._session.dismiss(handle)

    @staticmethod
    def _fail(one: _Asked, fault: Exception) -> None:
        if not one.opened.done():
            one.opened.set_exception(fault)
