"""Listing a folder on the share without trusting the server: a listing that does not end is abandoned.

A server may be broken or hostile: it may send names without end, the same ones again and again, or none and yet no end.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator

from agent.errors import ShareFault
from agent.share import wire
from agent.share.faults import Refused
from agent.share.remotefolders import RemoteFolders
from agent.share.session import Session
from agent.share.wire import Attributes, PacketType, Reply

MOST_NAMES = 200_000  # a school's photos of many years in one folder
MOST_BYTES = 32 * 1024 * 1024  # of names
MOST_SECONDS = 120.0
MOST_EMPTY = 3  # replies without a name; one or two mean the end on some servers

_DOING = "list a folder"


async def listing(session: Session, folders: RemoteFolders, folder: str) -> list[tuple[str, Attributes]]:
    """Names and what the server says about them, without `.` and `..`. `Refused` if the folder cannot be listed.

    `ShareFault` if the list does not end within reason; `FolderNotTrusted` if the folder is reached through a link.
    """
    looks = folders.look(folder)
    opened = session.send(wire.on_path(PacketType.OPENDIR, folders.path(folder)))
    opening = wire.on_path(PacketType.OPENDIR, b"")
    handle = session.read_as(wire.handle, session.judge(opening, await opened, _DOING))
    try:
        await folders.judge(folder, looks, owners=False)
        found: dict[bytes, Attributes] = {}
        async for name, about in _entries(session, handle, folder):
            if name in found:
                raise _endless(folder, "has the same name twice")
            found[name] = about
    finally:
        if session.is_openssh:
            session.dismiss(handle)
        else:
            await session.let_go(handle)
    # A name with a slash in it is a path and cannot be in a folder.
    return [
        (name.decode("utf-8", "surrogateescape"), about)
        for name, about in found.items()
        if name not in {b"", b".", b".."} and b"/" not in name and b"\0" not in name
    ]


async def _entries(session: Session, handle: bytes, folder: str) -> AsyncIterator[tuple[bytes, Attributes]]:
    until = time.monotonic() + MOST_SECONDS
    names = size = empty = 0
    reading = wire.on_handle(PacketType.READDIR, handle)
    at_once = 2 if session.is_openssh else 1  # the end along with the names before it, where one answer follows another
    asked: deque[asyncio.Future[Reply]] = deque()
    while True:
        while len(asked) < at_once:
            asked.append(session.send(reading))
        try:
            entries = session.read_as(wire.names, session.judge(reading, await asked.popleft(), _DOING))
        except Refused as refused:
            if refused.code == wire.Code.EOF:
                return
            raise
        names += len(entries)
        size += sum(len(name) for name, _ in entries)
        empty += not entries
        if empty > MOST_EMPTY:
            raise _endless(folder, "does not end")
        if names > MOST_NAMES or size > MOST_BYTES:
            raise _endless(folder, f"has more than {MOST_NAMES} names")
        if time.monotonic() > until:
            raise _endless(folder, f"takes more than {MOST_SECONDS:.0f} seconds to list")
        for entry in entries:
            yield entry


def _endless(folder: str, what: str) -> ShareFault:
    return ShareFault(f"The list of the folder “{folder}” on the share {what}. Tell IT: the server may be damaged.")
