"""Processes of the program that are forks of one that has imported everything; `programstarter.py` is the other end.

A fork costs a hundredth of a second of processor time; starting Python and importing, a third of a second. The tests
start some thousand runs and workers.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from agent.files import child
from agent.worker import child_process

TREE = Path(__file__).parents[1]

HERE = dict(os.environ)
"""The environment of the tests; the starter gets the same, and so its forks find the same here."""

START_CHILD = child.start_child
"""The program's own way to start a worker."""


class Fork:
    """A process that the starter made: as much of `subprocess.Popen` as the program uses of a worker's."""

    def __init__(self, address: str, asked: Mapping[str, object], streams: Sequence[int]) -> None:
        self._starter = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._starter.connect(address)
        socket.send_fds(self._starter, [json.dumps(asked).encode()], streams)
        started, descriptors, _, _ = socket.recv_fds(self._starter, 1024, 1)
        if not started:
            raise RuntimeError("the process that starts the program has ended")
        self.pid: int = json.loads(started)["pid"]
        self.returncode: int | None = None
        self._done = weakref.finalize(self, _close, self._starter, descriptors[0])
        self._descriptor = descriptors[0]

    def kill(self) -> None:
        """End it by SIGKILL, if it has not ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or the number of the signal that ended it, negative; subprocess.TimeoutExpired if neither."""
        if self.returncode is None:
            if not select.select([self._starter], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("photo-agent", timeout or 0)
            self.returncode = int(json.loads(self._starter.recv(1024))["code"])
            self._done()
        return self.returncode


def _close(starter: socket.socket, descriptor: int) -> None:
    starter.close()
    os.close(descriptor)


def can_stand_for_a_new_process(environment: Mapping[str, str]) -> bool:
    """Whether what Python reads of the environment when it starts is as the starter read it."""
    return sys.platform == "linux" and _read_at_start(environment) == _read_at_start(HERE)


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Python's own variables, the language that decides its encodings, and the loader's."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("PYTHON", "LC_", "LD_", "MALLOC", "GLIBC", "OPENSSL", "COVERAGE"))
        or name in {"LANG", "LANGUAGE"}
    }


def run(words: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> Fork:
    """`photo-agent WORDS` in this folder, with descriptors for input, output and errors."""
    asked = {
        "module": "agent.cli",
        "words": list(words),
        "environment": dict(environment),
        "folder": str(Path.cwd()),
        "group": False,
        "without_bytecode": sys.dont_write_bytecode,
    }
    return Fork(address(), asked, streams)


# --- workers --------------------------------------------------------------------------------------------------------


def use_for_workers(at: str | None = None) -> None:
    """From now on the workers of this process are forks of the starter `at` that address, or of this process's own."""
    if sys.platform == "linux":
        child_process.start_child = functools.partial(forked_child, at)  # type: ignore[assignment]


@contextlib.contextmanager
def started_afresh() -> Iterator[None]:
    """Meanwhile this process starts its workers as the program does."""
    before = child_process.start_child
    child_process.start_child = START_CHILD
    try:
        yield
    finally:
        child_process.start_child = before


def forked_child(
    at: str | None, module: str, arguments: Sequence[str] = ()
) -> tuple["Fork | subprocess.Popen[bytes]", IO[bytes], IO[bytes]]:
    """What `agent.files.child.start_child` returns, as a fork if that makes no difference."""
    if not can_stand_for_a_new_process(os.environ):
        return START_CHILD(module, arguments)
    asked = {
        "module": module,
        "words": list(arguments),
        "environment": child.environment(),
        "folder": str(Path.cwd()),
        "group": True,
        "without_bytecode": True,
    }
    its_input, questions = os.pipe()
    answers, its_output = os.pipe()
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        fork = Fork(at or address(), asked, [its_input, its_output, nowhere])
    finally:
        for descriptor in (its_input, its_output, nowhere):
            os.close(descriptor)
    return fork, os.fdopen(questions, "wb"), os.fdopen(answers, "rb")


# --- the starter -----------------------------------------------------------------------------------------------------


_elsewhere: list[str] = []


def use(at: str) -> None:
    """From now on ask the starter at that address, which another process of the same tests has started."""
    _elsewhere[:] = [at]


def address() -> str:
    """Where the starter of these tests listens; it is started when it is first asked for, and ends with the tests."""
    return _elsewhere[0] if _elsewhere else _started()


@functools.cache
def _started() -> str:
    name = f"\0photo-agent-tests-{os.getpid()}-{os.urandom(8).hex()}"
    ours, its = socket.socketpair()
    with its:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.programstarter", str(its.fileno()), name[1:]],
            cwd=TREE,
            env=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # no terminal: as a run's own output
            pass_fds=[its.fileno()],
        )
    if not ours.recv(16):
        raise RuntimeError("the process that starts the program does not start")
    atexit.register(_end, ours, process)
    return name


def _end(ours: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    ours.close()
    process.wait(30)
