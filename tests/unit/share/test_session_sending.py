"""What a session hands to its pipe: every byte in order, however little is taken, and a photo's bytes not copied."""

import asyncio
import gc
import logging
import random
from collections import deque

import pytest

from agent.errors import ShareUnreachable
from agent.share import wire
from agent.share.pipe import SMALL, few
from agent.share.session import Session
from agent.share.wire import PacketType, Reply


class Picky:
    """A pipe that takes chance amounts, and now and then nothing."""

    software = "SSH-2.0-Test"
    maker = "a test"

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.taken = b""

    def send(self, *data: memoryview) -> int:
        if self.chance.random() < 0.2:
            raise TimeoutError
        whole = b"".join(data)
        some = whole[: self.chance.randint(1, len(whole))]
        self.taken += some
        return len(some)

    def close(self) -> None:
        raise AssertionError("the connection was ended")


@pytest.mark.parametrize("seed", range(20))
def test_all_bytes_go_in_order_however_little_is_taken(seed: int) -> None:
    chance = random.Random(seed)
    parts = [chance.randbytes(chance.choice((1, 30, SMALL - 1, SMALL, 255 * 1024))) for _ in range(30)]
    pipe = Picky(seed)

    async def flush() -> None:
        session = Session(pipe, 10.0)  # type: ignore[arg-type]  # all of a pipe that is used here
        session._outbox = deque(parts)
        session._flush()
        while session._outbox:
            await asyncio.sleep(0)

    asyncio.run(flush())
    assert pipe.taken == b"".join(parts)


def test_small_pieces_are_put_together_and_large_ones_not_copied() -> None:
    large = bytes(255 * 1024)
    views = few([b"head", large, b"head", b"more"])
    assert [bytes(view) for view in views] == [b"head", large, b"headmore"]
    assert views[1].obj is large


class Ended(Picky):
    """A pipe whose connection may end."""

    def close(self) -> None:
        pass


def test_requests_after_the_end_of_a_connection_leave_no_complaint_behind(caplog: pytest.LogCaptureFixture) -> None:
    """A caller sends several at once, and stops at the first error."""

    async def two_at_once() -> None:
        session = Session(Ended(0), 10.0)  # type: ignore[arg-type]  # all of a pipe that is used here
        session.lose("was lost")
        requests = [session.send(wire.open_file(b"/a", 1)) for _ in range(2)]
        with pytest.raises(ShareUnreachable, match="was lost"):
            await requests[0]
        del requests
        gc.collect()

    with caplog.at_level(logging.ERROR, "asyncio"):
        asyncio.run(two_at_once())
    assert caplog.text == ""


def test_where_one_file_may_be_open_the_next_waits_until_the_last_is_closed() -> None:
    async def closing() -> None:
        session = Session(Ended(0), 10.0)  # type: ignore[arg-type]  # all of a pipe that is used here
        sent: list[wire.Request] = []
        replies: list[asyncio.Future[Reply]] = []

        def send(request: wire.Request) -> "asyncio.Future[Reply]":
            sent.append(request)
            replies.append(asyncio.get_running_loop().create_future())
            return replies[-1]

        session.send = send  # type: ignore[method-assign,assignment]
        session.one_open = True
        session.dismiss(b"first")
        opening = asyncio.create_task(session.open_file(b"/b", 1, "open a file"))
        await asyncio.sleep(0.01)
        assert sent == [wire.on_handle(PacketType.CLOSE, b"first")]
        replies[0].set_result(Reply(1, PacketType.STATUS, b""))
        await asyncio.sleep(0.01)
        assert sent[1:] == [wire.open_file(b"/b", 1)]
        opening.cancel()

    asyncio.run(closing())
