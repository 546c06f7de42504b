"""Reading the clock in a photo as a question to another process: the whole picture is decoded for it."""

from pathlib import Path

from agent.clockcheck.photograph import shown_in
from agent.clockcheck.shown import ShownTime
from agent.errors import LocalFault
from agent.worker import Fields, Job

SHOWN = Job("agent.clockcheck.job:answer_shown", decoding=True)


def answer_shown(photo: Path, _asked: Fields) -> Fields:
    """`shown_in`, there. LocalFault where no clock can be read from it."""
    return {"shown": shown_in(photo).text()}


def understood_shown(answer: Fields) -> ShownTime:
    """The time that the photo showed. ValueError where this is none."""
    text = answer.get("shown")
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004  # of an answer, all that is wrong is wrong alike
    try:
        return ShownTime.parse(text)
    except LocalFault as fault:
        raise ValueError(str(fault)) from None
