"""What a question is called, and why it is asked, in a teacher's words. Pure.

The reasons that the rules give are for whoever wants to know exactly; a teacher reads what follows from them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.model import Interval, Level
from agent.pipeline.questions import Question
from agent.web.times import Times


@dataclass(frozen=True, slots=True)
class _Words:
    """For questions that `fits`: what the photos are, after their number, and why that is a question.

    `{title}` is the likeliest visit's; further names in braces are groups of the pattern that was found in the reason.
    """

    fits: Callable[[Question], "re.Match[str] | bool | None"]
    one: str
    many: str
    why: str


def _says(pattern: str) -> Callable[[Question], "re.Match[str] | None"]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda question: found.search(question.reason)


def _is(*levels: Level) -> Callable[[Question], bool]:
    return lambda question: _level(question) in levels


_WORDS = (
    _Words(
        lambda question: question.cannot_be_sent,
        "that cannot be sent as it is",
        "that cannot be sent as they are",
        "The file is empty or could not be read. Import it from the camera again.",
    ),
    _Words(
        _says(r"screen"),
        "made of a screen, around {title}",
        "made of a screen, around {title}",
        "A picture of a screen does not say where it was made.",
    ),
    _Words(
        _says(r"received|messenger|whatsapp|signal|telegram|snapchat|facebook|download"),
        "that was received or downloaded, around {title}",
        "that were received or downloaded, around {title}",
        "Such a picture says when it arrived, not when it was taken.",
    ),
    _Words(
        _says(r"taken (?P<away>[\d.,]+ k?m) from (?P<place>[^,;]+), which has a radius of (?P<radius>[\d.,]+ k?m)"),
        "taken {away} from {place}",
        "taken {away} from {place}",
        "The visits list says: within {radius}.",
    ),
    _Words(
        _says(r"camera is not in the register|is for .* only"),
        "by a camera that is not on the list",
        "by a camera that is not on the list",
        "{title} is for certain cameras only.",
    ),
    _Words(
        _is(Level.UPPER_BOUND),
        "that came around {title}",
        "that came around {title}",
        "We know since when it is here at the latest, not when it was taken.",
    ),
    _Words(
        _is(Level.FILE_NAME),
        "with a date only in its name",
        "with a date only in their names",
        "A name is easily changed. We do not remove a photo on that alone.",
    ),
    _Words(
        lambda question: not any(_taken(question)),
        "without a date that we can rely on",
        "without a date that we can rely on",
        "Nothing in the file says for certain when it was taken.",
    ),
    _Words(
        _says(r"partly or perhaps within"),
        "from the very start or end of {title}",
        "from the very start or end of {title}",
        "A camera’s clock can be a little wrong, so it may have been before or after the visit.",
    ),
    _Words(
        lambda question: bool(question.proposals),
        "that may be from {title}",
        "that may be from {title}",
        "A camera’s clock can be a little wrong, or be set to another time zone.",
    ),
    _Words(
        lambda _: True,
        "that may be from a visit",
        "that may be from a visit",
        "We cannot tell for certain.",
    ),
)


def heading(question: Question) -> str:
    """For example "3 photos taken 7 km from Science Museum"."""
    words, names = _chosen(question)
    number = len(question.photos)
    return f"1 photo {words.one.format(**names)}" if number == 1 else f"{number} photos {words.many.format(**names)}"


def why_asked(question: Question, times: Times) -> str:
    """One or two sentences, with when the photos are from as far as that is known."""
    words, names = _chosen(question)
    return f"{_when(question, times)} {words.why.format(**names)}".strip()


def _chosen(question: Question) -> tuple[_Words, dict[str, str]]:
    title = question.proposals[0].visit.title if question.proposals else "a visit"
    for words in _WORDS:
        found = words.fits(question)
        if found:
            groups = found.groupdict() if isinstance(found, re.Match) else {}
            return words, {"title": title, **{name: str(text).strip() for name, text in groups.items()}}
    raise AssertionError("the last words fit every question")


def _when(question: Question, times: Times) -> str:
    intervals = [taken for taken in _taken(question) if taken is not None]
    if not intervals:
        return ""
    if _level(question) is Level.UPPER_BOUND:
        return f"Here since {times.at(max(taken.latest for taken in intervals))} or earlier."
    first, last = min(taken.earliest for taken in intervals), max(taken.latest for taken in intervals)
    day, end = times.day(first), times.day(last)
    if day != end:
        return f"Taken between {times.date(first)} and {times.date(last)}."
    return f"Taken {day}." if day in {"today", "yesterday"} else f"Taken on {day}."


def _taken(question: Question) -> Iterator[Interval | None]:
    for one in question.photos:
        yield None if one.tracked.decision is None else one.tracked.decision.taken


def _level(question: Question) -> Level:
    decision = question.photos[0].tracked.decision
    return Level.IMPOSSIBLE if decision is None else decision.level
