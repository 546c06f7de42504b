"""A server that pauses, say for a disk that spins up, is waited for."""

import asyncio
import time

from agent.share import wire
from agent.share.connecting import connect
from agent.share.wire import Flag
from tests.integration.share.opening import server_of
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import OpenSSH

PIECE = bytes(200_000)
PIECES = 40  # more than any window that sshd gives


def test_a_server_that_takes_nothing_for_a_while_is_waited_for(sshd: OpenSSH) -> None:  # noqa: F811
    async def scenario() -> None:
        session = await connect(server_of(sshd))
        path = str(sshd.disk / "file").encode()
        handle = await session.open_file(path, Flag.WRITE | Flag.CREAT | Flag.EXCL, "make a file")
        sshd.freeze_sessions()
        thaw = asyncio.get_running_loop().run_in_executor(None, lambda: (time.sleep(2), sshd.thaw_sessions()))
        writes = [session.send(wire.write(handle, n * len(PIECE), PIECE)) for n in range(PIECES)]
        for write in writes:
            session.judge(wire.write(b"", 0, b""), await write, "write a file")
        await thaw
        await session.let_go(handle)
        await asyncio.to_thread(session.close)

    asyncio.run(scenario())
    assert (sshd.disk / "file").stat().st_size == PIECES * len(PIECE)
