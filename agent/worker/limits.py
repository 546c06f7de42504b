"""What one file may cost the worker, and how each system enforces that.

Linux and the BSDs enforce all of it in the kernel: address space by RLIMIT_AS, a file's processor time and time by
interval timers whose signal ends the process. macOS has the timers, but its kernel does not enforce RLIMIT_AS, so there
the worker watches its own size. Windows has a job object for memory; the worker watches processor time and time itself.
A library that hangs inside one call can escape this watching; but everywhere the parent ends a worker that does not
answer in time. Writing files is forbidden if the system has a limit for that, which Windows has not.
"""

import os
import sys
import threading
import time
from dataclasses import dataclass
from enum import StrEnum

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """For one file: bytes beyond those the worker uses at rest, seconds on the processor, seconds in all."""

    memory: int
    processor: float
    wall: float


READING = Limits(memory=256 * MIB, processor=5.0, wall=60.0)
"""Headers take a millisecond and some MB. The total time is for slow cards: a JPEG's end may be far from its start."""

DECODING = Limits(memory=2560 * MIB, processor=60.0, wall=180.0)
"""A HEIC of 200 megapixels takes some 1.7 GB and 15 s on a laptop, a JPEG a tenth of that."""


class Enforcement(StrEnum):
    """How a limit is enforced."""

    SYSTEM = "system"
    WATCHED = "watched"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Imposed:
    """Which limits are in force in a worker, as it reports once they are set; `files`: that it writes none."""

    memory: Enforcement
    processor: Enforcement
    wall: Enforcement
    files: Enforcement


EXIT_MEMORY, EXIT_PROCESSOR, EXIT_WALL = 81, 82, 83
"""The exit codes of a worker that noticed by itself that it had passed a limit."""

_GLANCE = 0.1
"""Seconds between two checks of the watcher."""


class LimitWatcher:
    """A thread that ends the process when the current file has passed a limit that the system does not enforce."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._ceiling = _resident() + limits.memory
        self._since: tuple[float, float] | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self) -> None:
        """Work on a file begins."""
        self._since = time.process_time(), time.monotonic()

    def end(self) -> None:
        """Work on it is done."""
        self._since = None

    def _watch(self) -> None:
        while True:
            time.sleep(_GLANCE)
            since = self._since
            if since is None:
                continue
            if time.process_time() - since[0] > self._limits.processor:
                os._exit(EXIT_PROCESSOR)
            if time.monotonic() - since[1] > self._limits.wall:
                os._exit(EXIT_WALL)
            if _resident() > self._ceiling:
                os._exit(EXIT_MEMORY)


class LimitTimers:
    """The two interval timers: their signals' default action ends the process, whatever it is doing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    if sys.platform != "win32":

        def begin(self) -> None:
            """Work on a file begins."""
            import signal

            signal.setitimer(signal.ITIMER_PROF, self._limits.processor)
            signal.setitimer(signal.ITIMER_REAL, self._limits.wall)

        def end(self) -> None:
            """Work on it is done."""
            import signal

            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)

    else:

        def begin(self) -> None:
            """Windows has no interval timers."""

        def end(self) -> None:
            """Windows has no interval timers."""


def impose(limits: Limits) -> tuple[Imposed, LimitTimers | LimitWatcher]:
    """Set the limits of this process, for good; returns which are in force, and the timers to start for each file."""
    if sys.platform == "win32":
        from agent.worker.windows import limit_memory

        memory = Enforcement.SYSTEM if limit_memory(limits.memory) else Enforcement.NOT
        return Imposed(memory, Enforcement.WATCHED, Enforcement.WATCHED, Enforcement.NOT), LimitWatcher(limits)
    _forbid_files()
    if sys.platform == "darwin":
        return Imposed(Enforcement.WATCHED, Enforcement.SYSTEM, Enforcement.SYSTEM, Enforcement.SYSTEM), Both(
            LimitTimers(limits), LimitWatcher(limits)
        )
    memory = Enforcement.SYSTEM if _limit_address_space(limits.memory) else Enforcement.NOT
    return Imposed(memory, Enforcement.SYSTEM, Enforcement.SYSTEM, Enforcement.SYSTEM), LimitTimers(limits)


class Both(LimitTimers):
    """The timers, and the watcher for the limits that they do not cover."""

    def __init__(self, timers: LimitTimers, watcher: LimitWatcher) -> None:
        self._timers = timers
        self._watcher = watcher

    def begin(self) -> None:
        """Work on a file begins."""
        self._watcher.begin()
        self._timers.begin()

    def end(self) -> None:
        """Work on it is done."""
        self._timers.end()
        self._watcher.end()


if sys.platform != "win32":

    def _forbid_files() -> None:
        """Forbid writing any file, even a core dump, which would be a copy of a photo."""
        import resource

        for what in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
            resource.setrlimit(what, (0, 0))

    def _limit_address_space(more: int) -> bool:
        import resource

        ceiling = _address_space() + more
        try:
            resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
        except (ValueError, OSError):  # a lower limit is in force already
            return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
        return True

    def _address_space() -> int:
        """The address space that the idle process has mapped: mostly the system's libraries and language tables."""
        try:
            with open("/proc/self/statm", encoding="ascii") as table:  # noqa: PTH123  # the kernel's, not a file
                return int(table.read().split()[0]) * os.sysconf("SC_PAGESIZE")
        except (OSError, ValueError):
            return 256 * MIB

    def _resident() -> int:
        """The most memory this process has ever used, in bytes."""
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024

else:

    def _forbid_files() -> None:
        """Windows has no such limit."""

    def _limit_address_space(more: int) -> bool:  # noqa: ARG001
        """Windows has a job object instead."""
        return False

    def _resident() -> int:
        """The job object limits this, so it is not watched."""
        return 0
