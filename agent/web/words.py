"""The heading of a question, and why it is asked, in a teacher's words. Pure.

The reasons that the rules give are exact, but technical. These words say what they mean for a teacher.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.language import plural, text
from agent.model.times import Interval, Level
from agent.pipeline.questions import Question
from agent.web.times import Times


@dataclass(frozen=True, slots=True)
class _Words:
    """The heading and the explanation for every question that `fits`; the heading depends on the number of photos.

    `%(title)s` is the title of the likeliest visit. Other names are groups of the pattern that was found in the reason.
    """

    fits: Callable[[Question], "re.Match[str] | bool | None"]
    heading: Callable[[int, dict[str, str]], str]
    why: Callable[[dict[str, str]], str]


def _says(pattern: str) -> Callable[[Question], "re.Match[str] | None"]:
    found = re.compile(pattern, re.IGNORECASE)
    return lambda question: found.search(question.reason)


def _is(*levels: Level) -> Callable[[Question], bool]:
    return lambda question: _level(question) in levels


_WORDS = (
    _Words(
        lambda question: question.cannot_be_sent,
        lambda count, names: plural(
            "1 photo that cannot be sent as it is",
            "%(count)s photos that cannot be sent as they are",
            count,
            **names,
        ),
        lambda names: text("The file is empty or could not be read. Import it from the camera again.", **names),
    ),
    _Words(
        _says(r"screen"),
        lambda count, names: plural(
            "1 photo of a screen, from around the time of %(title)s",
            "%(count)s photos of a screen, from around the time of %(title)s",
            count,
            **names,
        ),
        lambda names: text("A picture of a screen does not show where it was taken.", **names),
    ),
    _Words(
        _says(r"received|messenger|whatsapp|signal|telegram|snapchat|facebook|download"),
        lambda count, names: plural(
            "1 photo that was received or downloaded around the time of %(title)s",
            "%(count)s photos that were received or downloaded around the time of %(title)s",
            count,
            **names,
        ),
        lambda names: text("Such a picture shows when it arrived, not when it was taken.", **names),
    ),
    _Words(
        _says(r"was on this laptop before that time|the time was in the future"),
        lambda count, names: plural(
            "1 photo with a date that had not come yet",
            "%(count)s photos with a date that had not come yet",
            count,
            **names,
        ),
        lambda names: text(
            "That date was still to come when we first saw it on this laptop, so the camera’s clock was wrong, or this "
            "laptop’s. Tell IT which camera it was, and answer by what the picture shows.",
            **names,
        ),
    ),
    _Words(
        _says(r"taken (?P<away>[\d.,]+ k?m) from (?P<place>[^,;]+), which has a radius of (?P<radius>[\d.,]+ k?m)"),
        lambda count, names: plural(
            "1 photo taken %(away)s from %(place)s",
            "%(count)s photos taken %(away)s from %(place)s",
            count,
            **names,
        ),
        lambda names: text("The visits list expects photos within %(radius)s of it.", **names),
    ),
    _Words(
        _says(r"camera is not in the register|is for .* only"),
        lambda count, names: plural(
            "1 photo from a camera that is not on the list",
            "%(count)s photos from a camera that is not on the list",
            count,
            **names,
        ),
        lambda names: text("Only certain cameras are meant to be used for %(title)s.", **names),
    ),
    _Words(
        _is(Level.UPPER_BOUND),
        lambda count, names: plural(
            "1 photo that arrived around the time of %(title)s",
            "%(count)s photos that arrived around the time of %(title)s",
            count,
            **names,
        ),
        lambda names: text("We do not know when it was taken, only that it was here by then.", **names),
    ),
    _Words(
        _is(Level.FILE_NAME),
        lambda count, names: plural(
            "1 photo with a date only in its name",
            "%(count)s photos with a date only in their names",
            count,
            **names,
        ),
        lambda names: text("File names are easily changed, so we do not rely on them alone.", **names),
    ),
    _Words(
        lambda question: not any(_taken(question)),
        lambda count, names: plural(
            "1 photo without a date that we can rely on",
            "%(count)s photos without a date that we can rely on",
            count,
            **names,
        ),
        lambda names: text("Nothing in the file shows for certain when it was taken.", **names),
    ),
    _Words(
        _says(r"partly or perhaps within"),
        lambda count, names: plural(
            "1 photo from the very start or end of %(title)s",
            "%(count)s photos from the very start or end of %(title)s",
            count,
            **names,
        ),
        lambda names: text(
            "A camera’s clock can be a little wrong, so the photo may be from before or after the visit.", **names
        ),
    ),
    _Words(
        lambda question: bool(question.proposals),
        lambda count, names: plural(
            "1 photo that may be from %(title)s",
            "%(count)s photos that may be from %(title)s",
            count,
            **names,
        ),
        lambda names: text("A camera’s clock can be a little wrong, or be set to another time zone.", **names),
    ),
    _Words(
        lambda _: True,
        lambda count, names: plural(
            "1 photo that may be from a visit",
            "%(count)s photos that may be from a visit",
            count,
            **names,
        ),
        lambda names: text("We cannot tell for certain.", **names),
    ),
)


def heading(question: Question) -> str:
    """For example "3 photos taken 7 km from Science Museum"."""
    words, names = _chosen(question)
    return words.heading(len(question.photos), names)


def why_asked(question: Question, times: Times) -> str:
    """One or two sentences that also say when the photos were taken, as far as that is known."""
    words, names = _chosen(question)
    return f"{_when(question, times)} {words.why(names)}".strip()


def _chosen(question: Question) -> tuple[_Words, dict[str, str]]:
    title = question.proposals[0].visit.title if question.proposals else text("a visit")
    for words in _WORDS:
        found = words.fits(question)
        if found:
            groups = found.groupdict() if isinstance(found, re.Match) else {}
            return words, {"title": title, **{name: str(said).strip() for name, said in groups.items()}}
    raise AssertionError("the last words fit every question")


def _when(question: Question, times: Times) -> str:
    intervals = [taken for taken in _taken(question) if taken is not None]
    if not intervals:
        return ""
    if _level(question) is Level.UPPER_BOUND:
        return text("Here since %(at)s or earlier.", at=times.at(max(taken.latest for taken in intervals)))
    return times.taken(min(taken.earliest for taken in intervals), max(taken.latest for taken in intervals))


def _taken(question: Question) -> Iterator[Interval | None]:
    for one in question.photos:
        yield None if one.tracked.decision is None else one.tracked.decision.taken


def _level(question: Question) -> Level:
    decision = question.photos[0].tracked.decision
    return Level.IMPOSSIBLE if decision is None else decision.level
