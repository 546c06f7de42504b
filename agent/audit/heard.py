"""When a witness saw each device's record grow, by the witness's own clock. Silence is measured from then.

The times in the entries count only when a device is seen for the first time. From then on neither the laptop's clock
nor the share's can make a silent device seem active.
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
    """How many signed entries of each device were seen last, and when it was last heard from; None means not known."""

    devices: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)

    def update(self, report: Report, now: datetime, *, anew: bool) -> datetime | None:
        """When this device was last heard from; `anew` says that nothing is remembered of its record."""
        known = self.devices.get(report.device)
        if known is None or anew:
            said = report.last_heard
            self.devices[report.device] = (report.signed, None if said is None else min(said, now))
        elif report.signed > known[0]:
            self.devices[report.device] = (report.signed, now)
        return self.devices[report.device][1]


class HeardFile:
    """The file in which a witness stores this."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Heard:
        """What is remembered; nothing if there is no file yet. RecordError if the file cannot be read."""
        try:
            return Heard({device: _pair(said) for device, said in json.loads(self._path.read_bytes()).items()})
        except FileNotFoundError:
            return Heard()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise RecordError(
                f"This witness's list of when it heard from each device cannot be read: {self._path}. Restore that "
                "file from a backup, or delete it: then silence is measured anew, from the times in the entries."
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
