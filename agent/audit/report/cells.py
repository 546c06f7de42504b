"""The counts taken from a record: for each visit on each laptop, for each laptop, for each month."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from agent.audit.report.delays import Delays
from agent.record.entry import Entry


@dataclass(slots=True)
class Cell:
    """One visit on one laptop.

    `own_files` are those of `files` that the laptop wrote itself; a file that was there already belongs to another
    laptop and is counted there. `open` are photos that were sent and not removed; `overdue_unsent` are those of
    `overdue` that were not sent either; `lost` have disappeared from the share. `found_reach` is the time from found to
    the share first reachable, `reach_proven` from there to proven, `proven_removed` from there to removed. `places`
    counts, for each place where a copy may be: not known, found, not found. `outcomes` counts photos that this program
    did not remove, by what happened to them.
    """

    visit: str
    device: str
    staff: set[str] = field(default_factory=set)
    cameras: set[str] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)
    photos: int = 0
    files: int = 0
    own_files: int = 0
    bytes: int = 0
    removed: int = 0
    by_person: int = 0
    unsynced: int = 0
    damaged: int = 0
    overdue: int = 0
    overdue_unsent: int = 0
    refused: int = 0
    open: int = 0
    lost: int = 0
    first: datetime | None = None
    last: datetime | None = None
    last_removed: datetime | None = None
    overdue_since: datetime | None = None
    found_reach: Delays = field(default_factory=Delays)
    reach_proven: Delays = field(default_factory=Delays)
    proven_removed: Delays = field(default_factory=Delays)
    places: dict[str, list[int]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)


Photo = tuple[object, object]
"""Its ids, of the photo and of its transfer."""


class Unfinished:
    """One laptop's photos that are not finished yet."""

    def __init__(self) -> None:
        self.sent: dict[Photo, tuple[Cell, datetime | None]] = {}
        self.overdue: dict[object, Cell] = {}
        self.refused: dict[object, Cell] = {}
        self.early: dict[Photo, datetime | None] = {}
        self.became: dict[Photo, tuple[Cell, str]] = {}


class DayState(StrEnum):
    """How a day went for a laptop."""

    SENT = "sent"
    TROUBLE = "trouble"
    HEARD = "heard"
    QUIET = "quiet"  # not heard from, but not for too long; also today, which is not over
    SILENT = "silent"
    NEW = "new"  # before it was first heard from


@dataclass(slots=True)
class Day:
    """One day of one laptop."""

    photos: int = 0
    trouble: bool = False
    damaged: int = 0


@dataclass(slots=True)
class Laptop:
    """One laptop's record as a whole, apart from its visits."""

    device: str
    staff: str = ""
    version: str = ""
    first: datetime | None = None
    last: datetime | None = None
    longest_silence: float = 0.0
    days: dict[date, Day] = field(default_factory=dict)
    heartbeat: Entry | None = None
    refused_at: datetime | None = None
    refused_why: str = ""
    reached_at: datetime | None = None
    key_since: datetime | None = None
    entries: int = 0


@dataclass(slots=True)
class Month:
    """One month, of one laptop or of all."""

    photos: int = 0
    bytes: int = 0
    overdue: int = 0
    refused: int = 0
    share_refused: int = 0
    reach_proven: Delays = field(default_factory=Delays)

    @classmethod
    def of(cls, several: Sequence["Month"]) -> Self:
        """The sum of several."""
        return cls(
            sum(one.photos for one in several),
            sum(one.bytes for one in several),
            sum(one.overdue for one in several),
            sum(one.refused for one in several),
            sum(one.share_refused for one in several),
            Delays(one.reach_proven for one in several),
        )


@dataclass(slots=True)
class Breach:
    """Entries about one kind of trouble, on one laptop for one visit: how many, when, and which."""

    kind: str
    device: str
    visit: str
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    entries: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Statement:
    """A member of staff's statement about copies of a visit's photos: one of `record.words.Word` for each place."""

    visit: str
    staff: str
    device: str
    index: int
    at: datetime
    places: dict[str, str]
