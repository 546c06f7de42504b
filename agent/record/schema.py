"""What an entry of each kind may say, and nothing else. Pure.

The record leaves the laptop, so none of its fields may carry a local path, a file's private name, a GPS position or
anything about a private photo. That is enforced here: a field that is not listed, or text that looks like one of those,
is a fault of this program and is refused (`RecordError`) before a byte is written. Names on the share are made by this
program and are allowed. For photos that turned out to be private there is only a count.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, cast

from agent import formats
from agent.errors import RecordError
from agent.model import Outcome

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"
"""What an entry is made of. No fractions: two programs may write the same one differently."""


class EntryKind(StrEnum):
    """What happened."""

    TRANSFERRED = "transferred"  # a photo is proven on the share; written before it is removed here
    REMOVED = "removed"  # the same photo is gone from its folder here
    NOT_REMOVED = "not-removed"  # a visit photo is not here any more, or stays, and this program did not remove it: why
    SHARE_LOST = "share-lost"  # the share no longer has what was proven there; seen before the photo was removed here
    LEFT_ON_SHARE = "left-on-share"  # named on the share by a transfer that a crash cut and that is not made again
    REVIEW_RESOLVED = "review-resolved"  # a person settled a photo for a visit; or how many as private, that day
    REGISTER_CHANGED = "register-changed"  # decisions are made by another version of the register from here on
    SHARE_REFUSED = "share-refused"  # the host key or the login was not right: nothing was sent
    REFUSED = "refused"  # a visit photo cannot be sent as it is
    OVERDUE = "overdue"  # a visit photo has waited too long since the share was first reachable
    LEFTOVER_REPORTED = "leftover-reported"  # a removed photo was seen to be elsewhere on the laptop, too
    INSPECTED = "inspected"  # this laptop was looked through for what should be gone: where, how long, what was found
    ATTESTED = "attested"  # a member of staff states where a visit's photos are not, or not any more; nobody checked it
    CARD = "card"  # a member of staff sent photos from a camera's card: which one, of which of the school's cameras
    HEARTBEAT = "heartbeat"  # once a day, also when nothing happened
    ENROLLED = "enrolled"  # the device began its record, with this log key
    KEY_ROTATED = "key-rotated"  # what follows is signed by another key, which the old one names
    RENAMED = "renamed"  # the last under the laptop's old name, and the first under its new one
    ERASED = "erased"  # an entry was taken out on request (GDPR, Art. 17); its place in the tree stays


Check = Callable[[object], str | None]
"""What is wrong with a value, in words that do not repeat it; None if nothing is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's fields. `needed` must be there; of the others any may be missing."""

    fields: Mapping[str, Check]
    needed: frozenset[str] = frozenset()

    def __call__(self, value: object) -> str | None:
        if not isinstance(value, Mapping):
            return "is no object"
        for name, content in value.items():
            if name not in self.fields:
                return f"has a field {name!r} that the record has no place for"
            if wrong := self.fields[name](content):
                return f"{name}: {wrong}"
        missing = sorted(self.needed - value.keys())
        return f"lacks {', '.join(missing)}" if missing else None


def check(kind: EntryKind, body: Mapping[str, object]) -> None:
    """RecordError unless an entry of this kind may say this."""
    if wrong := BODIES[kind](body):
        raise RecordError(
            f"The record refused a “{kind}” entry, which {wrong}. This is a fault of photo-agent: tell IT."
        )


def identity(kind: EntryKind, body: Mapping[str, JSON]) -> object:
    """What makes two entries of one event the same happening, although a repetition took another moment.

    For a transfer that is the visit and every file with its content: a photo that was edited after it was recorded is
    another transfer and must be put down again, whatever the caller calls the event.
    """
    if kind is EntryKind.TRANSFERRED:
        files = cast("list[dict[str, JSON]]", body["files"])
        parts = ("name", "original_sha256", "held_sha256")
        return (kind, body["visit"], [[file.get(part) for part in parts] for file in files])
    return (kind, body.get("photo"), body.get("transfer"))


# --- Values ----------------------------------------------------------------------------------------------------------

LONGEST_TEXT = 500  # characters
LONGEST_LABEL = 64  # characters of what is written on a camera or a card
LARGEST = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles: whole numbers are exact up to here

_VISIT_ID = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}(?<!\.)")
"""As the register takes them: safe as a folder's name everywhere."""

_TRACES = (
    ("a local path", re.compile(r"(?:^|[\s\"'(\[=,;:])(?:/[^\s/]|~[\w/\\]|[A-Za-z]:[\\/]|file:)|\\", re.IGNORECASE)),
    (
        "a file's name",
        re.compile(formats.IN_TEXT, re.IGNORECASE),
    ),
    ("a position", re.compile(r"\d{1,3}\.\d{3,}|\d\s?°")),
)


def trace_of_private(text: str) -> str | None:
    """What `text` seems to give away: "a local path", "a file's name", "a position"; None if nothing."""
    return next((what for what, pattern in _TRACES if pattern.search(text)), None)


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return "is no text"
    if len(value) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters"
    if not value.isprintable():
        return "has control characters or bytes that are no text"
    trace = trace_of_private(value)
    return trace and f"seems to hold {trace}"


def _label(value: object) -> str | None:
    if isinstance(value, str) and not 0 < len(value) <= LONGEST_LABEL:
        return f"is empty or longer than {LONGEST_LABEL} characters"
    return _text(value)


def _matching(pattern: str, what: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and compiled.fullmatch(value) else f"is no {what}"


def _visit(value: object) -> str | None:
    # Ids that the register takes may look like anything: "2026.0314" is not a position, nor "trip.raw" a file.
    return None if isinstance(value, str) and _VISIT_ID.fullmatch(value) else _text(value)


def _one_of(words: tuple[str, ...]) -> Check:
    return lambda value: None if value in words else f"is not one of {', '.join(words)}"


def _count(value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return None if whole else "is no whole number from 0"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "is neither true nor false"


def _time(value: object) -> str | None:
    try:
        aware = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    return None if aware else "is no time with its offset (ISO 8601)"


def _maybe(inner: Check) -> Check:
    return lambda value: None if value is None else inner(value)


def _list_of(inner: Check) -> Check:
    def each(value: object) -> str | None:
        if not isinstance(value, list | tuple):
            return "is no list"
        return next((wrong for wrong in map(inner, value) if wrong), None)

    return each


DAMAGES = ("end missing", "does not decode")
"""What may be wrong with a picture that was sent all the same: these words, for a decoder's could quote the file."""

OUTCOMES = tuple(outcome.value for outcome in Outcome)
"""What became of a photo that was not removed."""

_id = _matching(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", "id")
_sha256 = _matching(r"[0-9a-f]{64}", "SHA-256")
_device = _matching(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?", "device's name")
_level = _matching(r"[A-FX]", "level of evidence")
_word = _matching(r"[a-z][a-z0-9 -]{0,39}", "short word")
# The name+id+base64 of C2SP signed-note; its base64 is of an algorithm byte and an Ed25519 key.
_key = _matching(r"visit-photo-agent/[A-Za-z0-9._-]{1,64}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", "verifier key")
# Ours alone (agent/share makes them): relative, no empty or dotted part, so never a path of this laptop.
_remote = _matching(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\\:\x00-\x1f]+(?:/[^/\\:\x00-\x1f]+)+", "name on the share")

PLACES = ("phone", "bin", "cloud", "messages", "card")
"""Where a visit's photos may be that this program cannot see; the bin is the phone's."""

WORDS = ("none left", "had none", "not looked")
"""What a person can state of such a place."""

_FILE = Shape(
    {
        "name": _remote,
        "original_sha256": _sha256,
        "original_size": _count,
        "held_sha256": _sha256,
        "held_size": _count,
        "method": _word,
        "synced": _flag,
    },
    frozenset({"name", "original_sha256", "original_size", "held_sha256", "held_size", "method", "synced"}),
)

LOOKED_AT = (
    *("watched folders", "downloads", "desktop", "pictures", "videos", "documents", "trash", "thumbnails"),
    *("cloud folders", "photo libraries", "messengers", "cards"),
)
"""Kinds of places that an inspection looks at."""

NOT_LOOKED_AT = (
    *("no permission", "in the cloud only", "kept in a form of its own", "on the network", "behind a link"),
    *("unreadable", "the school share"),
)
"""Why an inspection could not look at something."""

_PLACE_LOOKED_AT = Shape({"place": _one_of(LOOKED_AT), "files": _count}, frozenset({"place", "files"}))
_FOUND = Shape(
    {"visit": _visit, "place": _one_of(LOOKED_AT), "copies": _count, "photos": _count}, frozenset({"visit", "place"})
)
_NOT_KNOWN = Shape(
    {"place": _one_of(LOOKED_AT), "why": _one_of(NOT_LOOKED_AT), "count": _count}, frozenset({"place", "why"})
)

_LEFTOVER = Shape({"kind": _text, "found": _word, "detail": _text}, frozenset({"kind", "found"}))

BODIES: Mapping[EntryKind, Shape] = {
    EntryKind.TRANSFERRED: Shape(
        {
            "photo": _id,
            "transfer": _id,
            "visit": _visit,
            "register_version": _sha256,
            "decided_by": _matching("rules|person", "one of rules, person"),
            "staff": _text,
            "level": _level,
            "found_at": _time,
            "reachable_at": _maybe(_time),
            "proven_at": _time,
            "files": _list_of(_FILE),
            "copies": _count,
            "damage": _matching("|".join(DAMAGES), f"one of {', '.join(DAMAGES)}"),
        },
        frozenset({"photo", "transfer", "visit", "register_version", "proven_at", "files"}),
    ),
    EntryKind.REMOVED: Shape(
        {
            "photo": _id,
            "transfer": _id,
            "visit": _visit,
            "files": _count,
            "copies": _count,
            "thumbnails": _count,
            "removed_at": _time,
            "leftovers": _list_of(_LEFTOVER),
            "unseen": _count,  # of `files`: gone after a crash in the middle of their removal, which nobody saw end
            "gone": _count,  # files of it that somebody else had taken away
            "checked_at": _time,  # when the share's copy was read once more, in a later run than the one that proved it
        },
        frozenset({"photo", "transfer", "visit", "removed_at"}),
    ),
    EntryKind.NOT_REMOVED: Shape(
        {
            "photo": _id,
            "transfer": _id,
            "visit": _visit,
            "outcome": _one_of(OUTCOMES),
            "files": _count,
            "staff": _text,
        },
        frozenset({"photo", "visit", "outcome"}),
    ),
    EntryKind.SHARE_LOST: Shape(
        {
            "photo": _id,
            "transfer": _id,
            "visit": _visit,
            "found": _one_of(("gone", "different")),
            "names": _list_of(_remote),
        },
        frozenset({"photo", "transfer", "visit", "found"}),
    ),
    EntryKind.LEFT_ON_SHARE: Shape(
        {"transfer": _id, "visit": _visit, "names": _list_of(_remote)}, frozenset({"transfer", "visit", "names"})
    ),
    EntryKind.REVIEW_RESOLVED: Shape(
        {"photo": _id, "visit": _visit, "staff": _text, "register_version": _sha256, "private": _count}
    ),
    EntryKind.REGISTER_CHANGED: Shape(
        {
            "register_version": _sha256,
            "previous_version": _maybe(_sha256),
            "visits": _count,
            "cameras": _count,
            "read_at": _time,
        },
        frozenset({"register_version"}),
    ),
    EntryKind.SHARE_REFUSED: Shape({"host": _text, "expected": _text, "seen": _text, "reason": _text}),
    EntryKind.REFUSED: Shape({"photo": _id, "visit": _visit, "transfer": _id, "reason": _text}, frozenset({"photo"})),
    EntryKind.OVERDUE: Shape(
        {
            "photo": _id,
            "visit": _visit,
            "found_at": _time,
            "reachable_at": _maybe(_time),
            "hours": _count,
            "reason": _text,
        },
        frozenset({"photo"}),
    ),
    EntryKind.LEFTOVER_REPORTED: Shape(
        {"photo": _id, "transfer": _id, "visit": _visit, "leftovers": _list_of(_LEFTOVER)},
        frozenset({"photo", "leftovers"}),
    ),
    EntryKind.INSPECTED: Shape(
        {
            "inspection": _id,
            "by": _text,
            "files": _count,
            "drawn": _count,
            "findings": _count,
            "report_sha256": _sha256,
            "began_at": _time,
            "seconds": _count,
            "cut_short": _flag,  # it was stopped, or ended by a fault, before it had looked everywhere
            "register_version": _sha256,
            "unsure": _count,  # may be of a visit; which one, and what they are, is not said
            "on_their_way": _count,
            "places": _list_of(_PLACE_LOOKED_AT),
            "found": _list_of(_FOUND),
            "not_known": _list_of(_NOT_KNOWN),
        },
        frozenset({"by", "findings"}),
    ),
    EntryKind.ATTESTED: Shape(
        {"visit": _visit, "staff": _text, **dict.fromkeys(PLACES, _one_of(WORDS))},
        frozenset({"visit", "staff", *PLACES}),
    ),
    EntryKind.CARD: Shape(
        {
            "staff": _text,
            "put_in_at": _time,
            "photos": _count,  # of visits, on it
            "cameras": _list_of(_label),  # labels of the cameras register, of the school's own alone
            "serial": _label,
            "label": _label,
        },
        frozenset({"staff", "put_in_at", "photos"}),
    ),
    EntryKind.HEARTBEAT: Shape(
        {
            "version": _text,
            "waiting": _count,
            "review": _count,
            "refused": _count,
            "overdue": _count,
            "register_version": _maybe(_sha256),
        }
    ),
    EntryKind.ENROLLED: Shape({"log_key": _key, "staff": _text, "version": _text}, frozenset({"log_key"})),
    EntryKind.KEY_ROTATED: Shape(
        {"old_key": _key, "new_key": _key, "reason": _text}, frozenset({"old_key", "new_key"})
    ),
    EntryKind.RENAMED: Shape(
        {"old_name": _device, "new_name": _device, "entries": _count, "root": _sha256},
        frozenset({"old_name", "new_name"}),
    ),
    EntryKind.ERASED: Shape({"entry": _count, "reason": _text}, frozenset({"entry"})),
}
"""For each kind, the fields its body may have."""
