"""What an entry of each kind may say, and nothing else: one frozen dataclass for each kind. Pure.

A field that its dataclass does not have, or text that looks private, is a fault of this program. The record refuses it
before a byte is written (`agent.record.schema.check`). From the dataclasses come the published schema, what
`log show --kind` takes, the severity in syslog, the class in ECS and the table in config/README.md.
"""

from collections.abc import Mapping

from agent.record.bodies.body import Body, needed_in, said_of
from agent.record.bodies.laptop import (
    Attested,
    CardSent,
    Enrolled,
    Erased,
    FoundThere,
    Heartbeat,
    Inspected,
    KeyRotated,
    LookedAt,
    NotLookedAt,
    RegisterChanged,
    Renamed,
    ShareRefused,
)
from agent.record.bodies.photos import (
    HeldFile,
    LeftOnShare,
    LeftoverPlace,
    LeftoverReported,
    NotRemoved,
    Overdue,
    Refused,
    Removed,
    ReviewResolved,
    ShareLost,
    Transferred,
)
from agent.record.kinds import EntryKind

BODIES: Mapping[EntryKind, type[Body]] = {
    body.facts.kind: body
    for body in (
        Transferred,
        Removed,
        NotRemoved,
        ShareLost,
        LeftOnShare,
        ReviewResolved,
        RegisterChanged,
        ShareRefused,
        Refused,
        Overdue,
        LeftoverReported,
        Inspected,
        Attested,
        CardSent,
        Heartbeat,
        Enrolled,
        KeyRotated,
        Renamed,
        Erased,
    )
}
"""The body of each kind, in the order of `EntryKind`."""

__all__ = [
    "BODIES",
    "Attested",
    "Body",
    "CardSent",
    "Enrolled",
    "Erased",
    "FoundThere",
    "Heartbeat",
    "HeldFile",
    "Inspected",
    "KeyRotated",
    "LeftOnShare",
    "LeftoverPlace",
    "LeftoverReported",
    "LookedAt",
    "NotLookedAt",
    "NotRemoved",
    "Overdue",
    "Refused",
    "RegisterChanged",
    "Removed",
    "Renamed",
    "ReviewResolved",
    "ShareLost",
    "ShareRefused",
    "Transferred",
    "needed_in",
    "said_of",
]
