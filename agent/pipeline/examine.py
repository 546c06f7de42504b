"""From a file in an import folder to a decision: look, settle, read, decide.

Nothing leaves the laptop here and nothing is changed in a folder. A photo whose register is missing or too old is not
decided at all: it stays settled, with that as its reason.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from agent.capture import Request, Unreadable
from agent.errors import LocalFault, Unforeseen, contained
from agent.folders import scan
from agent.formats import claims_to_be_a_photo
from agent.journal import Standing, State
from agent.model import Capture, LocalFile, Photo, PhotoId, Register, Role, Verdict
from agent.pipeline.boundary import Boundary
from agent.pipeline.clocks import age, latest
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.facts import GROUNDS
from agent.pipeline.judging import NOT_WHAT_IT_CLAIMS, is_remains, judge_photo, spoken
from agent.pipeline.neighbours import with_neighbours
from agent.pipeline.renew import no_register
from agent.pipeline.stages import UNREADABLE, Stages
from agent.pipeline.whereabouts import OPEN, elsewhere, forget, put_down_away, put_down_changed

GIVEN_UP_WAITING = timedelta(minutes=10)
"""A file without its end that nobody has written to for this long will not get one any more: it is damaged."""

EMPTY = "the file is empty: was copying it cut short?"
"""Why a photo of no bytes is refused."""

CHUNK = 500
"""Photos decided between two commits: enough that the commit's fsync does not count, few enough to lose to a kill."""


def reader(stages: Stages) -> Callable[[LocalFile], Capture]:
    """What a file says by itself, for grouping."""
    return lambda file: stages.capture.read(file.path, now=latest(stages))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the folders gave: photos, how many others are known to be private, and how many were forgotten.

    `away` says, once, which photos cannot be reached.
    """

    photos: int
    left_alone: int
    forgotten: int
    troubles: tuple[str, ...]
    away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """How many photos were found to be private, and how many could not be decided and wait."""

    private: int
    failed: int


def look(stages: Stages, roots: Sequence[Path]) -> Seen:
    """Scan the folders and bring the journal up to what is there; forget what vanished before anything was sent."""
    now = stages.clock()
    mounted = stages.mounted()
    found = scan(roots, read=reader(stages))
    standings = stages.journal.see_all(found.photos, now, register_version=stages.grounds, volume_of=mounted.of)
    rest = elsewhere(stages, mounted, found.photos, roots)
    stages.journal.see_all(rest.here, now, register_version=stages.grounds, volume_of=mounted.of)
    put_down_changed(stages, rest.ended)
    return Seen(
        photos=len(standings),
        left_alone=len(found.photos) - len(standings),
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
    now = stages.clock()
    return max(timedelta(0), *(settle - age(standing.looked_at, now) for standing in found))


Look = tuple[PhotoId, datetime]
"""A photo, and since when it looks as it does."""


def resting(stages: Stages) -> frozenset[Look]:
    """How the photos that have not settled look now."""
    return frozenset((standing.id, standing.looked_at) for standing in stages.journal.standings(State.FOUND))


def settle(stages: Stages, rested: Collection[Look] = ()) -> None:
    """Settle what two equal looks have seen; the journal starts `looked_at` anew whenever a look differs.

    `rested` are looks that were long enough ago by a clock that does not leap, whatever the laptop's clock shows.
    """
    now = stages.clock()
    apart = timedelta(seconds=stages.settings.folders.settle_seconds)
    stages.journal.save(
        *(
            replace(standing, state=State.SETTLED, reason=None)
            for standing in stages.journal.standings(State.FOUND)
            if standing.is_here
            and (age(standing.looked_at, now) >= apart or (standing.id, standing.looked_at) in rested)
        )
    )


def settle_again(stages: Stages) -> None:
    """Have what has not settled begin anew: the clock leapt, and how long ago the last look was is not known."""
    now = stages.clock()
    stages.journal.save(*(replace(one, looked_at=now) for one in stages.journal.standings(State.FOUND)))


def decide_all(
    stages: Stages, audience: Audience, stopping: Callable[[], bool] = lambda: False, *, patient: bool = False
) -> Decided:
    """Decide what is settled, and again what was decided on other grounds and is not yet sent.

    `stopping` is asked between two chunks. `patient` leaves those alone that wait after a fault.
    """
    boundary = Boundary(stages, audience)
    register = stages.registers.current()
    excuse = no_register(stages, register)
    if register is None or excuse:
        settled = stages.journal.standings(State.SETTLED)
        stages.journal.save(*(replace(standing, reason=excuse) for standing in settled if standing.reason != excuse))
        return Decided(0, 0)
    afresh = stages.journal.fact(GROUNDS) != stages.grounds
    open_ones = (one for one in stages.journal.standings(*_OPEN) if one.is_here)
    pending = [one for one in open_ones if _needs_deciding(one, register, afresh=afresh)]
    if patient:
        now = stages.clock()
        pending = [one for one in pending if not (one.state is State.SETTLED and one.waits(now))]
    private = 0
    for start in range(0, len(pending), CHUNK):
        if stopping():
            return Decided(private, boundary.failures)
        private += _decide_some(boundary, register, pending[start : start + CHUNK])
    if afresh and stages.grounds is not None:
        stages.journal.forget_private(stages.grounds)
        stages.journal.set_fact(GROUNDS, stages.grounds)
    return Decided(private, boundary.failures)


def others_of(photo: Photo) -> tuple[Path, ...]:
    """The files that hang on a photo's main file: they may bear out, or throw doubt on, what it says."""
    return tuple(member.file.path for member in photo.members[1:])


def partners_of(photo: Photo) -> tuple[Path, ...]:
    """The other halves of a Live Photo, which are judged by themselves as well."""
    return tuple(member.file.path for member in photo.members if member.role is Role.PARTNER)


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


def _decide_some(boundary: Boundary, register: Register, standings: Sequence[Standing]) -> int:
    stages = boundary.stages
    before_by_id = {standing.id: standing for standing in standings}
    # What was decided or held before is decided afresh: the table has one way to a verdict, from settled. What a
    # person settled since it was read here is left as they settled it: their word stands.
    sent = {one.id: replace(one, state=State.DECIDED) for one in standings if one.state is State.SENT}
    stages.journal.save_if_unchanged([(before_by_id[identity], one) for identity, one in sent.items()])
    open_ones = [sent.get(one.id, one) for one in standings]
    again = stages.journal.save_if_unchanged([(one, replace(one, state=State.SETTLED)) for one in open_ones])
    said = _read(stages, again)
    after = _hinted(list(boundary.each(again, lambda one: _decided(stages, register, one, said[one.id]))))
    gone = [standing.id for standing in after if standing.state is State.PRIVATE]
    kept = [standing for standing in after if standing.state is not State.PRIVATE]
    # A private photo's row is replaced by a token without ever holding its reasons.
    stages.journal.save(*kept)
    stages.journal.make_private_all(gone, register_version=stages.grounds)
    for standing in after:
        before = before_by_id[standing.id]
        if (standing.state, standing.decision) != (before.state, before.decision):
            _tell(boundary.audience, standing, first=before.state is State.SETTLED and before.decision is None)
    return len(gone)


def _hinted(standings: list[Standing]) -> list[Standing]:
    """With what the neighbours by name say; without, where that cannot be had: it is a hint and no more."""
    try:
        with contained("the photos of a folder"):
            return with_neighbours(standings)
    except Unforeseen:
        return standings


def judge_again(stages: Stages, register: Register, standing: Standing) -> tuple[Standing, Capture | LocalFault]:
    """Where a settled photo would stand if it were decided now, and what its main file says; nothing is saved."""
    said = _read(stages, [standing])[standing.id]
    return _decided(stages, register, standing, said), said.main


@dataclass(frozen=True, slots=True)
class _Said:
    """What a photo's main file says, all its files considered, and what each of its partners says by itself."""

    main: Capture | LocalFault
    partners: tuple[Capture | LocalFault, ...]


def _read(stages: Stages, standings: Sequence[Standing]) -> dict[PhotoId, _Said]:
    """What the files of each photo say."""
    requests = [
        Request(path, others_of(standing.photo) if path == standing.photo.main.path else ())
        for standing in standings
        for path in (standing.photo.main.path, *partners_of(standing.photo))
    ]
    captures = stages.capture.read_all(requests, now=latest(stages))
    said = {}
    for standing in standings:
        main, *partners = islice(captures, 1 + len(partners_of(standing.photo)))
        said[standing.id] = _Said(main, tuple(partners))
    for _ in captures:  # it ends only when it was read to its end
        raise ValueError("more was read than was asked for")
    return said


def _decided(stages: Stages, register: Register, standing: Standing, said: _Said) -> Standing:
    """Where the photo stands once its files were read; an unreadable one is refused with the reason."""
    main, capture, partners = standing.photo.main, said.main, said.partners
    if main.size == 0 or isinstance(capture, LocalFault):
        return _unread(standing, capture)
    quiet = _quiet(standing, stages.clock())
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


def _quiet(standing: Standing, now: datetime) -> timedelta:
    """How long nobody has written to the photo's main file, as far as is known.

    File systems hold times that no clock shows, before 1970 and after 9999; only one between 1970 and the first look
    can say anything.
    """
    seconds = standing.photo.main.mtime_ns // 1_000_000_000
    first_look = standing.looked_at
    written = datetime.fromtimestamp(max(seconds, 0), UTC) if seconds < first_look.timestamp() else first_look
    return age(written, now)


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
