"""What goes over the pipes: one JSON object a line, in ASCII. Pure.

A worker that a file has taken over could write anything, so what comes from it is checked value by value, and what is
not as it must be is `Garbled`. Times go as ISO 8601.
"""

import json
from datetime import datetime, timedelta

from agent.model import Camera, Capture, Interval, Level, Origin, Place, WallClock

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one answer. A capture takes under 4 KB; a sidecar of 2 MiB, merged and kept besides, under this."""


class Garbled(Exception):
    """A line that the worker's own program never writes."""


Fields = dict[str, object]


def line(content: Fields) -> bytes:
    """An object as its line. Names that are not UTF-8 keep their escaped bytes (surrogates)."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def parsed(content: bytes) -> Fields:
    """A line as its object; `Garbled` where it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Garbled from None
    if not isinstance(found, dict):
        raise Garbled
    return found


def of_capture(capture: Capture) -> Fields:
    """A capture as an object."""
    taken = capture.taken
    camera, place = capture.camera, capture.place
    return {
        "format": capture.format,
        "recorded": capture.recorded,
        "offset": capture.offset,
        "taken": None if taken is None else _span(taken),
        "wall": isinstance(taken, WallClock),
        "level": capture.level.value,
        "basis": list(capture.basis),
        "also": [_span(reading) for reading in capture.also],
        "clock_bound": capture.clock_bound,
        "camera": None if camera is None else [camera.make, camera.model, camera.serial],
        "place": None if place is None else [place.latitude, place.longitude],
        "content_id": capture.content_id,
        "complete": capture.complete,
        "notes": list(capture.notes),
        "shown": None if capture.wall is None else _span(capture.wall),
        "length": None if capture.length is None else capture.length.total_seconds(),
        "origin": capture.origin.value,
        "origin_basis": capture.origin_basis,
        "marked": capture.marked,
    }


def capture_of(found: object) -> Capture:
    """The capture that an object is; `Garbled` where it is none."""
    if not isinstance(found, dict):
        raise Garbled
    try:
        camera, place = found["camera"], found["place"]
        return Capture(
            format=_text(found["format"]),
            recorded=_maybe(found["recorded"]),
            offset=_maybe(found["offset"]),
            taken=_taken(found["taken"], wall=_flag(found["wall"])),
            level=Level(found["level"]),
            basis=_texts(found["basis"]),
            also=tuple(Interval(*_ends(reading)) for reading in _list(found["also"])),
            clock_bound=_flag(found["clock_bound"]),
            camera=None if camera is None else Camera(*map(_maybe, _list(camera, 3))),
            place=None if place is None else Place(*map(_degrees, _list(place, 2))),
            content_id=_maybe(found["content_id"]),
            complete=_flag(found["complete"]),
            notes=_texts(found["notes"]),
            wall=None if found["shown"] is None else WallClock(*_ends(found["shown"])),
            length=_length(found["length"]),
            origin=Origin(found["origin"]),
            origin_basis=_text(found["origin_basis"]),
            marked=_flag(found["marked"]),
        )
    except (KeyError, ValueError, OverflowError):  # a level, a time or a length that is none
        raise Garbled from None


def text_or_none(found: object) -> str | None:
    """As it says; else `Garbled`."""
    return _maybe(found)


def fields_of(found: object) -> Fields:
    """The object that is inside another; `Garbled` where it is none."""
    if not isinstance(found, dict):
        raise Garbled
    return found


def _span(span: Interval | WallClock) -> list[str]:
    return [span.earliest.isoformat(), span.latest.isoformat()]


def _taken(found: object, *, wall: bool) -> Interval | WallClock | None:
    if found is None:
        return None
    return WallClock(*_ends(found)) if wall else Interval(*_ends(found))


def _ends(found: object) -> tuple[datetime, datetime]:
    first, last = _list(found, 2)
    return datetime.fromisoformat(_text(first)), datetime.fromisoformat(_text(last))


def _length(found: object) -> timedelta | None:
    return None if found is None else timedelta(seconds=_degrees(found))


def _list(found: object, length: int | None = None) -> list[object]:
    if not isinstance(found, list) or (length is not None and len(found) != length):
        raise Garbled
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise Garbled
    return found


def _texts(found: object) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(found))


def _maybe(found: object) -> str | None:
    return None if found is None else _text(found)


def _flag(found: object) -> bool:
    if not isinstance(found, bool):
        raise Garbled
    return found


def _degrees(found: object) -> float:
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise Garbled
    return float(found)
