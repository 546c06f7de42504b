"""How a proven file gets its final name without ever replacing one.

By hardlink@openssh.com, followed by removing the temporary name, if the server has it: on every server, a link never
replaces what is there, while a version 3 RENAME does so on some. Otherwise by RENAME (exclusive on OpenSSH) after
checking that nothing has the name, believed only if the temporary name is gone. posix-rename@openssh.com, which
overwrites, is never used.

A server's OK is not believed: `finalcheck` then looks at what has the final name.
"""

import logging

from agent.errors import NotProven
from agent.share import wire
from agent.share.faults import Refused
from agent.share.manners import Manners
from agent.share.session import Session
from agent.share.streams import DIFFERENT

NAMING = "name the photo"

log = logging.getLogger(__name__)


async def give_name(session: Session, manners: Manners, temporary: bytes, path: bytes) -> bool:
    """Give the file at `temporary` the name `path`, as an additional or new name; returns whether `temporary` may
    remain.

    `Refused` if something is at `path`, or the server refuses; `NotProven` if the server only claims success.
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
    try:
        await session.ask(wire.rename(temporary, path), NAMING)
    except Refused as refused:
        if manners.removes or manners.links or not session.offers(wire.HARDLINK):
            raise
        # A server that removes nothing may rename nothing either: then a second name that stays is better than none.
        await session.ask(wire.extended(wire.HARDLINK, temporary, path), NAMING)
        manners.cannot("renames", refused)
        manners.links = True
        return True
    if await session.lstat(temporary) is not None:  # then the file with the final name is not ours
        raise NotProven(DIFFERENT)
    return False
