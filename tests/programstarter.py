"""The process that starts photo-agent and its workers for tests: everything is imported once, each is a fork of it.

A fork is then what it is otherwise, a process of its own with its own environment, folder, input and output, that ends
by its exit code or a signal, without the half second that starting Python and importing takes. It ends as Python ends:
an exception that nobody caught reaches `sys.excepthook`, threads are waited for. `tests.forks` is the other end.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from typing import Any

import PIL.Image

import agent
from tests import forks

ALSO = (
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "PIL.Image",
    "paramiko",
    "pillow_heif",
    "platformdirs.unix",
    "rich.console",
    "rich.progress",
    "rich.table",
    "rich.traceback",
    "zxingcpp",
)
"""What the program imports where it is used, and uses in most runs."""

STREAMS = 3
"""Input, output, errors: the descriptors that come with a request."""


def everything_imported() -> None:
    """All modules of the program that this system can import."""
    for module in pkgutil.walk_packages(agent.__path__, "agent."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)
    PIL.Image.preinit()


class Starter:
    """Listens at an address; each connection asks for one fork, and gets its process id and then its exit code."""

    def __init__(self, life: int, address: str) -> None:
        self._life = life
        """A socket that ends when the tests do."""
        self._address = address
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # a request is one message
        self._listening.bind(address)
        self._listening.listen(64)
        os.write(self._life, b"listening")
        self._asking: dict[int, socket.socket] = {}
        self._running: dict[int, tuple[int, socket.socket]] = {}
        """By the descriptor that says that a fork ended: its process id, and who asked for it."""

    def serve(self) -> dict[str, Any]:
        """Answer until the tests end; in a fork, return what it was asked to be."""
        while True:
            ready, _, _ = select.select([self._life, self._listening, *self._asking, *self._running], [], [])
            for found in ready:
                if found == self._life:
                    os._exit(0)
                elif found is self._listening:
                    client, _ = self._listening.accept()
                    if _user(client) == os.getuid():
                        self._asking[client.fileno()] = client
                    else:
                        client.close()
                elif found in self._running:
                    self._ended(found)
                elif (asked := self._forked(self._asking.pop(found))) is not None:
                    return asked

    def _ended(self, descriptor: int) -> None:
        child, client = self._running.pop(descriptor)
        _, status = os.waitpid(child, 0)
        os.close(descriptor)
        with client, contextlib.suppress(OSError):  # nobody waits for it any more
            client.send(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())

    def _forked(self, client: socket.socket) -> dict[str, Any] | None:
        line, streams = b"", []
        with contextlib.suppress(ConnectionError):  # ended before it had asked
            line, streams, _, _ = socket.recv_fds(client, 1 << 20, STREAMS)
        if not line:
            client.close()
            return None
        child = os.fork()
        if child == 0:
            for held in (client, self._listening, *self._asking.values(), *(who for _, who in self._running.values())):
                held.detach()  # closed below with everything else that is the starter's
            asked: dict[str, Any] = json.loads(line)
            become(asked, streams)
            forks.use_for_workers(self._address)
            return asked
        for stream in streams:
            os.close(stream)
        descriptor = os.pidfd_open(child)
        self._running[descriptor] = child, client
        with contextlib.suppress(OSError):
            socket.send_fds(client, [json.dumps({"pid": child}).encode()], [descriptor])
        return None


def _user(client: socket.socket) -> int:
    _, user, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(user)


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the process that was asked for: its environment, folder and streams."""
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
    os.closerange(3, 1024)
    if asked["group"]:
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    time.tzset()
    tempfile.tempdir = None  # found anew, from this environment
    sys.dont_write_bytecode = asked["without_bytecode"]
    sys.argv[1:] = asked["words"]


def end(code: object) -> None:
    """End as Python does, except that what is imported is not taken apart: that would copy it first, and takes longest.

    Returns if anything is unusual, so that Python ends the process.
    """
    if not isinstance(code, int | None):
        return
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            return
    os._exit((code or 0) & 0xFF)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and with them this
    starter = Starter(int(sys.argv[1]), "\0" + sys.argv[2])  # who asks while it still imports waits for its answer
    everything_imported()
    if threading.active_count() != 1:
        sys.exit("a module starts a thread when it is imported, so that no process can be forked")
    gc.collect()
    gc.freeze()
    wanted = starter.serve()

    from agent.cli import main
    from agent.worker import serve

    try:
        if wanted["module"] == serve.__name__:
            serve.main(*wanted["words"])
        else:
            main(wanted["words"])
    except SystemExit as how:
        end(how.code)
        raise
    end(0)
