"""The stages' jobs on files in an import folder, done by the one worker that parses such files.

This module connects the rooms' jobs with that worker, which has limits on memory, processor time and time. A file that
crashes it twice is `Unreadable`, whatever the jobs were, and is not tried again until it changes.
"""

from functools import partial
from pathlib import Path

from agent.capture import jobs as capture
from agent.capture.thumbnail import understood_thumbnail
from agent.clockcheck import ShownTime
from agent.clockcheck.job import SHOWN, understood_shown
from agent.model.delivery import Splice
from agent.model.files import Fingerprint
from agent.tagging import NeedsSidecar, Tag
from agent.tagging.jobs import MERGE, SPLICE, merge_question, splice_question, understood_merge, understood_splice
from agent.worker import Worker

JOBS = (*capture.JOBS, SPLICE, MERGE, SHOWN)
"""All jobs that a run needs."""


def plan_tag(worker: Worker, photo: Path, kind: str, tag: Tag) -> Splice | NeedsSidecar:
    """How to put the tag into the photo at `photo`, which has the format `kind`. Raises LocalFault."""
    understood = partial(understood_splice, photo, tag.original.size)
    return worker.ask(SPLICE, photo, splice_question(tag, kind), understood)


def merge_tag(worker: Worker, foreign: Path, content: Fingerprint, tag: Tag) -> bytes:
    """Our sidecar merged with another program's at `foreign`, which must have `content`. Raises LocalFault."""
    return worker.ask(MERGE, foreign, merge_question(tag, content), understood_merge)


def clock_in(worker: Worker, photo: Path) -> ShownTime:
    """The time that the clock in the photo showed. Raises LocalFault if no time can be read."""
    return worker.ask(SHOWN, photo, {}, understood_shown)


def thumbnail_of(worker: Worker, photo: Path) -> bytes | None:
    """The photo as a small JPEG; None if that cannot be made. Raises LocalFault."""
    return worker.ask(capture.THUMBNAIL, photo, {}, understood_thumbnail)
