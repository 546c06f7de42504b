"""What entries say of the laptop, of its record and of what people said and did. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from agent.model.ids import Sha256, VisitId
from agent.record.bodies.body import Body, Part, Said, object_of
from agent.record.kinds import EcsClass, EntryKind, Facts, Severity
from agent.record.values import (
    COUNT,
    DEVICE,
    FLAG,
    ID,
    KEY,
    LABEL,
    SHA256,
    TEXT,
    TIME,
    VISIT,
    list_of,
    one_of,
    or_null,
)
from agent.record.words import Spot, Why, Word

PLACE = one_of(Spot, "place", "A kind of place that an inspection looks at.")
_STATED = one_of(Word)

At = Annotated[Spot, Said(PLACE)]
Staff = Annotated[str, Said(TEXT, personal=True)]
Count = Annotated[int, Said(COUNT, needed=False)]
Stated = Annotated[Word, Said(_STATED)]
VerifierKey = Annotated[str, Said(KEY)]
Device = Annotated[str, Said(DEVICE)]

_NEW = EcsClass("configuration", "creation", "success")
_CHANGED = EcsClass("configuration", "change", "success")
_SEEN = EcsClass("host", "info", "success")
_STATEMENT = EcsClass("host", "info", "unknown")


# --- Inspections -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt(Part):
    """How many files an inspection saw in one kind of place."""

    place: At
    files: Annotated[int, Said(COUNT)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThere(Part):
    """How many photos of one visit, and copies of photos that are on the share, were in one kind of place."""

    visit: Annotated[VisitId, Said(VISIT)]
    place: At
    copies: Count
    photos: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLookedAt(Part):
    """How many files, folders or links an inspection could not look at, and why."""

    place: At
    why: Annotated[Why, Said(one_of(Why))]
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(Body):
    """An inspection as far as it came. It says where, how long and how many, and never what."""

    facts: ClassVar = Facts(
        EntryKind.INSPECTED,
        "Somebody had this laptop searched for photos that should be gone.",
        _SEEN,
        Severity.NOTICE,
        more="It says where, how long, and how many were found.",
    )

    inspection: Annotated[str, Said(ID, needed=False)]
    by: Staff
    files: Count
    drawn: Annotated[int | None, Said(COUNT)] = None
    findings: Annotated[int, Said(COUNT)]
    report_sha256: Annotated[Sha256 | None, Said(SHA256)] = None
    began_at: Annotated[datetime, Said(TIME, needed=False)]
    seconds: Count
    cut_short: Annotated[
        bool,
        Said(FLAG, "It was stopped, or ended by a fault, before it had looked everywhere.", needed=False),
    ]
    register_version: Annotated[Sha256, Said(SHA256, needed=False)]
    unsure: Annotated[int, Said(COUNT, "May be of a visit; which one, and what they are, is not said.", needed=False)]
    on_their_way: Annotated[int, Said(COUNT, "Photos that the program has yet to send or remove.", needed=False)]
    places: Annotated[tuple[LookedAt, ...], Said(list_of(object_of(LookedAt)), needed=False)]
    found: Annotated[tuple[FoundThere, ...], Said(list_of(object_of(FoundThere)), needed=False)]
    not_known: Annotated[tuple[NotLookedAt, ...], Said(list_of(object_of(NotLookedAt)), needed=False)]


# --- What people said and did ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested(Body):
    """A person's word. Its fields are the places (`Place`)."""

    facts: ClassVar = Facts(
        EntryKind.ATTESTED,
        "A member of staff states where a visit's photos are not, or not any more.",
        _STATEMENT,
        Severity.NOTICE,
        more="It is their word: nobody checked it. The bin is the phone's.",
    )

    visit: Annotated[VisitId, Said(VISIT)]
    staff: Staff
    phone: Stated
    bin: Stated
    cloud: Stated
    messages: Stated
    card: Stated


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSent(Body):
    """Whose card was sent. `photos` counts those of visits; `cameras` are labels of the school's own cameras alone."""

    facts: ClassVar = Facts(
        EntryKind.CARD,
        "A member of staff sent photos from a camera's card.",
        _SEEN,
        more="It says which card, and which of the school's own cameras its visit photos name, for the list of loans.",
    )

    staff: Staff
    put_in_at: Annotated[datetime, Said(TIME)]
    photos: Annotated[int, Said(COUNT, "How many photos of visits were on it.")]
    cameras: Annotated[
        tuple[str, ...],
        Said(list_of(LABEL), "Labels from the cameras register, of the school's own cameras alone.", needed=False),
    ]
    serial: Annotated[str | None, Said(LABEL)] = None
    label: Annotated[str | None, Said(LABEL)] = None


# --- The laptop and its record ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterChanged(Body):
    """Which register decides from here on."""

    facts: ClassVar = Facts(
        EntryKind.REGISTER_CHANGED,
        "Another version of the register decides from here on.",
        _CHANGED,
        Severity.NOTICE,
    )

    register_version: Annotated[Sha256, Said(SHA256)]
    previous_version: Annotated[Sha256 | None, Said(or_null(SHA256), needed=False)]
    visits: Count
    cameras: Count
    read_at: Annotated[datetime, Said(TIME, needed=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRefused(Body):
    """The share was not the one that is pinned, or did not let this laptop in."""

    facts: ClassVar = Facts(
        EntryKind.SHARE_REFUSED,
        "The share's host key was not the pinned one, or the share refused the login. Nothing was sent.",
        EcsClass("network", "denied", "failure"),
        Severity.WARNING,
    )

    host: Annotated[str | None, Said(TEXT)] = None
    expected: Annotated[str | None, Said(TEXT)] = None
    seen: Annotated[str | None, Said(TEXT)] = None
    reason: Annotated[str, Said(TEXT, needed=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Body):
    """The day's sign of life, and how many photos are in which state."""

    facts: ClassVar = Facts(
        EntryKind.HEARTBEAT,
        "A sign of life once a day, also when nothing happened, with how many photos are in which state.",
        _SEEN,
    )

    version: Annotated[str, Said(TEXT, needed=False)]
    waiting: Count
    review: Count
    refused: Count
    overdue: Count
    register_version: Annotated[Sha256 | None, Said(or_null(SHA256), needed=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled(Body):
    """The first entry of a record that is signed by a new laptop's key."""

    facts: ClassVar = Facts(
        EntryKind.ENROLLED,
        "The laptop began its record with this log key.",
        _NEW,
        Severity.NOTICE,
    )

    log_key: VerifierKey
    staff: Annotated[str, Said(TEXT, needed=False, personal=True)]
    version: Annotated[str, Said(TEXT, needed=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated(Body):
    """The record is signed by another key from the next seal on."""

    facts: ClassVar = Facts(
        EntryKind.KEY_ROTATED,
        "Another key signs what follows.",
        _CHANGED,
        Severity.NOTICE,
        more="The old key names it in a rotation note.",
    )

    old_key: VerifierKey
    new_key: VerifierKey
    reason: Annotated[str | None, Said(TEXT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Body):
    """The link between a laptop's records under two names. `entries` and `root` are those of the old record."""

    facts: ClassVar = Facts(
        EntryKind.RENAMED,
        "The laptop was given another name.",
        _CHANGED,
        Severity.NOTICE,
        more="The last entry under the old name says so, and the first under the new one, which also says how many "
        "entries the old record had and the root of its last signed tree.",
    )

    old_name: Device
    new_name: Device
    entries: Annotated[int | None, Said(COUNT)] = None
    root: Annotated[Sha256 | None, Said(SHA256)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Body):
    """An entry was taken out because the law asks for it."""

    facts: ClassVar = Facts(
        EntryKind.ERASED,
        "The entry with this index was erased on request (GDPR, Art. 17).",
        EcsClass("file", "change", "success"),
        Severity.NOTICE,
        more="Its leaf stays in the tree.",
    )

    entry: Annotated[int, Said(COUNT)]
    reason: Annotated[str | None, Said(TEXT)] = None
