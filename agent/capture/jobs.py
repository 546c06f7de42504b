"""Reading photos as questions to another process: files are parsed and decoded for them, and may be made to do harm.

For each there is the answering of it there (nothing but JSON goes over), and the understanding of the answer here.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent.capture.codec import capture_of, of_capture
from agent.capture.decoding import decodes
from agent.capture.numbering import NUMBER
from agent.capture.reading import read
from agent.model import Capture
from agent.worker import Fields, Garbled, Job
from agent.worker.wire import text_or_none

READ = Job("agent.capture.jobs:answer_read")
DECODES = Job("agent.capture.jobs:answer_decodes", decoding=True)
THUMBNAIL = Job("agent.capture.thumbnail:answer_thumbnail", decoding=True)

JOBS = (READ, DECODES, THUMBNAIL, NUMBER)


def read_question(now: datetime, beside: Sequence[Path]) -> Fields:
    """What does a file say, with those beside it?"""
    return {"now": now.isoformat(), "beside": [str(path) for path in beside]}


def answer_read(path: Path, asked: Fields) -> Fields:
    """`read`, there. LocalFault where the file cannot be read."""
    beside = asked["beside"]
    others = [Path(str(one)) for one in beside] if isinstance(beside, list) else []
    return {"capture": of_capture(read(path, now=datetime.fromisoformat(str(asked["now"])), beside=others))}


def understood_read(answer: Fields) -> Capture:
    """The capture. `Garbled` where this is none."""
    return capture_of(answer.get("capture"))


def answer_decodes(path: Path, _asked: Fields) -> Fields:
    """`decodes`, there. LocalFault where the file cannot be read."""
    return {"decodes": decodes(path)}


def understood_decodes(answer: Fields) -> str | None:
    """What is wrong with the picture. `Garbled` where this says nothing of it."""
    if "decodes" not in answer:
        raise Garbled
    return text_or_none(answer["decodes"])
