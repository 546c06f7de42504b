"""A worker's answers are believed only if they make sense: whatever it sends, the parent continues."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import codec
from agent.model.capture import Capture, Place
from agent.model.times import Interval, Level
from agent.worker import wire

GOOD = codec.of_capture(
    Capture(
        "jpeg",
        taken=Interval(datetime(2026, 3, 14, 10, tzinfo=UTC), datetime(2026, 3, 14, 11, tzinfo=UTC)),
        level=Level.OWN_OFFSET,
        place=Place(51.5, -0.1),
        notes=("a note",),
    )
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 400).map(lambda power: 10**power)
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


def sent(found: dict[str, Any]) -> bytes:
    return json.dumps(found).encode()


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), VALUES, min_size=1))
def test_any_value_in_the_place_of_any_other_is_understood_or_garbled(changed: dict[str, Any]) -> None:
    try:
        capture = codec.capture_of(wire.parsed(sent({**GOOD, **changed})))
    except wire.Garbled:
        return
    if isinstance(capture.taken, Interval):
        capture.taken.earliest.astimezone(UTC)
    if capture.place is not None:
        assert math.isfinite(capture.place.latitude)
        assert math.isfinite(capture.place.longitude)


@pytest.mark.parametrize(
    "place", [[10**400, 0], [0, -(10**400)], [math.nan, 0], [math.inf, 0], [True, 0], ["1", 0], [0]]
)
def test_an_impossible_place_is_garbled(place: list[Any]) -> None:
    with pytest.raises(wire.Garbled):
        codec.capture_of(wire.parsed(sent({**GOOD, "place": place})))


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 100_000,
        b'{"capture": ' + b"9" * 5000 + b"}",
        b'{"x": NaN}',
        b'{"x": -Infinity}',
        b"",
        b"\xff",
        b"[]",
    ],
    ids=["lists", "objects", "a number", "a long number", "NaN", "-Infinity", "nothing", "no text", "a list"],
)
def test_a_line_that_is_not_an_object_is_garbled(content: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.parsed(content)


@pytest.mark.parametrize("field", ["format", "recorded", "offset", "content_id"])
def test_a_text_without_end_is_garbled(field: str) -> None:
    with pytest.raises(wire.Garbled):
        codec.capture_of({**GOOD, field: "x" * 5_000_000})


def test_more_notes_or_readings_than_a_photo_can_have_are_garbled() -> None:
    for field, one in (("notes", "a"), ("basis", "a"), ("also", GOOD["taken"])):
        with pytest.raises(wire.Garbled):
            codec.capture_of({**GOOD, field: [one] * 100_000})


def test_a_long_text_in_a_photo_is_cut_and_understood() -> None:
    capture = codec.capture_of(codec.of_capture(Capture("jpeg", notes=("x" * 65_000,))))
    assert capture.notes == ("x" * codec.LONGEST_TEXT,)
