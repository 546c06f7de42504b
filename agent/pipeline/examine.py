"""From a file in an import folder to a decision: look, settle, read, decide.

Nothing leaves the laptop here and nothing is changed in a folder. A photo whose register is missing or too old is not
decided at all: it stays settled, with that as its reason.
"""

import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.capture import Request, Unreadable
from agent.errors import LocalFault
from agent.folders import scan
from agent.journal import Standing, State
from agent.model import Capture, Decision, LocalFile, Photo, Register, Verdict
from agent.pipeline.damage import CUT_SHORT, damaged
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.facts import GROUNDS
from agent.pipeline.neighbours import with_neighbours
from agent.pipeline.renew import no_register
from agent.pipeline.stages import UNREADABLE, Stages
from agent.pipeline.whereabouts import OPEN, elsewhere, forget, put_down_away, put_down_changed
from agent.register import decide

GIVEN_UP_WAITING = timedelta(minutes=10)
"""A file without its end that nobody has written to for this long will not get one any more: it is damaged."""

EMPTY = "the file is empty: was copying it cut short?"
"""Why a photo of no bytes is refused."""

CHUNK = 500
"""Photos decided between two commits: enough that the commit's fsync does not count, few enough to lose to a kill."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the folders gave: photos that are not known private, and how many others were forgotten.

    `away` says, once, which photos cannot be reached.
    """

    photos: int
    forgotten: int
    troubles: tuple[str, ...]
    away: tuple[str, ...] = ()


def look(stages: Stages, roots: Sequence[Path]) -> Seen:
    """Scan the folders and bring the journal up to what is there; forget what vanished before anything was sent."""
    now = stages.clock()
    mounted = stages.mounted()
    found = scan(roots, content_id=lambda file: stages.capture.content_id(file.path))
    standings = stages.journal.see_all(found.photos, now, register_version=stages.grounds, volume_of=mounted.of)
    rest = elsewhere(stages, mounted, found.photos, roots)
    stages.journal.see_all(rest.here, now, register_version=stages.grounds, volume_of=mounted.of)
    put_down_changed(stages, rest.ended)
    return Seen(
        photos=len(standings),
        forgotten=_forget_what_is_gone(stages, rest.gone, found.photos),
        troubles=tuple(trouble.reason for trouble in found.troubles),
        away=tuple(put_down_away(stages, rest.away)),
    )


def unsettled(stages: Stages) -> timedelta | None:
    """How long until the last of the photos just found can be settled; None where there is none."""
    settle = timedelta(seconds=stages.settings.folders.settle_seconds)
    found = [one for one in stages.journal.standings(State.FOUND) if one.is_here]
    if not found:
        return None
    return max(max(standing.looked_at for standing in found) + settle - stages.clock(), timedelta(0))


def settle(stages: Stages) -> None:
    """Settle what two equal looks have seen; the journal starts `looked_at` anew whenever a look differs."""
    now = stages.clock()
    apart = timedelta(seconds=stages.settings.folders.settle_seconds)
    done = [
        replace(standing, state=State.SETTLED, reason=None)
        for standing in stages.journal.standings(State.FOUND)
        if standing.is_here and now - standing.looked_at >= apart
    ]
    stages.journal.save(*done)


def decide_all(stages: Stages, audience: Audience, stopping: Callable[[], bool] = lambda: False) -> int:
    """Decide what is settled, and again what was decided on other grounds and is not yet sent; how many are private.

    `stopping` is asked between two chunks.
    """
    register = stages.registers.current()
    excuse = no_register(stages, register)
    if register is None or excuse:
        settled = stages.journal.standings(State.SETTLED)
        stages.journal.save(*(replace(standing, reason=excuse) for standing in settled if standing.reason != excuse))
        return 0
    afresh = stages.journal.fact(GROUNDS) != stages.grounds
    open_ones = (one for one in stages.journal.standings(*_OPEN) if one.is_here)
    pending = [one for one in open_ones if _needs_deciding(one, register, afresh=afresh)]
    private = 0
    for start in range(0, len(pending), CHUNK):
        if stopping():
            return private
        # A person may have settled one of them since: their word stands.
        chunk = [one for one in pending[start : start + CHUNK] if stages.journal.get(one.id) == one]
        private += _decide_some(stages, audience, register, chunk)
    if afresh and stages.grounds is not None:
        stages.journal.forget_private(stages.grounds)
        stages.journal.set_fact(GROUNDS, stages.grounds)
    return private


def judge(stages: Stages, capture: Capture, register: Register) -> Decision:
    """The register's verdict; of a visit photo without its end, also that it is damaged, and goes all the same."""
    device = stages.settings.device
    decision = decide(capture, register, staff=device.staff, zone=device.timezone)
    if decision.verdict is Verdict.VISIT and not capture.complete:
        return damaged(decision, CUT_SHORT)
    return decision


def others_of(photo: Photo) -> tuple[Path, ...]:
    """The files that hang on a photo's main file: they may bear out, or throw doubt on, what it says."""
    return tuple(member.file.path for member in photo.members[1:])


_OPEN = (State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.REFUSED)
"""Nothing of these is proven: what changes, the register too, decides them afresh."""


def _needs_deciding(standing: Standing, register: Register, *, afresh: bool) -> bool:
    if standing.state is State.REFUSED:
        return afresh or standing.attempts < UNREADABLE
    if standing.state is State.SETTLED:
        return True
    decision = standing.decision
    if decision is not None and decision.by_person:
        return not any(visit.id == decision.visit and not visit.cancelled for visit in register.visits)
    return decision is None or afresh or decision.register_version != register.version


def _decide_some(stages: Stages, audience: Audience, register: Register, standings: Sequence[Standing]) -> int:
    # What was decided or held before is decided afresh: the table has one way to a verdict, from settled.
    stages.journal.save(*(replace(one, state=State.DECIDED) for one in standings if one.state is State.SENT))
    again = [replace(standing, state=State.SETTLED) for standing in standings]
    stages.journal.save(*again)
    after = with_neighbours([standing for standing, _ in _judged(stages, register, again)])
    gone = [standing.id for standing in after if standing.state is State.PRIVATE]
    kept = [standing for standing in after if standing.state is not State.PRIVATE]
    # A private photo's row is replaced by a token without ever holding its reasons.
    stages.journal.save(*kept)
    stages.journal.make_private_all(gone, register_version=stages.grounds)
    for before, standing in zip(standings, after, strict=True):
        if (standing.state, standing.decision) != (before.state, before.decision):
            _tell(audience, standing, first=before.state is State.SETTLED and before.decision is None)
    return len(gone)


def judge_again(stages: Stages, register: Register, standing: Standing) -> tuple[Standing, Capture | LocalFault]:
    """Where a settled photo would stand if it were decided now, and what its main file says; nothing is saved."""
    ((after, capture),) = _judged(stages, register, [standing])
    return after, capture


def _judged(
    stages: Stages, register: Register, standings: Sequence[Standing]
) -> list[tuple[Standing, Capture | LocalFault]]:
    """The one way to a decision: when it is made, and when what is about to be sent is decided once more."""
    requests = [Request(standing.photo.main.path, others_of(standing.photo)) for standing in standings]
    captures = stages.capture.read_all(requests, now=stages.clock())
    return [
        (_decided(stages, register, standing, found), found)
        for standing, found in zip(standings, captures, strict=True)
    ]


def _decided(stages: Stages, register: Register, standing: Standing, capture: Capture | LocalFault) -> Standing:
    """Where the photo stands once its main file was read; an unreadable one is refused with the reason."""
    main = standing.photo.main
    if main.size == 0:
        if not claims_to_be_a_photo(main.path):
            return replace(standing, state=State.PRIVATE)
        return replace(standing, state=State.REFUSED, reason=EMPTY)
    if isinstance(capture, LocalFault):
        if not claims_to_be_a_photo(main.path):
            return replace(standing, state=State.PRIVATE)
        attempts = UNREADABLE if isinstance(capture, Unreadable) else 0
        return replace(standing, state=State.REFUSED, reason=str(capture), attempts=attempts)
    quiet = stages.clock() - min(standing.looked_at, _written(main))
    if not capture.complete and quiet < GIVEN_UP_WAITING:
        return replace(standing, state=State.SETTLED, reason="its end is not there yet: still being copied?")
    decision = judge(stages, capture, register)
    state = {Verdict.VISIT: State.DECIDED, Verdict.REVIEW: State.REVIEW}.get(decision.verdict, State.PRIVATE)
    reason = None if state is State.DECIDED else "; ".join(decision.reasons)
    return replace(standing, state=state, decision=decision, reason=reason, not_before=None, attempts=0)


def claims_to_be_a_photo(path: Path) -> bool:
    """Whether its name ends as a picture's or a video's does."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    return kind.startswith(("image/", "video/"))


def _written(file: LocalFile) -> datetime:
    return datetime.fromtimestamp(max(0, file.mtime_ns // 1_000_000_000), UTC)


def _tell(audience: Audience, standing: Standing, *, first: bool) -> None:
    if first and standing.state is not State.PRIVATE:
        audience.event(Event(Happened.FOUND, standing.id, {"bytes": standing.photo.size}))
    if standing.state is State.DECIDED and standing.decision is not None:
        details = {"visit": standing.decision.visit, "bytes": standing.photo.size}
        audience.event(Event(Happened.DECIDED, standing.id, {**details, "reasons": list(standing.decision.reasons)}))
    elif standing.state in {State.REVIEW, State.REFUSED}:
        audience.event(Event(Happened.HELD, standing.id, {"state": standing.state.value, "reason": standing.reason}))


def _forget_what_is_gone(stages: Stages, gone: Sequence[Standing], scanned: Sequence[Photo]) -> int:
    """Drop, before it is sent, what a person took away, and what turned out to be a part of another photo; how many.

    The clip of a Live Photo may be seen before its picture is.
    """
    mains = {photo.main.path for photo in scanned}
    parts = {member.file.path for photo in scanned for member in photo.members[1:]} - mains
    known = {one.id for one in gone}
    open_ones = stages.journal.standings(*OPEN) if parts or known else []
    over = [one for one in open_ones if one.id in known or one.photo.main.path in parts]
    for standing in over:
        forget(stages, standing)
    return len(over)
