"""The positions of a chart's marks, in per cent of its width, so that text has the same size on every screen. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_TICKS = ((1, "1 s"), (60, "1 min"), (3600, "1 h"), (86_400, "1 day"))
_LONGEST = 7 * 86_400

_STATES = (
    ("sent", "sent photos on {days}"),
    ("trouble", "had trouble on {days}"),
    ("silent", "was silent on {days}"),
    ("heard", "was heard from, with nothing to send, on {days}"),
    ("quiet", "was not heard from on {days}"),
    ("new", "was not yet on record on {days}"),
)


def per_cent(value: float) -> str:
    """A position or a length, in per cent."""
    return f"{value:.2f}%"


def along(seconds: float) -> str:
    """The position of a duration on a logarithmic scale from one second to a week."""
    part = math.log(min(max(seconds, 1), _LONGEST)) / math.log(_LONGEST)
    return per_cent(1.5 + 97 * part)  # room for a disc at either end


def ticks() -> list[tuple[str, str]]:
    """The scale's labels with their positions."""
    return [(along(seconds), words) for seconds, words in _TICKS]


def strip(days: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A mark for each day: its state, where it begins and how wide it is."""
    step = 100 / max(1, len(days))
    return [
        {
            "state": day["state"],
            "x": per_cent(number * step + step * 0.12),
            "w": per_cent(step * 0.76),
            "x2": per_cent(number * step + step * 0.88),
            "inner": per_cent(number * step + step * 0.35),
            "inner_w": per_cent(step * 0.3),
        }
        for number, day in enumerate(days)
    ]


def strip_words(device: str, days: Sequence[Mapping[str, Any]]) -> str:
    """The same as a sentence."""
    counts = Counter(day["state"] for day in days)
    parts = [
        words.format(days="1 day" if counts[state] == 1 else f"{counts[state]} days")
        for state, words in _STATES
        if counts[state]
    ]
    return f"{device}, last {len(days)} days: {', '.join(parts)}."


def weeks(days: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Every seventh day with its position."""
    step = 100 / max(1, len(days))
    return [(per_cent((number + 0.5) * step), str(days[number]["day"])) for number in range(3, len(days), 7)]


def bar(value: float, largest: float) -> str:
    """The length of a bar."""
    return per_cent(0 if largest <= 0 else 100 * value / largest)
