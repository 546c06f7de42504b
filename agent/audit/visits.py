"""A summary of one visit from the record: whose photos, how many were sent and removed, how long it took, what is open.

Only record entries are read, from any number of devices. A photo that was found and not yet sent has no entry: it is in
its laptop's journal. Here, only photos that are overdue or cannot be sent appear.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.audit.show import to_rows
from agent.record.entry import Entry
from agent.record.kinds import EntryKind


@dataclass(slots=True)
class VisitSum:
    """One visit. `delays` are in seconds, from the share first reachable to proven, for each transfer that has one."""

    visit: str
    staff: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    photos: int = 0
    files: int = 0
    bytes: int = 0
    removed: int = 0
    by_person: int = 0
    unsynced: int = 0
    damaged: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None
    not_removed: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    leftovers: int = 0

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        return {
            "visit": self.visit,
            "staff": sorted(self.staff),
            "devices": sorted(self.devices),
            "sent": self.photos,
            "proven": self.photos,
            "files": self.files,
            "bytes": self.bytes,
            "removed": self.removed,
            "settled_by_a_person": self.by_person,
            "not_synced": self.unsynced,
            "damaged": self.damaged,
            "first_proven": None if self.first is None else self.first.isoformat(),
            "last_proven": None if self.last is None else self.last.isoformat(),
            "delay_seconds": {"median": self.median_delay, "longest": max(self.delays, default=None)},
            "unresolved": {"not_removed": self.not_removed, "overdue": self.overdue, "refused": self.refused},
            "leftovers": self.leftovers,
        }

    @property
    def median_delay(self) -> float | None:
        """Seconds; None if no transfer states its delay."""
        return statistics.median(self.delays) if self.delays else None


def sum_up(entries: Iterable[Entry], visit: str) -> VisitSum:
    """Add up everything that these entries say about this visit."""
    total = VisitSum(visit)
    known = [entry for entry in entries if entry.kind is EntryKind.RENAMED or entry.body.get("visit") == visit]
    of_visit = [entry for entry in known if entry.body.get("visit") == visit]
    for entry in of_visit:
        total.devices.add(entry.device)
        if entry.body.get("staff"):
            total.staff.add(str(entry.body["staff"]))
    for row in to_rows(known):
        total.photos += 1
        total.files += row.files
        total.bytes += row.bytes
        total.by_person += row.entry.body.get("decided_by") == "person"
        total.unsynced += not row.synced
        total.damaged += [] if row.damage is None else [row.photo]
        total.first = row.proven_at if total.first is None else min(total.first, row.proven_at)
        total.last = row.proven_at if total.last is None else max(total.last, row.proven_at)
        if row.delay_seconds is not None:
            total.delays.append(row.delay_seconds)
        if row.removal is None:
            total.not_removed.append(row.photo)
        else:
            total.removed += 1
            found = row.removal.body.get("leftovers")
            total.leftovers += sum(
                isinstance(one, dict) and one.get("found") == "yes"
                for one in (found if isinstance(found, list) else ())
            )
    sent = {(entry.device, entry.body.get("photo")) for entry in of_visit if entry.kind is EntryKind.TRANSFERRED}
    for kind, into in ((EntryKind.OVERDUE, total.overdue), (EntryKind.REFUSED, total.refused)):
        into += [
            str(entry.body["photo"])
            for entry in of_visit
            if entry.kind is kind and (entry.device, entry.body.get("photo")) not in sent
        ]
    return total
