"""The interface for the rest of the program: children are started when needed, and again if a file has ended one.

A file that ended two children is `Unreadable`: as long as it is unchanged (its size and time of change), it gets that
answer without being touched again. The caller stores what must outlast this object, and passes it to `avoid`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from agent.errors import AgentError, LocalFault
from agent.files.closing import Closing
from agent.worker import wire
from agent.worker.child_process import ChildProcess, Ended, NotStarted
from agent.worker.job_queue import UNDER_WAY, JobQueue, Question, Unreadable, unreadable
from agent.worker.jobs import Job
from agent.worker.limits import DECODING, READING, Imposed, Limits

_Mark = tuple[int, int]

_NONSENSE = "reading it gave an answer that makes no sense"

_Understood = TypeVar("_Understood")

_MISUNDERSTOOD = (wire.Garbled, ValueError, TypeError, KeyError, ArithmeticError, RecursionError)


class Worker(Closing):
    """Two children, one for jobs that read and one for those that decode. Neither starts before it is asked.

    Only the jobs in `jobs` may be asked for. For one thread. `close` ends the children; if this process is killed, they
    end by themselves.
    """

    def __init__(self, jobs: Sequence[Job], *, reading: Limits = READING, decoding: Limits = DECODING) -> None:
        self._children = (
            ChildProcess(reading, [job.function for job in jobs if not job.decoding]),
            ChildProcess(decoding, [job.function for job in jobs if job.decoding]),
        )
        self._reading, self._decoding = map(JobQueue, self._children)
        self._avoided: dict[tuple[JobQueue, Path], tuple[_Mark, Unreadable]] = {}
        self._ahead: list[Question] = []
        """Questions that were begun, and answered while the caller waited for another answer."""
        self._streaming: set[JobQueue] = set()

    def ask(
        self, job: Job, path: Path, asked: wire.Fields, understood: Callable[[wire.Fields], _Understood]
    ) -> _Understood:
        """The job's answer, as converted by `understood`; a ValueError from it means that the answer makes no sense.

        Raises LocalFault: the job's own, or `Unreadable` if the file ended two children or the answer makes no sense;
        AgentError if no child can be started.
        """
        queue, fields = self._queue(job), _fields(job, path, asked)
        self._not_streaming(queue)
        if not queue.has(fields) and not any(done.fields == fields for done in self._ahead):
            self._put(queue, path, fields)
        try:
            done = self._taken(queue, fields)
        except BaseException:
            queue.forget()  # so that a later question does not get this one's answer
            raise
        return self._understood(queue, done, understood)

    def ask_many(
        self,
        job: Job,
        questions: Iterable[tuple[Path, wire.Fields]],
        understood: Callable[[wire.Fields], _Understood],
    ) -> Iterator[_Understood | LocalFault]:
        """For each question, in order, what `ask` would return or raise as LocalFault; questions are sent ahead.

        No other job may be asked of the same child until this has finished, or was closed. AgentError if no child can
        be started.
        """
        queue, waiting = self._queue(job), iter(questions)
        self._not_streaming(queue)
        while queue:
            self._hold(self._answered(queue))
        self._streaming.add(queue)
        try:
            while True:
                while len(queue) < UNDER_WAY and (question := next(waiting, None)) is not None:
                    path, asked = question
                    self._put(queue, path, _fields(job, path, asked))
                if not queue:
                    return
                yield self._understood_or_fault(queue, self._answered(queue), understood)
        finally:
            queue.forget()
            self._streaming.discard(queue)

    def begin(self, job: Job, path: Path, asked: wire.Fields) -> None:
        """Start a question while the caller continues; the same `ask` later gets its answer. Raises as `ask`."""
        queue, fields = self._queue(job), _fields(job, path, asked)
        self._not_streaming(queue)
        self._ahead = [done for done in self._ahead if done.fields != fields]
        queue.overtake(fields)
        self._put(queue, path, fields)
        queue.send()

    def avoid(self, path: Path, reason: str) -> None:
        """Never touch the present file at this path: it was found `Unreadable` before, for this reason."""
        mark = _mark(path)
        if mark is not None:
            self._avoided[self._reading, path] = mark, Unreadable(reason)

    def avoids(self, path: Path) -> bool:
        """Whether a question about the present file at this path would be answered without touching the file."""
        known = self._avoided.get((self._reading, path))
        return known is not None and _mark(path) == known[0]

    def imposed(self) -> Imposed:
        """Which limits are in force on this system, as the reading child reports. AgentError if none can be started."""
        try:
            self._children[0].start()
        except (NotStarted, Ended) as fault:
            raise AgentError(f"the process that reads photos {fault}: start the laptop again, or tell IT") from None
        return self._children[0].imposed

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The process ids of the present children."""
        return tuple(child.process_id for child in self._children if child.process_id is not None)

    def close(self) -> None:
        """End the children; another question would start them again."""
        for queue in (self._reading, self._decoding):
            queue.forget()
        for child in self._children:
            child.close()

    # --- asking ------------------------------------------------------------------------------------------------------

    def _queue(self, job: Job) -> JobQueue:
        return self._decoding if job.decoding else self._reading

    def _not_streaming(self, queue: JobQueue) -> None:
        if queue in self._streaming:
            raise RuntimeError("another reading has not finished")

    def _put(self, queue: JobQueue, path: Path, fields: wire.Fields) -> None:
        """Put a question; it is answered at once if the file is to be avoided, and unchanged."""
        known = self._avoided.get((queue, path))
        queue.put(Question(path, fields, known[1] if known is not None and _mark(path) == known[0] else None))

    def _taken(self, queue: JobQueue, fields: wire.Fields) -> Question:
        """That question with its answer; earlier answers are stored for the callers that began them."""
        for known in self._ahead:
            if known.fields == fields:
                self._ahead.remove(known)
                return known
        while not (done := self._answered(queue)).wanted or done.fields != fields:
            self._hold(done)
        return done

    def _hold(self, done: Question) -> None:
        if done.wanted:
            self._ahead.append(done)

    def _answered(self, queue: JobQueue) -> Question:
        done = queue.take()
        if isinstance(done.answer, dict) and "broke" in done.answer:
            done.answer = unreadable(f"reading it failed{_kind(done.answer['broke'])}", crashed=True)
        if isinstance(done.answer, Unreadable):
            self._avoid(queue, done.path, done.answer)
        return done

    def _understood_or_fault(
        self, queue: JobQueue, done: Question, understood: Callable[[wire.Fields], _Understood]
    ) -> _Understood | LocalFault:
        try:
            return self._understood(queue, done, understood)
        except LocalFault as fault:
            return fault

    def _understood(
        self, queue: JobQueue, done: Question, understood: Callable[[wire.Fields], _Understood]
    ) -> _Understood:
        answer = done.answer
        if isinstance(answer, LocalFault):
            raise answer
        try:
            if answer is not None and "fault" in answer:
                raise LocalFault(wire.text_or_none(answer["fault"]) or "a file in the import folder cannot be read")
            return understood(wire.fields_of(None if answer is None else answer.get("answer")))
        except _MISUNDERSTOOD:
            raise self._avoid(queue, done.path, unreadable(_NONSENSE)) from None

    def _avoid(self, queue: JobQueue, path: Path, why: Unreadable) -> Unreadable:
        """The same fault, which is the answer from now on for as long as the file is unchanged."""
        if (mark := _mark(path)) is not None:
            self._avoided[queue, path] = mark, why
        return why


def _fields(job: Job, path: Path, asked: wire.Fields) -> wire.Fields:
    return {"do": job.function, "path": str(path), "asked": asked}


def _mark(path: Path) -> _Mark | None:
    """The facts that distinguish a file from an earlier one at the path; None if the file is missing."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _kind(found: object) -> str:
    """The class of the fault that the child reports, in brackets; empty if that is not a class's name."""
    return f" ({found})" if isinstance(found, str) and found.isidentifier() and len(found) <= 80 else ""
