"""Files are written to the server's disk: while they are sent, and, with their names, when they have them.

Not every server can do the same here. On Windows a file must be open for writing; some servers open no folders, and
then the file alone is synced, by which most file systems write its name too.
"""

import logging
from dataclasses import dataclass

from agent.model.ids import RemoteName
from agent.share import wire
from agent.share.faults import Refused
from agent.share.manners import Manners
from agent.share.names import folder_of
from agent.share.pool import PooledConnection
from agent.share.remotefolders import RemoteFolders
from agent.share.session import Session
from agent.share.wire import Code, Flag, Reply, Request

log = logging.getLogger(__name__)


class DiskFailed(Exception):
    """The server could not write a file to its disk. What it says later about the same file proves nothing."""


def was_synced(session: Session, manners: Manners, request: Request, reply: Reply) -> bool:
    """Whether a file that was just sent is on disk. A server that offers fsync and does not know it is one without.

    Raises Refused.
    """
    try:
        session.judge(request, reply, "write the photo to its disk")
    except Refused as refused:
        if not refused.unsupported:  # it worked until now: the disk is full, or failing
            raise
        log.info("the share offers fsync, but cannot do it: %s", refused)
        manners.cannot("fsync", refused)
        return False
    return True


@dataclass(frozen=True, slots=True)
class Syncing:
    """Has files that have their names written to disk, over one connection."""

    connection: PooledConnection
    folders: RemoteFolders

    async def file(self, path: bytes) -> bool:
        """Whether the server has written the file to its disk; False if it cannot be asked. `DiskFailed` if it failed.

        It is asked once. If a disk fails, Linux forgets what it could not write, and says the next time that all is
        well. So only a server that may refuse because the file is open for reading is asked in another way.
        """
        session = self.connection.session
        if not session.offers(wire.FSYNC):
            return False
        async with self.connection.check_handles.hold(1):
            for flag in (Flag.READ,) if session.is_openssh else (Flag.WRITE, Flag.READ):
                try:
                    handle = await session.open_file(path, flag, "open the photo")
                except Refused:  # files on some servers cannot be opened for writing a second time
                    continue
                try:
                    await session.fsync(handle)
                except Refused as refused:
                    if refused.code == Code.FAILURE:
                        raise DiskFailed from refused
                    return False
                else:
                    return True
                finally:
                    await session.let_go(handle)
        return False

    async def file_and_name(self, name: RemoteName) -> bool:
        """Whether the server has written both to its disk. Raises as `file`."""
        if not await self.file(self.folders.path(name)):
            return False
        await self.folders.sync(folder_of(name))  # if it cannot sync a folder, the file's own sync has to do
        return True
