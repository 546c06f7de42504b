"""From a file in an import folder to a decision: look, settle, read, decide.

Nothing leaves the laptop here and nothing is changed in a folder. A photo whose register is missing or too old is not
decided at all: it stays settled, with that as its reason.
"""

import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from agent.capture import ReadRequest
from agent.errors import LocalFault, Unforeseen, contained
from agent.folders import ScanProblem, walk
from agent.formats import claims_to_be_a_photo
from agent.journal import CHUNK, State, TrackedPhoto
from agent.model.capture import Capture
from agent.model.decision import Verdict
from agent.model.files import LocalFile, Photo, Role
from agent.model.ids import PhotoId
from agent.model.register import Register
from agent.pipeline.boundary import Boundary
from agent.pipeline.cardrules import cards_below
from agent.pipeline.clocks import age, latest
from agent.pipeline.context import UNREADABLE, Context
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.journal_keys import GROUNDS
from agent.pipeline.judging import NOT_WHAT_IT_CLAIMS, is_remains, judge_photo, spoken
from agent.pipeline.neighbours import with_neighbours
from agent.pipeline.renew import no_register
from agent.pipeline.whereabouts import OPEN, elsewhere, forget, put_down_away, put_down_changed
from agent.worker import Unreadable

GIVEN_UP_WAITING = timedelta(minutes=10)
"""A file without its end that nobody has written to for this long will not get one any more: it is damaged."""

EMPTY = "the file is empty; perhaps it was not copied completely"
"""Why a photo of no bytes is refused."""


def reader(context: Context) -> Callable[[LocalFile], Capture]:
    """What a file says by itself, for grouping."""
    return lambda file: context.capture.read(file.path, now=latest(context))


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a look at the folders gave: photos, how many others are known to be private, and how many were forgotten.

    `began` is when it began, `steady` when its last new photo had been seen, by the clock that does not leap. `away`
    says, once, which photos cannot be reached.
    """

    photos: int
    left_alone: int
    forgotten: int
    troubles: tuple[str, ...]
    began: datetime
    steady: float
    away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """How many photos were found to be private, and how many could not be decided and wait."""

    private: int
    failed: int


def look(context: Context, roots: Sequence[Path]) -> ScanResult:
    """Scan the folders and bring the journal up to what is there; forget what vanished before anything was sent."""
    began, steady = context.clock(), time.monotonic()
    mounted = context.mounted()
    apart = cards_below(context.settings, roots)
    troubles: list[ScanProblem] = []
    found, parts = 0, set[Path]()

    def scanned() -> Iterator[Photo]:
        nonlocal found
        for photo in walk(roots, read=reader(context), troubles=troubles, but=apart):
            found += 1
            parts.update(member.file.path for member in photo.members[1:])
            yield photo

    def seen_now() -> datetime:  # a card or a full folder takes minutes: a photo was not seen when the look began
        nonlocal steady
        steady = time.monotonic()
        return context.clock()

    stood = context.journal.see_each(scanned(), seen_now, register_version=context.grounds, volume_of=mounted.of)
    seen = {identity for identity in stood if identity is not None}
    rest = elsewhere(context, mounted, seen, roots, apart)
    if rest.here:
        context.journal.see_all(rest.here, seen_now(), register_version=context.grounds, volume_of=mounted.of)
    put_down_changed(context, rest.ended)
    return ScanResult(
        photos=len(seen),
        left_alone=found - len(seen),
        forgotten=_forget_what_is_gone(context, rest.gone, seen, parts),
        troubles=tuple(trouble.reason for trouble in troubles),
        began=began,
        steady=steady,
        away=tuple(put_down_away(context, rest.away)),
    )


def unsettled(context: Context) -> timedelta | None:
    """How long until the last of the photos just found can be settled; None where there is none."""
    settle = timedelta(seconds=context.settings.folders.settle_seconds)
    now = context.clock()
    waits = (settle - age(looked_at, now) for _, _, looked_at in context.journal.looks())
    longest = max(waits, default=None)
    return None if longest is None else max(timedelta(0), longest)


Looks = Mapping[datetime, Container[PhotoId]]
"""Since when photos look as they do, and which: a folder's photos were mostly looked at together."""


def resting(context: Context) -> Looks:
    """How the photos that have not settled look now."""
    looks: defaultdict[datetime, set[PhotoId]] = defaultdict(set)
    for _, identity, looked_at in context.journal.looks():
        looks[looked_at].add(identity)
    return looks


def settle(context: Context, began: datetime, rested: Looks = MappingProxyType({})) -> None:
    """Settle what two equal looks have seen; the journal starts `looked_at` anew whenever a look differs.

    `began` is when the last look did: what was first seen after that was seen once, however long the look took.
    `rested` are looks that were long enough ago by a clock that does not leap, whatever the laptop's clock shows.
    """
    apart = timedelta(seconds=context.settings.folders.settle_seconds)
    at_rest = array("q")
    for number, identity, looked_at in context.journal.looks():
        if age(looked_at, began) >= apart or identity in rested.get(looked_at, ()):
            at_rest.append(number)
    for start in range(0, len(at_rest), CHUNK):
        context.journal.settle(at_rest[start : start + CHUNK])


def settle_again(context: Context) -> None:
    """Have what has not settled begin anew: the clock leapt, and how long ago the last look was is not known."""
    now = context.clock()
    for chunk in context.journal.chunks(State.FOUND):
        context.journal.save(*(replace(one, looked_at=now) for one in chunk))


def decide_all(
    context: Context, audience: Audience, stopping: Callable[[], bool] = lambda: False, *, patient: bool = False
) -> Decided:
    """Decide what is settled, and again what was decided on other grounds and is not yet sent.

    `stopping` is asked between two chunks. `patient` leaves those alone that wait after a fault.
    """
    boundary = Boundary(context, audience)
    register = context.registers.current()
    excuse = no_register(context, register)
    if register is None or excuse:
        for settled in context.journal.chunks(State.SETTLED):
            context.journal.save(*(replace(tracked, reason=excuse) for tracked in settled if tracked.reason != excuse))
        return Decided(0, 0)
    afresh = context.journal.fact(GROUNDS) != context.grounds
    now = context.clock()
    private = 0
    for chunk in context.journal.chunks(*_OPEN):
        open_ones = (one for one in chunk if one.is_here and _needs_deciding(one, register, afresh=afresh))
        pending = [one for one in open_ones if not (patient and one.state is State.SETTLED and one.waits(now))]
        if not pending:
            continue
        if stopping():
            return Decided(private, boundary.failures)
        private += _decide_some(boundary, register, pending)
    if afresh and context.grounds is not None:
        context.journal.forget_private(context.grounds)
        context.journal.set_fact(GROUNDS, context.grounds)
    return Decided(private, boundary.failures)


def others_of(photo: Photo) -> tuple[Path, ...]:
    """The files that hang on a photo's main file: they may bear out, or throw doubt on, what it says."""
    return tuple(member.file.path for member in photo.members[1:])


def partners_of(photo: Photo) -> tuple[Path, ...]:
    """The other halves of a Live Photo, which are judged by themselves as well."""
    return tuple(member.file.path for member in photo.members if member.role is Role.PARTNER)


_OPEN = (State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.REFUSED)
"""Nothing of these is proven: what changes, the register too, decides them afresh."""


def _needs_deciding(tracked: TrackedPhoto, register: Register, *, afresh: bool) -> bool:
    if tracked.state is State.REFUSED:
        return afresh or tracked.attempts < UNREADABLE
    if tracked.state is State.SETTLED:
        return True
    decision = tracked.decision
    if decision is not None and decision.by_person:
        return not any(visit.id == decision.visit and not visit.cancelled for visit in register.visits)
    return decision is None or afresh or decision.register_version != register.version


def _decide_some(boundary: Boundary, register: Register, tracked_photos: Sequence[TrackedPhoto]) -> int:
    context = boundary.context
    before_by_id = {tracked.id: tracked for tracked in tracked_photos}
    settled = [tracked for tracked in tracked_photos if tracked.state is State.SETTLED]
    # What was decided or held before is decided afresh: the table has one way to a verdict, from settled. What a
    # person settled since it was read here is left as they settled it: their word stands.
    sent = {one.id: replace(one, state=State.DECIDED) for one in tracked_photos if one.state is State.SENT}
    context.journal.save_if_unchanged([(before_by_id[identity], one) for identity, one in sent.items()])
    others = [sent.get(one.id, one) for one in tracked_photos if one.state is not State.SETTLED]
    put_back = context.journal.save_if_unchanged([(one, replace(one, state=State.SETTLED)) for one in others])
    as_read = {tracked.id: tracked for tracked in (*settled, *put_back)}
    again = [as_read[tracked.id] for tracked in tracked_photos if tracked.id in as_read]
    said = _read(context, again)
    after = _hinted(list(boundary.each(again, lambda one: _decided(context, register, one, said[one.id]))))
    kept = [tracked for tracked in after if tracked.state is not State.PRIVATE]
    saved = context.journal.save_if_unchanged([(as_read[tracked.id], tracked) for tracked in kept])
    # A private photo's row is replaced by a token without ever holding its reasons.
    gone = context.journal.make_private_if_unchanged(
        [as_read[tracked.id] for tracked in after if tracked.state is State.PRIVATE], register_version=context.grounds
    )
    for tracked in saved:
        before = before_by_id[tracked.id]
        if (tracked.state, tracked.decision) != (before.state, before.decision):
            _tell(boundary.audience, tracked, first=before.state is State.SETTLED and before.decision is None)
    return len(gone)


def _hinted(tracked_photos: list[TrackedPhoto]) -> list[TrackedPhoto]:
    """With what the neighbours by name say; without, where that cannot be had: it is a hint and no more."""
    try:
        with contained("the photos of a folder"):
            return with_neighbours(tracked_photos)
    except Unforeseen:
        return tracked_photos


def judge_again(
    context: Context, register: Register, tracked: TrackedPhoto
) -> tuple[TrackedPhoto, Capture | LocalFault]:
    """Where a settled photo would stand if it were decided now, and what its main file says; nothing is saved."""
    said = _read(context, [tracked])[tracked.id]
    return _decided(context, register, tracked, said), said.main


def judge_unseen(
    context: Context, register: Register, photos: Sequence[Photo]
) -> Iterator[tuple[TrackedPhoto, Capture | LocalFault]]:
    """Where these photos would stand if they were decided now, and what their main files say; nothing is saved."""
    now = context.clock()
    unseen = [TrackedPhoto(PhotoId(f"{n:08x}"), one, State.SETTLED, now, now) for n, one in enumerate(photos)]
    said = _read(context, unseen)
    for one in unseen:
        yield _decided(context, register, one, said[one.id]), said[one.id].main


@dataclass(frozen=True, slots=True)
class _Said:
    """What a photo's main file says, all its files considered, and what each of its partners says by itself."""

    main: Capture | LocalFault
    partners: tuple[Capture | LocalFault, ...]


def _read(context: Context, tracked_photos: Sequence[TrackedPhoto]) -> dict[PhotoId, _Said]:
    """What the files of each photo say."""
    requests = [
        ReadRequest(path, others_of(tracked.photo) if path == tracked.photo.main.path else ())
        for tracked in tracked_photos
        for path in (tracked.photo.main.path, *partners_of(tracked.photo))
    ]
    captures = context.capture.read_all(requests, now=latest(context))
    said = {}
    for tracked in tracked_photos:
        main, *partners = islice(captures, 1 + len(partners_of(tracked.photo)))
        said[tracked.id] = _Said(main, tuple(partners))
    for _ in captures:  # it ends only when it was read to its end
        raise ValueError("more was read than was asked for")
    return said


def _decided(context: Context, register: Register, tracked: TrackedPhoto, said: _Said) -> TrackedPhoto:
    """Where the photo stands once its files were read; an unreadable one is refused with the reason."""
    main, capture, partners = tracked.photo.main, said.main, said.partners
    if main.size == 0 or isinstance(capture, LocalFault):
        return _unread(tracked, capture)
    quiet = _quiet(tracked, context.clock())
    whole = capture.complete and all(isinstance(one, LocalFault) or one.complete for one in partners)
    if not whole and quiet < GIVEN_UP_WAITING and (capture.is_photo or is_remains(capture, tracked)):
        return replace(tracked, state=State.SETTLED, reason="its end is missing; perhaps it is still being copied")
    if is_remains(capture, tracked):
        return replace(tracked, state=State.REFUSED, reason=NOT_WHAT_IT_CLAIMS, attempts=0)
    decision = judge_photo(context, capture, partners, register)
    state = {Verdict.VISIT: State.DECIDED, Verdict.REVIEW: State.REVIEW}.get(decision.verdict, State.PRIVATE)
    reason = None if state is State.DECIDED else spoken(decision, capture)
    return replace(tracked, state=state, decision=decision, reason=reason, not_before=None, attempts=0)


def _unread(tracked: TrackedPhoto, capture: Capture | LocalFault) -> TrackedPhoto:
    """A file that is empty or cannot be read is reported where its name promises a photo, of whatever format."""
    main = tracked.photo.main
    if not claims_to_be_a_photo(main.path):
        return replace(tracked, state=State.PRIVATE)
    if main.size == 0 or not isinstance(capture, LocalFault):
        return replace(tracked, state=State.REFUSED, reason=EMPTY)
    attempts = UNREADABLE if isinstance(capture, Unreadable) else 0
    return replace(tracked, state=State.REFUSED, reason=str(capture), attempts=attempts)


def _quiet(tracked: TrackedPhoto, now: datetime) -> timedelta:
    """How long nobody has written to the photo's main file, as far as is known.

    File systems hold times that no clock shows, before 1970 and after 9999; only one between 1970 and the first look
    can say anything.
    """
    seconds = tracked.photo.main.mtime_ns // 1_000_000_000
    first_look = tracked.looked_at
    written = datetime.fromtimestamp(max(seconds, 0), UTC) if seconds < first_look.timestamp() else first_look
    return age(written, now)


def _tell(audience: Audience, tracked: TrackedPhoto, *, first: bool) -> None:
    if first and tracked.state is not State.PRIVATE:
        audience.event(Event(Happened.FOUND, tracked.id, {"bytes": tracked.photo.size}))
    if tracked.state is State.DECIDED and tracked.decision is not None:
        details = {"visit": tracked.decision.visit, "bytes": tracked.photo.size}
        audience.event(Event(Happened.DECIDED, tracked.id, {**details, "reasons": list(tracked.decision.reasons)}))
    elif tracked.state in {State.REVIEW, State.REFUSED}:
        audience.event(Event(Happened.HELD, tracked.id, {"state": tracked.state.value, "reason": tracked.reason}))


def _forget_what_is_gone(
    context: Context, gone: Sequence[TrackedPhoto], seen: Collection[PhotoId], parts: Collection[Path]
) -> int:
    """Drop, before it is sent, what a person took away, and what turned out to be a part of another photo; how many.

    The clip of a Live Photo may be seen before its picture is: what is among `parts`, and was not seen by itself.
    """
    known = {one.id for one in gone}
    number = 0
    for chunk in context.journal.chunks(*OPEN, but=seen) if parts or known else ():
        for tracked in chunk:
            if tracked.id in known or tracked.photo.main.path in parts:
                forget(context, tracked)
                number += 1
    return number
