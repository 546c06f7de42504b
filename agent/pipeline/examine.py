"""From a file in an import folder to a decision: look, settle, read, decide.

Nothing leaves the laptop here and nothing is changed in a folder. A photo whose register is missing or too old is not
decided at all: it stays settled, with that as its reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from agent.capture import Request, Unreadable
from agent.errors import LocalFault
from agent.folders import scan
from agent.formats import claims_to_be_a_photo
from agent.journal import Standing, State
from agent.model import Capture, LocalFile, Photo, Register, Role, Verdict
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.facts import GROUNDS
from agent.pipeline.judging import NOT_WHAT_IT_CLAIMS, is_remains, judge_photo, spoken
from agent.pipeline.neighbours import with_neighbours
from agent.pipeline.renew import no_register
from agent.pipeline.stages import UNREADABLE, Stages

GIVEN_UP_WAITING = timedelta(minutes=10)
"""A file without its end that nobody has written to for this long will not get one any more: it is damaged."""

EMPTY = "the file is empty: was copying it cut short?"
"""Why a photo of no bytes is refused."""

CHUNK = 500
"""Photos decided between two commits: enough that the commit's fsync does not count, few enough to lose to a kill."""


def reader(stages: Stages) -> Callable[[LocalFile], Capture]:
    """What a file says by itself, for grouping."""
    return lambda file: stages.capture.read(file.path, now=stages.clock())


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the folders gave: photos that are not known private, and how many others were forgotten."""

    photos: int
    forgotten: int
    troubles: tuple[str, ...]


def look(stages: Stages, roots: Sequence[Path]) -> Seen:
    """Scan the folders and bring the journal up to what is there; forget what vanished before anything was sent."""
    now = stages.clock()
    found = scan(roots, read=reader(stages))
    standings = stages.journal.see_all(found.photos, now, register_version=stages.grounds)
    return Seen(
        photos=len(standings),
        forgotten=_forget_what_is_gone(stages, roots, found.photos),
        troubles=tuple(trouble.reason for trouble in found.troubles),
    )


def unsettled(stages: Stages) -> timedelta | None:
    """How long until the last of the photos just found can be settled; None where there is none."""
    settle = timedelta(seconds=stages.settings.folders.settle_seconds)
    found = stages.journal.standings(State.FOUND)
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
        if now - standing.looked_at >= apart
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
    pending = [one for one in stages.journal.standings(*_OPEN) if _needs_deciding(one, register, afresh=afresh)]
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


def others_of(photo: Photo) -> tuple[Path, ...]:
    """The files that hang on a photo's main file: they may bear out, or throw doubt on, what it says."""
    return tuple(member.file.path for member in photo.members[1:])


def partners_of(photo: Photo) -> tuple[Path, ...]:
    """The other halves of a Live Photo, which are judged by themselves as well."""
    return tuple(member.file.path for member in photo.members if member.role is Role.PARTNER)


_OPEN = (State.SETTLED, State.DECIDED, State.REVIEW, State.REFUSED)


def _needs_deciding(standing: Standing, register: Register, *, afresh: bool) -> bool:
    if standing.state is State.REFUSED:
        return afresh or standing.attempts < UNREADABLE
    if standing.state is State.SETTLED:
        return True
    decision = standing.decision
    return decision is None or (not decision.by_person and (afresh or decision.register_version != register.version))


def _decide_some(stages: Stages, audience: Audience, register: Register, standings: Sequence[Standing]) -> int:
    # What was decided or held before is decided afresh: the table has one way to a verdict, from settled.
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


def _judged(
    stages: Stages, register: Register, standings: Sequence[Standing]
) -> list[tuple[Standing, Capture | LocalFault]]:
    """Where each photo stands once its files were read, and what its main file says; nothing is saved."""
    requests = [
        Request(path, others_of(standing.photo) if path == standing.photo.main.path else ())
        for standing in standings
        for path in (standing.photo.main.path, *partners_of(standing.photo))
    ]
    captures = stages.capture.read_all(requests, now=stages.clock())
    judged = []
    for standing in standings:
        found, *partners = islice(captures, 1 + len(partners_of(standing.photo)))
        judged.append((_decided(stages, register, standing, found, partners), found))
    return judged


def _decided(
    stages: Stages,
    register: Register,
    standing: Standing,
    capture: Capture | LocalFault,
    partners: Sequence[Capture | LocalFault],
) -> Standing:
    """Where the photo stands once its files were read; an unreadable one is refused with the reason."""
    main = standing.photo.main
    if main.size == 0 or isinstance(capture, LocalFault):
        return _unread(standing, capture)
    quiet = stages.clock() - min(standing.looked_at, _written(main))
    whole = capture.complete and all(isinstance(one, LocalFault) or one.complete for one in partners)
    if not whole and quiet < GIVEN_UP_WAITING and (capture.is_photo or is_remains(capture, standing)):
        return replace(standing, state=State.SETTLED, reason="its end is not there yet: still being copied?")
    if is_remains(capture, standing):
        return replace(standing, state=State.REFUSED, reason=NOT_WHAT_IT_CLAIMS, attempts=0)
    decision = judge_photo(stages, capture, partners, register)
    state = {Verdict.VISIT: State.DECIDED, Verdict.REVIEW: State.REVIEW}.get(decision.verdict, State.PRIVATE)
    reason = None if state is State.DECIDED else spoken(decision, capture)
    return replace(standing, state=state, decision=decision, reason=reason, not_before=None, attempts=0)


def _unread(standing: Standing, capture: Capture | LocalFault) -> Standing:
    """A file that is empty or cannot be read is reported where its name promises a photo, of whatever format."""
    main = standing.photo.main
    if not claims_to_be_a_photo(main.path):
        return replace(standing, state=State.PRIVATE)
    if main.size == 0 or not isinstance(capture, LocalFault):
        return replace(standing, state=State.REFUSED, reason=EMPTY)
    attempts = UNREADABLE if isinstance(capture, Unreadable) else 0
    return replace(standing, state=State.REFUSED, reason=str(capture), attempts=attempts)


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


def _forget_what_is_gone(stages: Stages, roots: Sequence[Path], photos: Sequence[Photo]) -> int:
    """Drop, before it is sent, what a person took away, and what turned out to be a part of another photo; how many.

    The clip of a Live Photo may be seen before its picture is. A folder that is not there (a card taken out) says
    nothing.
    """
    mains = {photo.main.path for photo in photos}
    parts = {member.file.path for photo in photos for member in photo.members[1:]}
    present = [root.resolve() for root in roots if root.exists()]
    forgotten = 0
    for standing in stages.journal.standings(*_OPEN, State.FOUND, State.SENT):
        path = standing.photo.main.path
        gone = any(path.is_relative_to(root) for root in present) and not _still_there(standing.photo)
        if path in mains or not (path in parts or gone):
            continue
        if standing.state is State.SENT:
            # Its half-sent copy on the share has no original any more; the share's own sweep takes it away.
            stages.journal.save(replace(standing, state=State.DECIDED))
        stages.journal.forget(standing.id)
        forgotten += 1
    return forgotten


def _still_there(photo: Photo) -> bool:
    try:
        photo.main.path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
