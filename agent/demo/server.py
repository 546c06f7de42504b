"""An SFTP server inside this program, for the demo: only on loopback, limited to one folder, with its own host key.

Like the share, it offers fsync@openssh.com and a rename that never replaces a file. It only stands in for a school's
server: the person who runs the demo can read its folder anyway.
"""

import asyncio
import os
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncssh

HOST = "127.0.0.1"
START_WITHIN = 10.0  # seconds


class _Files(asyncssh.SFTPServer):
    """Files below one folder. No file is ever replaced."""

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Link and unlink instead of check and rename, because a link fails even if another file has just appeared."""
        self.link(oldpath, newpath)
        self.remove(oldpath)

    def fsync(self, file_obj: Any) -> None:
        """Write a file to the disk. Windows flushes only files open for writing, so the file is opened again there."""
        if sys.platform == "win32" and not file_obj.writable():
            with open(file_obj.name, "r+b", buffering=0) as again:  # noqa: PTH123  # asyncssh's own name for it: bytes
                os.fsync(again.fileno())
        else:
            os.fsync(file_obj.fileno())

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002  # asyncssh's signature
        """Refuse, because this would replace a file."""
        raise asyncssh.SFTPOpUnsupported("this server never replaces a file")


class _Door(asyncssh.SSHServer):
    """Accepts every client with one of the keys, under any user name."""

    def __init__(self, keys: set[bytes], connections: set[asyncssh.SSHServerConnection]) -> None:
        self._keys = keys
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncssh's signature
        if self._connection is not None:
            self._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  # asyncssh's signature
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002  # asyncssh's signature
        return key.public_data in self._keys


class EmbeddedServer:
    """Serves `root` inside the `with` block. `port` is its port; `host_key` is the public line to pin."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.host = HOST
        self.port = 0
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self._key.export_public_key().decode("ascii").strip()
        self._keys: set[bytes] = set()
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-server", daemon=True)
        self._acceptor: asyncssh.SSHAcceptor | None = None

    def authorize(self, public_line: str) -> None:
        """From now on, accept clients with this key (a line as in authorized_keys)."""
        self._keys.add(asyncssh.import_public_key(public_line).public_data)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_WITHIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(START_WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._acceptor = await asyncssh.listen(
            HOST,
            0,
            server_factory=lambda: _Door(self._keys, self._connections),
            server_host_keys=[self._key],
            sftp_factory=lambda channel: _Files(channel, chroot=str(self.root).encode()),
            encryption_algs=["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"],
            compression_algs=None,
            agent_forwarding=False,
        )
        self.port = self._acceptor.get_port()

    async def _end(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
        for connection in list(self._connections):
            connection.abort()
            await connection.wait_closed()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._loop.shutdown_default_executor()
