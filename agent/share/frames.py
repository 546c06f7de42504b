"""Cutting the byte stream of a session into replies. A photo's content goes straight to its sink, unstored."""

import struct
from collections.abc import Callable, Iterator
from typing import Protocol

from agent.share.wire import LARGEST_PACKET, Malformed, PacketType, Reply

_HEAD = 9  # bytes: length, type, request id
_SIZED = 13  # plus, in a DATA packet, the length of its string


class Sink(Protocol):
    """Takes the content of a DATA reply on the receiving thread, before the loop is notified."""

    def feed(self, offset: int, data: bytes | memoryview) -> None:
        """Some of the bytes at `offset`; replies may come in any order. A view is good only during the call."""


def _no_sink(_: int) -> tuple[Sink, int] | None:
    """For a stream in which every reply is stored in full."""
    return None


class Frames:
    """Stores a half-received packet between calls. `sink` says where the content of a request's DATA reply goes, and at
    which offset it starts; the body of such a reply is only the content's length, in eight bytes.
    """

    def __init__(self, sink: Callable[[int], tuple[Sink, int] | None] = _no_sink) -> None:
        self._sink_of = sink
        self._buffer = bytearray()
        self._streaming: tuple[Sink, int, int, Reply] | None = None  # with the offset, bytes missing, and the reply

    def feed(self, data: bytes | memoryview) -> Iterator[Reply]:
        """The replies that are complete with `data`. Raises `Malformed` on a length that no server sends."""
        view, at = memoryview(data), 0
        while True:
            if self._streaming is not None:
                at, reply = self._stream(view, at)
                if reply is None:
                    return
                yield reply
            if not self._buffer and self._begins(view[at : at + _SIZED]):
                at += _SIZED
                continue
            # Little is stored from here on: replies other than DATA are short, or only part of a head.
            missing = self._missing()
            taken = view[at : at + missing]
            if not taken and missing:
                return
            self._buffer += taken
            at += len(taken)
            if len(taken) < missing:
                return
            if self._begins(self._buffer):
                self._buffer.clear()
            elif self._missing() == 0:
                yield self._whole()

    def _missing(self) -> int:
        """Bytes still needed before parsing can continue."""
        have = len(self._buffer)
        if have < _HEAD:
            return _HEAD - have
        length, kind, _ = struct.unpack_from(">IBI", self._buffer)
        if not 5 <= length <= LARGEST_PACKET:
            if bytes(self._buffer[:4]).decode("latin-1").isprintable():  # the usual fault in setting up a server
                raise Malformed("it sends a text first; tell IT to switch off what the server writes at log-in")
            raise Malformed(f"a packet of {length} bytes")
        end = int(length) + 4
        if have < _SIZED and kind == PacketType.DATA and end >= _SIZED:
            return _SIZED - have
        return end - have

    def _begins(self, head: bytearray | memoryview) -> bool:
        """Whether these bytes are exactly the head of a DATA reply that goes to a sink."""
        if len(head) != _SIZED or head[4] != PacketType.DATA:
            return False
        length, kind, number, size = struct.unpack(">IBII", head)
        if not _SIZED - 4 <= length <= LARGEST_PACKET or size != length - (_SIZED - 4):
            return False
        sink = self._sink_of(number)
        if sink is None:
            return False
        self._streaming = (*sink, size, Reply(kind, number, size.to_bytes(8, "big")))
        return True

    def _stream(self, view: memoryview, at: int) -> tuple[int, Reply | None]:
        assert self._streaming is not None  # noqa: S101  # its only caller has looked
        sink, offset, missing, reply = self._streaming
        piece = view[at : at + missing]
        if piece:
            sink.feed(offset, piece)
        left = missing - len(piece)
        self._streaming = (sink, offset + len(piece), left, reply) if left else None
        return at + len(piece), None if left else reply

    def _whole(self) -> Reply:
        _, kind, number = struct.unpack_from(">IBI", self._buffer)
        reply = Reply(kind, number, bytes(memoryview(self._buffer)[_HEAD:]))
        self._buffer.clear()
        return reply
