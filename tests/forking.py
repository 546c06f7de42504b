"""photo-agent as a process of its own, without the half second that Python takes to start and to import it.

A process that has imported everything waits for commands and forks for each: `python -m tests.forking`, started when
the first command comes, and ended with the tests. The fork gets its own arguments, environment, streams and working
directory, and ends as an interpreter does. What differs from a fresh start is the import alone, so tests of starting
up (`tests/e2e/test_start_up.py`), and those that start it with an interpreter's own options, take a fresh one.
"""

import atexit
import functools
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[1]

_LONGEST = 1024 * 1024  # of a question: arguments and environment
_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
"""Variables that are read when an interpreter starts."""

_AT_START = dict(os.environ)


def possible(environment: Mapping[str, str]) -> bool:
    """Whether a fork would see what a fresh process sees in this environment."""
    if sys.platform != "linux":
        return False
    names = {name for name in {*environment, *_AT_START} if name.startswith(_OF_THE_INTERPRETER)}
    return all(environment.get(name) == _AT_START.get(name) for name in names)


def command(words: Sequence[str], environment: Mapping[str, str], timeout: float) -> "subprocess.CompletedProcess[str]":
    """`photo-agent WORDS`, to its end, as `subprocess.run` with captured text."""
    asked = json.dumps({"words": list(words), "environment": dict(environment), "folder": str(Path.cwd())}).encode()
    here, there = socket.socketpair()
    with here, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        with there:
            streams = [nothing.fileno(), out.fileno(), err.fileno(), there.fileno()]
            with _asking:
                socket.send_fds(_starter(), [len(asked).to_bytes(4) + asked], streams)
        answers = here.makefile("r", encoding="ascii")
        child = int(answers.readline())
        here.settimeout(timeout)
        try:
            code = int(answers.readline())
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), timeout, _text(out).encode(), _text(err).encode()) from None
        return subprocess.CompletedProcess(list(words), code, _text(out), _text(err))


_asking = threading.Lock()


def _text(file: Any) -> str:
    file.seek(0)
    return io.TextIOWrapper(io.BytesIO(file.read()), encoding="utf-8", errors="strict").read()


@functools.cache
def _starter() -> socket.socket:
    """The socket to the process that forks, which ends when this one does."""
    here, there = socket.socketpair()
    with there:
        line = [sys.executable, "-m", "tests.forking", str(there.fileno())]
        process = subprocess.Popen(line, cwd=TREE, pass_fds=[there.fileno()], env=_AT_START)
    atexit.register(process.wait)
    atexit.register(here.close)
    return here


# --- in the process that forks ---------------------------------------------------------------------------------------


def _serve(questions: socket.socket) -> None:
    import gc

    _import_everything()
    gc.collect()
    gc.freeze()
    woken, wakes = socket.socketpair()
    for end in (woken, wakes):
        end.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(questions, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is woken:
                    woken.recv(4096)
                    _tell_of_ended(waiting)
                    continue
                asked, descriptors = _question(questions)
                if not asked:
                    return
                *streams, answer = descriptors
                child = os.fork()
                if not child:
                    signal.set_wakeup_fd(-1)
                    _become(asked, streams)
                for stream in streams:
                    os.close(stream)
                waiting[child] = socket.socket(fileno=answer)
                waiting[child].sendall(b"%d\n" % child)


def _question(questions: socket.socket) -> tuple[dict[str, Any], list[int]]:
    content, descriptors, _, _ = socket.recv_fds(questions, _LONGEST, 4)
    while len(content) >= 4 and len(content) < 4 + int.from_bytes(content[:4]):
        content += questions.recv(_LONGEST)
    return (json.loads(content[4:]) if content else {}), descriptors


def _tell_of_ended(waiting: dict[int, socket.socket]) -> None:
    while waiting:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        with waiting.pop(child) as answer:
            answer.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(asked: dict[str, Any], streams: Sequence[int]) -> None:
    """Run photo-agent in this fork, and end."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 1024)
        sys.stdin = os.fdopen(0, encoding="utf-8")
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        os.environ.clear()
        os.environ.update(asked["environment"])
        time.tzset()
        os.chdir(asked["folder"])
        from agent.cli import __main__, main

        sys.argv = [__main__.__file__, *asked["words"]]
        code = _ended(main)
        threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter does, in this order
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(code)


def _ended(main: Any) -> int:
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001  # as an interpreter does
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0


def _import_everything() -> None:
    """All of the program that this system can import."""
    import agent

    for module in pkgutil.walk_packages(agent.__path__, "agent."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except (ImportError, AttributeError, OSError):
                continue  # another system's


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
