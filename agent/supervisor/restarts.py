"""Starts of the service that ended with a fault: each one in a row waits longer before it works, and `status` shows it.

The system restarts the service a minute after every crash, without end. A fault at every start would fill logs and
drain the battery, so the service itself waits: not at all after the first faults, then two minutes, doubling up to an
hour. A start that worked for long enough ends the row, because a later fault is a different one.
"""

import contextlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

FILE = "starts.json"

AT_ONCE = 3
"""Faults in a row after which the service still starts work at once; a power cut also looks like a fault."""

FIRST_WAIT = 120.0
LONGEST_WAIT = 3600.0
LASTED = 1800.0
"""Seconds of work after which a fault no longer counts as one of the row."""


@dataclass(slots=True)
class Restarts:
    """The row of faults of the service with its state in `folder`. Times are seconds of any steady clock."""

    folder: Path
    in_a_row: int = 0
    _began: float | None = None

    def begin(self, now: float) -> float:
        """Count this start as a fault until it has lasted or ended well. Returns the seconds to wait before work."""
        self.in_a_row = faults_in_a_row(self.folder)
        self._began = now
        self._write(self.in_a_row + 1)
        if self.in_a_row < AT_ONCE:
            return 0.0
        # The exponent is limited first, as a huge power of two would overflow.
        return min(FIRST_WAIT * math.pow(2, min(self.in_a_row - AT_ONCE, 10)), LONGEST_WAIT)

    def working(self, now: float) -> None:
        """End the row once this start has lasted. Call this now and then."""
        if self._began is not None and now - self._began >= LASTED:
            self._began = None
            self._write(1)  # a fault from now on is the first of a new row

    def ended_well(self) -> None:
        """Note that the service stopped because it was asked to."""
        self._write(0)

    def _write(self, count: int) -> None:
        new = self.folder / f"{FILE}.new"
        # On a full disk the fault is not counted; the system still waits a minute between two starts.
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_text(json.dumps({"ended_in_a_fault": count}), encoding="utf-8")
            new.replace(self.folder / FILE)


def faults_in_a_row(folder: Path) -> int:
    """How many starts in a row before this one ended with a fault; 0 if that is not known."""
    try:
        count = json.loads((folder / FILE).read_text("utf-8"))["ended_in_a_fault"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return count if isinstance(count, int) and 0 <= count <= 1_000_000 else 0
