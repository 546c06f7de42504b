"""The tables of the index and their rows. Pure.

Everything in them comes from the record, which holds no private file, local path, position or child's name
(`agent.record.bodies`). Times are in UTC. Text that the record does not have is NULL.

- `entries`: one row for each entry that was not erased; `entry` is its index in the device's record.
- `files`: one row for each file of a photo that was transferred.
- `devices`: one row for each device: how many entries are indexed, and the root of the tree that proves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from agent.record.entry import Entry
from agent.record.kinds import EntryKind
from agent.record.values import JSON, LONGEST_TEXT

UNDATED = "0000-00"
"""The month for entries that a clock dated before 2000 or after 2099."""

Value = str | int | bool | datetime | None
Row = tuple[Value, ...]


class Of(StrEnum):
    """The type of a column."""

    TEXT = "text"
    COUNT = "count"
    FLAG = "flag"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    """`few` says that the same texts recur; `needed` that it is never NULL."""

    name: str
    of: Of = Of.TEXT
    few: bool = True
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; a row is identified by its school and the columns in `key`."""

    name: str
    columns: Sequence[Column]
    key: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]


_WHERE = (Column("device", needed=True), Column("entry", Of.COUNT, needed=True))

_TEXTS = (
    Column("visit"),
    Column("photo", few=False),
    Column("transfer", few=False),
    Column("staff"),
    Column("decided_by"),
    Column("level"),
    Column("register_version"),
    Column("outcome"),
    Column("damage"),
    Column("reason"),
)
_TIMES = (
    Column("found_at", Of.TIME),
    Column("reachable_at", Of.TIME),
    Column("proven_at", Of.TIME),
    Column("removed_at", Of.TIME),
)
"""Fields of bodies, each under the name that it has there."""

_NAMES_OF_TEXTS = [column.name for column in _TEXTS]
_NAMES_OF_TIMES = [column.name for column in _TIMES]

ENTRIES = Table(
    "entries",
    (
        *_WHERE,
        Column("hash", few=False, needed=True),
        Column("kind", needed=True),
        Column("recorded_at", Of.TIME),
        Column("share_at", Of.TIME),
        *_TEXTS,
        *_TIMES,
        Column("files", Of.COUNT),
        Column("bytes", Of.COUNT),
        Column("copies", Of.COUNT),
        Column("leftovers", Of.COUNT),
        Column("hours", Of.COUNT),
        Column("private", Of.COUNT),
        Column("version"),
        Column("erased_entry", Of.COUNT),
    ),
    ("device", "entry"),
)

FILES = Table(
    "files",
    (
        *_WHERE,
        Column("name", few=False, needed=True),
        Column("visit"),
        Column("original_sha256", few=False, needed=True),
        Column("original_size", Of.COUNT, needed=True),
        Column("held_sha256", few=False, needed=True),
        Column("held_size", Of.COUNT, needed=True),
        Column("method", needed=True),
        Column("synced", Of.FLAG, needed=True),
    ),
    ("device", "entry", "name"),
)

DEVICES = Table(
    "devices",
    (
        Column("device", needed=True),
        Column("entries", Of.COUNT, needed=True),
        Column("root", few=False, needed=True),
        Column("edge", few=False, needed=True),
    ),
    ("device",),
)

TABLES = (ENTRIES, FILES, DEVICES)

MOST = 2**63 - 1
"""The largest integer that a table can hold."""


def month_of(entry: Entry) -> str:
    """The month that an entry is filed under: by the share's clock if that is known, otherwise by the laptop's."""
    at = _utc(entry.share_at or entry.at)
    return f"{at.year:04}-{at.month:02}" if at is not None and 2000 <= at.year <= 2099 else UNDATED


def entry_row(entry: Entry) -> Row:
    """A row of `entries`."""
    of = entry.body.get
    files = _files(entry)
    count = len(files) if files else _count(of("files"))
    leftovers = of("leftovers")
    found = [one for one in leftovers if isinstance(one, dict)] if isinstance(leftovers, list) else None
    return (
        _needed(entry.device),
        entry.index,
        entry.hash,
        str(entry.kind),
        _utc(entry.at),
        None if entry.share_at is None else _utc(entry.share_at),
        *[None if (value := of(name)) is None else _text(value) for name in _NAMES_OF_TEXTS],
        *[None if (value := of(name)) is None else _time(value) for name in _NAMES_OF_TIMES],
        count,
        sum(_count(file.get("original_size")) or 0 for file in files) if files else None,
        _count(of("copies")),
        None if found is None else sum(one.get("found") == "yes" for one in found),
        _count(of("hours")),
        _count(of("private")),
        _text(of("version")),
        _count(of("entry")) if entry.kind is EntryKind.ERASED else None,
    )


def file_rows(entry: Entry) -> list[Row]:
    """The rows of `files`: one for each file of a transfer; none for other entries."""
    return [
        (
            _needed(entry.device),
            entry.index,
            _needed(file.get("name")),
            _text(entry.body.get("visit")),
            _needed(file.get("original_sha256")),
            _count(file.get("original_size")) or 0,
            _needed(file.get("held_sha256")),
            _count(file.get("held_size")) or 0,
            _needed(file.get("method")),
            file.get("synced") is True,
        )
        for file in _files(entry)
    ]


def _files(entry: Entry) -> list[Mapping[str, JSON]]:
    files = entry.body.get("files") if entry.kind is EntryKind.TRANSFERRED else None
    return [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []


def _text(value: object) -> str | None:
    """Text that every table can hold: a device may sign anything."""
    if value is None or (type(value) is str and value.isascii() and value.isprintable() and 0 < len(value) <= 64):
        return value  # nearly always
    text = str(value)[:LONGEST_TEXT].replace("\0", "\\0")
    return text.encode("utf-8", "backslashreplace").decode() or None


def _needed(value: object) -> str:
    return _text(value) or "?"


def _count(value: object) -> int | None:
    """None for a value that is not a count: a device may write anything that its own key signs."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else None


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
        return None if found.tzinfo is None else _utc(found)
    except (ValueError, OverflowError):
        return None


def _utc(at: datetime) -> datetime | None:
    """The time in UTC; None if a table cannot hold it."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:
        return None
    return moment if 1970 <= moment.year <= 2200 else None
