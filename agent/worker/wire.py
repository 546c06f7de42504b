"""The messages on the pipes: one JSON object a line, in ASCII. Pure.

A worker that a file has taken over could write anything, so the kind and size of each value from it are checked, and a
wrong value raises `Garbled`: here for the frame, and in the rooms that give the jobs, for the answers themselves.
"""

import json

MAX_LINE = 8 * 1024 * 1024
"""Most bytes of one answer. A capture takes under 4 KB; a sidecar of 2 MiB, merged and stored inside, under this."""

LONGEST_TEXT = 2000
"""Most characters of one text in an answer: a reason, a note, the name of a maker."""


class Garbled(ValueError):
    """Content that the worker's own program never writes."""


Fields = dict[str, object]


def line(content: Fields) -> bytes:
    """An object as its line. Names that are not UTF-8 keep their escaped bytes (surrogates)."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def parsed(content: bytes) -> Fields:
    """A line as its object; `Garbled` if it is not one."""
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Garbled from None
    if not isinstance(found, dict):
        raise Garbled
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def text_or_none(found: object) -> str | None:
    """The text, or None; `Garbled` if it is anything else."""
    if found is None:
        return None
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        raise Garbled
    return found


def fields_of(found: object) -> Fields:
    """The object that is inside another; `Garbled` if there is none."""
    if not isinstance(found, dict):
        raise Garbled
    return found
