"""What the stages ask of a file in an import folder, done by the one worker that takes such files apart.

Here the rooms' jobs and that worker meet: it has limits on memory, processor time and time. A file that ends it twice
is `Unreadable`, by whichever question, and is not tried again until it changes.
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
"""All that a photo's way asks for."""


def plan_tag(worker: Worker, photo: Path, kind: str, tag: Tag) -> Splice | NeedsSidecar:
    """How the photo at `photo`, of format `kind`, gets the tag of its content. Raises LocalFault."""
    understood = partial(understood_splice, photo, tag.original.size)
    return worker.ask(SPLICE, photo, splice_question(tag, kind), understood)


def merge_tag(worker: Worker, foreign: Path, content: Fingerprint, tag: Tag) -> bytes:
    """Our sidecar, with what another program's at `foreign` says, which is to be `content`. Raises LocalFault."""
    return worker.ask(MERGE, foreign, merge_question(tag, content), understood_merge)


def clock_in(worker: Worker, photo: Path) -> ShownTime:
    """The time that the clock in the photo showed. Raises LocalFault where none can be read."""
    return worker.ask(SHOWN, photo, {}, understood_shown)


def thumbnail_of(worker: Worker, photo: Path) -> bytes | None:
    """The photo as a small JPEG; None where none can be made of it. Raises LocalFault."""
    return worker.ask(capture.THUMBNAIL, photo, {}, understood_thumbnail)
