"""Reading the records of many devices on several processors at once.

The devices are split into parts by their names alone, and the results come in that order: they are the same, whatever
the number of processes. Each process opens the copy itself, as its own reader; only what it found comes back. A small
copy is read here: that takes less time than a process takes to start.
"""

import contextlib
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

from agent.audit.evidence import MOST_FILES, Note, opened_copy
from agent.audit.renaming import Records
from agent.errors import RecordError
from agent.files.beneath import Beneath, NotPlain, Parts
from agent.record.note import VerifierKey
from agent.record.published import origin

MOST_PROCESSES = 4
"""Each takes up to 100 MB."""

MOST_PARTS = 64

MOST_AHEAD = 16
"""The most parts that are worked on, or done, while the result of an earlier one is missing."""

LARGE = 20_000_000
"""The bytes of record files from which several processes are quicker than one; opening a file counts as `A_FILE`."""

A_FILE = 10_000

Say = Callable[[str, int], object]
"""Called during the work, with a device and a count."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """A copy of the share, of its `record/`, or of one device's folder; IT's keys; and checkpoints seen before."""

    folder: Path
    keys: Sequence[VerifierKey]
    seen: Sequence[Note] = ()

    def seen_of(self, device: str) -> list[Note]:
        """The checkpoints of this device that were seen before."""
        begins = origin(device).encode("utf-8", "backslashreplace") + b"\n"  # a folder's name may not be valid text
        return [note for note in self.seen if note.content.startswith(begins)]


@dataclass(frozen=True, slots=True)
class Part:
    """Some devices, one after the other in their order; parts are numbered from 0."""

    number: int
    devices: Sequence[str]


Work = Callable[[Records, Part, Say], Result]
"""What is done with the records of a part. It is sent to other processes, and so is its result.

There each part gets a copy of the work as it was at the beginning.
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """The records in an opened copy."""

    place: Place
    copy: Beneath
    records: Records

    def each(
        self,
        work: Work[Result],
        take: Callable[[Result], object],
        say: Say = lambda _device, _count: None,
        *,
        here: bool = False,
    ) -> None:
        """Call `take` with the result for each part, in order; `here`: work in this process only.

        Raises what the work raises; RecordError if a process ended before its work was done. No process is left then.
        """
        parts = _parts(self.records.devices)
        processes = 1 if here else min(processors(), MOST_PROCESSES, len(parts))
        if processes > 1 and _is_large(self.copy, self.records.places):
            _Processes(self.place, work, say, processes).through(parts, take)
            return
        for part in parts:
            take(work(self.records, part, say))


@contextlib.contextmanager
def opened(place: Place) -> Iterator[Opened]:
    """Open the copy. UsageError if there is no record in it, or it may not be read."""
    with opened_copy(place.folder) as copy:
        yield Opened(place, copy, Records(copy, place.keys, place.seen_of))


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parts(devices: Sequence[str]) -> list[Part]:
    each = -(-len(devices) // MOST_PARTS) or 1
    return [Part(start // each, devices[start : start + each]) for start in range(0, len(devices), each)]


def _is_large(copy: Beneath, places: Sequence[Parts]) -> bool:
    """Whether there is much to read, going by the files' sizes; no more of them are looked at than this takes."""
    left = LARGE
    for folder in places:
        try:
            names = copy.names(folder, MOST_FILES)
            for one in names:
                left -= A_FILE + copy.about((*folder, one.name)).st_size
                if left <= 0:
                    return True
        except (OSError, NotPlain):
            continue  # whoever reads it reports that
    return False


# --- processes -------------------------------------------------------------------------------------------------------


_Pipe = Any  # Connection, or on Windows PipeConnection; these have no common type


class _Processes(Generic[Result]):
    """Some processes that do the same work; each is given the next part when it has finished one."""

    def __init__(self, place: Place, work: Work[Result], say: Say, count: int) -> None:
        self._place = place
        self._work = pickle.dumps(work)
        self._say = say
        self._count = count
        self._busy: dict[_Pipe, int] = {}
        self._done: dict[int, Result] = {}

    def through(self, parts: Sequence[Part], take: Callable[[Result], object]) -> None:
        with contextlib.ExitStack() as stack:
            idle = [self._started(stack) for _ in range(self._count)]
            given = due = 0
            while due < len(parts):
                while idle and given < min(len(parts), due + MOST_AHEAD):
                    pipe = idle.pop()
                    with _ended_early():
                        pipe.send(parts[given])
                    self._busy[pipe] = given
                    given += 1
                ready = wait(list(self._busy))
                idle += [pipe for pipe in list(self._busy) if pipe in ready and self._heard(pipe)]
                while due in self._done:
                    take(self._done.pop(due))
                    due += 1

    def _started(self, stack: contextlib.ExitStack) -> _Pipe:
        # Not forked: that exists on Linux alone, and a copy of this process has its locks and handles.
        spawn = get_context("spawn")
        ours, theirs = spawn.Pipe()
        stack.callback(ours.close)
        with contextlib.closing(theirs):
            process = spawn.Process(target=_serve, args=(theirs, self._place, self._work), daemon=True)
            process.start()
            stack.callback(_end, process)
        return ours

    def _heard(self, pipe: _Pipe) -> bool:
        """Take a message; whether it was the result of a part."""
        with _ended_early():
            kind, content = pipe.recv()
        if kind == "fault":
            raise content
        if kind == "said":
            self._say(*content)
            return False
        self._done[self._busy.pop(pipe)] = content
        return True


@contextlib.contextmanager
def _ended_early() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as fault:
        raise RecordError(
            "A process that was reading the records ended before it was done; this machine may have too little memory. "
            "Run the command again."
        ) from fault


def _end(process: BaseProcess) -> None:
    process.terminate()  # what it wrote is complete once its result is here, and otherwise thrown away
    process.join()


def _serve(pipe: _Pipe, place: Place, pickled: bytes) -> None:
    """What such a process does, until the one that started it has ended or ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the first process decides
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            with opened(place) as here:
                while True:
                    part, work = pipe.recv(), pickle.loads(pickled)  # noqa: S301  # from the first process
                    done = work(here.records, part, lambda device, count: pipe.send(("said", (device, count))))
                    pipe.send(("done", done))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as fault:  # noqa: BLE001  # raised again in the first process
            fault.add_note(traceback.format_exc())
            pipe.send(("fault", fault))
