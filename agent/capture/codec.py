"""A capture as a JSON object, and back. Pure.

It comes from a process that a file may have taken over, so the kind and size of each value are checked, and a wrong
value raises `Garbled`. Times are in ISO 8601.
"""

import math
from datetime import UTC, datetime, timedelta

from agent.model.capture import Camera, Capture, Origin, Place
from agent.model.times import Interval, Level, WallClock
from agent.worker import Fields, Garbled
from agent.worker.wire import LONGEST_TEXT, text_or_none

MOST_ITEMS = 1000
"""Most notes, or readings, in one capture."""

YEARS = range(2, 9999)
"""Years in which a time can be converted to any zone without leaving the range of a datetime."""


def of_capture(capture: Capture) -> Fields:
    """A capture as an object."""
    taken = capture.taken
    camera, place = capture.camera, capture.place
    return {
        "format": capture.format,
        "recorded": _cut(capture.recorded),
        "offset": _cut(capture.offset),
        "taken": None if taken is None else _span(taken),
        "wall": isinstance(taken, WallClock),
        "level": capture.level.value,
        "basis": list(map(_cut, capture.basis)),
        "also": [_span(reading) for reading in capture.also],
        "clock_bound": capture.clock_bound,
        "camera": None if camera is None else list(map(_cut, (camera.make, camera.model, camera.serial))),
        "place": None if place is None else [place.latitude, place.longitude],
        "content_id": capture.content_id,
        "complete": capture.complete,
        "notes": list(map(_cut, capture.notes)),
        "shown": None if capture.wall is None else _span(capture.wall),
        "length": None if capture.length is None else capture.length.total_seconds(),
        "origin": capture.origin.value,
        "origin_basis": _cut(capture.origin_basis),
        "marked": capture.marked,
        "by_phone": capture.by_phone,
    }


def capture_of(found: object) -> Capture:
    """The capture in a JSON object; raises `Garbled` if it does not hold one."""
    if not isinstance(found, dict):
        raise Garbled
    try:
        camera, place = found["camera"], found["place"]
        return Capture(
            format=_text(found["format"]),
            recorded=text_or_none(found["recorded"]),
            offset=text_or_none(found["offset"]),
            taken=_taken(found["taken"], wall=_flag(found["wall"])),
            level=Level(found["level"]),
            basis=_texts(found["basis"]),
            also=tuple(Interval(*_ends(reading)) for reading in _list(found["also"], most=MOST_ITEMS)),
            clock_bound=_flag(found["clock_bound"]),
            camera=None if camera is None else Camera(*map(text_or_none, _list(camera, 3))),
            place=None if place is None else Place(*map(_degrees, _list(place, 2))),
            content_id=text_or_none(found["content_id"]),
            complete=_flag(found["complete"]),
            notes=_texts(found["notes"]),
            wall=None if found["shown"] is None else WallClock(*_ends(found["shown"])),
            length=_length(found["length"]),
            origin=Origin(found["origin"]),
            origin_basis=_text(found["origin_basis"]),
            marked=_flag(found["marked"]),
            by_phone=_flag(found["by_phone"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError):  # an invalid level, time, length or number
        raise Garbled from None


def _cut(text: str | None) -> str | None:
    """Shorten a maker's name: it may have as many letters as a segment holds, and a message needs only the first."""
    return None if text is None else text[:LONGEST_TEXT]


def _span(span: Interval | WallClock) -> list[str]:
    return [span.earliest.isoformat(), span.latest.isoformat()]


def _taken(found: object, *, wall: bool) -> Interval | WallClock | None:
    if found is None:
        return None
    return WallClock(*_ends(found)) if wall else Interval(*_ends(found))


def _ends(found: object) -> tuple[datetime, datetime]:
    first, last = map(_moment, _list(found, 2))
    return first, last


def _moment(found: object) -> datetime:
    moment = datetime.fromisoformat(_text(found))
    if moment.year not in YEARS or (moment.tzinfo is not None and moment.astimezone(UTC).year not in YEARS):
        raise Garbled
    return moment


def _length(found: object) -> timedelta | None:
    return None if found is None else timedelta(seconds=_degrees(found))


def _list(found: object, length: int | None = None, *, most: int | None = None) -> list[object]:
    if not isinstance(found, list) or (length is not None and len(found) != length):
        raise Garbled
    if most is not None and len(found) > most:
        raise Garbled
    return found


def _text(found: object) -> str:
    if (text := text_or_none(found)) is None:
        raise Garbled
    return text


def _texts(found: object) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(found, most=MOST_ITEMS))


def _flag(found: object) -> bool:
    if not isinstance(found, bool):
        raise Garbled
    return found


def _degrees(found: object) -> float:
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise Garbled
    degrees = float(found)  # OverflowError: a whole number may have hundreds of digits
    if not math.isfinite(degrees):
        raise Garbled
    return degrees
