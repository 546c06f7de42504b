"""The terms that every stage shares. Values only: nothing here reads a file, a clock or the network.

Two kinds of time are never mixed. An *instant* is an aware datetime; an `Interval` is made of two of them. A *wall
clock* is the time that a camera without a zone wrote: a naive datetime, in a `WallClock`, which becomes an `Interval`
only by being read in a zone. Sizes are bytes. Names on the share are `/`-separated and relative to the agent's root
there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import NewType

VisitId = NewType("VisitId", str)
"""A visit's id in the register, which the register checks to be a safe folder name."""

PhotoId = NewType("PhotoId", str)
"""A photo's name in logs, in the journal and for `review assign`: eight random hex digits."""

TransferId = NewType("TransferId", str)
"""Thirty-two hexadecimal digits, the same for the same content sent by the same device to the same visit."""

Sha256 = NewType("Sha256", str)
"""Sixty-four lower-case hexadecimal digits."""

RemoteName = NewType("RemoteName", str)
"""A path on the share below the agent's root, e.g. `visits/2026-museum/20260314-101112_eos-r6_0123456789ab.jpg`."""


# --- Files -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The identity of a content: its SHA-256 and its size in bytes."""

    sha256: Sha256
    size: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A regular file as one look (`lstat`) saw it. Two equal looks are what "settled" means.

    `changed_ns` is when anything about the file last changed (POSIX's ctime), which no program can set back; 0 if the
    system does not say (Windows: st_ctime is the time of creation there).
    """

    path: Path
    size: int
    mtime_ns: int
    device: int
    inode: int
    changed_ns: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """The disk or card that a folder is on.

    `id` is the same whenever and wherever it is mounted (a file system's UUID, a server's export), None if it is not
    known. `top` is where it is mounted. `steady` says whether files have the same number (inode) each time they are
    looked at and their time of change means something: not so on FAT, exFAT and most phones.
    """

    id: str | None = None
    top: Path | None = None
    steady: bool = True


class Role(StrEnum):
    """The role of a file in the photo it belongs to."""

    MAIN = "main"
    PARTNER = "partner"  # the other half of a Live Photo
    SIDECAR = "sidecar"  # .xmp, .aae, .thm: describes the main file


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a photo."""

    file: LocalFile
    role: Role


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with its partner and sidecars: decided, sent and removed as one. The first member is the main file."""

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if not self.members or self.members[0].role is not Role.MAIN:
            raise ValueError("a photo's first member is its main file")

    @property
    def main(self) -> LocalFile:
        """The file that the photo's name, time and format are taken from."""
        return self.members[0].file

    @property
    def size(self) -> int:
        """Bytes of all members together."""
        return sum(member.file.size for member in self.members)


# --- Time ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """From `earliest` to `latest`, both aware and both possible."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        if self.earliest.tzinfo is None or self.latest.tzinfo is None:
            raise ValueError("an interval is made of instants, not of wall clocks")
        if self.latest < self.earliest:
            raise ValueError("an interval ends before it starts")

    def within(self, other: "Interval") -> bool:
        """Whether this is wholly inside `other`."""
        return other.earliest <= self.earliest and self.latest <= other.latest

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two have an instant in common."""
        return self.earliest <= other.latest and other.earliest <= self.latest

    def shifted(self, by: timedelta) -> "Interval":
        """The same length of time, later by `by`."""
        return Interval(self.earliest + by, self.latest + by)

    def hull(self, other: "Interval") -> "Interval":
        """The shortest interval that contains both."""
        return Interval(min(self.earliest, other.earliest), max(self.latest, other.latest))


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time shown by a clock without a zone, from `earliest` to `latest`, both naive."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        if self.earliest.tzinfo is not None or self.latest.tzinfo is not None:
            raise ValueError("a wall clock has no zone")
        if self.latest < self.earliest:
            raise ValueError("a wall clock interval ends before it starts")

    def shifted(self, by: timedelta) -> "WallClock":
        """The same length of time, later by `by`."""
        return WallClock(self.earliest + by, self.latest + by)

    def read_in(self, zone: tzinfo) -> tuple[Interval, ...]:
        """The instants this can mean in `zone`: one interval, or two in the hour that repeats when clocks go back.

        Also two in the hour that clocks skip: no clock set to the zone showed it, so the clock was not yet, or already,
        put forward (PEP 495: fold=0 reads with the offset before the change, fold=1 with the offset after it).
        """
        readings = []
        for fold in (0, 1):
            first = self.earliest.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            last = self.latest.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            reading = Interval(min(first, last), max(first, last))
            if reading not in readings:
                readings.append(reading)
        return tuple(sorted(readings, key=lambda reading: reading.earliest))


class Level(StrEnum):
    """How good the evidence for a capture time is: the table in config/README.md, "When a photo was taken"."""

    CONFIRMED = "A"  # wall clock and offset, agreeing with GPS
    OWN_OFFSET = "B"  # one source with its own offset
    UTC_ALONE = "C"  # UTC from one source, widened
    ASSUMED_ZONE = "D"  # a wall clock, read in the visit's zone
    FILE_NAME = "E"  # the file's name; never enough to delete on
    UPPER_BOUND = "F"  # not later than; never enough to delete on
    IMPOSSIBLE = "X"  # no time, or an impossible one

    @property
    def decides(self) -> bool:
        """Whether a photo may be sent and removed on this evidence without a person."""
        return self in {Level.CONFIRMED, Level.OWN_OFFSET, Level.UTC_ALONE, Level.ASSUMED_ZONE}


# --- Capture ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera named in the file; empty strings are None."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, north and east positive (WGS 84)."""

    latitude: float
    longitude: float


class Origin(StrEnum):
    """How a picture or a video came about, as far as it shows."""

    CAMERA = "camera"  # a camera or a phone made it: its own marks are in it
    RECEIVED = "received"  # a messenger or a download gave it its name, or left its mark
    SCREEN = "screen"  # a screenshot, or a recording of a screen
    EDITED = "edited"  # a program wrote it, and the camera's own marks are gone
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Capture:
    """When, where and by which camera, with the evidence for it. Broken content gives notes, never an exception.

    `format` is by content ("jpeg", "heic", "mp4", …), or "unknown" if it is not a photo or video.
    `recorded` and `offset` are the text in the file, unread: "2026-03-14T10:11:12" and "+00:00".
    `taken` is the time as judged: an `Interval`, a `WallClock` if the zone is not in the file, or None (level X).
    `also` are other readings that the same evidence allows (a GPS time that disagrees, say): a decision must hold for
    each of them. `clock_bound` says whether the camera's own clock error moves `taken` (not if GPS confirms it).
    `complete` says whether the container's end was there; `content_id` is the Live Photo ContentIdentifier. `wall` is
    the time on the clock if `taken` relies on an offset in the file, because an offset may be wrong too. `length` is a
    video's duration.
    `origin` is how it came about, and `origin_basis` the sign of that, in words. `marked` is False only if the file is
    whole and neither it nor its name shows any sign of a camera.
    """

    format: str
    recorded: str | None = None
    offset: str | None = None
    taken: Interval | WallClock | None = None
    level: Level = Level.IMPOSSIBLE
    basis: tuple[str, ...] = ()
    also: tuple[Interval, ...] = ()
    clock_bound: bool = True
    camera: Camera | None = None
    place: Place | None = None
    content_id: str | None = None
    complete: bool = True
    notes: tuple[str, ...] = ()
    wall: WallClock | None = None
    length: timedelta | None = None
    origin: Origin = Origin.NOT_KNOWN
    origin_basis: str = ""
    marked: bool = True

    @property
    def is_photo(self) -> bool:
        """Whether this is a format that cameras write: a picture or a video."""
        return self.format != "unknown"


# --- Register --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """A line of the visits register. Empty `staff` or `cameras`: anyone, any.

    `zone` is the zone it starts in; `then` are the later zones of the journey, in their order; it ends in the last.
    `cancelled` is any visit that does not count; `why_not` gives the reason if it is not simply cancelled. `line` is
    its line in the register's file, for messages; 0: not known.
    """

    id: VisitId
    title: str
    span: Interval
    zone: str
    staff: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()
    place: Place | None = None
    radius_km: float | None = None
    cancelled: bool = False
    then: tuple[str, ...] = ()
    why_not: str = ""
    line: int = field(default=0, compare=False)

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone that a clock on this visit may have been set to, each once; the first is where it starts."""
        return tuple(dict.fromkeys((self.zone, *self.then)))

    @property
    def ends_in(self) -> str:
        """The zone of its end."""
        return self.then[-1] if self.then else self.zone


@dataclass(frozen=True, slots=True)
class RegisteredCamera:
    """A line of the cameras register. A clock that runs ahead shows a later time than the true one."""

    label: str
    make: str | None = None
    model: str | None = None
    serial: str | None = None
    owner: str = "staff"
    clock_ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line of the visits register that was not understood, and when its visit could have been: photos wait.

    `span` is None if none of its dates could be read. `staff`, if it could be read, are the only people that the line
    can concern; empty: anyone.
    """

    line: int
    why: str
    span: Interval | None = None
    staff: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Register:
    """The visits and cameras at `read_at`; `version` is the SHA-256 over both files' bytes.

    `doubtful` are lines that could not be read as a visit. `accepted` says whether a person accepted these very files.
    """

    visits: tuple[Visit, ...]
    cameras: tuple[RegisteredCamera, ...]
    version: Sha256
    read_at: datetime
    doubtful: tuple[Doubt, ...] = ()
    accepted: bool = False


class Verdict(StrEnum):
    """The decision on a photo."""

    VISIT = "visit"
    PRIVATE = "private"
    REVIEW = "review"
    NOT_A_PHOTO = "not-a-photo"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons, in plain English, and the version of the register it was made by.

    `taken` is the final capture time (clock error applied, zone chosen), for the file's name on the share, its tag and
    its entry in the record. `by_person` marks a decision by a member of staff; `evidence` is then a hash of the
    evidence in the file as they saw it, so that their answer is not used for another photo. `damage` is the fault in
    the picture, which is sent all the same; None if no fault is known.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    register_version: Sha256
    visit: VisitId | None = None
    taken: Interval | None = None
    level: Level = Level.IMPOSSIBLE
    by_person: bool = False
    evidence: str = ""
    damage: str | None = None

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.VISIT) != (self.visit is not None):
            raise ValueError("a decision names a visit exactly when it is for one")


# --- Sending ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Splice:
    """A reversible change while streaming: at offset `at`, leave out `drop` bytes and put `insert` in their place."""

    at: int
    drop: int
    insert: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One file for the share: a local file, with at most one splice, or bytes made here (a tag's sidecar).

    `original` is the local content on which the decision was made (for `bytes`: their own fingerprint). A sender stops
    with `LocalFault` if the content it reads differs. `size` is the size on the share. `held` is what the share will
    hold, where that was worked out before: a proof then needs just that.
    """

    name: RemoteName
    source: LocalFile | bytes = field(repr=False)
    original: Fingerprint
    splice: Splice | None = None
    held: Fingerprint | None = None

    @property
    def size(self) -> int:
        """Bytes as sent."""
        if self.splice is None:
            return self.original.size
        return self.original.size - self.splice.drop + len(self.splice.insert)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that one photo sends to the share; proven as one."""

    transfer: TransferId
    photo: PhotoId
    files: tuple[Outgoing, ...]

    @property
    def size(self) -> int:
        """Bytes as sent, of all files."""
        return sum(outgoing.size for outgoing in self.files)


class Method(StrEnum):
    """How a proof was made."""

    READ_BACK = "read-back"  # sent now, and read back
    ALREADY_THERE = "already-there"  # the share held this very content under this name; read back


@dataclass(frozen=True, slots=True)
class Proof:
    """The share holds, under `name`, exactly `held`, from which the local content `original` can be rebuilt.

    Only made by reading every byte back from the final file or the temporary file before it. `synced` says whether the
    server confirmed that the bytes are on disk (fsync@openssh.com).
    """

    name: RemoteName
    held: Fingerprint
    original: Fingerprint
    method: Method
    synced: bool
    at: datetime


# --- Leaving the laptop ----------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What happened to a photo here that this program did not remove, in the record's terms."""

    GONE = "gone"  # not seen any more, its folder is there: somebody else moved or deleted it
    FOLDER_GONE = "folder gone"  # not seen any more: its folder is not there
    AWAY = "away"  # its card or disk is not there
    READ_ONLY = "read-only"  # it is there: its card or folder cannot be written to
    KEPT = "kept"  # it is there, on a card, from which the settings have nothing removed
    CHANGED = "changed"  # it was changed after it was sent: what is there now is another photo
    DISMISSED = "dismissed"  # a member of staff said that it is not to be waited for


# --- Record ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """Shows that an entry is durably in the record: its place in it, from 0, and its hash."""

    index: int
    hash: Sha256


class Known(StrEnum):
    """Whether something was found; "not known" is never shown as "none"."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A place where a removed photo may still be and that this program cannot honestly clear; no path, no name."""

    kind: str  # "trash", "cloud folder", "snapshots", "hard link", "camera card", …
    found: Known
    detail: str = ""
