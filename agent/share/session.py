"""One SFTP conversation over one channel: many requests in flight, each reply matched to its request and checked.

Requests are made on one event loop; a thread of the session's own receives. Small requests of one turn of the loop are
sent as one SSH packet. The receiving thread also keeps watch: if an answer is due and the other end shows no sign of
life for `timeout` seconds, it closes the connection. That ends every wait on it with `ShareUnreachable`, even inside a
blocked send. A server that is only slow (a disk that spins up, a long fsync) still answers SSH keepalives, and gets
`PATIENCE` times as long.
"""

import asyncio
import contextlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from agent.errors import ShareFault, ShareUnreachable
from agent.share import wire
from agent.share.faults import Refused, looked_at
from agent.share.frames import Frames, Sink
from agent.share.pipe import LOOK_AFTER, Pipe, few
from agent.share.wire import Code, PacketType, Reply, Request

AT_ONCE = 64 * 1024  # bytes handed to the pipe in one turn of the loop, or one WRITE
PATIENCE = 3  # times the timeout, for a server that lives but does not answer
SAFE_LENGTH = 32768  # bytes of data that every SFTP server can send and receive (filexfer-02, section 3)
LONGEST = 255 * 1024  # OpenSSH's own limit, and a megabyte in four: more gains nothing

_A_LOOK = wire.on_path(PacketType.LSTAT, b"")
_LIMITS = wire.extended(wire.LIMITS)

T = TypeVar("T")


class Session:
    """An SFTP session. All but `close` is for the loop that made it."""

    def __init__(self, pipe: Pipe, timeout: float) -> None:
        self.extensions: dict[str, str] = {}
        self.limits = wire.ServerLimits()
        self.pipe = pipe
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._frames = Frames(self._sink_of)
        self._number = 0
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._sinks: dict[int, tuple[Sink, int]] = {}
        self._outbox: deque[bytes | memoryview] = deque()
        self._lost: str | None = None
        self._follows_links = False  # the server does not know LSTAT
        self._missing_codes: set[int] = set()  # this server's codes for a missing file, besides NO_SUCH_FILE
        self._greeted: asyncio.Future[Reply] = self._loop.create_future()
        self.stating: asyncio.Future[None] = self._loop.create_future()  # done when no more about limits will come
        # Read by the watch, which only compares them: a torn read would do no harm, and cannot happen under the GIL.
        self._due = False
        self._heard = time.monotonic()  # the last reply, or the first request after a pause
        self._alive = self._heard  # the last answered keepalive
        self._probing = False
        self._closed = False
        self._closing: asyncio.Future[Reply] | None = None  # the last file that is closed while nobody waits
        self.one_open = False  # the server allows one open file at a time
        self._thread = threading.Thread(target=self._receive, name="share-receive", daemon=True)

    async def greet(self) -> None:
        """Start receiving, and learn what the server can do. Raises ShareUnreachable, ShareFault."""
        self._due = True
        self._thread.start()
        self._outbox.append(wire.greeting())
        self._flush()
        reply = await self._greeted
        if reply.request != wire.VERSION:  # the version is where other replies have their number
            raise ShareFault(f"The server speaks SFTP version {reply.request}; version 3 is needed. Tell IT.")
        self._due = False
        self.extensions = self.read_as(wire.extensions, reply)
        if wire.LIMITS in self.extensions:
            self.stating = asyncio.create_task(self._learn_limits(self.send(_LIMITS)))
            self.stating.add_done_callback(looked_at)
            if not self.is_openssh:  # which answers in order: whatever is asked next, its limits are known first
                await self.stating
        else:
            self.stating.cancel()

    async def _learn_limits(self, asked: "asyncio.Future[Reply]") -> None:
        with contextlib.suppress(Refused):  # offered but refused: the same as not offered
            self.limits = self.read_as(wire.limits, self.judge(_LIMITS, await asked, "state its limits"))

    @property
    def software(self) -> str:
        """The server's name for itself."""
        return self.pipe.software

    def offers(self, extension: str) -> bool:
        """Whether the server named this extension in its greeting, and has not shown since that it cannot do it."""
        return extension in self.extensions

    @property
    def is_openssh(self) -> bool:
        """Whether this is OpenSSH's own SFTP server, by its name and by what it offers: its behaviour is known."""
        ours = "OpenSSH" in self.software and "Windows" not in self.software
        return ours and self.extensions.keys() >= wire.OPENSSH

    @property
    def write_length(self) -> int:
        """The most data in one WRITE."""
        return min(self.limits.write, LONGEST) or SAFE_LENGTH

    @property
    def read_length(self) -> int:
        """The most data to ask for in one READ."""
        return min(self.limits.read, LONGEST) or SAFE_LENGTH

    # --- asking ------------------------------------------------------------------------------------------------------

    def send(self, request: Request, sink: tuple[Sink, int] | None = None) -> "asyncio.Future[Reply]":
        """Send a request; its reply will be the future's result, whatever it says.

        With a sink and its offset, the content of a DATA reply goes there, and the reply's body is only its length.
        """
        future: asyncio.Future[Reply] = self._loop.create_future()
        if self._lost is not None:
            future.set_exception(self._loss())
            future.exception()  # read here, since the caller may stop at an earlier error
            return future
        self._number = (self._number + 1) & 0xFFFFFFFF
        if not self._pending:
            self._heard = time.monotonic()
            self._due = True
        self._pending[self._number] = future
        if sink is not None:
            self._sinks[self._number] = sink
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.extend(part for part in wire.frame(request, self._number) if part)
        return future

    async def ask(self, request: Request, doing: str) -> Reply:
        """Send a request and return its reply. `Refused` if it is not a success; `doing` is a verb phrase for it."""
        return self.judge(request, await self.send(request), doing)

    def judge(self, request: Request, reply: Reply, doing: str) -> Reply:
        """The reply, if it is the success that the request calls for; otherwise `Refused`."""
        if reply.kind == PacketType.STATUS:
            code, message = self.read_as(wire.status, reply)
            if code != Code.OK or request.answer != PacketType.STATUS:
                raise Refused(doing, code, message)
        elif reply.kind != request.answer:
            raise self.lose("sent the wrong kind of answer")
        return reply

    def read_as(self, decode: Callable[[bytes], T], reply: Reply) -> T:
        """The reply's content. If a server's packets make no sense, the connection is given up."""
        try:
            return decode(reply.body)
        except wire.Malformed as error:
            raise self.lose(f"did not keep to SFTP: {error}") from error

    # --- common requests ---------------------------------------------------------------------------------------------

    async def open_file(self, path: bytes, flags: int, doing: str) -> bytes:
        """A handle; `Refused` if there is none."""
        await self.all_closed()
        return self.read_as(wire.handle, await self.ask(wire.open_file(path, flags), doing))

    async def lstat(self, path: bytes) -> wire.Attributes | None:
        """What is at a path, without following a link; None if there is nothing."""
        try:
            return await self.seen(await self.look(path))
        except Refused as refused:
            if refused.unsupported and not self._follows_links:
                self._follows_links = True
                return await self.lstat(path)
            if await self._means_missing(refused, path):
                return None
            raise

    def look(self, path: bytes) -> "asyncio.Future[Reply]":
        """Send a look at a path, for `seen`; it follows links only if the server has no other kind of look."""
        return self.send(wire.on_path(PacketType.STAT if self._follows_links else PacketType.LSTAT, path))

    async def seen(self, reply: Reply) -> wire.Attributes | None:
        """What the reply to LSTAT, STAT or FSTAT says; None if there is nothing."""
        try:
            self.judge(_A_LOOK, reply, "look up a name")
        except Refused as refused:
            if refused.missing or refused.code in self._missing_codes:
                return None
            raise
        return self.read_as(wire.attributes, reply)

    async def _means_missing(self, refused: Refused, path: bytes) -> bool:
        """Whether this is how the server says that a name does not exist: some have no code of their own for that.

        To find out, it is asked about a name in the same folder that nobody has given.
        """
        folder, slash, _ = path.rpartition(b"/")
        nothing = folder + slash + b"no-such-name-" + secrets.token_hex(8).encode("ascii")
        reply = await self.look(nothing)
        code = self.read_as(wire.status, reply)[0] if reply.kind == PacketType.STATUS else Code.OK
        if code != refused.code:
            return False
        if code != Code.PERMISSION_DENIED:  # that depends on the folder
            self._missing_codes.add(code)
        return True

    async def fsync(self, handle: bytes) -> None:
        """Have the written bytes put on disk."""
        await self.ask(wire.extended(wire.FSYNC, handle), "write the photo to its disk")

    async def remove(self, path: bytes) -> bool:
        """Remove a file; False if there was none."""
        try:
            await self.ask(wire.on_path(PacketType.REMOVE, path), "remove a temporary file")
        except Refused as refused:
            if refused.missing:
                return False
            raise
        return True

    async def free(self, path: bytes) -> int | None:
        """Bytes that this account may still write; None if the server does not say."""
        if not self.offers(wire.STATVFS):
            return None
        try:
            reply = await self.ask(wire.extended(wire.STATVFS, path), "state its free space")
        except Refused:  # not stated means not known
            return None
        return self.read_as(wire.free_bytes, reply)

    async def let_go(self, handle: bytes) -> None:
        """Close a handle whose reply does not matter: after reading, or after an error that was already reported."""
        with contextlib.suppress(Refused):
            await self.ask(wire.on_handle(PacketType.CLOSE, handle), "close a file")

    def dismiss(self, handle: bytes) -> None:
        """Have such a handle closed; nobody waits for that, or hears how it went.

        OpenSSH's server handles requests in order. If a server allows one open file, the next opening waits for this.
        """
        if self._lost is None:  # else it is closed already
            self._closing = self.send(wire.on_handle(PacketType.CLOSE, handle))

    async def all_closed(self) -> None:
        """Wait for a dismissed file to be closed, if the server allows one open file."""
        if self.one_open and self._closing is not None:
            await asyncio.wait([self._closing])

    # --- sending -----------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send what has gathered, but not so much that the other connection would have to wait long for its turn."""
        parts, size = [], 0
        while self._outbox and size < AT_ONCE:
            parts.append(self._outbox.popleft())
            size += len(parts[-1])
        if self._lost is None:
            self._post(few(parts))
        if self._outbox:
            self._loop.call_soon(self._flush)

    def _post(self, views: list[memoryview]) -> None:
        """Hand bytes to the pipe, which waits a little while the network is full.

        Bytes that a pausing server does not accept yet wait for another turn; the watch decides for how long.
        """
        sent = 0
        try:
            while views:
                sent = left = self.pipe.send(*views)
                if sent == 0:
                    break
                while views and left >= len(views[0]):
                    left -= len(views.pop(0))
                if left:
                    views[0] = views[0][left:]
        except TimeoutError:  # also an OSError: nothing more of these was accepted
            self._outbox.extendleft(reversed(views))
            return
        except OSError:
            sent = 0
        if sent == 0:
            self.pipe.close()  # the receiving thread notices it too, and can wait for the reason

    # --- receiving ---------------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        why = self._until_it_ends()
        self.pipe.close()  # also ends a send that is blocked because the network accepts nothing
        self._tell(self.lose, why or self.pipe.why_ended())
        self.pipe.release()

    def _until_it_ends(self) -> str | None:
        """Receive; returns why the connection was given up, or None if it ended by itself or was closed."""
        while not self._closed:
            try:
                data = self.pipe.receive()
            except TimeoutError:
                if self._silent():
                    return "did not answer in time"
                continue
            except OSError:
                return None
            if not data:
                return None
            try:
                replies = list(self._frames.feed(data))
            except wire.Malformed as error:
                return f"did not keep to SFTP: {error}"
            if replies:
                self._heard = time.monotonic()
                if not self._tell(self._settle, replies):
                    return None
        return None

    def _tell(self, what: Callable[[T], object], about: T) -> bool:
        try:
            self._loop.call_soon_threadsafe(what, about)
        except RuntimeError:  # the loop has ended, so nobody wants to know any more
            return False
        return True

    def _sink_of(self, number: int) -> tuple[Sink, int] | None:
        return self._sinks.pop(number, None)

    def _settle(self, replies: list[Reply]) -> None:
        for reply in replies:
            if reply.kind == PacketType.VERSION and not self._greeted.done():
                self._greeted.set_result(reply)
                continue
            future = self._pending.pop(reply.request, None)
            self._sinks.pop(reply.request, None)  # still there if the answer to a READ was not data
            if future is None:
                self.lose("sent an answer to no question")
                return
            if not future.done():  # done means cancelled: nobody waits for it any more
                future.set_result(reply)
        self._due = bool(self._pending)

    def _silent(self) -> bool:
        if not self._due:
            return False
        now = time.monotonic()
        if now - self._heard > self._timeout * PATIENCE or now - max(self._heard, self._alive) > self._timeout:
            return True
        if now - max(self._heard, self._alive) > self._timeout / 3 and not self._probing:
            self._probing = True
            threading.Thread(target=self._probe, name="share-probe", daemon=True).start()
        return False

    def _probe(self) -> None:
        """Ask for a sign of life below SFTP."""
        if self.pipe.alive():
            self._alive = time.monotonic()
        self._probing = False

    # --- ending ------------------------------------------------------------------------------------------------------

    def lose(self, why: str) -> ShareUnreachable:
        """Give up the connection: every request in flight, and every later one, ends with this ShareUnreachable."""
        if self._lost is None:
            self._lost = why
            self._due = False
            self._outbox.clear()
            self.pipe.close()
            pending, self._pending = list(self._pending.values()), {}
            for future in [*pending, self._greeted]:
                if not future.done():
                    future.set_exception(self._loss())
                    future.exception()  # read here, since nobody may be waiting any more
        return self._loss()

    def _loss(self) -> ShareUnreachable:
        return ShareUnreachable(
            f"The connection to the share {self._lost}. Photos that could not be checked stay on this laptop and will "
            "be sent again."
        )

    def close(self) -> None:
        """End the conversation; more than once does no harm."""
        self._closed = True
        self.pipe.close()
        if self._thread.is_alive():
            self._thread.join(LOOK_AFTER * 4)
        elif self._thread.ident is None:  # never started
            self.pipe.release()
