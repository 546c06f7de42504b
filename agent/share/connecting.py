"""From a server to a session that has greeted."""

import asyncio

from agent.share.connection import open_channel
from agent.share.server import Server
from agent.share.session import Session


async def connect(server: Server) -> Session:
    """A session that has greeted. Raises as `open_channel` and `Session.greet` do."""
    transport, channel = await asyncio.to_thread(open_channel, server)
    try:
        session = Session(transport, channel, server.timeout)
        await session.greet()
    except BaseException:
        transport.close()
        raise
    return session
