"""A person's answers about held photos: the visit to which they belong, or that they are private.

Answers are small transactions of their own, so that they need not wait for a run to end; the next run acts on them, and
`undo` takes them back. If a run changed a photo after the person looked at it, the answer is refused.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from agent.capture import ReadRequest
from agent.errors import LocalFault, UsageError
from agent.folders import fingerprint
from agent.journal import State, TrackedPhoto
from agent.model.capture import Camera, Capture
from agent.model.decision import Decision, Verdict
from agent.model.ids import PhotoId, VisitId
from agent.model.register import Register, Visit
from agent.model.removal import Outcome
from agent.model.times import Level
from agent.pipeline.clocks import latest, seen_by
from agent.pipeline.context import Context
from agent.pipeline.examine import others_of
from agent.pipeline.proposals import Proposal, Proposer, not_after
from agent.pipeline.record_entries import count_private
from agent.pipeline.redecide import evidence_of
from agent.register import decide, identify
from agent.register.wording import MONTHS

HELD = (State.REVIEW, State.REFUSED)


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A photo that waits for a person, and the visits to which it may belong, the likeliest first."""

    tracked: TrackedPhoto
    proposals: tuple[Proposal, ...]
    camera: Camera | None = None

    @property
    def candidates(self) -> tuple[VisitId, ...]:
        """The ids of the proposed visits."""
        return tuple(proposal.visit.id for proposal in self.proposals)

    @property
    def not_after(self) -> datetime | None:
        """The latest time at which it can have been taken, if nothing else is known about its time."""
        decision = self.tracked.decision
        return None if decision is None else not_after(decision.taken, decision.level)


def held(context: Context, *, cameras: bool | None = None) -> list[ReviewItem]:
    """Everything that waits for a person.

    `cameras` says whether to read every photo for its camera; None means: only if a visit is restricted to certain
    cameras, because otherwise it does not matter.
    """
    register = context.registers.current()
    tracked_photos = context.journal.tracked_photos(*HELD)
    proposer, here_by = Proposer(register, context.settings.device.staff), seen_by(context)
    if cameras is None:
        cameras = register is not None and any(visit.cameras for visit in register.visits)
    if cameras:
        read = zip(tracked_photos, _read(context, tracked_photos), strict=True)
        return [_held_with(proposer, register, one, found, here_by) for one, found in read]
    return [_held_with(proposer, register, one, None, here_by) for one in tracked_photos]


def chosen(context: Context, photos: Sequence[PhotoId], like: PhotoId | None = None) -> list[PhotoId]:
    """The held photos with these ids, and all photos similar to `like`. UsageError if one is not held."""
    named = [_held(context, photo).id for photo in photos]
    alike = [] if like is None else _alike(context, _held(context, like).id)
    if not named and not alike:
        raise UsageError("Name the photos by their ids, or give --all-like ID. `photo-agent review list` shows them.")
    return list(dict.fromkeys([*named, *alike]))


def assign(context: Context, photo: PhotoId, visit: VisitId) -> TrackedPhoto:
    """Assign a held photo to a registered visit. Reads its files completely.

    UsageError if the photo or the visit is not known or not available, LocalFault if a file cannot be read or has
    changed.
    """
    tracked = _held(context, photo)
    if tracked.state is State.REFUSED:
        raise UsageError(f"Photo {photo} cannot be sent: {tracked.reason}")
    register = context.registers.current()
    if register is None:
        raise UsageError("This laptop has no register of visits yet. `photo-agent sync` fetches it.")
    known = open_visit(register, visit)
    photo_file = tracked.photo.main.path
    # The answer is about these bytes: they are read before the capture, and compared when they are sent.
    contents = [fingerprint(member.file) for member in tracked.photo.members]
    capture = context.capture.read(photo_file, now=latest(context), beside=others_of(tracked.photo))
    judged = decide(capture, register, staff=context.settings.device.staff, zone=known.zone)
    settled = Decision(
        verdict=Verdict.VISIT,
        visit=visit,
        reasons=(f"assigned to {known.title} by {context.settings.device.staff}", *judged.reasons),
        register_version=register.version,
        taken=judged.taken,
        level=capture.level,
        by_person=True,
        evidence=evidence_of(capture, contents),
    )
    after = replace(tracked, state=State.DECIDED, decision=settled, reason=None, not_before=None, attempts=0)
    if not context.journal.save_if_unchanged([(tracked, after)]):
        raise moved_on(photo)
    return after


def open_visit(register: Register, visit: VisitId) -> Visit:
    """The visit with that id, if photos may be assigned to it. UsageError if there is none."""
    known = next((one for one in register.visits if one.id == visit), None)
    if known is None:
        raise UsageError(f"There is no visit {visit} in the register. `photo-agent visits list` shows the visits.")
    if known.cancelled:
        raise UsageError(
            f"The visit {visit} was cancelled. If it took place, ask the visits coordinator to correct the register."
        )
    return known


def keep_private(context: Context, *photos: PhotoId) -> None:
    """Make held photos private, for good: the journal stores only enough to skip them."""
    private = context.journal.make_private_if_unchanged([_held(context, photo) for photo in photos])
    count_private(context, len(private))
    context.journal.tidy()
    if (missed := next((photo for photo in photos if photo not in private), None)) is not None:
        raise moved_on(missed)


def moved_on(photo: PhotoId) -> UsageError:
    """The sentence about an answer that came too late, because the photo was examined again."""
    return UsageError(
        f"photo {photo} was examined again meanwhile, so your answer was not used; `photo-agent review list` shows "
        "its present state"
    )


def away(context: Context) -> list[TrackedPhoto]:
    """Photos whose card or folder is not there, and is expected back."""
    gone = (Outcome.AWAY, Outcome.FOLDER_GONE)
    return [one for one in context.journal.away() if one.away in gone]


def dismiss(context: Context, photos: Sequence[PhotoId] = ()) -> int:
    """Stop waiting for these photos (all, if none is given), because their card will not come back; returns their
    number.

    The next run records it. A photo that does come back is handled again.
    """
    waited_for = {one.id: one for one in away(context)}
    unknown = [photo for photo in photos if photo not in waited_for]
    if unknown:
        raise UsageError(f"Photo {unknown[0]} is not among those that are away. `photo-agent status` shows them.")
    chosen = [waited_for[photo] for photo in photos] if photos else list(waited_for.values())
    context.journal.save(*(replace(one, away=Outcome.DISMISSED, reason="dismissed") for one in chosen))
    return len(chosen)


def _held(context: Context, photo: PhotoId) -> TrackedPhoto:
    tracked = context.journal.get(photo)
    if tracked is None or tracked.state not in HELD:
        raise UsageError(f"Photo {photo} is not waiting for you. `photo-agent review list` shows the photos that are.")
    return tracked


# --- Photos that are alike -------------------------------------------------------------------------------------------


def _alike(context: Context, photo: PhotoId) -> list[PhotoId]:
    """The held photos with the same folder, reason, camera and likeliest visit as this one, which is included."""
    waiting = held(context, cameras=True)
    kind = next(_kind(one) for one in waiting if one.tracked.id == photo)
    return [one.tracked.id for one in waiting if _kind(one) == kind]


def _kind(one: ReviewItem) -> tuple[Path, State, str, Camera | None, VisitId | None]:
    tracked = one.tracked
    likeliest = one.candidates[0] if one.candidates else None
    return tracked.photo.main.path.parent, tracked.state, _reason_alone(tracked), one.camera, likeliest


def _reason_alone(tracked: TrackedPhoto) -> str:
    """The reason without its times, which differ from photo to photo."""
    return re.sub(rf"\b({'|'.join(MONTHS)})\b|\d+", "#", tracked.reason or "")


def _read(context: Context, tracked_photos: Sequence[TrackedPhoto]) -> list[Capture | LocalFault]:
    requests = [ReadRequest(one.photo.main.path, others_of(one.photo)) for one in tracked_photos]
    return list(context.capture.read_all(requests, now=latest(context)))


def _held_with(
    proposer: Proposer,
    register: Register | None,
    tracked: TrackedPhoto,
    found: Capture | LocalFault | None,
    here_by: Callable[[datetime], datetime],
) -> ReviewItem:
    decision = tracked.decision
    camera = found.camera if isinstance(found, Capture) else None
    candidates = identify(camera, register.cameras) if register is not None and isinstance(found, Capture) else None
    proposals = proposer.propose(
        None if decision is None else decision.taken,
        Level.IMPOSSIBLE if decision is None else decision.level,
        candidates,
        here_by(min(tracked.found_at, tracked.looked_at)),
    )
    return ReviewItem(tracked, proposals, camera)
