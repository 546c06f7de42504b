"""How a proven file gets its final name without ever replacing one.

By hardlink@openssh.com, and removal of the temporary name, where the server has it: a link never replaces what is
there, whichever server makes it, while a version 3 RENAME does so on some. Else by RENAME (exclusive on OpenSSH) after
a look that nothing is there, believed only if the temporary name is gone. posix-rename@openssh.com, which overwrites,
is never used.

A server's OK is not believed: `finalcheck` looks at what is under the name then.
"""

import logging

from agent.errors import NotProven
from agent.share import wire
from agent.share.faults import Refused
from agent.share.manners import Manners
from agent.share.session import Session
from agent.share.streams import DIFFERENT

NAMING = "the naming of the photo"

log = logging.getLogger(__name__)


async def give_name(session: Session, manners: Manners, temporary: bytes, path: bytes) -> bool:
    """Name the file at `temporary` also, or instead, `path`; whether `temporary` may still be there.

    `Refused` where something is at `path`, or where the server refuses; `NotProven` where it only says it did.
    """
    if manners.links and session.offers(wire.HARDLINK):
        try:
            await session.ask(wire.extended(wire.HARDLINK, temporary, path), NAMING)
        except Refused as refused:
            if not manners.renames or await session.lstat(path) is not None:
                raise
            log.debug("no hard links on the share: %s", refused)
            manners.links = False
        else:
            return True
    if await session.lstat(path) is not None:
        raise Refused(NAMING, wire.Code.FAILURE, "")
    await session.ask(wire.rename(temporary, path), NAMING)
    if await session.lstat(temporary) is not None:  # then what lies under the final name is not ours
        raise NotProven(DIFFERENT)
    return False
