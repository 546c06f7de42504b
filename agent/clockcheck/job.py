"""Reading the clock in a photo as a question to another process, because the whole picture is decoded for it."""

from pathlib import Path

from agent.clockcheck.photograph import shown_in
from agent.clockcheck.shown import ShownTime
from agent.errors import LocalFault
from agent.worker import Fields, Job

SHOWN = Job("agent.clockcheck.job:answer_shown", decoding=True)


def answer_shown(photo: Path, _asked: Fields) -> Fields:
    """`shown_in`, in the worker. LocalFault if no clock can be read from the photo."""
    return {"shown": shown_in(photo).text()}


def understood_shown(answer: Fields) -> ShownTime:
    """The time that the photo showed. ValueError if the answer is not one."""
    text = answer.get("shown")
    if not isinstance(text, str):
        raise ValueError("not a text")  # noqa: TRY004  # every fault of an answer has the same type
    try:
        return ShownTime.parse(text)
    except LocalFault as fault:
        raise ValueError(str(fault)) from None
