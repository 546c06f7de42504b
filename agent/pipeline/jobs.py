"""What other stages ask of a file in an import folder, answered in the worker that also reads captures.

Whoever takes apart such a file does it there, with limits on memory, processor time and time; here their rooms and that
worker meet. A file that ends it twice is `Unreadable`, by whichever question, and is not tried again until it changes.
"""

from functools import partial
from pathlib import Path

from agent.capture import Job
from agent.capture.thumbnail import understood_thumbnail
from agent.clockcheck import ShownTime
from agent.clockcheck.job import understood_shown
from agent.model import Fingerprint, Splice
from agent.pipeline.context import Context
from agent.tagging import NeedsSidecar, Tag
from agent.tagging.jobs import merge_question, splice_question, understood_merge, understood_splice

SPLICE = Job("agent.tagging.jobs:answer_splice")
MERGE = Job("agent.tagging.jobs:answer_merge")
CLOCK = Job("agent.clockcheck.job:answer_shown", decoding=True)

THUMBNAIL = Job("agent.capture.thumbnail:answer_thumbnail", decoding=True)

JOBS = (SPLICE, MERGE, CLOCK, THUMBNAIL)
"""All that is asked below: the worker is told of these at its start."""


def plan_tag(context: Context, photo: Path, kind: str, tag: Tag) -> Splice | NeedsSidecar:
    """How the photo at `photo`, of format `kind`, gets the tag of its content. Raises LocalFault."""
    understood = partial(understood_splice, photo, tag.original.size)
    return context.capture.ask(SPLICE, photo, splice_question(tag, kind), understood)


def merge_tag(context: Context, foreign: Path, content: Fingerprint, tag: Tag) -> bytes:
    """Our sidecar, with what another program's at `foreign` says, which is to be `content`. Raises LocalFault."""
    return context.capture.ask(MERGE, foreign, merge_question(tag, content), understood_merge)


def clock_in(context: Context, photo: Path) -> ShownTime:
    """The time that the clock in the photo showed. Raises LocalFault where none can be read."""
    return context.capture.ask(CLOCK, photo, {}, understood_shown)


def thumbnail_of(context: Context, photo: Path) -> bytes | None:
    """The photo as a small JPEG; None where none can be made of it. Raises LocalFault."""
    return context.capture.ask(THUMBNAIL, photo, {}, understood_thumbnail)
