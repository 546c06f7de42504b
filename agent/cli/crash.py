"""What this program prints about a fault that nobody foresaw: where it happened, and no more.

The text of a fault may name a private file ("No such file or directory: '…/birthday.jpg'"), and the output of a service
ends up in logs that others read. So only the kind of fault, its system error and the lines of code are printed.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

log = logging.getLogger("photo-agent")

ADVICE = (
    "photo-agent has stopped because of an unexpected fault. Nothing is lost: the next run continues. Send this to IT:"
)


class Discreet(logging.Formatter):
    """Formats log lines, and describes their faults as `crash_report` does."""

    def formatException(self, ei: object) -> str:  # noqa: N802  # logging's name
        """The crash report, in place of the fault's text and traceback."""
        fault = ei[1] if isinstance(ei, tuple) else None
        return crash_report(fault) if isinstance(fault, BaseException) else ""


def watch_over() -> None:
    """From now on, report every fault that ends this process or one of its threads. The exit code stays Python's, 1."""

    def of_the_process(_kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(fault, KeyboardInterrupt):
            log.critical("Stopped.")
        else:
            log.critical("%s\n%s", ADVICE, crash_report(fault))

    def of_a_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            of_the_process(ended.exc_type, ended.exc_value, ended.exc_traceback)

    def of_nobody(ended: "sys.UnraisableHookArgs") -> None:
        if ended.exc_value is not None:
            log.error("A fault while something was being closed:\n%s", crash_report(ended.exc_value))

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_the_process, of_a_thread, of_nobody
    if logging.lastResort is not None:  # logs what libraries such as asyncio report before a log is set up
        logging.lastResort.setFormatter(Discreet())


def crash_report(fault: BaseException) -> str:
    """The kind of fault, its system error and where it happened, after the same for the faults that led to it."""
    return "\n".join(_lines(fault, set())).rstrip("\n")


def _lines(fault: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(fault))
    before = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(fault.__traceback__)).rstrip("\n")
    number = f", error {fault.errno}" if isinstance(fault, OSError) and fault.errno is not None else ""
    yield f"{type(fault).__module__}.{type(fault).__qualname__}{number} (its text is left out: it may name a file)"
    if isinstance(fault, BaseExceptionGroup):
        for one in fault.exceptions:
            if id(one) not in seen:
                yield from _lines(one, seen)
