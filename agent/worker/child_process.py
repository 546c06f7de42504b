"""The parent's end of one worker: started when first asked, with many open questions at once and answers in order.

A thread reads the answers from the pipe, so that neither side ever waits for the other to read, and so that a worker
that does not answer can be given up on every system. Ctrl-C at the terminal does not reach the worker.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import IO

from agent.files.child import start_child
from agent.worker import wire
from agent.worker.limits import EXIT_MEMORY, EXIT_PROCESSOR, EXIT_WALL, Enforcement, Imposed, Limits

START = 60.0
"""Seconds a worker may take to start: a virus scanner may look at each of Python's files first."""

GRACE = 5.0
"""Seconds beyond a file's time after which the parent ends the worker, which should have ended by itself."""

MOST_WAITING = 64
"""The most unread answers, twice as many as open questions: a worker that sends more was not asked for them."""

_CHUNK = 256 * 1024


class Ended(Exception):
    """The worker ended, or was ended, before it had answered; the message says how, in words that follow "it".

    `crashed` is whether it ended without having passed a limit.
    """

    def __init__(self, how: str, *, crashed: bool = False) -> None:
        super().__init__(how)
        self.crashed = crashed


class NotStarted(Exception):
    """There is no worker, and none can be started; the message says why, in words that follow "the process"."""


class ChildProcess:
    """At most one worker process; call `ask` and `answer` equally often. Not for several threads.

    If a worker is found to have ended while more is asked, its earlier answers come first, and then `Ended`. Only after
    that is another one started: its answers would be taken for those that the first one owes.
    """

    def __init__(self, limits: Limits, jobs: Sequence[str] = ()) -> None:
        self._limits = limits
        self._jobs = tuple(jobs)
        self._process: subprocess.Popen[bytes] | None = None
        self._questions: IO[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._imposed: Imposed | None = None
        self._owed = 0
        """Questions that a worker was given, and has neither answered nor ended over."""
        self._why_ended: Ended | None = None
        """How the worker ended that owes them, if it did."""

    @property
    def imposed(self) -> Imposed:
        """The limits that the worker reports; None before it was started."""
        return self._imposed or Imposed(*[Enforcement.NOT] * 4)

    def start(self) -> None:
        """Start a worker if there is none, and none that still owes answers. `NotStarted` if that fails."""
        if self._process is not None or self._owed:
            return
        self._answers, self._why_ended = queue.SimpleQueue(), None
        limits = self._limits
        arguments = [str(limits.memory), str(limits.processor), str(limits.wall), *self._jobs]
        try:
            self._process, self._questions, answers = start_child("agent.worker.serve", arguments)
        except OSError as fault:
            raise NotStarted(f"does not start ({fault.strerror})") from None
        threading.Thread(target=_take, args=(answers, self._answers), daemon=True).start()
        try:
            reported = self._next(START).get("limits")
            values = reported if isinstance(reported, dict) else {}
            self._imposed = Imposed(*(Enforcement(values[name]) for name in ("memory", "processor", "wall", "files")))
        except (Ended, KeyError, ValueError):
            self.end()
            raise NotStarted("ends as soon as it is started") from None
        except BaseException:
            self.end()  # otherwise its first line would be read as an answer
            raise

    def ask(self, questions: list[wire.Fields]) -> None:
        """Send questions; `Ended` if the worker no longer reads them, `NotStarted` if none can be started."""
        self.start()
        if self._questions is None:
            raise Ended("ended before it could be asked")
        try:
            self._questions.write(b"".join(map(wire.line, questions)))
            self._questions.flush()
        except OSError:
            raise self._lost() from None
        self._owed += len(questions)

    def answer(self) -> wire.Fields:
        """The next answer; `Ended` if there will be none, with the worker gone."""
        try:
            answer = self._next(self._limits.wall + GRACE)
        except BaseException:
            self._owed = 0
            raise
        self._owed = max(0, self._owed - 1)
        return answer

    def _next(self, patience: float) -> wire.Fields:
        try:
            found = self._answers.get(timeout=patience)
        except queue.Empty:
            self.end()
            raise Ended(f"took longer than {self._limits.wall:.0f} seconds") from None
        if found is None:
            raise self._lost()
        try:
            return wire.parsed(found)
        except wire.Garbled:
            self.end()
            raise Ended("gave an answer that makes no sense") from None

    def end(self) -> None:
        """End the worker, if there is one, whatever it is doing; the next question starts another."""
        self._owed = 0
        self._kill()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._hang_up()
            _gone(process)

    def close(self) -> None:
        """Let the worker end, as it does when its pipe closes."""
        self._hang_up()
        if self._process is not None and _gone(self._process):
            self._process = None
        self.end()

    def _hang_up(self) -> None:
        pipe, self._questions = self._questions, None
        if pipe is not None:
            with contextlib.suppress(OSError):  # questions that were not read no longer matter
                pipe.close()

    @property
    def process_id(self) -> int | None:
        """The worker's process id, while there is one."""
        return None if self._process is None else self._process.pid

    def _lost(self) -> Ended:
        """How the worker ended, which is gone afterwards; the answers that it gave can still be taken."""
        if self._why_ended is None:
            self._why_ended = self._how_it_ended()
        return self._why_ended

    def _how_it_ended(self) -> Ended:
        process = self._process
        if process is not None:
            _gone(process)
        self._kill()
        code = None if process is None else process.returncode
        if sys.platform != "win32":
            import signal

            if code in {-signal.SIGPROF, -signal.SIGXCPU}:
                code = EXIT_PROCESSOR
            elif code == -signal.SIGALRM:
                code = EXIT_WALL
        passed = {
            EXIT_MEMORY: f"needed more than {self._limits.memory // 1_048_576} MB of memory",
            EXIT_PROCESSOR: f"took more than {self._limits.processor:.0f} seconds of computing",
            EXIT_WALL: f"took longer than {self._limits.wall:.0f} seconds",
        }.get(code or 0)
        return Ended(passed or "crashed the program that does so", crashed=passed is None)


def _gone(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it ended within a moment; a process stuck reading from a dead disk is left to the system."""
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return False
    return True


def _take(pipe: IO[bytes], answers: "queue.SimpleQueue[bytes | None]") -> None:
    """Lines from the pipe into the queue, and None at its end. An oversized line ends it too."""
    held: deque[bytes] = deque()
    size = 0
    with pipe:
        while size <= wire.MAX_LINE and answers.qsize() <= MOST_WAITING and (chunk := _read(pipe)):
            first, *rest = chunk.split(b"\n")
            held.append(first)
            size += len(first)
            for piece in rest:
                answers.put(b"".join(held))
                held = deque([piece])
                size = len(piece)
    answers.put(None)


def _read(pipe: IO[bytes]) -> bytes:
    try:
        return os.read(pipe.fileno(), _CHUNK)
    except (OSError, ValueError):
        return b""
