"""From a server's address to an SFTP session that is ready for use: by OpenSSH's client, otherwise by paramiko.

OpenSSH's client encrypts in a process of its own, and faster. If it fails before the server has sent its greeting,
paramiko tries too: it may get in where the client cannot, and otherwise says in plain words what is wrong. A host key
that is not the pinned one stops both. If only paramiko got in twice, the client is not tried again for a while.
"""

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent.errors import ShareUnreachable
from agent.share import sshclient
from agent.share.connection import open_channel, silent
from agent.share.hostkeys import pinned
from agent.share.paramikopipe import ParamikoPipe
from agent.share.pipe import Pipe
from agent.share.server import Server, Transport
from agent.share.session import Session
from agent.share.sockets import connect as reach
from agent.share.sockets import several_addresses, unanswered
from agent.share.sshpipe import SshPipe
from agent.share.sshwords import Words
from agent.share.threadedpipe import ThreadedSshPipe

TWICE = 2  # times that only paramiko got in, after which the client is left out
LATER = 600.0  # seconds for which it is left out
LATE = 0.75  # of the timeout: if the client has taken this long, paramiko would take just as long again
STRANGE = 1.0  # seconds after which an answer that is not SSH counts as not being an SSH server
SPOKEN = 2.0  # seconds by which the client's message may come after the server's greeting
SSH_PIPE: type[SshPipe | ThreadedSshPipe] = ThreadedSshPipe if sys.platform == "win32" else SshPipe

P = TypeVar("P", bound=Pipe)


@dataclass(slots=True)
class _Failed:
    """A case in which paramiko got in and OpenSSH's client did not."""

    when: float  # by the steady clock
    why: str
    times: int = 1


_failed: dict[Server, _Failed] = {}


class _SshFailed(Exception):
    """OpenSSH's client did not get as far as the server's greeting. Never leaves this module."""


async def connect(server: Server) -> Session:
    """A session that has received its greeting. Raises as `open_channel` and `Session.greet` do."""
    if server.transport is Transport.PARAMIKO:
        return await _by_paramiko(server, "as this laptop's settings say")
    why = _let_be(server)
    if why is None:
        try:
            session = await _by_ssh(server)
        except _SshFailed as failed:
            why = str(failed)
        else:
            _failed.pop(server, None)
            return session
    session = await _by_paramiko(server, why)
    if server.transport is Transport.OPENSSH:
        session.close()
        raise ShareUnreachable(
            f"{server.host} lets this laptop in, but not through OpenSSH's client, as this laptop's settings require "
            f"({why}). Nothing was sent. Tell IT."
        )
    before = _failed.get(server)
    if before is None or before.times < TWICE:
        _failed[server] = _Failed(time.monotonic(), why, 1 if before is None else before.times + 1)
    return session


def _let_be(server: Server) -> str | None:
    """Why OpenSSH's client is not even tried."""
    before = _failed.get(server)
    if before is None or before.times < TWICE or server.transport is Transport.OPENSSH:
        return None
    if time.monotonic() - before.when < LATER:
        return before.why
    _failed.pop(server, None)  # another thread may have been here first
    return None


async def _by_paramiko(server: Server, why: str) -> Session:
    pipe = await _opened(lambda: ParamikoPipe(*open_channel(server), why))
    session = Session(pipe, server.timeout)
    try:
        await session.greet()
    except BaseException:
        session.close()
        raise
    return session


async def _by_ssh(server: Server) -> Session:
    known = pinned(server.known_hosts_file, server.host, server.port)
    program, why = sshclient.client(), sshclient.why_not(server, known)
    if why is not None or program is None:
        raise _SshFailed(why)
    began = time.monotonic()
    made: tempfile.TemporaryDirectory[str] | None = None
    try:
        try:
            # For this user only; where this process ends before the login does, it goes with the process.
            made = tempfile.TemporaryDirectory(prefix="photo-agent-", ignore_cleanup_errors=True)
            folder = Path(made.name)
            if sshclient.replaceable_by_others(folder):
                raise _SshFailed(f"other accounts of this laptop could replace files in {folder.parent}")
            hosts = folder / "known_hosts"
            if not sshclient.harmless(hosts):
                raise _SshFailed("OpenSSH's client could misread the path of the temporary folder")
            hosts.write_text(sshclient.known_hosts(known), encoding="ascii")
            command = sshclient.command(program, server, known, hosts)
            # Its working folder is its program's: Windows does not remove a folder in which a process works.
            pipe = await _opened(lambda: SSH_PIPE(command, program.parent))
        except OSError as fault:  # a full disk, for instance
            raise _SshFailed(f"OpenSSH's client could not be started: {fault.strerror}") from fault
        session = Session(pipe, server.timeout)
        try:
            await _greeted(session, pipe.words)
            if not pipe.words.entered.is_set():
                await asyncio.to_thread(pipe.words.entered.wait, SPOKEN)
        except ShareUnreachable as lost:
            session.close()
            await _judge(pipe.words, server, time.monotonic() - began)
            raise _SshFailed(pipe.words.last or "OpenSSH's client did not get in") from lost
        except BaseException:
            session.close()
            raise
        return session
    finally:
        if made is not None:
            made.cleanup()


async def _greeted(session: Session, words: Words) -> None:
    """Wait for the greeting, but not for as long as the client does if the answer is not from an SSH server."""
    greeting = asyncio.ensure_future(session.greet())
    try:
        while not greeting.done():
            await asyncio.wait([greeting], timeout=STRANGE)
            if words.strange and not words.software:
                session.lose("was made to something that is not an SSH server")
        await greeting
    finally:
        greeting.cancel()


async def _judge(words: Words, server: Server, seconds: float) -> None:
    """Raise ShareUnreachable in cases where paramiko would find out nothing more."""
    if seconds >= server.timeout * LATE:
        # After a silent first address, the client has no time left; paramiko has the full time for each.
        if await asyncio.to_thread(several_addresses, server.host, server.port):
            return
        raise ShareUnreachable(silent(server) if words.connected else unanswered(server.host, server.port))
    if not words.connected:  # the most common case: away from the school's network
        (await asyncio.to_thread(reach, server.host, server.port, server.timeout - seconds)).close()


async def _opened(make: Callable[[], P]) -> P:
    """The result of `make`, on a thread that nobody has to wait for; if nobody wants it any more, it is closed."""
    outcome = _begun(make)
    try:
        return await outcome
    except asyncio.CancelledError:
        if outcome.done() and not outcome.cancelled() and outcome.exception() is None:  # it came at that moment
            _drop(outcome.result())
        raise


def _begun(make: Callable[[], P]) -> "asyncio.Future[P]":
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[P] = loop.create_future()

    def tell(opened: P | Exception) -> None:
        if isinstance(opened, Exception):
            if not outcome.done():
                outcome.set_exception(opened)
        elif outcome.done():
            _drop(opened)
        else:
            outcome.set_result(opened)

    def work() -> None:
        try:
            opened: P | Exception = make()
        except Exception as fault:  # noqa: BLE001  # passed on to the waiting caller
            opened = fault
        try:
            loop.call_soon_threadsafe(tell, opened)
        except RuntimeError:  # the loop has ended, so nobody wants it any more
            if not isinstance(opened, Exception):
                _drop(opened)

    threading.Thread(target=work, name="share-connect", daemon=True).start()
    return outcome


def _drop(pipe: Pipe) -> None:
    pipe.close()
    pipe.release()
