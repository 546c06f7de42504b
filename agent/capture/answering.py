"""The answer to a question what a file says: in the worker, which alone loads the readers."""

from datetime import datetime
from pathlib import Path

from agent.capture.codec import of_capture
from agent.capture.reading import read
from agent.worker.wire import Fields


def answer_read(path: Path, asked: Fields) -> Fields:
    """`read`, in the worker. LocalFault if the file cannot be read."""
    beside = asked["beside"]
    others = [Path(str(one)) for one in beside] if isinstance(beside, list) else []
    return {"capture": of_capture(read(path, now=datetime.fromisoformat(str(asked["now"])), beside=others))}
