"""Removes from the share this device's own temporary files, left by broken transfers: by name, and where it may list.

Nothing else is removed: no file with a final name, no other device's file, and no large one that a later transfer goes
on with. If the server refuses to remove one, the others are still tried; then the first refusal is raised.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from itertools import product

from agent.model.ids import TransferId
from agent.share import wire
from agent.share.engine import Engine
from agent.share.faults import Refused
from agent.share.listing import listing
from agent.share.names import own_temporary, temporary_name
from agent.share.pool import LARGE
from agent.share.port import HalfSent
from agent.share.tryout import OWN
from agent.share.upload import OTHER

LOOKS = 8  # folders listed at once
TOP = ("visits", "record")  # where this program writes, one level of folders below each

log = logging.getLogger(__name__)


async def sweep_by_name(engine: Engine, device: str, keep: Collection[TransferId], known: Iterable[HalfSent]) -> int:
    """Look for the temporary names of these transfers; returns how many were removed. Raises Refused."""
    removed = 0
    stayed: list[Refused] = []
    for left in known:
        numbers = (*range(left.files), *range(OTHER, OTHER + left.files))
        for n, plain in product(numbers, (False, True)):
            name = temporary_name(device, left.transfer, n, plain=plain)
            path = engine.folders.path(f"{left.folder}/{name}")
            try:
                about = await engine.session.lstat(path)
                if about is None:
                    continue
                if about.is_file and not (left.transfer in keep and (about.size or 0) >= LARGE):
                    removed += await engine.session.remove(path)
            except Refused as refused:
                engine.found.did_not_remove(refused)
                stayed.append(refused)
    if stayed:
        raise stayed[0]
    return removed


async def sweep(engine: Engine, device: str, keep: Collection[TransferId]) -> int:
    """Look through the folders that this device may list; returns how many were removed. Raises Refused."""
    looking = asyncio.Semaphore(LOOKS)
    stayed: list[Refused] = []

    async def below(folder: str) -> int:
        async with looking:
            return await clear(folder, await names_in(engine, folder))

    async def clear(folder: str, inside: list[tuple[str, wire.Attributes]]) -> int:
        removed = 0
        for name, about in inside:
            transfer = own_temporary(device, name)
            goes_on = transfer in keep and (about.size or 0) >= LARGE
            if transfer is not None and not goes_on and not about.is_folder:
                try:
                    removed += await engine.session.remove(engine.folders.path(f"{folder}/{name}"))
                except Refused as refused:  # some servers remove nothing: the file stays, and the search continues
                    log.info("a temporary file stays on the share: %s", refused)
                    engine.found.did_not_remove(refused)
                    if transfer != OWN:  # a photo's, not the small test file
                        stayed.append(refused)
        return removed

    async def all_of(top: str) -> int:
        inside = await names_in(engine, top)
        folders = {f"{top}/{name}" for name, about in inside if about.is_folder}
        if top == "record":  # a device may not list this folder, only its own folder in it
            folders.add(f"record/{device}")
        return await clear(top, inside) + sum(await asyncio.gather(*map(below, folders)))

    removed = sum(await asyncio.gather(*map(all_of, TOP)))
    if stayed:
        raise stayed[0]
    return removed


async def names_in(engine: Engine, folder: str) -> list[tuple[str, wire.Attributes]]:
    """What is in a folder; nothing if it is missing or this device may not list it, and so left nothing there."""
    try:
        return await listing(engine.session, engine.folders, folder)
    except Refused as refused:
        denied = refused.missing or refused.code == wire.Code.PERMISSION_DENIED
        if denied or await engine.session.lstat(engine.folders.path(folder)) is None:
            return []
        raise
