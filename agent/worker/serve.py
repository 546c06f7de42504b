"""The worker itself: `python -m agent.worker.serve LIMITS… JOBS…`; one line in, one line out, until the pipe ends.

Promises: an answer is written before the next file is touched, so that the parent knows which file was being read if
this process dies; nothing else is ever written to the pipe; the parent handles Ctrl-C and polite requests to end, and
this process ends when the parent's pipe does.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from agent.errors import LocalFault
from agent.worker import wire
from agent.worker.jobs import JobFunction, imported
from agent.worker.limits import EXIT_MEMORY, Limits, impose

_CHUNK = 64 * 1024


def main(memory: str, processor: str, wall: str, *jobs: str) -> None:
    """Answer until the pipe from the parent ends. `jobs` are the dotted names of functions that may be asked for."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    answers = _own_output()
    by_name = imported(jobs)
    imposed, timing = impose(Limits(int(memory), float(processor), float(wall)))
    _write(answers, {"limits": asdict(imposed)})
    for asked in _questions():
        timing.begin()
        answer = _answer(wire.parsed(asked), by_name)
        timing.end()
        _write(answers, answer)


def _own_output() -> int:
    """The pipe to the parent, for this module alone: anything a library prints is discarded."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers


def _questions() -> Iterator[bytes]:
    held = b""
    while chunk := os.read(0, _CHUNK):
        *whole, held = (held + chunk).split(b"\n")
        yield from whole


def _write(answers: int, content: wire.Fields) -> None:
    left = memoryview(wire.line(content))
    while left:
        left = left[os.write(answers, left) :]


def _answer(asked: wire.Fields, jobs: dict[str, JobFunction]) -> wire.Fields:
    try:
        return _done(asked, jobs)
    except LocalFault as fault:
        return {"fault": str(fault)}
    except MemoryError:
        os._exit(EXIT_MEMORY)  # nothing in this process can be relied on any more
    except Exception as fault:  # noqa: BLE001  # a fault of this program: the parent reports it with the file
        return {"broke": type(fault).__name__}


def _done(asked: wire.Fields, jobs: dict[str, JobFunction]) -> wire.Fields:
    job = jobs[str(asked["do"])]
    return {"answer": job(Path(str(asked["path"])), wire.fields_of(asked["asked"]))}


if __name__ == "__main__":
    main(*sys.argv[1:])
