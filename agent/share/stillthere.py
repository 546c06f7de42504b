"""Whether the share still holds what was proven on it in an earlier run: every file is read back in full.

If a server does not state a file's type or size, this is not a sign of a change: the content decides.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from agent.errors import NotProven
from agent.model.proof import Proof
from agent.share.faults import Refused
from agent.share.names import folder_of
from agent.share.port import Still
from agent.share.readback.reader import Reader
from agent.share.remotefolders import RemoteFolders
from agent.share.session import Session
from agent.share.streams import Progress
from agent.share.syncing import Syncing

AT_ONCE = 8  # files read at the same time; the readers' windows limit the bytes


async def still_there(
    session: Session,
    folders: RemoteFolders,
    reading: Callable[[int], Awaitable[Reader]],
    proofs: Sequence[Proof],
    syncing: Syncing | None,
) -> list[Still]:
    """An answer for each proof, in their order. Raises ShareUnreachable."""
    turn = asyncio.Semaphore(AT_ONCE)
    real: dict[str, asyncio.Task[Still]] = {}

    async def folder(name: str) -> Still:
        """Whether this folder, and each above it, is a real folder: a link may lead to somebody else's."""
        above = name.rpartition("/")[0]
        if above and (found := await known(above)) is not Still.HOLDS:
            return found
        about = await session.lstat(folders.path(name))
        if about is None:
            return Still.GONE
        return Still.HOLDS if about.is_folder or not about.says_type else Still.DIFFERENT

    def known(name: str) -> "asyncio.Task[Still]":
        if name not in real:
            real[name] = asyncio.create_task(folder(name))
        return real[name]

    async def one(proof: Proof) -> Still:
        async with turn:
            try:
                if (above := await known(folder_of(proof.name))) is not Still.HOLDS:
                    return above
                return await _held(proof, session, folders, reading, syncing)
            except NotProven:
                return Still.DIFFERENT
            except Refused as refused:
                return Still.GONE if refused.missing else Still.UNREADABLE

    return list(await asyncio.gather(*map(one, proofs)))


async def _held(
    proof: Proof,
    session: Session,
    folders: RemoteFolders,
    reading: Callable[[int], Awaitable[Reader]],
    syncing: Syncing | None,
) -> Still:
    """Whether this file, in a real folder, is what was proven. Raises `NotProven`, `Refused`."""
    path = folders.path(proof.name)
    about = await session.lstat(path)
    if about is None:
        return Still.GONE
    if not about.is_file or about.size not in {proof.held.size, None}:
        return Still.DIFFERENT
    if syncing is not None and not proof.synced and not await syncing.file_and_name(proof.name):
        return Still.DISK_FAILED if proof.name in syncing.disk_failed else Still.NOT_SYNCED
    reader = await reading(proof.held.size)
    held = await reader.read(path, proof.held.size, Progress(proof.held.size))
    return Still.HOLDS if held == proof.held else Still.DIFFERENT
