"""The process that starts photo-agent for tests: everything is imported once, each run is a fork of it.

A run is then what it is otherwise, a process of its own with its own environment, folder, input and output, that ends
by its exit code or a signal, without the half second that starting Python and importing takes. It ends as Python ends:
an exception that nobody caught reaches `sys.excepthook`, threads are waited for. `tests.programs` is the other end.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from typing import Any

import agent

ALSO = (
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "PIL.Image",
)
"""What the program imports where it is used, and uses in most runs."""


def everything_imported() -> None:
    """All modules of the program that this system can import."""
    for module in pkgutil.walk_packages(agent.__path__, "agent."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)


def serve(asked: int) -> list[str]:
    """Answer until the socket ends; in a fork, return the words to run the program with.

    A request is a line of JSON with the descriptors for input, output, errors and the pipe for how it ended.
    """
    with_client = socket.socket(fileno=asked)
    running: dict[int, tuple[int, int]] = {}  # the descriptor that says that it ended: its number, the pipe for how
    while True:
        ready, _, _ = select.select([asked, *running], [], [])
        for ended in ready:
            if ended != asked:
                child, how = running.pop(ended)
                _, status = os.waitpid(child, 0)
                _answer(how, {"code": os.waitstatus_to_exitcode(status)})
                os.close(ended)
        if asked not in ready:
            continue
        line, given, _, _ = socket.recv_fds(with_client, 1 << 20, 4)
        if not line:
            os._exit(0)
        *streams, how = given
        child = os.fork()
        if child == 0:
            with_client.detach()  # closed below with everything else that is the starter's
            return become(json.loads(line), streams)
        for stream in streams:
            os.close(stream)
        running[os.pidfd_open(child)] = (child, how)
        _answer(how, {"pid": child}, more=True)


def _answer(pipe: int, content: dict[str, Any], *, more: bool = False) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for this run any more
        os.write(pipe, json.dumps(content).encode() + b"\n")
    if not more:
        os.close(pipe)


def become(asked: dict[str, Any], streams: list[int]) -> list[str]:
    """Be the run that was asked for: its environment, folder and streams. Returns its words."""
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
    os.closerange(3, 1024)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    time.tzset()
    tempfile.tempdir = None  # found anew, from this environment
    words: list[str] = asked["words"]
    sys.argv[1:] = words
    return words


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and with them this
    asked_by = int(sys.argv[1])
    everything_imported()
    if threading.active_count() != 1:
        sys.exit("a module starts a thread when it is imported, so that no process can be forked")
    gc.collect()
    gc.freeze()
    words_to_run = serve(asked_by)

    from agent.cli import main

    main(words_to_run)
