"""From a file in an import folder to a decision: look, settle, read, decide.

Nothing leaves the laptop here, and nothing is changed in a folder. If the register is missing or too old, photos are
not decided at all: they stay settled, with that as their reason.
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
from agent.pipeline.clocks import age, latest, seen_by
from agent.pipeline.context import UNREADABLE, Context
from agent.pipeline.datedahead import Look, remember
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.journal_keys import GROUNDS
from agent.pipeline.judging import NOT_WHAT_IT_CLAIMS, is_remains, judge_photo, spoken
from agent.pipeline.neighbours import with_neighbours
from agent.pipeline.renew import no_register
from agent.pipeline.whereabouts import OPEN, elsewhere, forget, note_away, note_changed
from agent.worker import Unreadable

GIVEN_UP_WAITING = timedelta(minutes=10)
"""If the end of a file is missing and nobody has written to it for this long, the file is damaged for good."""

EMPTY = "the file is empty; perhaps it was not copied completely"
"""Why an empty file is refused."""


def reader(context: Context) -> Callable[[LocalFile], Capture]:
    """Reads a file by itself, for grouping."""
    return lambda file: context.capture.read(file.path, now=latest(context))


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of a look at the folders: photos, the number of others known to be private, and the number forgotten.

    `began` is when the look began; `steady` is when its last new photo was seen, by the monotonic clock. `away` has a
    sentence, said once, about photos that cannot be reached.
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
    """How many photos turned out to be private, and how many could not be decided and wait."""

    private: int
    failed: int


def look(context: Context, roots: Sequence[Path]) -> ScanResult:
    """Scan the folders and update the journal; forget photos that vanished before anything was sent."""
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

    def seen_now() -> (
        datetime
    ):  # a look at a card or a full folder takes minutes, so a photo was seen later than the look began
        nonlocal steady
        steady = time.monotonic()
        return context.clock()

    stood = context.journal.see_each(scanned(), seen_now, register_version=context.grounds, volume_of=mounted.of)
    seen = {identity for identity in stood if identity is not None}
    rest = elsewhere(context, mounted, seen, roots, apart)
    if rest.here:
        context.journal.see_all(rest.here, seen_now(), register_version=context.grounds, volume_of=mounted.of)
    note_changed(context, rest.ended)
    return ScanResult(
        photos=len(seen),
        left_alone=found - len(seen),
        forgotten=_forget_what_is_gone(context, rest.gone, seen, parts),
        troubles=tuple(trouble.reason for trouble in troubles),
        began=began,
        steady=steady,
        away=tuple(note_away(context, rest.away)),
    )


def unsettled(context: Context) -> timedelta | None:
    """How long until the last of the photos just found can be settled; None if there are no such photos."""
    settle = timedelta(seconds=context.settings.folders.settle_seconds)
    now = context.clock()
    waits = (settle - age(looked_at, now) for _, _, looked_at in context.journal.looks())
    longest = max(waits, default=None)
    return None if longest is None else max(timedelta(0), longest)


Looks = Mapping[datetime, Container[PhotoId]]
"""Photos by their look and the time since when they have had it; most photos of a folder share that time."""


def resting(context: Context) -> Looks:
    """The current look of the photos that have not settled."""
    looks: defaultdict[datetime, set[PhotoId]] = defaultdict(set)
    for _, identity, looked_at in context.journal.looks():
        looks[looked_at].add(identity)
    return looks


def settle(context: Context, began: datetime, rested: Looks = MappingProxyType({})) -> None:
    """Settle photos that looked the same twice; the journal resets `looked_at` whenever a look differs.

    `began` is when the last look began: a photo first seen after that was seen only once, however long the look took.
    `rested` are looks that were long enough ago by the monotonic clock, whatever the laptop's clock shows.
    """
    apart = timedelta(seconds=context.settings.folders.settle_seconds)
    at_rest = array("q")
    for number, identity, looked_at in context.journal.looks():
        if age(looked_at, began) >= apart or identity in rested.get(looked_at, ()):
            at_rest.append(number)
    for start in range(0, len(at_rest), CHUNK):
        context.journal.settle(at_rest[start : start + CHUNK])


def settle_again(context: Context) -> None:
    """Start again to wait for unsettled photos: the clock leapt, so the time since the last look is not known."""
    now = context.clock()
    for chunk in context.journal.chunks(State.FOUND):
        context.journal.save(*(replace(one, looked_at=now) for one in chunk))


def decide_all(
    context: Context, audience: Audience, stopping: Callable[[], bool] = lambda: False, *, patient: bool = False
) -> Decided:
    """Decide settled photos, and again those that were decided on other grounds and are not yet sent.

    `stopping` is asked between two chunks. With `patient`, photos that wait after a fault are left alone.
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
    """The files that belong to a photo's main file: they may confirm or contradict it."""
    return tuple(member.file.path for member in photo.members[1:])


def partners_of(photo: Photo) -> tuple[Path, ...]:
    """The other halves of a Live Photo, which are also judged by themselves."""
    return tuple(member.file.path for member in photo.members if member.role is Role.PARTNER)


_OPEN = (State.SETTLED, State.DECIDED, State.SENT, State.REVIEW, State.REFUSED)
"""Nothing of these photos is proven: if anything changes, such as the register, they are decided afresh."""


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
    # Photos decided or held before are decided afresh: in the table of states, the only way to a verdict is from
    # settled. If a person has answered about a photo since it was read here, that answer stands.
    sent = {one.id: replace(one, state=State.DECIDED) for one in tracked_photos if one.state is State.SENT}
    context.journal.save_if_unchanged([(before_by_id[identity], one) for identity, one in sent.items()])
    others = [sent.get(one.id, one) for one in tracked_photos if one.state is not State.SETTLED]
    put_back = context.journal.save_if_unchanged([(one, replace(one, state=State.SETTLED)) for one in others])
    as_read = {tracked.id: tracked for tracked in (*settled, *put_back)}
    again = [as_read[tracked.id] for tracked in tracked_photos if tracked.id in as_read]
    captures = _read(context, again)
    seen = seen_by(context)
    remember(
        context,
        (Look((captures[one.id].main, *captures[one.id].partners), one.looked_at) for one in again),
        seen,
    )
    after = _hinted(list(boundary.each(again, lambda one: _decided(context, register, one, captures[one.id], seen))))
    open_photos = [tracked for tracked in after if tracked.state is not State.PRIVATE]
    saved = context.journal.save_if_unchanged([(as_read[tracked.id], tracked) for tracked in open_photos])
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
    """Add a hint from the neighbours by name; leave it out if that fails, because it is only a hint."""
    try:
        with contained("the photos of a folder"):
            return with_neighbours(tracked_photos)
    except Unforeseen:
        return tracked_photos


def judge_again(
    context: Context, register: Register, tracked: TrackedPhoto
) -> tuple[TrackedPhoto, Capture | LocalFault]:
    """A settled photo as it would be if it were decided now, and its main file's capture; nothing is saved."""
    captures = _read(context, [tracked])[tracked.id]
    return _decided(context, register, tracked, captures, seen_by(context)), captures.main


def judge_unseen(
    context: Context, register: Register, photos: Sequence[Photo]
) -> Iterator[tuple[TrackedPhoto, Capture | LocalFault]]:
    """These photos as they would be if they were decided now, and their main files' captures; nothing is saved."""
    now = context.clock()
    unseen = [TrackedPhoto(PhotoId(f"{n:08x}"), one, State.SETTLED, now, now) for n, one in enumerate(photos)]
    captures, seen = _read(context, unseen), seen_by(context)
    for one in unseen:
        yield _decided(context, register, one, captures[one.id], seen), captures[one.id].main


@dataclass(frozen=True, slots=True)
class _Captures:
    """The capture of a photo's main file, all its files considered, and of each of its partners by itself."""

    main: Capture | LocalFault
    partners: tuple[Capture | LocalFault, ...]


def _read(context: Context, tracked_photos: Sequence[TrackedPhoto]) -> dict[PhotoId, _Captures]:
    """The captures of each photo's files."""
    requests = [
        ReadRequest(path, others_of(tracked.photo) if path == tracked.photo.main.path else ())
        for tracked in tracked_photos
        for path in (tracked.photo.main.path, *partners_of(tracked.photo))
    ]
    captures = context.capture.read_all(requests, now=latest(context))
    by_photo = {}
    for tracked in tracked_photos:
        main, *partners = islice(captures, 1 + len(partners_of(tracked.photo)))
        by_photo[tracked.id] = _Captures(main, tuple(partners))
    for _ in captures:  # the generator finishes its work only when it is exhausted
        raise ValueError("more files were read than requested")
    return by_photo


def _decided(
    context: Context,
    register: Register,
    tracked: TrackedPhoto,
    captures: _Captures,
    seen: Callable[[datetime], datetime],
) -> TrackedPhoto:
    """The photo after its files were read; an unreadable one is refused with the reason."""
    main, capture, partners = tracked.photo.main, captures.main, captures.partners
    if main.size == 0 or isinstance(capture, LocalFault):
        return _unread(tracked, capture)
    quiet = _quiet(tracked, context.clock())
    whole = capture.complete and all(isinstance(one, LocalFault) or one.complete for one in partners)
    if not whole and quiet < GIVEN_UP_WAITING and (capture.is_photo or is_remains(capture, tracked)):
        return replace(tracked, state=State.SETTLED, reason="its end is missing; perhaps it is still being copied")
    if is_remains(capture, tracked):
        return replace(tracked, state=State.REFUSED, reason=NOT_WHAT_IT_CLAIMS, attempts=0)
    decision = judge_photo(context, capture, partners, register, tracked.looked_at, seen)
    state = {Verdict.VISIT: State.DECIDED, Verdict.REVIEW: State.REVIEW}.get(decision.verdict, State.PRIVATE)
    reason = None if state is State.DECIDED else spoken(decision, capture)
    return replace(tracked, state=state, decision=decision, reason=reason, not_before=None, attempts=0)


def _unread(tracked: TrackedPhoto, capture: Capture | LocalFault) -> TrackedPhoto:
    """An empty or unreadable file is reported if its name has the ending of a photo format."""
    main = tracked.photo.main
    if not claims_to_be_a_photo(main.path):
        return replace(tracked, state=State.PRIVATE)
    if main.size == 0 or not isinstance(capture, LocalFault):
        return replace(tracked, state=State.REFUSED, reason=EMPTY)
    attempts = UNREADABLE if isinstance(capture, Unreadable) else 0
    return replace(tracked, state=State.REFUSED, reason=str(capture), attempts=attempts)


def _quiet(tracked: TrackedPhoto, now: datetime) -> timedelta:
    """How long nobody has written to the photo's main file, as far as is known.

    File systems can hold impossible times, before 1970 and after 9999; only a time between 1970 and the first look is
    used.
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
    """Drop unsent photos that a person took away, and those that turned out to be part of another photo; their number.

    The clip of a Live Photo may be seen before its picture: it is then among `parts`, and was not seen by itself.
    """
    known = {one.id for one in gone}
    number = 0
    for chunk in context.journal.chunks(*OPEN, but=seen) if parts or known else ():
        for tracked in chunk:
            if tracked.id in known or tracked.photo.main.path in parts:
                forget(context, tracked)
                number += 1
    return number
