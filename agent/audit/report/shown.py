"""Which parts of a record a page may show. The owner of a key can sign anything. Pure.

Text is shortened, and text that looks like a path, a file's name or a position is not shown at all. File names for the
pages are derived from what a record says, and cannot lead out of their folder.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from agent.record.values import JSON, trace_of_private

LONGEST = 120
"""The most characters of a text that are shown."""

NOT_SHOWN = "(not shown: it may name a file or a place)"

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|index)(?:\..*)?", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def shown(text: str) -> str:
    """The text as a page may show it."""
    printable = "".join(one if one.isprintable() else "�" for one in text[: LONGEST + 1])
    if trace_of_private(printable):
        return NOT_SHOWN
    return printable if len(printable) <= LONGEST else printable[:LONGEST] + "…"


def text_of(body: Mapping[str, JSON], name: str) -> str:
    """A field's text, as it may be shown; empty if the field is missing."""
    value = body.get(name)
    return shown(value) if isinstance(value, str) else ""


def count_of(body: Mapping[str, JSON], name: str) -> int:
    """A field's whole number from 0; 0 if the field is missing."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def time_of(body: Mapping[str, JSON], name: str) -> datetime | None:
    """A field's instant; None if the field is missing."""
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    # In the calendar's first and last year, another zone's date may not exist.
    return found if found.tzinfo is not None and 1980 <= found.year <= 2200 else None


class FileNames:
    """Unique names for the files of one folder, even if capitals do not count; never a name that a system reserves."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The file name, without ending, for what a record calls `name`: unchanged if that is plain and free."""
        known = self._given.get(name)
        if known is None:
            known = name
            if not _PLAIN.fullmatch(name) or name.endswith(".") or _RESERVED.fullmatch(name) or self._is_taken(name):
                stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40].strip("-") or "x"
                known = f"{stem}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
            self._given[name] = known
            self._taken.add(known.casefold())
        return known

    def _is_taken(self, name: str) -> bool:
        return name.casefold() in self._taken
