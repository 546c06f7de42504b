"""What entries say of a visit's photos, from the decision to the removal. Pure.

For photos that turned out to be private there is only a day's count.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from agent.model.ids import PhotoId, RemoteName, Sha256, TransferId, VisitId
from agent.model.removal import Known, Outcome
from agent.model.times import Level
from agent.record.bodies.body import Body, Part, Said, object_of
from agent.record.kinds import EcsClass, EntryKind, Facts, Severity
from agent.record.values import (
    COUNT,
    FLAG,
    ID,
    LEVEL,
    REMOTE,
    SHA256,
    TEXT,
    TIME,
    VISIT,
    WORD,
    list_of,
    one_of,
    or_null,
)
from agent.record.words import Damage, DecidedBy, Lost

Photo = Annotated[PhotoId, Said(ID)]
Transfer = Annotated[TransferId, Said(ID)]
Visit = Annotated[VisitId, Said(VISIT)]
Moment = Annotated[datetime, Said(TIME)]
Count = Annotated[int, Said(COUNT)]
Text = Annotated[str, Said(TEXT)]
Hash = Annotated[Sha256, Said(SHA256)]
Name = Annotated[RemoteName, Said(REMOTE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile(Part):
    """One file of a photo: what it was on the laptop, and what the share holds of it."""

    name: Name
    original_sha256: Hash
    original_size: Count
    held_sha256: Hash
    held_size: Count
    method: Annotated[str, Said(WORD)]
    synced: Annotated[bool, Said(FLAG)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverPlace(Part):
    """A place where a removed photo may still be: what kind of place, and whether it was seen there."""

    kind: Text
    found: Annotated[Known, Said(one_of(Known))]
    detail: Annotated[str, Said(TEXT, needed=False)]


FILE = object_of(
    HeldFile,
    "file",
    "One file of a photo: what it was on the laptop, and what the share holds of it (`held`), proven by reading it "
    "back.",
)
LEFTOVER = object_of(LeftoverPlace, "leftover")

Leftovers = Annotated[tuple[LeftoverPlace, ...], Said(list_of(LEFTOVER))]
Names = Annotated[tuple[RemoteName, ...], Said(list_of(REMOTE))]

_SENT = EcsClass("file", "creation", "success")
_GOOD = EcsClass("file", "info", "success")
_BAD = EcsClass("file", "info", "failure")
_OPEN = EcsClass("file", "info", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Body):
    """The share holds these files of a photo."""

    facts: ClassVar = Facts(
        EntryKind.TRANSFERRED,
        "The share holds a photo, proven byte for byte. Written before the photo is removed from the laptop.",
        _SENT,
    )

    photo: Photo
    transfer: Transfer
    visit: Visit
    register_version: Hash
    decided_by: Annotated[DecidedBy, Said(one_of(DecidedBy), needed=False)]
    staff: Annotated[str, Said(TEXT, needed=False, personal=True)]
    level: Annotated[Level, Said(LEVEL, needed=False)]
    found_at: Annotated[datetime, Said(TIME, needed=False)]
    reachable_at: Annotated[datetime | None, Said(or_null(TIME), needed=False)]
    proven_at: Moment
    files: Annotated[tuple[HeldFile, ...], Said(list_of(FILE))]
    copies: Annotated[int | None, Said(COUNT)] = None
    damage: Annotated[
        Damage | None,
        Said(
            one_of(Damage),
            "The picture is not whole, often the first sign of a failing card; it was sent all the same.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Body):
    """A photo was removed here after it was proven on the share."""

    facts: ClassVar = Facts(
        EntryKind.REMOVED,
        "The program removed a photo from its folder on the laptop and saw it go.",
        EcsClass("file", "deletion", "success"),
        more="It also says where else the photo may be, as far as could be known.",
    )

    photo: Photo
    transfer: Transfer
    visit: Visit
    files: Annotated[int, Said(COUNT, needed=False)]
    copies: Annotated[int | None, Said(COUNT)] = None
    thumbnails: Annotated[int, Said(COUNT, needed=False)]
    removed_at: Moment
    leftovers: Annotated[tuple[LeftoverPlace, ...], Said(list_of(LEFTOVER), needed=False)]
    unseen: Annotated[
        int | None,
        Said(COUNT, "How many of `files` were gone after a crash in the middle of their removal."),
    ] = None
    gone: Annotated[int | None, Said(COUNT, "How many of its files somebody else had taken away.")] = None
    checked_at: Annotated[
        datetime | None,
        Said(TIME, "When the share's copy was read once more; only where an earlier run had proven it."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRemoved(Body):
    """A photo of a visit that this program did not remove."""

    facts: ClassVar = Facts(
        EntryKind.NOT_REMOVED,
        "A visit photo is gone, or stays where it is, and the program did not remove it.",
        _GOOD,
    )

    photo: Photo
    transfer: Annotated[TransferId | None, Said(ID)] = None
    visit: Visit
    outcome: Annotated[
        Outcome,
        Said(
            one_of(Outcome),
            "gone: it is not there any more, but its folder is; folder gone: neither is there; away: its card or disk "
            "is not connected; read-only: its card or folder cannot be written to; kept: it stays on its card, as the "
            "settings say; changed: it was changed after it was sent, so that another photo is there now; dismissed: a "
            "member of staff said not to wait for it.",
        ),
    ]
    files: Annotated[int | None, Said(COUNT, "How many of its files this program had removed.")] = None
    staff: Annotated[str | None, Said(TEXT, personal=True)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLost(Body):
    """The share no longer holds a photo that was proven there."""

    facts: ClassVar = Facts(
        EntryKind.SHARE_LOST,
        "The share no longer held a photo that was proven there. It is sent again from the laptop.",
        _BAD,
        Severity.WARNING,
        more="Seen before the photo was removed from the laptop.",
    )

    photo: Photo
    transfer: Transfer
    visit: Visit
    found: Annotated[Lost, Said(one_of(Lost))]
    names: Annotated[
        tuple[RemoteName, ...], Said(list_of(REMOTE), "The files that were gone or different.", needed=False)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOnShare(Body):
    """Names on the share of a transfer that a crash cut and that is not made again."""

    facts: ClassVar = Facts(
        EntryKind.LEFT_ON_SHARE,
        "A transfer that was cut off left these files on the share, and it is not made again.",
        _BAD,
        Severity.WARNING,
        more="Its photo was taken away, is private, or goes to another visit. The program deletes nothing on the "
        "share: IT deletes these, unless another laptop's record names the same.",
    )

    transfer: Transfer
    visit: Visit
    names: Names


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResolved(Body):
    """A person decided about a photo that the rules could not decide about."""

    facts: ClassVar = Facts(
        EntryKind.REVIEW_RESOLVED,
        "A person assigned a photo to a visit; or how many photos were settled as private in a day.",
        _GOOD,
    )

    photo: Annotated[PhotoId | None, Said(ID)] = None
    visit: Annotated[VisitId | None, Said(VISIT)] = None
    staff: Annotated[str | None, Said(TEXT, personal=True)] = None
    register_version: Annotated[Sha256 | None, Said(SHA256)] = None
    private: Annotated[int | None, Said(COUNT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Body):
    """A visit photo that stays here because it cannot be sent."""

    facts: ClassVar = Facts(
        EntryKind.REFUSED,
        "A visit photo cannot be sent as it is.",
        _BAD,
        Severity.WARNING,
    )

    photo: Photo
    visit: Annotated[VisitId, Said(VISIT, needed=False)]
    transfer: Annotated[TransferId | None, Said(ID)] = None
    reason: Annotated[str | None, Said(TEXT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue(Body):
    """A visit photo that has waited too long."""

    facts: ClassVar = Facts(
        EntryKind.OVERDUE,
        "A visit photo has waited too long since the share was first reachable.",
        _OPEN,
        Severity.WARNING,
    )

    photo: Photo
    visit: Annotated[VisitId, Said(VISIT, needed=False)]
    found_at: Annotated[datetime, Said(TIME, needed=False)]
    reachable_at: Annotated[datetime | None, Said(or_null(TIME), needed=False)]
    hours: Annotated[int, Said(COUNT, needed=False)]
    reason: Annotated[str | None, Said(TEXT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverReported(Body):
    """A removed photo that is elsewhere on the laptop too, so that IT is warned of it."""

    facts: ClassVar = Facts(
        EntryKind.LEFTOVER_REPORTED,
        "A removed photo was also seen elsewhere on the laptop.",
        _OPEN,
        Severity.WARNING,
        more="It says in what kind of place, and never names a file.",
    )

    photo: Photo
    transfer: Annotated[TransferId, Said(ID, needed=False)]
    visit: Annotated[VisitId, Said(VISIT, needed=False)]
    leftovers: Leftovers
