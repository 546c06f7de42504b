"""The number that a camera gave a picture: a job for the worker, used to look for gaps in a visit's photos.

Phones write no numbers. Nikon counts shutter releases and Canon the files in a folder, so in both cases two pictures
taken one after the other have consecutive numbers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.model.capture import Camera
from agent.worker import Fields, Garbled, Job
from agent.worker.wire import text_or_none

if TYPE_CHECKING:
    from agent.capture.evidence import Exif

NUMBER = Job("agent.capture.numbering:answer_number")

LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Numbered:
    """A camera, and the number that it gave a picture."""

    camera: Camera
    number: int


def answer_number(path: Path, _asked: Fields) -> Fields:
    """The first number in the file, read in the worker. LocalFault if the file cannot be read."""
    from agent.capture.reading import gather  # the readers: the process that only asks does without them

    blocks = gather(path).blocks
    found = next((block for block in blocks if block.number is not None), None)
    if found is None:
        return {"number": None}
    return {"number": found.number, "camera": _names(found)}


def understood_number(answer: Fields) -> Numbered | None:
    """The number, or None if the file has none. `Garbled` if the answer is neither."""
    number, camera = answer["number"], answer.get("camera")
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < LARGEST:
        raise Garbled
    if not isinstance(camera, list) or len(camera) != 3:
        raise Garbled
    return Numbered(Camera(*map(text_or_none, camera)), number)


def _names(block: "Exif") -> list[str | None]:
    return [None if one is None else one[:200] for one in (block.make, block.model, block.serial)]
