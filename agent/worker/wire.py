"""What goes over the pipes: one JSON object a line, in ASCII. Pure.

A worker that a file has taken over could write anything, so what comes from it is checked value by value, for its kind
and its size, and what is not as it must be is `Garbled`: here the frame, and in the rooms that give the jobs, the
answers themselves.
"""

import json

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one answer. A capture takes under 4 KB; a sidecar of 2 MiB, merged and kept besides, under this."""

LONGEST_TEXT = 2000
"""Characters of one text in an answer: a reason, a note, the name of a maker."""


class Garbled(ValueError):
    """What the worker's own program never writes."""


Fields = dict[str, object]


def line(content: Fields) -> bytes:
    """An object as its line. Names that are not UTF-8 keep their escaped bytes (surrogates)."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def parsed(content: bytes) -> Fields:
    """A line as its object; `Garbled` where it is none."""
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Garbled from None
    if not isinstance(found, dict):
        raise Garbled
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def text_or_none(found: object) -> str | None:
    """As it says; else `Garbled`."""
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        raise Garbled
    return found


def fields_of(found: object) -> Fields:
    """The object that is inside another; `Garbled` where it is none."""
    if not isinstance(found, dict):
        raise Garbled
    return found
