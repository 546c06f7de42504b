"""When a witness saw each device's record grow, by the witness's own clock. Silence is measured from then.

The times in the entries count only when a device is seen for the first time. From then on neither the laptop's clock
nor the share's can make a device seem alive.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.audit.findings import Report
from agent.errors import RecordError
from agent.files.durable import replace_file


@dataclass(slots=True)
class Heard:
    """Of each device how many signed entries were seen last, and when it was last heard of; None: that is not known."""

    devices: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)

    def update(self, report: Report, now: datetime, *, anew: bool) -> datetime | None:
        """When this device was last heard of; `anew` says that nothing is remembered of its record."""
        known = self.devices.get(report.device)
        if known is None or anew:
            told = report.last_heard
            self.devices[report.device] = (report.signed, None if told is None else min(told, now))
        elif report.signed > known[0]:
            self.devices[report.device] = (report.signed, now)
        return self.devices[report.device][1]


class HeardFile:
    """The file that a witness keeps it in."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Heard:
        """What is remembered; nothing where there is no file yet. RecordError where it cannot be read."""
        try:
            return Heard({device: _pair(said) for device, said in json.loads(self._path.read_bytes()).items()})
        except FileNotFoundError:
            return Heard()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise RecordError(
                f"When this witness heard of each device cannot be read from {self._path}. Put that file back from a "
                "backup, or delete it: then silence is measured anew, from what the entries say."
            ) from fault

    def write(self, heard: Heard) -> None:
        """Remember this; durable on return."""
        said = {
            device: {"entries": entries, "at": None if at is None else at.isoformat()}
            for device, (entries, at) in sorted(heard.devices.items())
        }
        replace_file(self._path, json.dumps(said, indent=1).encode())


def _pair(said: dict[str, str | int | None]) -> tuple[int, datetime | None]:
    at = said["at"]
    return int(said["entries"] or 0), None if at is None else datetime.fromisoformat(str(at))
