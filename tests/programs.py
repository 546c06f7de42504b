"""Running photo-agent in a process of its own, most often without starting Python for it."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from tests import forks


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
        if afresh or not forks.can_stand_for_a_new_process(environment):
            with subprocess.Popen(line, stdin=stdin, stdout=out, stderr=err, env=environment) as process:
                code = _waited(process, timeout)
        else:
            code = _waited(forks.run(words, environment, [stdin.fileno(), out.fileno(), err.fileno()]), timeout)
        said = [_text(stream) for stream in (out, err)]
        if code is None:
            raise subprocess.TimeoutExpired(line, timeout, *said)
        return subprocess.CompletedProcess(line, code, *said)


def _waited(process: "forks.Fork | subprocess.Popen[bytes]", timeout: float) -> int | None:
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
