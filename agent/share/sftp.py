"""The school's share over SFTP: the `Share` port on top of an engine that has a thread and an event loop of its own.

The engine continues to send while the pipeline stores an outcome. The pipeline's iterable, callback and exceptions stay
on the pipeline's own thread.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from agent.errors import LoginRefused, ShareFault, ShareUnreachable
from agent.files.closing import Closing
from agent.model.delivery import Delivery
from agent.model.ids import RemoteName, TransferId
from agent.model.proof import Proof
from agent.share import report, wire
from agent.share.connecting import connect
from agent.share.engine import Acknowledged, ConnectionBroken, Engine, News
from agent.share.faults import Refused, as_fault
from agent.share.in_flight import InFlight, Patience, never
from agent.share.names import folder_of, temporary_name
from agent.share.port import Abilities, HalfSent, Listed, Outcome, Sent, Space, Still
from agent.share.readback.choosing import Readers
from agent.share.server import Server
from agent.share.session import Session
from agent.share.sweeping import names_in, sweep, sweep_by_name
from agent.share.tryout import OWN
from agent.share.wire import Flag, PacketType

AGAIN = (1.0, 2.0)  # seconds between login attempts if an earlier connection may not have ended yet
LATELY = 10.0  # seconds within which it ends on a server that is slow to notice

log = logging.getLogger(__name__)

_NEW = Flag.WRITE | Flag.CREAT | Flag.EXCL

CLOSED = "This connection to the share is closed."

_ended: dict[Server, float] = {}  # when, by the steady clock, the last connection to a server was closed

T = TypeVar("T")


def _nobody(_: int) -> None:
    """Ignores progress; the default."""


def open_share(server: Server, *, clock: Callable[[], datetime], delivering: bool = False) -> "SftpShare":
    """Connect and log in. Raises ShareUnreachable, HostKeyRefused, LoginRefused; ShareFault if there is no SFTP.

    `delivering` is for callers with photos to deliver at once: whatever takes time to start is then started early.
    """
    return SftpShare(server, clock, delivering=delivering)


class SftpShare(Closing):
    """A connection to the school's share; see `Share` for what its methods promise."""

    def __init__(self, server: Server, clock: Callable[[], datetime], *, delivering: bool = False) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="share-engine", daemon=True)
        self._thread.start()
        self._closed = False
        self.disk_failed: set[RemoteName] = set()
        self._engine: Engine | None = None
        try:
            self._engine = self._run(self._start(clock, delivering=delivering))
        except BaseException:
            self.close()
            raise

    async def _start(self, clock: Callable[[], datetime], *, delivering: bool) -> Engine:
        readers = Readers(self._server, lambda fault: None if self._engine is None else self._engine.lost(fault))
        if delivering:
            readers.begin()
        try:
            session = await self._first(readers)
        except BaseException:
            await readers.close()
            raise
        return Engine(self._server, session, readers, clock, self.disk_failed)

    async def _first(self, readers: Readers) -> Session:
        """The connection for everything but reading back; if only one is let in, whichever that is."""
        pauses = iter(AGAIN)
        while True:
            try:
                return await connect(self._server)
            except (ShareUnreachable, LoginRefused) as refused:
                other = await readers.instead()
                if other is not None:
                    return other
                pause = next(pauses, None)
                if pause is None or isinstance(refused, ShareUnreachable) or not self._was_in_lately():
                    raise
                await asyncio.sleep(pause)

    def _was_in_lately(self) -> bool:
        """Whether a connection of this process ended recently: some servers allow only one, and notice that late."""
        return time.monotonic() - _ended.get(self._server, float("-inf")) < LATELY

    # --- deliver -----------------------------------------------------------------------------------------------------

    def deliver(
        self,
        deliveries: Iterable[Delivery],
        sent_bytes: Callable[[int], None] = _nobody,
        stopping: Callable[[], bool] = never,
    ) -> Iterator[Outcome]:
        """Send deliveries and prove them; closing the iterator early withdraws what is in flight."""
        engine = self._working()
        news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._loop.call_soon_threadsafe(engine.begin, news.put)
        supply, ahead, patience = iter(deliveries), InFlight(), Patience(stopping)
        try:
            while True:
                while ahead.room and (delivery := next(supply, None)) is not None:
                    ahead.took(delivery)
                    self._loop.call_soon_threadsafe(engine.add, delivery)
                    if not news.empty():
                        break
                if ahead.count == 0:
                    return
                item = self._heard(news)
                if patience.ended():
                    return
                if isinstance(item, Acknowledged):
                    sent_bytes(item.size)
                elif isinstance(item, ConnectionBroken):
                    raise item.fault
                elif item is not None:
                    if not isinstance(item, Sent):
                        ahead.done(item.transfer)
                    yield item
        finally:
            if ahead.count:
                self._run(engine.stop())

    def _heard(self, news: "queue.SimpleQueue[News]") -> News | None:
        """The next news; None if there was none for a while."""
        try:
            return news.get(timeout=1)  # not for ever: on Windows, Ctrl-C only works between waits
        except queue.Empty:
            if not self._thread.is_alive():
                raise ShareUnreachable("The connection to the share was closed while photos were being sent.") from None
            return None

    def still_holds(self, proofs: Sequence[Proof], *, sync: bool = False) -> list[Still]:
        """Whether the share holds these now, each read back in full."""
        return self._run(self._working().still_holds(proofs, sync=sync)) if proofs else []

    # --- small things ------------------------------------------------------------------------------------------------

    def read(self, name: RemoteName, limit: int) -> bytes:
        """The content of a small file."""
        return self._run(self._read(name, limit))

    async def _read(self, name: RemoteName, limit: int) -> bytes:
        engine = self._working()
        session, folder = engine.session, folder_of(name)
        looks = engine.folders.look(folder)
        try:
            handle = await session.open_file(engine.folders.path(name), Flag.READ, "read a file")
        except Refused as refused:
            # Some servers have no code of their own for a missing file; a look finds out what their code means.
            if refused.missing or await session.lstat(engine.folders.path(name)) is None:
                raise FileNotFoundError("The share has no such file.") from refused
            raise
        # What OpenSSH's own server says of a size is believed: the end of the file need not be asked for then.
        sized = session.send(wire.on_handle(PacketType.FSTAT, handle)) if session.is_openssh else None
        try:
            await engine.folders.judge(folder, looks, owners=False)
            content = bytearray()
            while True:
                request = wire.read(handle, len(content), min(session.read_length, limit + 1 - len(content)))
                try:
                    piece = session.read_as(wire.one_string, await session.ask(request, "read a file"))
                except Refused as refused:
                    if refused.code == wire.Code.EOF:
                        break
                    raise
                content += piece
                if len(content) > limit:
                    raise ShareFault(f"A file on the share is larger than the {limit} bytes that are allowed for it.")
                if sized is not None and await _stated_size(session, sized) == len(content):
                    break
                if not piece:  # for some servers this is the end of the file, for others only of this read
                    about = await session.seen(await session.send(wire.on_handle(PacketType.FSTAT, handle)))
                    if about is not None and about.size in {len(content), None}:
                        break
                    raise ShareFault(
                        "A file on the share could not be read to its end. Try again. If this happens again, tell IT."
                    )
            await engine.folders.judge(folder, engine.folders.look(folder), owners=False)
            return bytes(content)
        finally:
            if sized is not None:
                session.dismiss(handle)
            else:
                await session.let_go(handle)

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        return sorted(
            f"{name}/" if about.is_folder else name for name, about in self._run(names_in(self._working(), folder))
        )

    def listing(self, folder: str) -> list[Listed]:
        """What is in a folder, and what the server says about it."""
        return [
            _listed(name, about)
            for name, about in sorted(self._run(names_in(self._working(), folder)), key=lambda one: one[0])
        ]

    def sweep(self, keep: Collection[TransferId] = (), known: Iterable[HalfSent] = ()) -> int:
        """Remove this device's own temporary files, in `visits/`, `record/` and the folders directly below them."""
        engine, device = self._working(), self._server.device
        return self._run(sweep(engine, device, keep)) + self._run(sweep_by_name(engine, device, keep, known))

    @property
    def is_openssh(self) -> bool:
        """Whether OpenSSH's own server answers."""
        return self._working().session.is_openssh

    def abilities(self) -> Abilities:
        """What the server can do."""
        engine = self._working()
        session = engine.session
        return Abilities(
            session.software.removeprefix("SSH-2.0-"),
            session.offers(wire.FSYNC) and engine.found.fsync,
            session.offers(wire.STATVFS),
            session.offers(wire.LIMITS),
            engine.found.removes,
            report.lines(session, engine.found),
        )

    def space(self) -> Space:
        """What is free on the share, where the photos go: that may be a separate volume."""
        return Space(self._run(self._space()))

    async def _space(self) -> int | None:
        engine = self._working()
        free = await engine.session.free(engine.folders.path("visits"))
        return await engine.session.free(engine.folders.path("")) if free is None else free

    def now(self) -> datetime:
        """The server's clock, by the time that it gives to a new temporary file."""
        return self._run(self._now())

    async def _now(self) -> datetime:
        engine = self._working()
        session = engine.session
        # It has the same name each time, so that a killed run, or a server that removes nothing, leaves one at most.
        path = await self._own_path(OWN, 1)
        handle = await self._new_file(path) or await self._earlier_file(path)
        try:
            reply = await session.ask(wire.on_handle(PacketType.FSTAT, handle), "state a new file's time")
            modified = session.read_as(wire.attributes, reply).modified
        finally:
            await session.let_go(handle)
            try:
                await session.remove(path)
            except Refused as refused:
                engine.found.did_not_remove(refused)
        if modified is None:
            raise ShareFault("The server does not say what time it is.")
        return datetime.fromtimestamp(modified, UTC)

    def try_out(self, folder: str = "visits") -> None:
        """Write, sync, read back, name and remove one small temporary file there."""
        self._run(self._working().try_out(folder))

    async def _new_file(self, path: bytes) -> bytes | None:
        """A new, empty, open file in place of any earlier one; None if the server refuses."""
        session = self._working().session
        _, opened = await asyncio.gather(
            session.remove(path), session.open_file(path, _NEW, "make a file"), return_exceptions=True
        )
        if isinstance(opened, Refused):
            return None
        if isinstance(opened, BaseException):
            raise opened
        return opened

    async def _earlier_file(self, path: bytes) -> bytes:
        """The file that an earlier connection could not remove, open, with its time set by writing one byte.

        Nothing is written if it is larger: then it is not that file, but something that a link leads to.
        """
        session = self._working().session
        handle = await session.open_file(path, Flag.WRITE, "open an earlier file")
        try:
            reply = await session.ask(wire.on_handle(PacketType.FSTAT, handle), "state an earlier file's size")
            is_that = session.read_as(wire.attributes, reply).size in {0, 1}
            if is_that:
                await session.ask(wire.write(handle, 0, b"."), "write a file")
        except BaseException:
            await session.let_go(handle)
            raise
        if not is_that:
            await session.let_go(handle)
            raise ShareFault("The file that tells the share's time is not the one that this laptop made.")
        return handle

    async def _own_path(self, transfer: TransferId, n: int) -> bytes:
        engine = self._working()
        await engine.folders.ensure("visits")
        plain = (await engine.manners("visits")).plain_names
        return engine.folders.path(f"visits/{temporary_name(self._server.device, transfer, n, plain=plain)}")

    # --- life --------------------------------------------------------------------------------------------------------

    def _working(self) -> Engine:
        if self._engine is None or self._closed:
            raise ShareUnreachable(CLOSED)
        return self._engine

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of some work on the engine's loop; refusals become errors that people understand."""
        if self._loop.is_closed():
            work.close()
            raise ShareUnreachable(CLOSED)
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except Refused as refused:
            raise as_fault(refused) from refused

    def close(self) -> None:
        """End the connection; more than once does no harm."""
        if self._closed:
            return
        if self._engine is not None:
            self._run(self._engine.close())
            _ended[self._server] = time.monotonic()
        self._closed = True
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _stated_size(session: Session, look: "asyncio.Future[wire.Reply]") -> int | None:
    """The size in the reply to a look at an open file; None if the server does not state it or permit the look."""
    try:
        about = await session.seen(await look)
    except Refused:
        return None
    return None if about is None else about.size


def _listed(name: str, about: wire.Attributes) -> Listed:
    modified = None if about.modified is None else datetime.fromtimestamp(about.modified, UTC)  # 32 bits: no overflow
    return Listed(name, about.is_folder, about.is_file, about.size if about.is_file else None, modified)
