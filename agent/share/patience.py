"""Waiting for a new file that something on the server holds: on Windows a virus scanner holds it for some seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.share.faults import Refused
from agent.share.session import Session

PAUSES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each try

T = TypeVar("T")


async def patiently(session: Session, attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of `attempt`, repeated for a while if it is refused; OpenSSH's own server gets a single attempt.

    Raises the last `Refused`, or the first if the file is missing.
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
