"""The record for people and for other programs: a row per transfer, as JSON, as CSV and as Elastic Common Schema.

Everything shown comes from entries alone. Delays are those the laptop measured with its own clock.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO, cast

from agent.model import Method
from agent.record.entry import Entry
from agent.record.schema import JSON, Kind

ECS_VERSION = "8.17.0"

CSV_COLUMNS = (
    *("when", "device", "visit", "photo", "files", "bytes", "name"),
    *("method", "synced", "delay_seconds", "proven", "removed", "damage", "outcome"),
)


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer, with its removal if the record has it.

    `bytes` is the photo's own size (all its files, untagged); `name` is the main file's on the share; `delay_seconds`
    is from the share first reachable for it to proven, None where the record does not say; `damage` is what is wrong
    with the picture; `entry`, `removal` and `not_removed` are what the row was made of.
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
        """Whether the record says that it is gone from its folder."""
        return self.removed_at is not None

    @property
    def outcome(self) -> str | None:
        """Why it was not removed, as far as the record says: the last of `model.Outcome` for it."""
        return None if self.removed or self.not_removed is None else str(self.not_removed.body["outcome"])


def to_rows(entries: Iterable[Entry]) -> Iterator[TransferRow]:
    """A row for each transfer among the entries, in their order, with its removal where it is among them too."""
    transfers: list[Entry] = []
    removals: dict[tuple[str, JSON, JSON], Entry] = {}
    others: dict[tuple[str, JSON, JSON], Entry] = {}
    for entry in entries:
        if entry.kind is Kind.TRANSFERRED:
            transfers.append(entry)
        elif entry.kind is Kind.REMOVED:
            removals[_which(entry)] = entry
        elif entry.kind is Kind.NOT_REMOVED:
            others[_which(entry)] = entry
    return (_row(entry, removals.get(_which(entry)), others.get(_which(entry))) for entry in transfers)


def _which(entry: Entry) -> tuple[str, JSON, JSON]:
    return entry.device, entry.body.get("photo"), entry.body.get("transfer")


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
        # What had to be sent says more than what was there: only if all files were there, the transfer was.
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
    """What `log show --json` prints of a row: values only, times in ISO 8601; with every file's hashes."""
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
    """The rows as a table that Excel opens rightly, to `out` (a text file opened with `newline=""`, UTF-8).

    It starts with a byte order mark, without which Excel takes UTF-8 for the laptop's old code page. Lines end as RFC
    4180 has it. No text can start a formula (`formula_safe`).
    """
    out.write("\ufeff")
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: formula_safe(value) for name, value in _columns(row).items()})


ENTRY_COLUMNS = ("at", "device", "index", "kind", "event", "visit", "what")


def entry_to_json(entry: Entry) -> dict[str, object]:
    """What `log show --kind K --json` prints of an entry: all of it."""
    return {
        "at": entry.at.isoformat(),
        "device": entry.device,
        "index": entry.index,
        "kind": str(entry.kind),
        "event": entry.event,
        "body": dict(entry.body),
        "hash": entry.hash,
    }


def entry_columns(entry: Entry) -> dict[str, object]:
    """An entry as a row: what it says beside its visit as `name: value`, lists by how many there are."""
    what = (
        f"{name}: {len(value) if isinstance(value, list) else value}"
        for name, value in entry.body.items()
        if name != "visit" and value is not None
    )
    return {
        "at": entry.at.isoformat(),
        "device": entry.device,
        "index": entry.index,
        "kind": str(entry.kind),
        "event": entry.event,
        "visit": str(entry.body.get("visit") or ""),
        "what": ", ".join(what),
    }


def write_entries_csv(entries: Iterable[Entry], out: TextIO) -> None:
    """Entries as a table, as `write_csv` does it for transfers."""
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


# --- Elastic Common Schema -------------------------------------------------------------------------------------------

# event.category, event.type and event.outcome take only the schema's own values.
_CLASSES: Mapping[Kind, tuple[list[str], list[str], str]] = {
    Kind.TRANSFERRED: (["file"], ["creation"], "success"),
    Kind.REMOVED: (["file"], ["deletion"], "success"),
    Kind.NOT_REMOVED: (["file"], ["info"], "unknown"),
    Kind.SHARE_LOST: (["file"], ["deletion"], "failure"),
    Kind.REVIEW_RESOLVED: (["file"], ["info"], "success"),
    Kind.REGISTER_CHANGED: (["configuration"], ["change"], "success"),
    Kind.SHARE_REFUSED: (["network"], ["denied"], "failure"),
    Kind.REFUSED: (["file"], ["info"], "failure"),
    Kind.OVERDUE: (["file"], ["info"], "unknown"),
    Kind.LEFTOVER_REPORTED: (["file"], ["info"], "unknown"),
    Kind.INSPECTED: (["host"], ["info"], "success"),
    Kind.HEARTBEAT: (["host"], ["info"], "success"),
    Kind.ENROLLED: (["configuration"], ["creation"], "success"),
    Kind.KEY_ROTATED: (["configuration"], ["change"], "success"),
    Kind.CARRIED_OVER: (["configuration"], ["info"], "success"),
    Kind.ERASED: (["file"], ["change"], "success"),
}


def to_ecs(source: Entry | TransferRow) -> dict[str, object]:
    """An entry, or a transfer's row, as one document of the Elastic Common Schema 8.

    `event.id` is the entry's own id, so that what is delivered twice is one; `event.hash` and `event.sequence` lead
    back into the record. `file.*` is what the share holds. What the schema has no field for is under
    `visit_photo_agent`.
    """
    entry, row = (source.entry, source) if isinstance(source, TransferRow) else (source, None)
    body = entry.body
    category, kinds, outcome = _CLASSES[entry.kind]
    event: dict[str, object] = {
        "kind": "event",
        "category": category,
        "type": kinds,
        "action": str(entry.kind),
        "outcome": outcome,
        "id": f"{entry.device}:{entry.event}",
        "sequence": entry.index,
        "hash": entry.hash,
        "module": "visit-photo-agent",
        "dataset": "visit-photo-agent.record",
        **_duration(body),
    }
    if body.get("reason"):
        event["reason"] = body["reason"]
    own: dict[str, object] = {key: value for key, value in body.items() if key != "staff"}
    if row is not None:
        own |= {
            "removed": row.removed,
            "removed_at": None if row.removed_at is None else row.removed_at.isoformat(),
            "delay_seconds": row.delay_seconds,
        }
    document: dict[str, object] = {
        "@timestamp": entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ecs": {"version": ECS_VERSION},
        "event": event,
        "host": {"name": entry.device},
        "visit_photo_agent": own,
    }
    if body.get("staff"):
        document["user"] = {"name": body["staff"]}
    if files := _files(body):
        document["file"] = _file(files[0])
    return document


def _duration(body: Mapping[str, JSON]) -> dict[str, object]:
    """start, end and duration (nanoseconds, as ECS has it): from the share first reachable, else found, to proven."""
    start = body.get("reachable_at") or body.get("found_at")
    end = body.get("proven_at")
    if not start or not end:
        return {}
    length = _time(end) - _time(start)
    return {"start": start, "end": end, "duration": round(length.total_seconds() * 1e9)}


def _file(file: Mapping[str, JSON]) -> dict[str, object]:
    name = str(file["name"])
    return {
        "name": name.rpartition("/")[2],
        "path": name,
        "extension": name.rpartition(".")[2],
        "size": file["held_size"],
        "hash": {"sha256": file["held_sha256"]},
    }
