"""A file's bytes up and down one session: pipelined, within a window, every reply checked.

Up, each WRITE must be confirmed. Down, every byte is requested once its WRITE is confirmed, hashed in order, and one
read past the end must find nothing, so that a file that is too long is noticed as well as one that is too short.
"""

import asyncio
import functools
import hashlib
from collections import deque
from collections.abc import Callable

from agent.errors import NotProven
from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.share import wire
from agent.share.faults import Refused
from agent.share.pacing import Bucket, Window
from agent.share.session import Session
from agent.share.source import LocalSource
from agent.share.wire import Code, Reply

_A_WRITE = wire.write(b"", 0, b"")
_A_READ = wire.read(b"", 0, 0)

DIFFERENT = (
    "The photo on the share differs from the one that was sent. The photo stays on this laptop and will be "
    "sent again. If this happens again, tell IT, since the share may be damaging files."
)

SHORT, SHORTEST = 100, 1024  # how many replies may be short: this many, plus one for each so many bytes
DRIBBLES = (
    "The share returns the photo in pieces too small to be read. The photo stays on this laptop and will be sent "
    "again. Tell IT which server this is."
)


class Progress:
    """How many bytes of a file are confirmed, from its start, for the reader that follows."""

    def __init__(self, upto: int = 0) -> None:
        self.upto = upto  # bytes
        self._waiting: list[asyncio.Future[None]] = []

    def confirm(self, upto: int) -> None:
        """Note that the bytes before `upto` are confirmed."""
        self.upto = max(self.upto, upto)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def beyond(self, offset: int) -> int:
        """Wait until more than `offset` bytes are confirmed; returns how many are."""
        while self.upto <= offset:
            self._waiting.append(asyncio.get_running_loop().create_future())
            await self._waiting[-1]
        return self.upto


async def write_all(
    session: Session,
    handle: bytes,
    source: LocalSource,
    span: range,
    window: Window,
    bucket: Bucket,
    sending: Callable[[int, bytes], None],
    confirmed: Callable[[int], None],
    all_under_way: Callable[[], None],
) -> Fingerprint:
    """Send the bytes in `span` of `source`, which is at its start, to an open handle.

    Returns the fingerprint of the whole source, once the server has confirmed every write. `sending` is called with
    each piece and its offset before it is sent; `confirmed` with each piece's length, in the order of the file;
    `all_under_way` once the last write has been handed over, before it is confirmed. Raises `LocalFault` if the source
    is not what was expected, `Refused` for the first write that failed.
    """
    under_way: deque[tuple[int, asyncio.Future[Reply]]] = deque()

    def confirm() -> None:
        units, future = under_way.popleft()
        session.judge(_A_WRITE, future.result(), "write the photo")
        confirmed(units)

    try:
        offset = span.start
        while offset < span.stop:
            units = min(bucket.piece(session.write_length), span.stop - offset)
            await window.take(units)
            try:
                data = source.read(units)
                await bucket.pause(len(data))
            except BaseException:
                window.give(units)
                raise
            sending(offset, data)
            future = session.send(wire.write(handle, offset, data))
            future.add_done_callback(functools.partial(_give_back, window, units))
            under_way.append((units, future))
            offset += units
            while under_way and under_way[0][1].done():  # so that a refusal ends it here, not after the whole file
                confirm()
        all_under_way()
        while under_way:
            await under_way[0][1]
            confirm()
    finally:
        # Wait for the replies in flight before the handle is closed.
        await asyncio.gather(*(future for _, future in under_way), return_exceptions=True)
    return source.sent()


def _give_back(window: Window, units: int, _: object) -> None:
    window.give(units)


class Hasher:
    """SHA-256 over pieces that may come out of order; fed by one thread.

    With `start`, a length and the SHA-256 of that many first bytes, `astray` says whether the first bytes were
    different; a piece must then end there.
    """

    def __init__(self, start: tuple[int, str] | None = None) -> None:
        self.astray = False
        self._start = start
        self._hash = hashlib.sha256()
        self._next = 0
        self._early: dict[int, bytes] = {}

    def feed(self, offset: int, data: bytes | memoryview) -> None:
        """Take the bytes at `offset`."""
        if offset != self._next:
            self._early[offset] = bytes(data)
            return
        piece: bytes | memoryview | None = data
        while piece:
            self._hash.update(piece)
            self._next += len(piece)
            if self._start is not None and self._next == self._start[0]:
                self.astray = self._hash.hexdigest() != self._start[1]
            piece = self._early.pop(self._next, None)

    def fingerprint(self) -> Fingerprint:
        """The fingerprint of all bytes from 0 without a gap."""
        return Fingerprint(Sha256(self._hash.hexdigest()), self._next)


async def read_back(
    session: Session,
    handle: bytes,
    size: int,
    window: Window,
    progress: Progress,
    known: tuple[int, str] | None = None,
) -> Fingerprint:
    """The fingerprint of the whole file behind a handle, every byte read, none before it is confirmed.

    `NotProven` unless it has `size` bytes. If the length and SHA-256 of its start are known, also as soon as its start
    turns out to be different.
    """
    hasher = Hasher(known)
    under_way: deque[tuple[int, int, asyncio.Future[Reply]]] = deque()
    step, offset = session.read_length, 0
    border = 0 if known is None else known[0]  # no piece crosses it

    async def ask(offset: int, length: int) -> None:
        await window.take(length)
        future = session.send(wire.read(handle, offset, length), (hasher, offset))
        future.add_done_callback(functools.partial(_give_back, window, length))
        under_way.append((offset, length, future))

    short = 0  # replies with less than was requested
    past_end: asyncio.Future[Reply] | None = None
    try:
        while True:
            there = min(size, progress.upto if under_way else await progress.beyond(offset) if offset < size else size)
            while offset < there and (len(under_way) < 2 or not under_way[0][2].done()):
                length = min(step, there - offset, border - offset if offset < border else size)
                await ask(offset, length)
                offset += length
            if past_end is None and offset >= size:  # requested along with the last bytes, checked after them
                await window.take(1)
                past_end = session.send(wire.read(handle, size, 1), (hasher, size))
                past_end.add_done_callback(functools.partial(_give_back, window, 1))
            if not under_way:
                break
            start, length, future = under_way.popleft()
            got = _length(session, await future)
            if got is None or got > length or hasher.astray:
                raise NotProven(DIFFERENT)
            if got < length:  # a server may give less than asked (filexfer-02, section 6.4): ask for the rest
                short += 1
                if short > SHORT + size // SHORTEST:
                    raise NotProven(DRIBBLES)
                await ask(start + got, length - got)
        if past_end is None or _length(session, await past_end) is not None:
            raise NotProven(DIFFERENT)
    finally:
        left = [future for _, _, future in under_way]
        await asyncio.gather(*left, *([] if past_end is None else [past_end]), return_exceptions=True)
    return hasher.fingerprint()


async def read_piece(session: Session, handle: bytes, offset: int, length: int, window: Window) -> bytes:
    """The `length` bytes at `offset`, fewer if the file ends before."""
    found = b""
    while len(found) < length:
        missing = length - len(found)
        async with window.hold(missing):
            reply = await session.send(wire.read(handle, offset + len(found), missing))
        try:
            session.judge(_A_READ, reply, "read back the photo")
        except Refused as refused:
            if refused.code == Code.EOF:
                break
            raise
        piece = session.read_as(wire.one_string, reply)
        if not piece or len(piece) > missing:
            break
        found += piece
    return found


def _length(session: Session, reply: Reply) -> int | None:
    """How many bytes a READ brought; None at the end of the file."""
    try:
        session.judge(_A_READ, reply, "read back the photo")
    except Refused as refused:
        if refused.code == Code.EOF:
            return None
        raise
    return int.from_bytes(reply.body, "big") or None
