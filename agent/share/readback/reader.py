"""Reads files back over the connections of this process."""

from dataclasses import dataclass
from typing import Protocol

from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.share.pool import ConnectionPool
from agent.share.streams import Progress, read_back
from agent.share.wire import Flag


@dataclass(frozen=True, slots=True)
class Start:
    """How a file must start: the SHA-256 of its first `size` bytes, which an earlier, interrupted transfer sent."""

    size: int
    sha256: Sha256


class Reader(Protocol):
    """Reads files back."""

    async def read(self, path: bytes, size: int, progress: Progress, *, start: Start | None = None) -> Fingerprint:
        """The fingerprint of a file of `size` bytes, each read as soon as `progress` says that it is confirmed.

        Raises `NotProven` unless it has exactly that many, and as soon as its start differs from `start`; `Refused`;
        `ShareUnreachable`.
        """
        ...

    async def widen(self) -> None:
        """Read over one more connection, if possible."""
        ...


class OwnReader:
    """Reads over connections of this process, which are the caller's to close."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    async def read(self, path: bytes, size: int, progress: Progress, *, start: Start | None = None) -> Fingerprint:
        """As `Reader`."""
        async with self._pool.reading(size) as connection:
            handle = await connection.session.open_file(path, Flag.READ, "read back the photo")
            try:
                known = None if start is None else (start.size, start.sha256)
                return await read_back(connection.session, handle, size, connection.reads, progress, known)
            finally:
                connection.session.dismiss(handle)

    async def widen(self) -> None:
        """As `Reader`."""
        await self._pool.widen()
