"""From a server's address to an SFTP session that is ready for use."""

import asyncio
import threading
from typing import TYPE_CHECKING

from agent.share.connection import open_channel
from agent.share.server import Server
from agent.share.session import Session

if TYPE_CHECKING:
    from paramiko import Channel, Transport


async def connect(server: Server) -> Session:
    """A session that has greeted. Raises as `open_channel` and `Session.greet` do."""
    transport, channel = await _opened(server)
    try:
        session = Session(transport, channel, server.timeout)
        await session.greet()
    except BaseException:
        transport.close()
        raise
    return session


def _opened(server: Server) -> "asyncio.Future[tuple[Transport, Channel]]":
    """The outcome of `open_channel` on a thread that nobody has to wait for; unwanted, it is closed when it comes."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[tuple[Transport, Channel]] = loop.create_future()

    def tell(opened: "tuple[Transport, Channel] | Exception") -> None:
        if isinstance(opened, Exception):
            if not outcome.done():
                outcome.set_exception(opened)
        elif outcome.done():
            opened[0].close()
        else:
            outcome.set_result(opened)

    def work() -> None:
        try:
            opened: tuple[Transport, Channel] | Exception = open_channel(server)
        except Exception as fault:  # noqa: BLE001  # goes to whoever waits
            opened = fault
        try:
            loop.call_soon_threadsafe(tell, opened)
        except RuntimeError:  # the loop has ended, and with it everybody who could want it
            if not isinstance(opened, Exception):
                opened[0].close()

    threading.Thread(target=work, name="share-connect", daemon=True).start()
    return outcome
