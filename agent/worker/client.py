"""The reader that the rest of the program has: workers started when needed, and again when a file has ended one.

A file that ended two workers is `Unreadable`: as long as it is what it is (its size and time of change), it is answered
for without being touched again. The caller keeps what must outlast this object, and tells it with `avoid`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from agent.errors import AgentError, LocalFault
from agent.model import Capture
from agent.worker import wire
from agent.worker.child_process import ChildProcess, Ended, NotStarted
from agent.worker.job_queue import UNDER_WAY, JobQueue, Question, Unreadable, unreadable
from agent.worker.jobs import Job
from agent.worker.limits import DECODING, READING, Imposed, Limits

_Mark = tuple[int, int]

_NONSENSE = "reading it gave an answer that makes no sense"

_Understood = TypeVar("_Understood")


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A file to be read, and the files of the same photo beside it."""

    path: Path
    beside: Sequence[Path] = ()


class CaptureWorker:
    """`read` and `decodes` as in this room, in processes of their own. Nothing starts before it is asked.

    `jobs` are other rooms' functions that run there too, for `ask`. For one thread. `close` ends the processes; if
    this process is killed, they end by themselves.
    """

    def __init__(self, *, reading: Limits = READING, decoding: Limits = DECODING, jobs: Sequence[Job] = ()) -> None:
        self._children = (
            ChildProcess(reading, [job.function for job in jobs if not job.decoding]),
            ChildProcess(decoding, [job.function for job in jobs if job.decoding]),
        )
        self._reading, self._decoding = map(JobQueue, self._children)
        self._avoided: dict[tuple[JobQueue, Path], tuple[_Mark, Unreadable]] = {}
        self._decoded: dict[Path, str | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path, *, now: datetime, beside: Sequence[Path] = ()) -> Capture:
        """As `agent.capture.read`. Raises LocalFault (`Unreadable` among them); AgentError where no worker starts."""
        (found,) = self.read_all([ReadRequest(path, beside)], now=now)
        if isinstance(found, LocalFault):
            raise found
        return found

    def read_all(self, requests: Iterable[ReadRequest], *, now: datetime) -> Iterator[Capture | LocalFault]:
        """For each file, in order, its capture or what was wrong with it; read ahead while the caller works.

        Nothing else may be read until this has come to its end, or was closed. AgentError where no worker starts.
        """
        waiting = iter(requests)
        self._none_under_way()
        try:
            while True:
                while len(self._reading) < UNDER_WAY and (request := next(waiting, None)) is not None:
                    beside = [str(path) for path in request.beside]
                    self._put(self._reading, request.path, {"do": "read", "beside": beside, "now": now.isoformat()})
                if not self._reading:
                    return
                yield _capture(self._answered(self._reading))
        finally:
            self._reading.forget()

    def begin_decoding(self, path: Path) -> None:
        """Have it looked into by the other worker while the caller goes on; `decodes` will ask for the outcome."""
        self._decoded.pop(path, None)
        self._put(self._decoding, path, {"do": "decodes"})
        self._decoding.send()

    def decodes(self, path: Path) -> str | None:
        """As `agent.capture.decodes`: what is wrong with the picture; None where nothing is known to be.

        A picture on which the decoder crashes is not whole; of one that takes it too much memory or time, no one knows.
        """
        if path not in self._decoded and not self._decoding.has(path):
            self.begin_decoding(path)
        while path not in self._decoded:
            self._take_decoded()
        return self._decoded.pop(path)

    def ask(
        self, job: Job, path: Path, asked: wire.Fields, understood: Callable[[wire.Fields], _Understood]
    ) -> _Understood:
        """What `understood` makes of the guest's answer; a ValueError of its means that no guest answers so.

        Raises LocalFault: the guest's own, or `Unreadable` where the file ended two workers or the answer is none;
        AgentError where no worker starts.
        """
        if job.decoding:
            while self._decoding:
                self._take_decoded()
        else:
            self._none_under_way()
        job_queue = self._decoding if job.decoding else self._reading
        self._put(job_queue, path, {"do": "ask", "guest": job.function, "asked": asked})
        answer = self._answered(job_queue).answer
        if isinstance(answer, LocalFault):
            raise answer
        try:
            if answer is not None and "fault" in answer:
                raise LocalFault(wire.text_or_none(answer["fault"]) or "a file in the import folder cannot be read")
            return understood(wire.fields_of(None if answer is None else answer.get("told")))
        except (wire.Garbled, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
            raise self._refused(job_queue, path, unreadable(_NONSENSE)) from None

    def avoid(self, path: Path, reason: str) -> None:
        """Never touch the file that is there now: it was found `Unreadable` before, for this reason."""
        mark = _mark(path)
        if mark is not None:
            self._avoided[self._reading, path] = mark, Unreadable(reason)

    def avoids(self, path: Path) -> bool:
        """Whether the file that is there now would be answered for without being touched."""
        known = self._avoided.get((self._reading, path))
        return known is not None and _mark(path) == known[0]

    def imposed(self) -> Imposed:
        """Which limits are in force on this system, as the reading worker says. AgentError where none starts."""
        try:
            self._children[0].start()
        except (NotStarted, Ended) as fault:
            raise AgentError(f"the process that reads photos {fault}: start the laptop again, or tell IT") from None
        return self._children[0].imposed

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers there are now."""
        return tuple(line.process_id for line in self._children if line.process_id is not None)

    def close(self) -> None:
        """End the workers; another question would start them again."""
        for job_queue in (self._reading, self._decoding):
            job_queue.forget()
        for line in self._children:
            line.close()

    # --- asking ------------------------------------------------------------------------------------------------------

    def _put(self, job_queue: JobQueue, path: Path, fields: wire.Fields) -> None:
        """Answered already where the file is to be avoided, and still what it was."""
        known = self._avoided.get((job_queue, path))
        answer = known[1] if known is not None and _mark(path) == known[0] else None
        job_queue.put(Question(path, {**fields, "path": str(path)}, answer))

    def _answered(self, job_queue: JobQueue) -> Question:
        done = job_queue.take()
        if isinstance(done.answer, dict) and "broke" in done.answer:
            done.answer, done.crashed = unreadable(f"reading it failed{_kind(done.answer['broke'])}"), True
        if isinstance(done.answer, Unreadable):
            self._refused(job_queue, done.path, done.answer)
        return done

    def _refused(self, job_queue: JobQueue, path: Path, why: Unreadable) -> Unreadable:
        """The same, after it was put down for as long as the file is what it is."""
        if (mark := _mark(path)) is not None:
            self._avoided[job_queue, path] = mark, why
        return why

    def _take_decoded(self) -> None:
        done = self._answered(self._decoding)
        wrong = _text(done.answer, "decodes") if isinstance(done.answer, dict) else None
        self._decoded[done.path] = "its picture crashes the decoder" if done.crashed else wrong

    def _none_under_way(self) -> None:
        if self._reading:
            raise RuntimeError("another reading is not at its end")


def _mark(path: Path) -> _Mark | None:
    """What tells a file from the one that was there before; None where there is none."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _kind(found: object) -> str:
    """The class of the fault that the worker says it met, in brackets; nothing where that is no class's name."""
    return f" ({found})" if isinstance(found, str) and found.isidentifier() and len(found) <= 80 else ""


def _capture(done: Question) -> Capture | LocalFault:
    answer = done.answer
    if isinstance(answer, LocalFault):
        return answer
    try:
        if isinstance(answer, dict) and "fault" in answer:
            return LocalFault(_text(answer, "fault"))
        return wire.capture_of(None if answer is None else answer.get("capture"))
    except wire.Garbled:
        return unreadable(_NONSENSE)


def _text(answer: wire.Fields | None, name: str) -> str | None:
    try:
        return wire.text_or_none(None if answer is None else answer.get(name))
    except wire.Garbled:
        return None
