"""Running photo-agent in a process of its own without starting Python for it; `programstarter.py` is the other end."""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

TREE = Path(__file__).parents[1]


def photo_agent(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    input: str = "",  # noqa: A002  # as subprocess calls it
    timeout: float = 60,
    afresh: bool = False,
) -> subprocess.CompletedProcess[str]:
    """`photo-agent WORDS`, to its end. After `timeout` seconds it is killed, and subprocess.TimeoutExpired raised.

    It is a fork of a process that has imported everything, where that makes no difference. `afresh` starts Python for
    it, for tests of what happens when it starts.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(input.encode())
        stdin.seek(0)
        line = [sys.executable, "-m", "agent.cli", *words]
        if afresh or not _can_fork(environment):
            code: int | None = _started(line, environment, (stdin, out, err), timeout)
        else:
            asked = {"words": list(words), "environment": dict(environment), "folder": str(Path.cwd())}
            code = _starter().run(asked, [stdin.fileno(), out.fileno(), err.fileno()], timeout)
        said = [_text(stream) for stream in (out, err)]
        if code is None:
            raise subprocess.TimeoutExpired(line, timeout, *said)
        return subprocess.CompletedProcess(line, code, *said)


def _started(
    line: list[str], environment: Mapping[str, str], streams: tuple[IO[bytes], ...], timeout: float
) -> int | None:
    stdin, out, err = streams
    with subprocess.Popen(line, stdin=stdin, stdout=out, stderr=err, env=environment) as process:
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            return None


def _can_fork(environment: Mapping[str, str]) -> bool:
    """Whether a fork can stand for a new process: what Python reads of the environment when it starts is unchanged."""
    return sys.platform == "linux" and _read_at_start(environment) == _read_at_start(_starter().environment)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Python's own variables, the language that decides its encodings, and the loader's."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("PYTHON", "LC_", "LD_", "MALLOC", "GLIBC", "OPENSSL", "COVERAGE"))
        or name in {"LANG", "LANGUAGE"}
    }


class _Starter:
    """The process whose forks are the runs, and its environment."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # a request is one message
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.programstarter", str(its.fileno())],
                cwd=TREE,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # no terminal: as a run's own output
                pass_fds=[its.fileno()],
            )
        atexit.register(self._end)

    def run(self, asked: dict[str, object], streams: list[int], timeout: float) -> int | None:
        """The exit code; None if it was killed because it took too long."""
        ours, its = os.pipe()
        with os.fdopen(ours, "rb") as answers:
            socket.send_fds(self._ours, [json.dumps(asked).encode()], [*streams, its])
            os.close(its)
            started = answers.readline()
            if not started:
                raise RuntimeError("the process that starts the program has ended")
            if not select.select([answers], [], [], timeout)[0]:
                os.kill(json.loads(started)["pid"], signal.SIGKILL)
                answers.readline()
                return None
            return int(json.loads(answers.readline())["code"])

    def _end(self) -> None:
        self._ours.close()
        self._process.wait(30)


@functools.cache
def _starter() -> _Starter:
    return _Starter()
