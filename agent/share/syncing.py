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


@dataclass(frozen=True, slots=True)
class Syncing:
    """Has files written to disk. `connection` is for those that have their names; `disk_failed` is that of `Share`."""

    connection: PooledConnection
    folders: RemoteFolders
    disk_failed: set[RemoteName]

    def was_sent(self, name: RemoteName, session: Session, manners: Manners, request: Request, reply: Reply) -> bool:
        """Whether a file just sent is on disk, by the reply to its fsync. Refused: the disk is full or failing.

        A server that offers fsync and does not know it counts as one without.
        """
        try:
            session.judge(request, reply, "write the photo to its disk")
        except Refused as refused:
            if not refused.unsupported:
                self.disk_failed.add(name)
                raise
            log.info("the share offers fsync, but cannot do it: %s", refused)
            manners.cannot("fsync", refused)
            return False
        return True

    async def file(self, name: RemoteName) -> bool:
        """Whether the server has written the file to its disk; False if it cannot be asked, or failed, now or earlier.

        It is asked once. If a disk fails, Linux forgets what it could not write, and says the next time that all is
        well. So only a server that may refuse because the file is open for reading is asked in another way.
        """
        session = self.connection.session
        if name in self.disk_failed or not session.offers(wire.FSYNC):
            return False
        path = self.folders.path(name)
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
                        self.disk_failed.add(name)
                    return False
                else:
                    return True
                finally:
                    await session.let_go(handle)
        return False

    async def file_and_name(self, name: RemoteName) -> bool:
        """Whether the server has written both to its disk, as `file`."""
        return await self.file(name) and (await self._folder(name) or name not in self.disk_failed)

    async def name(self, name: RemoteName) -> bool:
        """Whether the server has written the name of a file to its disk, as `file`."""
        return await self._folder(name) or await self.file(name)

    async def _folder(self, name: RemoteName) -> bool:
        """Whether the folder was synced. If the server cannot do that, the file's own sync has to do."""
        folder = folder_of(name)
        if await self.folders.sync(folder):
            return True
        if self.folders.disk_failed(folder):
            self.disk_failed.add(name)
        return False
