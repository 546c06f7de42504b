"""The kinds of entries, and what is true of every entry of a kind. Pure."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal


class EntryKind(StrEnum):
    """What happened. What each means is said by its body (`agent.record.bodies.BODIES`)."""

    TRANSFERRED = "transferred"
    REMOVED = "removed"
    NOT_REMOVED = "not-removed"
    SHARE_LOST = "share-lost"
    LEFT_ON_SHARE = "left-on-share"
    REVIEW_RESOLVED = "review-resolved"
    REGISTER_CHANGED = "register-changed"
    SHARE_REFUSED = "share-refused"
    REFUSED = "refused"
    OVERDUE = "overdue"
    LEFTOVER_REPORTED = "leftover-reported"
    INSPECTED = "inspected"
    ATTESTED = "attested"
    CARD = "card"
    HEARTBEAT = "heartbeat"
    ENROLLED = "enrolled"
    KEY_ROTATED = "key-rotated"
    RENAMED = "renamed"
    ERASED = "erased"


class Severity(IntEnum):
    """How soon a person should look at it, by the numbers of RFC 5424, table 2."""

    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6


@dataclass(frozen=True, slots=True)
class EcsClass:
    """`event.category`, `event.type` and `event.outcome`, in the Elastic Common Schema's own words."""

    category: Literal["configuration", "file", "host", "network"]
    type: Literal["change", "creation", "deletion", "denied", "info"]
    outcome: Literal["failure", "success", "unknown"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of every entry of a kind.

    `meaning` is one sentence for people, and `more` is what the published schema says beside it.
    """

    kind: EntryKind
    meaning: str
    ecs: EcsClass
    severity: Severity = Severity.INFORMATIONAL
    more: str = ""

    @property
    def description(self) -> str:
        """All that is said of it."""
        return f"{self.meaning} {self.more}".strip()
