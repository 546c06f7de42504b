"""What other stages ask of a file in an import folder, answered in the worker that also reads captures.

Whoever takes apart such a file does it there, with limits on memory, processor time and time; here their rooms and that
worker meet. A file that ends it twice is `Unreadable`, by whichever question, and is not tried again until it changes.
"""

from functools import partial
from pathlib import Path

from agent.capture import Guest
from agent.capture.thumbnail import understood_thumbnail
from agent.clockcheck import ShownTime
from agent.clockcheck.apart import understood_shown
from agent.model import Fingerprint, Splice
from agent.pipeline.stages import Stages
from agent.tagging import Beside, Tag
from agent.tagging.apart import merge_question, splice_question, understood_merge, understood_splice

SPLICE = Guest("agent.tagging.apart:answer_splice")
MERGE = Guest("agent.tagging.apart:answer_merge")
CLOCK = Guest("agent.clockcheck.apart:answer_shown", decoding=True)

THUMBNAIL = Guest("agent.capture.thumbnail:answer_thumbnail", decoding=True)

GUESTS = (SPLICE, MERGE, CLOCK, THUMBNAIL)
"""All that is asked below: the worker is told of these at its start."""


def plan_tag(stages: Stages, photo: Path, kind: str, tag: Tag) -> Splice | Beside:
    """How the photo at `photo`, of format `kind`, gets the tag of its content. Raises LocalFault."""
    understood = partial(understood_splice, photo, tag.original.size)
    return stages.capture.ask(SPLICE, photo, splice_question(tag, kind), understood)


def merge_tag(stages: Stages, foreign: Path, content: Fingerprint, tag: Tag) -> bytes:
    """Our sidecar, with what another program's at `foreign` says, which is to be `content`. Raises LocalFault."""
    return stages.capture.ask(MERGE, foreign, merge_question(tag, content), understood_merge)


def clock_in(stages: Stages, photo: Path) -> ShownTime:
    """The time that the clock in the photo showed. Raises LocalFault where none can be read."""
    return stages.capture.ask(CLOCK, photo, {}, understood_shown)


def thumbnail_of(stages: Stages, photo: Path) -> bytes | None:
    """The photo as a small JPEG; None where none can be made of it. Raises LocalFault."""
    return stages.capture.ask(THUMBNAIL, photo, {}, understood_thumbnail)
