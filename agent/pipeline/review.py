"""A person's word on a photo that was held: which visit it belongs to, or that it is private.

Small transactions of their own, so that they need not wait for a run that is under way; the next run acts on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.errors import UsageError
from agent.journal import Standing, State
from agent.model import Decision, Interval, Outcome, PhotoId, Register, Verdict, Visit, VisitId
from agent.pipeline.examine import others_of
from agent.pipeline.onrecord import count_private
from agent.pipeline.redecide import evidence_of
from agent.pipeline.stages import Stages
from agent.register import decide

HELD = (State.REVIEW, State.REFUSED)


@dataclass(frozen=True, slots=True)
class Held:
    """A photo that waits for a person, and the visits it may belong to, nearest in time first."""

    standing: Standing
    candidates: tuple[VisitId, ...]


def held(stages: Stages) -> list[Held]:
    """Everything that waits for a person."""
    register = stages.registers.current()
    return [Held(standing, _candidates(standing, register)) for standing in stages.journal.standings(*HELD)]


def assign(stages: Stages, photo: PhotoId, visit: VisitId) -> Standing:
    """Settle that a held photo belongs to a registered visit. UsageError if either is not known or not open to it."""
    standing = _held(stages, photo)
    if standing.state is State.REFUSED:
        raise UsageError(f"photo {photo} cannot be sent as it is: {standing.reason}")
    register = stages.registers.current()
    known = None if register is None else next((one for one in register.visits if one.id == visit), None)
    if register is None or known is None:
        raise UsageError(f"there is no visit {visit} in the register; `photo-agent visits list` shows those there are")
    if known.cancelled:
        raise UsageError(f"the visit {visit} was cancelled; if it took place, the coordinator corrects the register")
    photo_file = standing.photo.main.path
    capture = stages.capture.read(photo_file, now=stages.clock(), beside=others_of(standing.photo))
    judged = decide(capture, register, staff=stages.settings.device.staff, zone=known.zone)
    settled = Decision(
        verdict=Verdict.VISIT,
        visit=visit,
        reasons=(f"assigned to {known.title} by {stages.settings.device.staff}", *judged.reasons),
        register_version=register.version,
        taken=judged.taken,
        level=capture.level,
        by_person=True,
        evidence=evidence_of(capture),
    )
    after = replace(standing, state=State.DECIDED, decision=settled, reason=None, not_before=None, attempts=0)
    stages.journal.save(after)
    return after


def keep_private(stages: Stages, photo: PhotoId) -> None:
    """Settle that a held photo is private, for good: the journal keeps only enough to skip it."""
    standing = replace(_held(stages, photo), state=State.SETTLED)
    stages.journal.save(standing)
    stages.journal.make_private(standing.id, register_version=None)
    count_private(stages)
    stages.journal.tidy()


def away(stages: Stages) -> list[Standing]:
    """Photos whose card or folder is not there, and that are waited for."""
    gone = (Outcome.AWAY, Outcome.FOLDER_GONE)
    return [one for one in stages.journal.away() if one.away in gone]


def dismiss(stages: Stages, photos: Sequence[PhotoId] = ()) -> int:
    """Settle that these photos (all, when none is given) will not come back with their card; how many.

    The next run puts it on record. One that comes back all the same is taken up again.
    """
    waited_for = {one.id: one for one in away(stages)}
    unknown = [photo for photo in photos if photo not in waited_for]
    if unknown:
        raise UsageError(f"photo {unknown[0]} is not waited for; `photo-agent status` shows those that are")
    chosen = [waited_for[photo] for photo in photos] if photos else list(waited_for.values())
    stages.journal.save(*(replace(one, away=Outcome.DISMISSED, reason="dismissed") for one in chosen))
    return len(chosen)


def _held(stages: Stages, photo: PhotoId) -> Standing:
    standing = stages.journal.get(photo)
    if standing is None or standing.state not in HELD:
        raise UsageError(f"no photo {photo} waits for review; `photo-agent review list` shows those that do")
    return standing


def _candidates(standing: Standing, register: Register | None) -> tuple[VisitId, ...]:
    if register is None:
        return ()
    open_visits = [visit for visit in register.visits if not visit.cancelled]
    taken = None if standing.decision is None else standing.decision.taken
    if taken is None:
        newest: Sequence[Visit] = sorted(open_visits, key=lambda visit: visit.span.earliest, reverse=True)
    else:
        newest = sorted(open_visits, key=lambda visit: _distance(visit.span, taken))
    return tuple(visit.id for visit in newest[:3])


def _distance(one: Interval, other: Interval) -> float:
    """Seconds between two intervals; 0 where they overlap."""
    gaps = (one.earliest - other.latest).total_seconds(), (other.earliest - one.latest).total_seconds()
    return max(0.0, *gaps)
