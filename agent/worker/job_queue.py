"""Questions to a worker, answered in order, even if workers end.

If the worker ends, it was working on the first question without an answer: that question's file is blamed, and all open
questions go to a new worker. A file that is blamed twice gets the answer `Unreadable`.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, LocalFault
from agent.worker import wire
from agent.worker.child_process import ChildProcess, Ended, NotStarted

TRIES = 2
"""How many workers one file may end; the first may have ended because the system was short of memory."""

STARTS = 3
"""How many idle workers in a row may end before this laptop is to blame."""

UNDER_WAY = 32
"""Most open questions for a worker: enough that it never waits, few enough to ask again."""


class Unreadable(LocalFault):
    """Reading this file ended the reader, twice. It is not tried again until the file changes.

    `crashed` is whether the reader ended, or failed, without having passed a limit.
    """

    def __init__(self, message: str, *, crashed: bool = False) -> None:
        super().__init__(message)
        self.crashed = crashed


@dataclass(slots=True, eq=False)
class Question:
    """One question about one file; `answer` once it is known. `wanted`: somebody will ask for it."""

    path: Path
    fields: wire.Fields
    answer: wire.Fields | LocalFault | None = None
    sent: bool = False
    ended: int = 0
    wanted: bool = True


class JobQueue:
    """One worker's questions. For one thread."""

    def __init__(self, child: ChildProcess) -> None:
        self._child = child
        self._open: deque[Question] = deque()
        self._idle_ends = 0

    def __len__(self) -> int:
        return len(self._open)

    def has(self, fields: wire.Fields) -> bool:
        """Whether this question is still in the queue."""
        return any(question.wanted and question.fields == fields for question in self._open)

    def overtake(self, fields: wire.Fields) -> None:
        """The same question is put once more: the file may have changed, so its earlier answers are not wanted."""
        for question in self._open:
            question.wanted = question.wanted and question.fields != fields

    def put(self, question: Question) -> None:
        """Add it after the others; sent with the next `send` or `take`."""
        self._open.append(question)

    def send(self) -> None:
        """Send the worker more questions, as many as it may have. AgentError if no worker can be started."""
        under_way = sum(question.sent for question in self._open)
        fresh = [question for question in self._open if not question.sent and question.answer is None]
        # Refilled by halves, so that one write to the pipe carries many.
        if not fresh or under_way > UNDER_WAY // 2:
            return
        fresh = fresh[: UNDER_WAY - under_way]
        try:
            self._child.ask([question.fields for question in fresh])
        except NotStarted as fault:
            raise self._cannot(str(fault)) from None
        except Ended as fault:
            if not under_way:  # else taking the answers shows which file it was
                self._idle_ends += 1
                if self._idle_ends >= STARTS:
                    raise self._cannot(str(fault)) from None
        else:
            for question in fresh:
                question.sent = True

    def take(self) -> Question:
        """Remove the first question from the queue, with its answer. AgentError if no worker can be started."""
        first = self._open[0]
        while first.answer is None:
            self.send()
            if not first.sent:
                continue
            try:
                first.answer = self._child.answer()
                self._idle_ends = 0
            except Ended as fault:
                self._blame(first, fault)
        return self._open.popleft()

    def forget(self) -> None:
        """Drop all questions; the worker, which may have some of them, ends too."""
        if any(question.sent for question in self._open):
            self._child.end()
        self._open.clear()

    def _blame(self, first: Question, fault: Ended) -> None:
        first.ended += 1
        if first.ended >= TRIES:
            first.answer = unreadable(f"reading it {fault}, twice", crashed=fault.crashed)
        for question in self._open:
            question.sent = False

    @staticmethod
    def _cannot(why: str) -> AgentError:
        return AgentError(
            f"photos cannot be read on this laptop: the process that reads them {why}. Start the laptop again; if that "
            "does not help, tell IT."
        )


def unreadable(why: str, *, crashed: bool = False) -> Unreadable:
    """The refusal of a file, with advice on what to do."""
    return Unreadable(
        f"{why}: it is damaged, or malicious. It has been left where it is and will not be read again unless it "
        "changes. If it is of a visit, show it to IT",
        crashed=crashed,
    )
