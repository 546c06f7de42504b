"""One entry and its line: canonical JSON (RFC 8785) of `at, body, device, event, index, kind, share_at`. Pure.

The line is what the tree commits to, byte for byte, so that a program in another language can check it either way.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from agent.errors import RecordAltered, RecordError
from agent.model.ids import Sha256
from agent.model.proof import Receipt
from agent.record.kinds import EntryKind
from agent.record.values import JSON


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, as the record holds it. `event` is unique in the record; `at` is in UTC, by the laptop's clock.

    `share_at` is the same moment by the share's clock, None if the share was not connected then.
    `hash` is that of its leaf in the tree (RFC 6962), in hexadecimal.
    """

    index: int
    at: datetime
    device: str
    kind: EntryKind
    event: str
    body: Mapping[str, JSON]
    hash: Sha256
    share_at: datetime | None = None

    @property
    def receipt(self) -> Receipt:
        """Where in the record it is."""
        return Receipt(self.index, self.hash)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry still to be written; `event` is an id that the caller gives it, unique to what happened."""

    kind: EntryKind
    body: Mapping[str, JSON]
    event: str
    at: datetime


def line_of(draft: Draft, device: str, index: int, share_at: datetime | None = None) -> bytes:
    """The line, without its end. RecordError for what canonical JSON cannot hold."""
    import rfc8785  # here, for writers only: readers need json alone

    if draft.at.tzinfo is None:
        raise ValueError("an entry needs an aware datetime, not a wall clock")
    content: dict[str, Any] = {
        "at": draft.at.astimezone(UTC).isoformat(),
        "body": draft.body,
        "device": device,
        "event": draft.event,
        "index": index,
        "kind": str(draft.kind),
    }
    if share_at is not None:
        content["share_at"] = share_at.astimezone(UTC).isoformat(timespec="seconds")
    try:
        return rfc8785.dumps(content)
    except rfc8785.CanonicalizationError as fault:
        raise RecordError(
            f"The record refused a “{draft.kind}” entry: {fault}. This is a fault of photo-agent: tell IT."
        ) from fault


DECODE: Final = json.JSONDecoder().decode
"""What a line says. It is UTF-8, so `json.loads` need not guess how bytes are encoded."""

_NO_ENTRY = "it is not an entry of this program"


def entry_of(line: bytes, digest: Sha256) -> Entry:
    """The entry in a line, without its end, whose leaf hash is known; RecordAltered if it is not an entry.

    RecordError if it is an entry, but of a kind this version does not know.
    """
    try:
        return entry_from(DECODE(line.decode()), digest)
    except (ValueError, RecursionError) as fault:
        raise RecordAltered(_NO_ENTRY) from fault


def entry_from(read: Mapping[str, Any], digest: Sha256) -> Entry:
    """The entry from a line's JSON; raises as `entry_of`."""
    try:
        index, at, device, event, body = (read[name] for name in ("index", "at", "device", "event", "body"))
        kind = read["kind"]
        when = datetime.fromisoformat(at)
        share_at = None if read.get("share_at") is None else datetime.fromisoformat(read["share_at"])
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise RecordAltered(_NO_ENTRY) from fault
    try:
        known = EntryKind(kind)
    except ValueError as fault:
        raise RecordError(
            "The record was written by a newer version of photo-agent. Use that one to read it."
        ) from fault
    return Entry(index, when, device, known, event, body, digest, share_at)


def chosen(
    entries: Iterable[Entry],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    visit: str | None = None,
    device: str | None = None,
    kinds: Collection[EntryKind] | None = None,
) -> Iterator[Entry]:
    """The entries from `since` on and before `until`, of this visit, device and these kinds.

    A renaming belongs to every visit: without it, nobody could tell whose photos were removed under the new name.
    """
    for entry in entries:
        if (
            (since is None or entry.at >= since)
            and (until is None or entry.at < until)
            and (visit is None or entry.kind is EntryKind.RENAMED or entry.body.get("visit") == visit)
            and (device is None or entry.device == device)
            and (kinds is None or entry.kind in kinds)
        ):
            yield entry
