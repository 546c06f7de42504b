"""A visit summed up from the record: whose photos, how many were sent and removed, how long it took, what is open.

Only entries are read, of as many devices as there are. Photos that were found and not yet sent have no entry: they are
in each laptop's journal, and only overdue and refused ones appear here.
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
    """One visit. `delays` are seconds from the share first reachable to proven, of each transfer that says so."""

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
        """Seconds; None where no transfer says."""
        return statistics.median(self.delays) if self.delays else None


def sum_up(entries: Iterable[Entry], visit: str) -> VisitSum:
    """What the entries say of this visit."""
    told = VisitSum(visit)
    known = [entry for entry in entries if entry.kind is EntryKind.RENAMED or entry.body.get("visit") == visit]
    of_visit = [entry for entry in known if entry.body.get("visit") == visit]
    for entry in of_visit:
        told.devices.add(entry.device)
        if entry.body.get("staff"):
            told.staff.add(str(entry.body["staff"]))
    for row in to_rows(known):
        told.photos += 1
        told.files += row.files
        told.bytes += row.bytes
        told.by_person += row.entry.body.get("decided_by") == "person"
        told.unsynced += not row.synced
        told.damaged += [] if row.damage is None else [row.photo]
        told.first = row.proven_at if told.first is None else min(told.first, row.proven_at)
        told.last = row.proven_at if told.last is None else max(told.last, row.proven_at)
        if row.delay_seconds is not None:
            told.delays.append(row.delay_seconds)
        if row.removal is None:
            told.not_removed.append(row.photo)
        else:
            told.removed += 1
            found = row.removal.body.get("leftovers")
            told.leftovers += sum(
                isinstance(one, dict) and one.get("found") == "yes"
                for one in (found if isinstance(found, list) else ())
            )
    sent = {(entry.device, entry.body.get("photo")) for entry in of_visit if entry.kind is EntryKind.TRANSFERRED}
    for kind, into in ((EntryKind.OVERDUE, told.overdue), (EntryKind.REFUSED, told.refused)):
        into += [
            str(entry.body["photo"])
            for entry in of_visit
            if entry.kind is kind and (entry.device, entry.body.get("photo")) not in sent
        ]
    return told
