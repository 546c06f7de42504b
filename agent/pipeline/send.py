"""From decided to proven: photos are packed, newest visit first, handed to the share, and their outcomes saved.

The journal has what the share will get before the first byte leaves, and what it got as soon as that is proven.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from agent.errors import AgentError, ShareFull, Unforeseen, contained
from agent.journal import State, TrackedPhoto
from agent.model.capture import Capture
from agent.model.delivery import Delivery
from agent.model.files import Fingerprint
from agent.model.ids import PhotoId, TransferId, VisitId
from agent.model.proof import Method
from agent.pipeline.boundary import Boundary, failed, waiting
from agent.pipeline.clocks import believed
from agent.pipeline.context import UNREADABLE, Context
from agent.pipeline.damage import damage_of, damaged
from agent.pipeline.diskfailed import remember
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.halfsent import HalfSentTransfers, Named, names_of, worked_out
from agent.pipeline.invain import InVain
from agent.pipeline.pack import measured, pack
from agent.pipeline.redecide import AnotherPhoto, as_it_is, decided_still
from agent.pipeline.renew import no_register
from agent.share import Delivered, Outcome, Sent, Share, Undelivered
from agent.worker import Unreadable

AT_ONCE = 8
"""Photos measured and committed together before they are sent."""

Same = tuple[VisitId | None, tuple[Fingerprint, ...]]
"""The key of photos with equal contents for the same visit: identical copies of one another."""


def due(context: Context, *, patient: bool) -> list[TrackedPhoto]:
    """Photos to send now, newest visit first and small files first within it. `patient` leaves out waiting photos."""
    now = context.clock()
    register = context.registers.current()
    starts = {} if register is None else {visit.id: visit.span.earliest for visit in register.visits}
    long_ago = datetime.min.replace(tzinfo=UTC)

    def urgency(tracked: TrackedPhoto) -> tuple[timedelta, int]:
        visit = None if tracked.decision is None else tracked.decision.visit
        start = long_ago if visit is None else starts.get(visit, long_ago)
        return now - start, tracked.photo.size

    in_vain = InVain.load(context.journal)
    here = (one for one in _to_send(context) if one.is_here and not in_vain.waits(one, now))
    return sorted((one for one in here if not (patient and one.waits(now))), key=urgency)


def may_be_due(context: Context, *, patient: bool) -> bool:
    """Whether there may be photos to send once those that have settled are decided; as `due`, those that wait aside."""
    if no_register(context, context.registers.current()):
        return False
    now, in_vain = context.clock(), InVain.load(context.journal)
    open_ones = chain.from_iterable(context.journal.chunks(State.SETTLED, State.DECIDED, State.SENT))
    return any(one.is_here and not in_vain.waits(one, now) and not (patient and one.waits(now)) for one in open_ones)


def waiting_for_it(context: Context) -> int:
    """The number of photos that are not sent until IT has looked at the share."""
    in_vain, now = InVain.load(context.journal), context.clock()
    return sum(in_vain.waits(one, now) for one in _to_send(context)) if in_vain else 0


def reached(context: Context) -> None:
    """Note when the share became reachable for photos that waited for it: "overdue" counts from then on."""
    now = believed(context)
    for chunk in context.journal.chunks(State.DECIDED, State.SENT):
        first = (one for one in chunk if one.is_here and not one.reachable_at)
        context.journal.save_if_unchanged([(one, replace(one, reachable_at=now)) for one in first])


def _to_send(context: Context) -> Iterator[TrackedPhoto]:
    return chain.from_iterable(context.journal.chunks(State.DECIDED, State.SENT))


def _content(tracked: TrackedPhoto) -> Same:
    return tracked.decision.visit if tracked.decision else None, tracked.fingerprints


@dataclass(slots=True)
class Sending:
    """One round of sending. Outcomes are saved as they arrive; proven photos are passed to `proven` in batches."""

    context: Context
    share: Share
    audience: Audience
    proven: Callable[[list[TrackedPhoto]], None]
    stopping: Callable[[], bool]
    half_sent: HalfSentTransfers
    bytes: int = 0
    sent: int = 0
    _in_vain: InVain = field(init=False)
    _boundary: Boundary = field(init=False)
    _under_way: dict[str, TrackedPhoto] = field(default_factory=dict)
    _first: dict[Same, PhotoId] = field(default_factory=dict)
    _copies: dict[PhotoId, list[TrackedPhoto]] = field(default_factory=dict)
    _ready: list[TrackedPhoto] = field(default_factory=list)
    _leftovers: set[TransferId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._in_vain = InVain.load(self.context.journal)
        self._boundary = Boundary(self.context, self.audience)

    @property
    def failed(self) -> int:
        """The number of photos that could not be sent, each with an event that says why."""
        return self._boundary.failures

    def run(self, tracked_photos: list[TrackedPhoto]) -> None:
        """Send these; returns when all have an outcome or, if asked to stop, when those in flight have one.

        Raises ShareUnreachable or ShareRefused after saving what was proven until then.
        """
        fitting = self._what_fits(tracked_photos)
        self.audience.expect(len(fitting), sum(tracked.photo.size for tracked in fitting))
        try:
            for outcome in self.share.deliver(self._deliveries(fitting), self.audience.advance, self.stopping):
                self._save_outcome(outcome)
        finally:
            remember(self.context.journal, self.share)
            self._flush()
            self.half_sent.save()

    def _deliveries(self, tracked_photos: list[TrackedPhoto]) -> Iterator[Delivery]:
        for start in range(0, len(tracked_photos), AT_ONCE):
            if self.stopping():
                return
            some = tracked_photos[start : start + AT_ONCE]
            before = {tracked.id: tracked for tracked in some}
            batch = list(self._boundary.each(self._until_stopped(some), self._measured))
            # If a person has taken an answer back since it was read here, it no longer counts.
            batch = self.context.journal.save_if_unchanged([(before[one.id], one) for one in batch])
            ready: list[tuple[TrackedPhoto, Delivery, tuple[Named, ...]]] = []
            for tracked in batch:
                if self.stopping():
                    return
                capture = next(filter(None, self._boundary.each([tracked], self._as_decided)), None)
                if capture is None:
                    continue
                first = self._first.get(_content(tracked))
                if first is not None:
                    self._copies.setdefault(first, []).append(tracked)
                    continue
                for packed in filter(None, self._boundary.each([tracked], partial(self._packed, capture=capture))):
                    ready.append((tracked, *packed))
                    self._first[_content(tracked)] = tracked.id
            self.half_sent.begin((delivery, names) for _, delivery, names in ready)
            for tracked, delivery, _ in ready:
                if self.stopping():
                    return
                # The picture is checked while it is being sent, and before it can be removed.
                self.context.capture.begin_decoding(tracked.photo.main.path)
                self._under_way[delivery.transfer] = tracked
                yield delivery

    def _until_stopped(self, tracked_photos: list[TrackedPhoto]) -> Iterator[TrackedPhoto]:
        for tracked in tracked_photos:
            if self.stopping():  # a long video takes a while to read
                return
            yield tracked

    def _measured(self, tracked: TrackedPhoto) -> TrackedPhoto:
        ready = measured(self.context, tracked)
        return replace(ready, reachable_at=ready.reachable_at or believed(self.context))

    def _as_decided(self, tracked: TrackedPhoto) -> Capture | None:
        """The photo's capture, if it is still the photo that was decided on; otherwise it is found again, or waits."""
        try:
            return decided_still(self.context, tracked)
        except AnotherPhoto as fault:
            self._found_again(tracked, fault)
        except Unreadable as fault:
            self._refused(tracked, fault)
        return None

    def _packed(self, tracked: TrackedPhoto, capture: Capture) -> tuple[Delivery, tuple[Named, ...]] | None:
        try:
            delivery = worked_out(pack(self.context, tracked, capture))
            return delivery, names_of(delivery)
        except Unreadable as fault:
            self._refused(tracked, fault)
            return None

    def _found_again(self, tracked: TrackedPhoto, fault: AnotherPhoto) -> None:
        photo = as_it_is(tracked.photo)
        if photo is None:  # a member is gone: the next look at its folder finds the rest
            self._failed(tracked, fault)
            return
        self._boundary.failures += 1
        self.context.journal.find_again(tracked.id, photo, self.context.clock())
        self.audience.event(Event(Happened.FAILED, tracked.id, {"reason": str(fault)}))

    def _save_outcome(self, outcome: Outcome) -> None:
        tracked = self._under_way[outcome.transfer]
        remember(self.context.journal, self.share)
        if isinstance(outcome, Sent):
            # Committed with the next batch: a crash before that only means that the upload is checked again.
            self._under_way[outcome.transfer] = replace(tracked, state=State.SENT)
            self.sent += 1
            self.audience.event(Event(Happened.SENT, tracked.id, {"bytes": tracked.photo.size}))
        elif isinstance(outcome, Undelivered):
            del self._under_way[outcome.transfer]
            for one in (tracked, *self._copies_of(tracked)):
                self._failed(one, outcome.error)
        elif isinstance(outcome, Delivered):
            del self._under_way[outcome.transfer]
            self._proven(self._looked_into(tracked), outcome)
        if len(self._ready) >= AT_ONCE:
            self._flush()

    def _looked_into(self, tracked: TrackedPhoto) -> TrackedPhoto:
        """The photo with its damage, if its picture does not decode; it is sent in any case."""
        try:
            with contained("a photo"):
                wrong = self.context.capture.decodes(tracked.photo.main.path)
        except Unforeseen:
            wrong = None  # the photo is proven already; only the state of its picture is not known
        if wrong is None or tracked.decision is None or damage_of(tracked):
            return tracked
        return replace(tracked, decision=damaged(tracked.decision, wrong))

    def _proven(self, tracked: TrackedPhoto, outcome: Delivered) -> None:
        now = self.context.clock()
        self._in_vain.arrived(tracked)
        if outcome.leftover:
            self._leftovers.add(outcome.transfer)
        self._ready.append(
            replace(tracked, state=State.PROVEN, proofs=outcome.proofs, proven_at=now, reason=None, not_before=None)
        )
        self.bytes += sum(proof.held.size for proof in outcome.proofs if proof.method is Method.READ_BACK)
        for copy in self._copies_of(tracked):
            # The same bytes, proven a moment ago: the copy rests on the same proof.
            same = tuple(replace(proof, method=Method.ALREADY_THERE) for proof in outcome.proofs)
            self._ready.append(
                replace(copy, state=State.PROVEN, proofs=same, proven_at=now, reason=None, not_before=None)
            )

    def _copies_of(self, tracked: TrackedPhoto) -> list[TrackedPhoto]:
        """The copies that waited for this outcome. A later copy is delivered by itself, and found on the share."""
        self._first.pop(_content(tracked), None)
        return self._copies.pop(tracked.id, [])

    def _flush(self) -> None:
        ready, self._ready = self._ready, []
        sent = [tracked for tracked in self._under_way.values() if tracked.state is State.SENT]
        self.context.journal.save(*ready, *sent)
        # Not earlier: after a crash nobody would know about the file that has its name on the share.
        for tracked in ready:
            if tracked.transfer is not None:
                names, leftover = [proof.name for proof in tracked.proofs], tracked.transfer in self._leftovers
                self.half_sent.arrived(tracked.transfer, names, leftover=leftover)
        for tracked in ready:
            names = [proof.name for proof in tracked.proofs]
            method = tracked.proofs[0].method.value
            self.audience.event(Event(Happened.PROVEN, tracked.id, {"names": names, "method": method}))
        if ready:
            self.proven(ready)

    def _failed(self, tracked: TrackedPhoto, error: AgentError) -> None:
        """The share did not accept the photo: its transfer starts again, from decided."""
        after = waiting(self.context, replace(tracked, state=State.DECIDED), error)
        after = replace(after, reason=self._in_vain.failed(tracked, error, self.context.clock()))
        self.context.journal.save(after)
        self._boundary.failures += 1
        self.audience.event(failed(after))

    def _refused(self, tracked: TrackedPhoto, error: Unreadable) -> None:
        """The photo crashed the reading process twice: it stays, and is not tried again until its file changes."""
        # Its half-sent files have only temporary names on the share, and are removed there. It continues from decided.
        decided = replace(tracked, state=State.DECIDED)
        self.context.journal.save(decided)
        self.context.journal.save(replace(decided, state=State.REFUSED, reason=str(error), attempts=UNREADABLE))
        details = {"state": State.REFUSED.value, "reason": str(error)}
        self.audience.event(Event(Happened.HELD, tracked.id, details))

    def _what_fits(self, tracked_photos: list[TrackedPhoto]) -> list[TrackedPhoto]:
        """The photos for which the share has room; the others are put off before, not after, their bytes are sent."""
        room = self.share.space().free
        if room is None:
            return tracked_photos
        fitting = []
        for tracked in tracked_photos:
            if tracked.photo.size <= room:
                room -= tracked.photo.size
                fitting.append(tracked)
            else:
                self._boundary.put_off(tracked, ShareFull("the share has no room for this photo: ask IT to make room"))
        return fitting
