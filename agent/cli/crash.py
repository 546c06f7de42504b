"""What is put out when this program meets a fault that nobody foresaw: where it happened, and no more.

A fault's own text may name a private file ("No such file or directory: '…/birthday.jpg'"), and what a service puts out
is kept in logs that others read. So of each fault only its kind, its system error and the lines of code are told.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

log = logging.getLogger("photo-agent")

ADVICE = (
    "photo-agent has stopped because of an unexpected fault. Nothing is lost: the next run goes on. Send this to IT:"
)


class Discreet(logging.Formatter):
    """Log lines whose faults are told as `crash_report` does it."""

    def formatException(self, ei: object) -> str:  # noqa: N802  # logging's name
        """In the place of the fault's text and its traceback."""
        fault = ei[1] if isinstance(ei, tuple) else None
        return crash_report(fault) if isinstance(fault, BaseException) else ""


def watch_over() -> None:
    """From here on whatever ends this process, or a thread of it, is told so; the exit code stays Python's, 1."""

    def of_the_process(_kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(fault, KeyboardInterrupt):
            log.critical("stopped")
        else:
            log.critical("%s\n%s", ADVICE, crash_report(fault))

    def of_a_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            of_the_process(ended.exc_type, ended.exc_value, ended.exc_traceback)

    def of_nobody(ended: "sys.UnraisableHookArgs") -> None:
        if ended.exc_value is not None:
            log.error("A fault while something was being closed:\n%s", crash_report(ended.exc_value))

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_the_process, of_a_thread, of_nobody
    if logging.lastResort is not None:  # what is logged where no log was set up, by asyncio for one
        logging.lastResort.setFormatter(Discreet())


def crash_report(fault: BaseException) -> str:
    """The kind of fault, its system error and where it happened; of those that led to it, too, the first one first."""
    return "\n".join(_lines(fault, set())).rstrip("\n")


def _lines(fault: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(fault))
    before = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "and from that:"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(fault.__traceback__)).rstrip("\n")
    number = f", error {fault.errno}" if isinstance(fault, OSError) and fault.errno is not None else ""
    yield f"{type(fault).__module__}.{type(fault).__qualname__}{number} (its text is left out: it may name a file)"
    if isinstance(fault, BaseExceptionGroup):
        for one in fault.exceptions:
            if id(one) not in seen:
                yield from _lines(one, seen)
