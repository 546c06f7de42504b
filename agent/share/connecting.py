"""From a server to a session that has greeted."""

import asyncio
from typing import TYPE_CHECKING

from agent.share.connection import open_channel
from agent.share.server import Server
from agent.share.session import Session

if TYPE_CHECKING:
    from paramiko import Channel, Transport


async def connect(server: Server) -> Session:
    """A session that has greeted. Raises as `open_channel` and `Session.greet` do."""
    opening = asyncio.get_running_loop().run_in_executor(None, open_channel, server)
    try:
        transport, channel = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_again)  # a thread cannot be stopped, and paramiko lives on by itself
        raise
    try:
        session = Session(transport, channel, server.timeout)
        await session.greet()
    except BaseException:
        transport.close()
        raise
    return session


def _close_again(opened: "asyncio.Future[tuple[Transport, Channel]]") -> None:
    """Nobody waits for this connection any more, or wants to know why there is none."""
    if not opened.cancelled() and opened.exception() is None:
        opened.result()[0].close()
