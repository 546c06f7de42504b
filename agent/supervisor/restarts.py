"""Starts of the service that ended in a fault: each in a row waits longer before it works, and `status` says so.

The system starts the service again a minute after a crash, for ever. A fault that comes back at every start would fill
logs and run a battery down, so the service itself waits: not at all after the first faults, then two minutes, doubling
up to an hour. A run that lasted ends the row, for what ended it was another fault.
"""

import contextlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

FILE = "starts.json"

AT_ONCE = 3
"""Faults in a row after which it still works at once: a laptop whose power is cut ends so too."""

FIRST_WAIT = 120.0
LONGEST_WAIT = 3600.0
LASTED = 1800.0
"""Seconds of working after which a fault is not counted together with those before."""


@dataclass(slots=True)
class Restarts:
    """The row of faults of the service whose state lies in `folder`. Times are seconds of any steady clock."""

    folder: Path
    in_a_row: int = 0
    _began: float | None = None

    def begin(self, now: float) -> float:
        """Count this start as a fault until it has lasted or ended well; how many seconds to wait before working."""
        self.in_a_row = faults_in_a_row(self.folder)
        self._began = now
        self._write(self.in_a_row + 1)
        if self.in_a_row < AT_ONCE:
            return 0.0
        # Beyond ten the power of two only grows; it is capped before it is multiplied.
        return min(FIRST_WAIT * math.pow(2, min(self.in_a_row - AT_ONCE, 10)), LONGEST_WAIT)

    def working(self, now: float) -> None:
        """To be called now and then: once it has lasted, the row is over."""
        if self._began is not None and now - self._began >= LASTED:
            self._began = None
            self._write(1)  # if it ends in a fault from here, that is the first

    def ended_well(self) -> None:
        """It was asked to stop, and did."""
        self._write(0)

    def _write(self, count: int) -> None:
        new = self.folder / f"{FILE}.new"
        # Where the disk is full it is not counted, and the system's own minute between two starts remains.
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_text(json.dumps({"ended_in_a_fault": count}), encoding="utf-8")
            new.replace(self.folder / FILE)


def faults_in_a_row(folder: Path) -> int:
    """How many starts before this one ended in a fault; 0 where that is not known."""
    try:
        count = json.loads((folder / FILE).read_text("utf-8"))["ended_in_a_fault"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return count if isinstance(count, int) and 0 <= count <= 1_000_000 else 0
