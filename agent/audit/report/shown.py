"""What of a record may stand on a page. Whoever signs a record can write anything into it. Pure.

Text is cut, and text that looks like a path, a file's name or a position is not shown at all. Names of files here are
made from what a record says, and can lead nowhere else.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from agent.record.values import JSON, trace_of_private

LONGEST = 120
"""Characters of a text that are shown."""

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
    """A field's text, as it may be shown; empty where there is none."""
    value = body.get(name)
    return shown(value) if isinstance(value, str) else ""


def count_of(body: Mapping[str, JSON], name: str) -> int:
    """A field's whole number from 0; 0 where there is none."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def time_of(body: Mapping[str, JSON], name: str) -> datetime | None:
    """A field's instant; None where there is none."""
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    # Years at the ends of the calendar have no neighbours to be reckoned with in another zone.
    return found if found.tzinfo is not None and 1980 <= found.year <= 2200 else None


class FileNames:
    """Names for files of one folder: each its own, even if capitals do not count, and none that a system reserves."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The name, without ending, for what a record calls `name`: itself where that is plain and free."""
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
