"""What a field of an entry may hold: how it is checked here, and the same as JSON Schema for other programs. Pure.

The record leaves the laptop, so text that looks like a local path, a file's name or a position is refused. Names on the
share are made by this program and are allowed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from agent import formats

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"
"""What an entry is made of. No fractions: two programs may write the same one differently."""

Check = Callable[[object], str | None]
"""What is wrong with a value, in words that do not repeat it; None if nothing is."""

LONGEST_TEXT = 500  # characters
LONGEST_LABEL = 64  # characters of what is written on a camera or a card
LARGEST = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles: whole numbers are exact up to here


@dataclass(frozen=True, slots=True)
class Value:
    """The values that a field may have. `name` is where the published schema defines them, if it does so in one place.

    `nullable` says that a field without such a value is written as null. Other fields are left out then.
    """

    check: Check
    schema: Mapping[str, object]
    name: str | None = None
    nullable: bool = False

    @property
    def reference(self) -> dict[str, object]:
        """How the schema of a field refers to it."""
        return dict(self.schema) if self.name is None else {"$ref": f"#/$defs/{self.name}"}


@dataclass(frozen=True, slots=True)
class Shape:
    """The check of an object. The fields in `needed` must be present; any other may be missing."""

    fields: Mapping[str, Check]
    needed: frozenset[str] = frozenset()

    def __call__(self, value: object) -> str | None:
        if not isinstance(value, Mapping):
            return "is not an object"
        for name, content in value.items():
            if name not in self.fields:
                return f"has a field {name!r} that the record has no place for"
            if wrong := self.fields[name](content):
                return f"{name}: {wrong}"
        missing = sorted(self.needed - value.keys())
        return f"lacks {', '.join(missing)}" if missing else None


def or_null(value: Value) -> Value:
    """The value, or null."""
    return Value(
        lambda found: None if found is None else value.check(found),
        {"anyOf": [value.reference, {"type": "null"}]},
        nullable=True,
    )


def list_of(value: Value) -> Value:
    """A list of such values, of any length."""

    def each(found: object) -> str | None:
        if not isinstance(found, list | tuple):
            return "is not a list"
        return next((wrong for wrong in map(value.check, found) if wrong), None)

    return Value(each, {"type": "array", "items": value.reference})


def one_of(words: Iterable[str], name: str | None = None, about: str = "") -> Value:
    """One of these words: members of a StrEnum, say."""
    known = tuple(str(word) for word in words)
    wrong = f"is not one of {', '.join(known)}"
    schema = {"enum": list(known)} | ({"description": about} if about else {})
    return Value(lambda found: None if found in known else wrong, schema, name)


def _matching(name: str, pattern: str, what: str, about: str = "") -> Value:
    compiled = re.compile(pattern)
    schema = {"type": "string", "pattern": f"^{pattern}$"} | ({"description": about} if about else {})
    return Value(
        lambda found: None if isinstance(found, str) and compiled.fullmatch(found) else f"is not {what}", schema, name
    )


# --- Text ------------------------------------------------------------------------------------------------------------

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
        return "is not text"
    if len(value) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters"
    if not value.isprintable():
        return "has control characters, or bytes that are not text"
    trace = trace_of_private(value)
    return trace and f"seems to hold {trace}"


def _label(value: object) -> str | None:
    if isinstance(value, str) and not 0 < len(value) <= LONGEST_LABEL:
        return f"is empty or longer than {LONGEST_LABEL} characters"
    return _text(value)


def _visit(value: object) -> str | None:
    # Ids that the register takes may look like anything: "2026.0314" is not a position, nor "trip.raw" a file.
    return None if isinstance(value, str) and _VISIT_ID.fullmatch(value) else _text(value)


_REMOTE = re.compile(r"[^/\\:\u0000-\u001f]+(/[^/\\:\u0000-\u001f]+)+")


def _remote(value: object) -> str | None:
    # Made by agent/share alone. Relative, without an empty or a dotted part, so never a path of this laptop.
    fits = isinstance(value, str) and _REMOTE.fullmatch(value) and not {".", ".."}.intersection(value.split("/"))
    return None if fits else "is not a name on the share"


# --- Numbers, flags and times ----------------------------------------------------------------------------------------


def _count(value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return None if whole else "is not a whole number from 0"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "is neither true nor false"


def _time(value: object) -> str | None:
    try:
        aware = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    return None if aware else "is not a time with its offset (ISO 8601)"


# --- Each value by its name in the published schema ------------------------------------------------------------------

DEVICE = _matching("device", r"[A-Za-z0-9_-]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?", "a device's name")
TEXT = Value(
    _text,
    {
        "type": "string",
        "maxLength": LONGEST_TEXT,
        "description": "No control characters, local path, file name or position.",
    },
    "text",
)
LABEL = Value(
    _label,
    {
        "description": "What is written on a camera or a card.",
        "allOf": [TEXT.reference, {"minLength": 1, "maxLength": LONGEST_LABEL}],
    },
    "label",
)
COUNT = Value(_count, {"type": "integer", "minimum": 0, "maximum": LARGEST}, "count")
FLAG = Value(_flag, {"type": "boolean"}, "flag")
SHA256 = _matching("sha256", r"[0-9a-f]{64}", "a SHA-256")
TIME = Value(_time, {"type": "string", "format": "date-time", "description": "ISO 8601, with its offset."}, "time")
ID = _matching("id", r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", "an id")
WORD = _matching("word", r"[a-z][a-z0-9 -]{0,39}", "a short word")
LEVEL = _matching("level", r"[A-FX]", "a level of evidence", "How good the evidence for the capture time is, A best.")
KEY = _matching(
    "key",
    # The name+id+base64 of C2SP signed-note; its base64 is of an algorithm byte and an Ed25519 key.
    r"visit-photo-agent/[A-Za-z0-9._-]{1,64}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}",
    "a verifier key",
    "A verifier key as C2SP signed-note has it.",
)
REMOTE = Value(
    _remote,
    {
        "type": "string",
        "pattern": f"^{_REMOTE.pattern}$",
        "description": "A name on the share, below the agent's root.",
    },
    "remote",
)
VISIT = Value(_visit, TEXT.reference)
