"""Reading photos as questions to another process, because parsing and decoding them may be made to do harm.

For each question one function answers it there (only JSON is passed between them), and one reads the answer here. The
first are apart, in `answering`, `decoding`, `thumbnail` and `numbering`: here nothing of a photo is read.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent.capture.codec import capture_of
from agent.capture.numbering import NUMBER
from agent.model.capture import Capture
from agent.worker import Fields, Garbled, Job
from agent.worker.wire import text_or_none

READ = Job("agent.capture.answering:answer_read")
DECODES = Job("agent.capture.decoding:answer_decodes", decoding=True)
THUMBNAIL = Job("agent.capture.thumbnail:answer_thumbnail", decoding=True)

JOBS = (READ, DECODES, THUMBNAIL, NUMBER)


def read_question(now: datetime, beside: Sequence[Path]) -> Fields:
    """Asks for the capture of a file, with the files beside it."""
    return {"now": now.isoformat(), "beside": [str(path) for path in beside]}


def understood_read(answer: Fields) -> Capture:
    """The capture. `Garbled` if the answer is not one."""
    return capture_of(answer.get("capture"))


def understood_decodes(answer: Fields) -> str | None:
    """What is wrong with the picture. `Garbled` if the answer does not say."""
    if "decodes" not in answer:
        raise Garbled
    return text_or_none(answer["decodes"])
