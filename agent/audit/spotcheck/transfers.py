"""What a transfer's entry says, with every value checked: a record may say anything. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.model.files import Fingerprint
from agent.model.ids import Sha256

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_NAME = re.compile(r"visits(?:/(?!\.{1,2}(?:/|$))[^/\\]+)+")
"""Below the visits folder, and without a part that leads up again."""

_LONGEST = 500
MOST_FILES = 50
"""The most files of one transfer: a photo with its clip, sidecars and tags has fewer than ten."""


@dataclass(frozen=True, slots=True)
class TransferredFile:
    """A file in an entry: what was on the laptop, and what the share must hold under `name`."""

    name: str
    original: Fingerprint
    held: Fingerprint


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer in an entry; its first file is the photo itself."""

    photo: str
    transfer: str
    visit: str
    register_version: str
    by_person: bool
    staff: str
    proven_at: datetime
    files: tuple[TransferredFile, ...]


def read_transfer(body: object) -> Transfer | None:
    """The body of a `transferred` entry; None if this program cannot have written it."""
    if not isinstance(body, Mapping):
        return None
    try:
        proven_at = datetime.fromisoformat(str(body["proven_at"]))
        files = body["files"]
        if proven_at.tzinfo is None or not isinstance(files, list) or not 0 < len(files) <= MOST_FILES:
            return None
        return Transfer(
            photo=_matching(_ID, body["photo"]),
            transfer=_matching(_ID, body["transfer"]),
            visit=_text(body["visit"]),
            register_version=_matching(_SHA256, body["register_version"]),
            by_person=body.get("decided_by") == "person",
            staff=_text(body.get("staff", "")),
            proven_at=proven_at,
            files=tuple(_file(one) for one in files),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def staff_of(value: object) -> str:
    """A member of staff named in an entry; empty if it names nobody."""
    try:
        return _text(value)
    except ValueError:
        return ""


def _file(said: Mapping[str, object]) -> TransferredFile:
    return TransferredFile(_matching(_NAME, _text(said["name"])), _content(said, "original"), _content(said, "held"))


def _content(said: Mapping[str, object], which: str) -> Fingerprint:
    size = said[f"{which}_size"]
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("a size is a whole number from 0")
    return Fingerprint(Sha256(_matching(_SHA256, said[f"{which}_sha256"])), size)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("this program does not write it like this")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise ValueError("this program does not write it like this")
    return value
