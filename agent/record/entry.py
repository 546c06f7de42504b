"""One entry and its line: canonical JSON (RFC 8785) with the hash of the line before it. Pure.

A line is the canonical JSON of `at, body, device, event, hash, index, kind, previous`. `hash` is the SHA-256 of the
very line without its `hash` member, which is again canonical JSON: so every byte of a line is under its hash, and a
program in another language can check either way. `previous` of the first entry is sixty-four zeros.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.errors import RecordAltered, RecordError
from agent.model import Receipt, Sha256
from agent.record.schema import JSON, Kind

NOTHING_BEFORE = Sha256("0" * 64)

_HASH_KEY = b'"hash":"'
_HASH_MEMBER = len(_HASH_KEY) + 64 + len(b'",')


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, as the record holds it. `event` is unique in the record; `at` is in UTC."""

    index: int
    at: datetime
    device: str
    kind: Kind
    event: str
    body: Mapping[str, JSON]
    previous: Sha256
    hash: Sha256

    @property
    def receipt(self) -> Receipt:
        """Where in the record it is."""
        return Receipt(self.index, self.hash)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry still to be written; `event` is an id that the caller gives it, unique to what happened."""

    kind: Kind
    body: Mapping[str, JSON]
    event: str
    at: datetime


def line_of(draft: Draft, device: str, index: int, previous: Sha256) -> tuple[bytes, Sha256]:
    """The line, without its end, and its hash. RecordError for what canonical JSON cannot hold."""
    import rfc8785  # here, for writers only: readers need json alone

    if draft.at.tzinfo is None:
        raise ValueError("the record keeps instants, not wall clocks")
    content: dict[str, Any] = {
        "at": draft.at.astimezone(UTC).isoformat(),
        "body": draft.body,
        "device": device,
        "event": draft.event,
        "index": index,
        "kind": str(draft.kind),
        "previous": previous,
    }
    try:
        hashed = rfc8785.dumps(content)
    except rfc8785.CanonicalizationError as fault:
        raise RecordError(
            f"The record refused a “{draft.kind}” entry: {fault}. This is a fault of photo-agent: tell IT."
        ) from fault
    digest = Sha256(hashlib.sha256(hashed).hexdigest())
    cut = hashed.rindex(b'"index":')  # the member after `hash` in the order of RFC 8785
    return hashed[:cut] + _HASH_KEY + digest.encode() + b'",' + hashed[cut:], digest


def entry_of(line: bytes) -> Entry:
    """The entry of a line, without its end; RecordAltered if the line is not as it was written.

    RecordError if it is whole, but of a kind this version does not know.
    """
    cut = line.rfind(_HASH_KEY)
    stated = line[cut + len(_HASH_KEY) : cut + len(_HASH_KEY) + 64]
    hashed = hashlib.sha256(line[:cut] + line[cut + _HASH_MEMBER :]).hexdigest()
    if cut < 0 or line[cut + _HASH_MEMBER - 2 : cut + _HASH_MEMBER] != b'",' or stated != hashed.encode():
        raise RecordAltered("its content is not what was written")
    try:
        read = json.loads(line)
        index, at, device, event, body = (read[name] for name in ("index", "at", "device", "event", "body"))
        kind, previous = read["kind"], Sha256(read["previous"])
        when = datetime.fromisoformat(at)
    except (ValueError, KeyError, TypeError) as fault:
        raise RecordAltered("it is no entry of this program") from fault
    try:
        known = Kind(kind)
    except ValueError as fault:
        raise RecordError(
            "The record was written by a newer version of photo-agent. Use that one to read it."
        ) from fault
    return Entry(index, when, device, known, event, body, previous, Sha256(hashed))
