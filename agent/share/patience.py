"""Waiting for a new file that something on the server holds: on Windows a virus scanner has it for some seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.share.faults import Refused
from agent.share.session import Session

PAUSES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each try

T = TypeVar("T")


async def patiently(session: Session, attempt: Callable[[], Awaitable[T]]) -> T:
    """The outcome of `attempt`, made again for a while where it is refused; at once where the server is OpenSSH's own.

    Raises the last `Refused`, or the first where the file is not there.
    """
    for pause in PAUSES[:-1]:
        await asyncio.sleep(pause)
        try:
            return await attempt()
        except Refused as refused:
            if refused.missing or session.is_openssh:
                raise
    await asyncio.sleep(PAUSES[-1])
    return await attempt()
