"""The record for people and for other programs: a row per transfer, as JSON, as CSV and as Elastic Common Schema.

Everything shown comes from entries alone. Delays were measured by the laptop's own clock.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO, cast

from agent.model.proof import Method
from agent.record.ecs import to_ecs
from agent.record.entry import Entry
from agent.record.kinds import EntryKind
from agent.record.values import JSON

CSV_COLUMNS = (
    *("when", "device", "visit", "photo", "files", "bytes", "name"),
    *("method", "synced", "delay_seconds", "proven", "removed", "damage", "outcome"),
)


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer, with its removal if the record has it.

    `bytes` is the photo's own size (all its files, untagged); `name` is the main file's name on the share;
    `delay_seconds` runs from the share first reachable for it to proven, None if the record does not say; `damage` is
    what is wrong with the picture; `entry`, `removal` and `not_removed` are the entries that the row was made from.
    """

    when: datetime
    device: str
    visit: str
    photo: str
    files: int
    bytes: int
    name: str
    method: str
    synced: bool
    delay_seconds: float | None
    proven_at: datetime
    removed_at: datetime | None
    damage: str | None
    entry: Entry
    removal: Entry | None = None
    not_removed: Entry | None = None

    @property
    def removed(self) -> bool:
        """Whether the record says that the photo was removed from its folder."""
        return self.removed_at is not None

    @property
    def outcome(self) -> str | None:
        """Why it was not removed, if the record says so: the last `model.removal.Outcome` for it."""
        return None if self.removed or self.not_removed is None else str(self.not_removed.body["outcome"])


def to_rows(entries: Iterable[Entry]) -> Iterator[TransferRow]:
    """A row for each transfer among the entries, in their order, with its removal if that is among them too."""
    transfers: list[Entry] = []
    removals: list[Entry] = []
    others: list[Entry] = []
    names: dict[str, str] = {}
    for entry in entries:
        if entry.kind is EntryKind.TRANSFERRED:
            transfers.append(entry)
        elif entry.kind is EntryKind.REMOVED:
            removals.append(entry)
        elif entry.kind is EntryKind.NOT_REMOVED:
            others.append(entry)
        elif entry.kind is EntryKind.RENAMED and entry.device == entry.body.get("old_name"):
            # Only the old record can name its successor: otherwise any record could claim anybody's photos.
            first, second = _laptop(entry.device, names), _laptop(str(entry.body["new_name"]), names)
            if first != second:
                names[second] = first
    gone = {_which(entry, names): entry for entry in removals}
    otherwise = {_which(entry, names): entry for entry in others}
    return (_row(entry, gone.get(_which(entry, names)), otherwise.get(_which(entry, names))) for entry in transfers)


def _laptop(device: str, names: Mapping[str, str]) -> str:
    """The last of a laptop's names, so that it has one name throughout."""
    while device in names:
        device = names[device]
    return device


def _which(entry: Entry, names: Mapping[str, str]) -> tuple[str, JSON, JSON]:
    return _laptop(entry.device, names), entry.body.get("photo"), entry.body.get("transfer")


def _row(entry: Entry, removal: Entry | None, not_removed: Entry | None) -> TransferRow:
    body = entry.body
    files = _files(body)
    proven = _time(body["proven_at"])
    reachable = _time(body["reachable_at"]) if body.get("reachable_at") else None
    return TransferRow(
        when=entry.at,
        device=entry.device,
        visit=str(body["visit"]),
        photo=str(body["photo"]),
        files=len(files),
        bytes=sum(cast("int", file["original_size"]) for file in files),
        name=str(files[0]["name"]) if files else "",
        # Sent files take precedence over files found there: a transfer was "there" only if all its files were.
        method=next(
            (str(file["method"]) for file in files if file["method"] != Method.ALREADY_THERE), Method.ALREADY_THERE
        ),
        synced=bool(files) and all(file["synced"] is True for file in files),
        delay_seconds=None if reachable is None else (proven - reachable).total_seconds(),
        proven_at=proven,
        removed_at=None if removal is None else _time(removal.body["removed_at"]),
        damage=None if body.get("damage") is None else str(body["damage"]),
        entry=entry,
        removal=removal,
        not_removed=not_removed,
    )


def _files(body: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    return cast("list[dict[str, JSON]]", body.get("files") if isinstance(body.get("files"), list) else [])


def _time(value: JSON) -> datetime:
    return datetime.fromisoformat(str(value))


def to_json(row: TransferRow) -> dict[str, object]:
    """What `log show --json` prints for a row: values only, times in ISO 8601; with every file's hashes."""
    return {
        **_columns(row),
        "synced": row.synced,
        "removed": row.removed,
        "outcome": row.outcome,
        "damage": row.damage,
        "staff": row.entry.body.get("staff"),
        "register_version": row.entry.body.get("register_version"),
        "decided_by": row.entry.body.get("decided_by"),
        "level": row.entry.body.get("level"),
        "file_list": _files(row.entry.body),
        "leftovers": None if row.removal is None else row.removal.body.get("leftovers"),
        "index": row.entry.index,
        "hash": row.entry.hash,
    }


def row_to_ecs(row: TransferRow) -> dict[str, object]:
    """A transfer in the Elastic Common Schema: its entry, and what happened to the photo on the laptop."""
    document = to_ecs(row.entry)
    document["visit_photo_agent"] = {
        **cast("dict[str, object]", document["visit_photo_agent"]),
        "removed": row.removed,
        "removed_at": None if row.removed_at is None else row.removed_at.isoformat(),
        "delay_seconds": row.delay_seconds,
    }
    return document


def _columns(row: TransferRow) -> dict[str, object]:
    return {
        "when": row.when.isoformat(),
        "device": row.device,
        "visit": row.visit,
        "photo": row.photo,
        "files": row.files,
        "bytes": row.bytes,
        "name": row.name,
        "method": str(row.method),
        "synced": "yes" if row.synced else "no",
        "delay_seconds": row.delay_seconds,
        "proven": row.proven_at.isoformat(),
        "removed": "" if row.removed_at is None else row.removed_at.isoformat(),
        "damage": row.damage or "",
        "outcome": row.outcome or "",
    }


def write_csv(rows: Iterable[TransferRow], out: TextIO) -> None:
    """Write the rows as a table that Excel opens correctly, to `out` (a text file opened with `newline=""`, UTF-8).

    It starts with a byte order mark, without which Excel reads UTF-8 as an old Windows code page. Lines end as in RFC
    4180. No text can start a formula (`formula_safe`).
    """
    out.write("\ufeff")
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: formula_safe(value) for name, value in _columns(row).items()})


ENTRY_COLUMNS = ("at", "device", "index", "kind", "event", "visit", "what")


def entry_to_json(entry: Entry) -> dict[str, object]:
    """What `log show --kind K --json` prints for an entry: all of it."""
    return _of_entry(entry) | {"body": dict(entry.body), "hash": entry.hash}


def _of_entry(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at.isoformat(),
        "device": entry.device,
        "index": entry.index,
        "kind": str(entry.kind),
        "event": entry.event,
    }


def entry_columns(entry: Entry) -> dict[str, object]:
    """An entry as a row: its fields apart from the visit as `name: value`, lists by their length."""
    what = (
        f"{name}: {len(value) if isinstance(value, list) else value}"
        for name, value in entry.body.items()
        if name != "visit" and value is not None
    )
    return _of_entry(entry) | {"visit": str(entry.body.get("visit") or ""), "what": ", ".join(what)}


def write_entries_csv(entries: Iterable[Entry], out: TextIO) -> None:
    """Write entries as a table, in the same form as `write_csv`."""
    out.write("\ufeff")
    writer = csv.DictWriter(out, ENTRY_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({name: formula_safe(value) for name, value in entry_columns(entry).items()})


def formula_safe(value: object) -> object:
    """`value`, with an apostrophe before text that a spreadsheet would run as a formula (OWASP, "CSV injection").

    That is text that starts with = + - @, their full-width forms, a tab, a carriage return or a line feed. Numbers
    stay.
    """
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")):
        return "'" + value
    return value
