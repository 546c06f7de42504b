"""A decision belongs to bytes: a photo is decided once more just before it is sent, and sent only if nothing changed.

The capture is read between two readings of the content: the fingerprint before it, and after it the hash of the bytes
that are sent. So the decision, the transfer and the proof are about the same content, whatever a program did to the
file, its size or its time meanwhile. The look (number, ctime) is compared too, if the file system gives these a
meaning.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from agent.errors import LocalFault
from agent.folders import look
from agent.journal import State, TrackedPhoto
from agent.model.capture import Capture
from agent.model.decision import Decision
from agent.model.files import Fingerprint, LocalFile, Photo
from agent.pipeline.context import Context
from agent.pipeline.examine import judge_again
from agent.pipeline.renew import no_register


class AnotherPhoto(LocalFault):
    """The file is not the one that was decided on."""


def decided_still(context: Context, tracked: TrackedPhoto) -> Capture:
    """The capture of a measured photo's main file, if that and the present register still give the same decision.

    Raises AnotherPhoto if they do not, another LocalFault if nothing can be decided or the file cannot be read.
    """
    register = context.registers.current()
    excuse = no_register(context, register)
    if register is None or excuse:
        raise LocalFault(excuse or "there is no register of visits")
    again, capture = judge_again(context, register, replace(tracked, state=State.SETTLED))
    if isinstance(capture, LocalFault):
        raise capture
    if not _as_decided(tracked, again.decision, capture) or not as_seen(tracked):
        raise AnotherPhoto("The photo was changed after it was examined. It will be examined again.")
    return capture


def evidence_of(capture: Capture, contents: Sequence[Fingerprint]) -> str:
    """A hash of a photo's evidence and of its files' contents, which binds a person's answer to them."""
    facts = (
        capture.format,
        capture.recorded,
        capture.offset,
        capture.camera,
        capture.place,
        capture.content_id,
        capture.complete,
        tuple(content.sha256 for content in contents),
    )
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()


def as_it_is(photo: Photo) -> Photo | None:
    """The photo with a new look at each member; None if a member is missing."""
    members = []
    for member in photo.members:
        there = look(member.file.path)
        if there is None:
            return None
        members.append(replace(member, file=there))
    return Photo(tuple(members))


def _as_decided(tracked: TrackedPhoto, after: Decision | None, capture: Capture) -> bool:
    before = tracked.decision
    if before is None:
        return False
    if before.by_person:
        # An older version did not save the evidence, so only its level can be compared.
        return (
            before.evidence == evidence_of(capture, tracked.fingerprints)
            if before.evidence
            else before.level is capture.level
        )
    return after is not None and (before.verdict, before.visit, before.taken, before.level) == (
        after.verdict,
        after.visit,
        after.taken,
        after.level,
    )


def as_seen(tracked: TrackedPhoto) -> bool:
    """Whether each file of a photo still looks as in the journal. LocalFault if that cannot be determined."""
    steady = tracked.volume is None or tracked.volume.steady
    now = as_it_is(tracked.photo)
    return now is not None and all(
        _same(one.file, other.file, steady=steady)
        for one, other in zip(tracked.photo.members, now.members, strict=True)
    )


def _same(old: LocalFile, new: LocalFile, *, steady: bool) -> bool:
    if not steady:
        return (old.size, old.mtime_ns) == (new.size, new.mtime_ns)
    return replace(old, changed_ns=old.changed_ns or new.changed_ns) == new
