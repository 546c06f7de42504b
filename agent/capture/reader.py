"""`read` and `decodes` of this room, run in a worker: the rest of the program reads photos through these."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.capture.jobs import DECODES, READ, read_question, understood_decodes, understood_read
from agent.capture.numbering import NUMBER, Numbered, understood_number
from agent.errors import LocalFault
from agent.model.capture import Capture
from agent.worker import Unreadable, Worker


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A file to be read, and the files of the same photo beside it."""

    path: Path
    beside: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class PhotoReader:
    """Reads with a worker that was given this room's `JOBS`. Every method raises AgentError if that does not start."""

    worker: Worker

    def read(self, path: Path, *, now: datetime, beside: Sequence[Path] = ()) -> Capture:
        """As `agent.capture.read`. Raises LocalFault, including `Unreadable`."""
        return self.worker.ask(READ, path, read_question(now, beside), understood_read)

    def number(self, path: Path) -> Numbered | None:
        """The camera that took it and the number that it gave it, if there is one. Raises LocalFault."""
        return self.worker.ask(NUMBER, path, {}, understood_number)

    def read_all(self, requests: Iterable[ReadRequest], *, now: datetime) -> Iterator[Capture | LocalFault]:
        """For each file, in order, its capture or its fault; it reads ahead while the caller works.

        Nothing else may be read until this has finished, or was closed.
        """
        questions = ((request.path, read_question(now, request.beside)) for request in requests)
        return self.worker.ask_many(READ, questions, understood_read)

    def begin_decoding(self, path: Path) -> None:
        """Start decoding it while the caller continues; `decodes` will ask for the outcome."""
        self.worker.begin(DECODES, path, {})

    def decodes(self, path: Path) -> str | None:
        """As `agent.capture.decodes`: what is wrong with the picture; None if no fault is known.

        A picture that crashes the decoder is damaged; one that takes too much memory or time is not known to be.
        """
        try:
            return self.worker.ask(DECODES, path, {}, understood_decodes)
        except Unreadable as fault:
            return "its picture crashes the decoder" if fault.crashed else None
        except LocalFault:
            return None
