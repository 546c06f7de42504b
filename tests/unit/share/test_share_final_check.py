"""Names that wait to be opened for their last check: however the answers come back, none is left waiting."""

import asyncio
import random
from typing import Any

from agent.share import wire
from agent.share.finalcheck import FinalCheck
from agent.share.pool import PooledConnection
from agent.share.wire import Attributes, PacketType, Reply

A_FILE = Attributes(size=1, permissions=0o100644)


class InOrder:
    """As much of a session and of its folders as is asked here: it answers in order, some turns of the loop later."""

    is_openssh = True
    limits = wire.ServerLimits()

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.stating: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stating.set_result(None)
        self._asked: list[asyncio.Future[Any]] = []
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

    def send(self, _: object) -> "asyncio.Future[Reply]":
        self._asked.append(asyncio.get_running_loop().create_future())
        return self._asked[-1]

    def look(self, _: object) -> Any:  # of a session at a path, and of the folders at each folder
        return self.send(None)

    async def seen(self, _: Reply) -> Attributes:
        return A_FILE

    def judge(self, _: object, reply: Any, *_about: object) -> Any:
        return reply

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


def test_no_name_is_left_waiting() -> None:
    async def scenario(chance: random.Random) -> int:
        session = InOrder(chance)
        connection: Any = PooledConnection(session)  # type: ignore[arg-type]
        check = FinalCheck(connection, Folders(session))  # type: ignore[arg-type]

        async def one(n: int) -> bool:
            for _ in range(chance.randrange(60)):
                await asyncio.sleep(0)
            opened = await check.open("visits/museum", b"photo-%d" % n)
            opened.room.give(1)
            return opened.about is A_FILE

        return sum(await asyncio.wait_for(asyncio.gather(*map(one, range(30))), 5))

    for seed in range(150):
        assert asyncio.run(scenario(random.Random(seed))) == 30
