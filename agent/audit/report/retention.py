"""Keeping times: which visits' photos are past theirs, which are on hold, and when IT's deletion was first seen. Pure.

Nothing here deletes. Days count from the visit's end or its last transfer, whichever is later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.audit.report.asked import Asked, OnShare


@dataclass(frozen=True, slots=True)
class Due:
    """One visit's keeping time. `until` is None if nobody has said how long; `deleted_at` is when it was first seen
    empty.

    `left` is how many files are in its folder on the share, None if the folder was not read. `missing` is how many
    fewer that is than on record, although nothing is due.
    """

    visit: str
    days: int | None
    until: datetime | None
    held: bool
    past: bool
    left: int | None
    on_record: int
    deleted_at: datetime | None
    missing: int = 0

    def as_json(self) -> dict[str, Any]:
        """For the visit's file."""
        return {
            "days": self.days,
            "until": None if self.until is None else self.until.date().isoformat(),
            "held": self.held,
            "past": self.past,
            "files_on_record": self.on_record,
            "files_left": self.left,
            "deleted_seen_at": None if self.deleted_at is None else self.deleted_at.isoformat(timespec="seconds"),
        }


def due_of(
    visit: str,
    last: datetime | None,
    on_record: int,
    own: int,
    folders: Mapping[str, OnShare] | None,
    asked: Asked,
    seen_deleted: Mapping[str, datetime],
) -> Due:
    """This visit's keeping time; `last` is its last transfer, `on_record` its files, `own` those of them written once.

    `seen_deleted` is what earlier reports saw.
    """
    words = None if asked.visits is None else asked.visits.get(visit)
    days = asked.keeping.of(visit)
    begins = max((one for one in (last, words.ends if words else None) if one is not None), default=None)
    until = None if days is None or begins is None else begins + timedelta(days=days)
    held = visit in asked.keeping.held
    past = until is not None and until <= asked.now and not held
    left = None if folders is None else folders[visit].files if visit in folders else 0
    # An empty folder counts as a deletion only if one was due; otherwise files are missing.
    deleted = left == 0 and on_record > 0 and (past or visit in seen_deleted)
    at = (seen_deleted.get(visit) or asked.now) if deleted else None
    missing = max(0, own - left) if left is not None and not past and not deleted else 0
    return Due(visit, days, until, held, past, left, on_record, at, missing)
