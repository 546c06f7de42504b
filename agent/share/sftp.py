"""The school's share over SFTP: the `Share` port on top of an engine that runs on a thread and event loop of its own.

While the pipeline puts down an outcome, the engine goes on sending; the pipeline's iterable, callback and exceptions
stay on the pipeline's own thread.
"""

import asyncio
import queue
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from agent.errors import NotProven, ShareFault, ShareUnreachable
from agent.model import Delivery, Proof, RemoteName, TransferId
from agent.share import wire
from agent.share.ahead import Ahead, Patience, never
from agent.share.connecting import connect
from agent.share.engine import Acknowledged, Broken, Engine, News
from agent.share.faults import Refused, as_fault
from agent.share.lanes import LARGE
from agent.share.names import own_temporary, temporary_name
from agent.share.port import Abilities, Outcome, Sent, Space, Still
from agent.share.readback.choosing import Readers
from agent.share.server import Server
from agent.share.streams import DIFFERENT
from agent.share.wire import Flag, Kind

LOOKS = 8  # folders listed at once
TOP = ("visits", "record")  # where this program writes, one level of folders below each

CLOSED = "This connection to the share is closed."

T = TypeVar("T")


def _nobody(_: int) -> None:
    """Hears of progress where nobody asked."""


def open_share(server: Server, *, clock: Callable[[], datetime], delivering: bool = False) -> "SftpShare":
    """Connect and log in. Raises ShareUnreachable, HostKeyRefused, LoginRefused; ShareFault where there is no SFTP.

    `delivering` is for who has photos to deliver at once: what takes time to start is then started meanwhile.
    """
    return SftpShare(server, clock, delivering=delivering)


class SftpShare:
    """A connection to the school's share; see `Share` for what its methods promise."""

    def __init__(self, server: Server, clock: Callable[[], datetime], *, delivering: bool = False) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="share-engine", daemon=True)
        self._thread.start()
        self._closed = False
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
            session = await connect(self._server)
        except ShareUnreachable:
            other = await readers.instead()
            if other is None:
                raise
            session = other
        except BaseException:
            await readers.close()
            raise
        return Engine(self._server, session, readers, clock)

    # --- deliver -----------------------------------------------------------------------------------------------------

    def deliver(
        self,
        deliveries: Iterable[Delivery],
        sent_bytes: Callable[[int], None] = _nobody,
        stopping: Callable[[], bool] = never,
    ) -> Iterator[Outcome]:
        """Send deliveries and prove them; closing the iterator early takes back what is under way."""
        engine = self._working()
        news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._loop.call_soon_threadsafe(engine.begin, news.put)
        supply, ahead, patience = iter(deliveries), Ahead(), Patience(stopping)
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
                elif isinstance(item, Broken):
                    raise item.fault
                elif item is not None:
                    if not isinstance(item, Sent):
                        ahead.done(item.transfer)
                    yield item
        finally:
            if ahead.count:
                self._run(engine.stop())

    def _heard(self, news: "queue.SimpleQueue[News]") -> News | None:
        """The next news; None where there was none for a while."""
        try:
            return news.get(timeout=1)  # not for ever: on Windows, Ctrl-C waits for the end of a wait
        except queue.Empty:
            if not self._thread.is_alive():
                raise ShareUnreachable(
                    "The connection to the share was closed while photos were on their way."
                ) from None
            return None

    def still_holds(self, proofs: Sequence[Proof]) -> list[Still]:
        """Whether the share holds these now, each read back whole."""
        return self._run(self._working().still_holds(proofs)) if proofs else []

    # --- small things ------------------------------------------------------------------------------------------------

    def read(self, name: RemoteName, limit: int) -> bytes:
        """The content of a small file."""
        return self._run(self._read(name, limit))

    async def _read(self, name: RemoteName, limit: int) -> bytes:
        engine = self._working()
        session = engine.session
        try:
            handle = await session.open_file(engine.folders.path(name), Flag.READ, "the reading of a file")
        except Refused as refused:
            if refused.missing:
                raise FileNotFoundError("There is no such file on the share.") from refused
            raise
        try:
            content = bytearray()
            while True:
                request = wire.read(handle, len(content), min(session.read_length, limit + 1 - len(content)))
                try:
                    piece = session.read_as(wire.one_string, await session.ask(request, "the reading of a file"))
                except Refused as refused:
                    if refused.code == wire.Code.EOF:
                        return bytes(content)
                    raise
                content += piece
                if len(content) > limit:
                    raise ShareFault(f"A file on the share is larger than the {limit} bytes that are believed of it.")
                if not piece:
                    raise ShareFault(
                        "A file on the share could not be read to its end. Try again; if it goes on, tell IT."
                    )
        finally:
            await session.let_go(handle)

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        return sorted(f"{name}/" if about.is_folder else name for name, about in self._run(self._names(folder)))

    def sweep(self, keep: Collection[TransferId] = ()) -> int:
        """Remove this device's own temporary files, in `visits/`, `record/` and the folders directly below them."""
        return self._run(self._sweep(keep))

    async def _sweep(self, keep: Collection[TransferId]) -> int:
        looking = asyncio.Semaphore(LOOKS)

        async def below(folder: str) -> int:
            async with looking:
                return await clear(folder, await self._names(folder))

        async def clear(folder: str, inside: list[tuple[str, wire.Attributes]]) -> int:
            engine, removed = self._working(), 0
            for name, about in inside:
                transfer = own_temporary(self._server.device, name)
                goes_on = transfer in keep and (about.size or 0) >= LARGE
                if transfer is not None and not goes_on and not about.is_folder:
                    removed += await engine.session.remove(engine.folders.path(f"{folder}/{name}"))
            return removed

        async def all_of(top: str) -> int:
            inside = await self._names(top)
            folders = [f"{top}/{name}" for name, about in inside if about.is_folder]
            return await clear(top, inside) + sum(await asyncio.gather(*map(below, folders)))

        return sum(await asyncio.gather(*map(all_of, TOP)))

    async def _names(self, folder: str) -> list[tuple[str, wire.Attributes]]:
        """What is in a folder; nothing where it is missing, or where we may not look and so left nothing either."""
        found: list[tuple[str, wire.Attributes]] = []
        try:
            async for name, about in self._listing(folder):
                if name not in {b".", b".."}:
                    found.append((name.decode("utf-8", "surrogateescape"), about))
        except Refused as refused:
            if not refused.missing and refused.code != wire.Code.PERMISSION_DENIED:
                raise
        return found

    async def _listing(self, folder: str) -> AsyncIterator[tuple[bytes, wire.Attributes]]:
        engine = self._working()
        session, doing = engine.session, "a look into a folder"
        opened = await session.ask(wire.on_path(Kind.OPENDIR, engine.folders.path(folder)), doing)
        handle = session.read_as(wire.one_string, opened)
        try:
            while True:
                reply = await session.ask(wire.on_handle(Kind.READDIR, handle), doing)
                for entry in session.read_as(wire.names, reply):
                    yield entry
        except Refused as refused:
            if refused.code != wire.Code.EOF:
                raise
        finally:
            await session.let_go(handle)

    def abilities(self) -> Abilities:
        """What the server can do."""
        session = self._working().session
        software = session.software.removeprefix("SSH-2.0-")
        return Abilities(
            software, session.offers(wire.FSYNC), session.offers(wire.STATVFS), session.offers(wire.LIMITS)
        )

    def space(self) -> Space:
        """What is free on the share."""
        engine = self._working()
        return Space(self._run(engine.session.free(engine.root or b"/")))

    def now(self) -> datetime:
        """The server's clock, by the time that it gives to a new temporary file."""
        return self._run(self._now())

    async def _now(self) -> datetime:
        engine = self._working()
        session = engine.session
        path = await self._own_path(0)
        handle = await session.open_file(path, Flag.WRITE | Flag.CREAT | Flag.EXCL, "the making of a file")
        try:
            reply = await session.ask(wire.on_handle(Kind.FSTAT, handle), "a look at a new file's time")
            modified = session.read_as(wire.attributes, reply).modified
        finally:
            await session.let_go(handle)
            await session.remove(path)
        if modified is None:
            raise ShareFault("The server does not say what time it is.")
        return datetime.fromtimestamp(modified, UTC)

    def try_out(self) -> None:
        """Write, sync, read back, rename and remove one small temporary file."""
        self._run(self._try_out())

    async def _try_out(self) -> None:
        engine = self._working()
        session, content = engine.session, secrets.token_bytes(1024)
        first, second = await self._own_path(0), await self._own_path(1)
        try:
            handle = await session.open_file(first, Flag.WRITE | Flag.CREAT | Flag.EXCL, "the making of a file")
            try:
                await session.ask(wire.write(handle, 0, content), "the writing of a file")
                if session.offers(wire.FSYNC):
                    await session.fsync(handle)
            finally:
                await session.let_go(handle)
            handle = await session.open_file(first, Flag.READ, "the reading back of a file")
            try:
                reply = await session.ask(wire.read(handle, 0, len(content) + 1), "the reading back of a file")
            finally:
                await session.let_go(handle)
            if session.read_as(wire.one_string, reply) != content:
                raise NotProven(DIFFERENT)
            await session.ask(wire.rename(first, second), "the renaming of a file")
            if await session.lstat(second) is None:
                raise NotProven("The share said that it renamed a file, but did not. Tell IT.")
        finally:
            await session.remove(first)
            await session.remove(second)

    async def _own_path(self, n: int) -> bytes:
        engine = self._working()
        await engine.folders.ensure("visits")
        name = temporary_name(self._server.device, TransferId(secrets.token_hex(16)), n)
        return engine.folders.path(f"visits/{name}")

    # --- life --------------------------------------------------------------------------------------------------------

    def _working(self) -> Engine:
        if self._engine is None or self._closed:
            raise ShareUnreachable(CLOSED)
        return self._engine

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of some work on the engine's loop; refusals as errors that people understand."""
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
        self._closed = True
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()
