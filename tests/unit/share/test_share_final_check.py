"""Names that wait to be opened for their last check: however the answers come back, none is left waiting."""

import asyncio
import random
from typing import Any

import pytest

from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.share import wire
from agent.share.finalcheck import FinalCheck
from agent.share.pool import PooledConnection
from agent.share.samples import Samples
from agent.share.wire import Attributes, PacketType, Reply

A_FILE = Attributes(size=1, permissions=0o100644)
MEANT = Fingerprint(Sha256("0" * 64), 1)


class InOrder:
    """As much of a session and of its folders as is asked here: it answers in order, some turns of the loop later."""

    is_openssh = True
    limits = wire.ServerLimits()

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.stating: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stating.set_result(None)
        self._asked: list[asyncio.Future[Any]] = []
        self.opened = self.closed = 0
        self._answering = asyncio.create_task(self._answer())

    async def _answer(self) -> None:
        while True:
            for _ in range(self._chance.randrange(4)):
                await asyncio.sleep(0)
            batch, self._asked = self._asked, []
            for one in batch:
                if not one.done():
                    one.set_result(Reply(1, PacketType.HANDLE, b""))
            await asyncio.sleep(0)

    def send(self, request: object) -> "asyncio.Future[Reply]":
        self.opened += request is not None
        self._asked.append(asyncio.get_running_loop().create_future())
        return self._asked[-1]

    def look(self, _: object) -> Any:  # of a session at a path, and of the folders at each folder
        return self.send(None)

    async def seen(self, _: Reply) -> Attributes:
        return A_FILE

    def judge(self, _: object, reply: Any, *_about: object) -> Any:
        return reply

    def dismiss(self, _: bytes) -> None:
        self.closed += 1

    async def all_closed(self) -> None:
        pass

    def read_as(self, *_: object) -> bytes:
        return b"handle"


class Folders:
    """Folders that are in order."""

    def __init__(self, session: InOrder) -> None:
        self._session = session

    def look(self, _: str) -> "list[asyncio.Future[Reply]]":
        return [self._session.send(None)]

    async def judge(self, _: str, looks: "list[asyncio.Future[Reply]]") -> None:
        await asyncio.gather(*looks)


@pytest.mark.parametrize("cancelled", [0.0, 0.5])
def test_no_name_is_left_waiting_and_no_file_open(cancelled: float) -> None:
    async def scenario(chance: random.Random) -> None:
        session = InOrder(chance)
        connection: Any = PooledConnection(session)  # type: ignore[arg-type]
        check = FinalCheck(connection, Folders(session))  # type: ignore[arg-type]

        async def one(n: int) -> None:
            await turns(60)
            await check.check("visits/museum", b"photo-%d" % n, MEANT, Samples.none())

        async def turns(most: int) -> None:
            for _ in range(chance.randrange(most)):
                await asyncio.sleep(0)

        checks = [asyncio.create_task(one(n)) for n in range(30)]
        for check_ in checks:
            if chance.random() < cancelled:
                await turns(20)
                check_.cancel()
        ends = await asyncio.wait_for(asyncio.gather(*checks, return_exceptions=True), 5)
        assert {type(end) for end in ends} <= {type(None), asyncio.CancelledError}
        await asyncio.sleep(0.001)
        assert session.closed == session.opened
        async with asyncio.timeout(5), connection.check_handles.hold(8):
            pass

    for seed in range(150):
        asyncio.run(scenario(random.Random(seed)))
