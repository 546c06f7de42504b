"""From decided to proven: packed newest visit first, handed to the share as it asks for more, its outcomes put down.

What the share was meant to get is in the journal before the first byte leaves; what it got, as soon as that is proven.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from agent.capture import Unreadable
from agent.errors import AgentError, ShareFull, Unforeseen, contained
from agent.journal import Standing, State
from agent.model import Capture, Delivery, Fingerprint, Method, PhotoId, VisitId
from agent.pipeline.boundary import Boundary, failed, waiting
from agent.pipeline.clocks import believed
from agent.pipeline.damage import damage_of, damaged
from agent.pipeline.events import Audience, Event, Happened
from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.invain import InVain
from agent.pipeline.pack import measured, pack
from agent.pipeline.redecide import AnotherPhoto, as_it_is, decided_still
from agent.pipeline.stages import UNREADABLE, Stages
from agent.share import Delivered, Outcome, Sent, Share, Undelivered

AT_ONCE = 8
"""Photos measured and put down in one commit before they are handed over."""

Same = tuple[VisitId | None, tuple[Fingerprint, ...]]
"""Photos with equal contents that go to the same visit: identical copies of one another."""


def due(stages: Stages, *, patient: bool) -> list[Standing]:
    """Photos to send now, newest visit first and small files first within it. Patient: leaves those that wait alone."""
    now = stages.clock()
    register = stages.registers.current()
    starts = {} if register is None else {visit.id: visit.span.earliest for visit in register.visits}
    long_ago = datetime.min.replace(tzinfo=UTC)

    def urgency(standing: Standing) -> tuple[timedelta, int]:
        visit = None if standing.decision is None else standing.decision.visit
        start = long_ago if visit is None else starts.get(visit, long_ago)
        return now - start, standing.photo.size

    in_vain = InVain.load(stages.journal)
    here = (standing for standing in stages.journal.standings(State.DECIDED, State.SENT) if standing.is_here)
    pending = [one for one in here if not in_vain.waits(one, now)]
    return sorted((standing for standing in pending if not (patient and standing.waits(now))), key=urgency)


def waiting_for_it(stages: Stages) -> int:
    """How many photos are not sent until IT has looked at the share."""
    in_vain, now = InVain.load(stages.journal), stages.clock()
    return sum(in_vain.waits(one, now) for one in stages.journal.standings(State.DECIDED, State.SENT))


def reached(stages: Stages) -> None:
    """Put down, for photos that waited for it, when the share was first reachable: "overdue" counts from there."""
    now = believed(stages)
    pending = [one for one in stages.journal.standings(State.DECIDED, State.SENT) if one.is_here]
    stages.journal.save_if_unchanged([(one, replace(one, reachable_at=now)) for one in pending if not one.reachable_at])


@dataclass(slots=True)
class Sending:
    """One round of sending. Its outcomes are put down as they come; proven photos go to `proven`, in batches."""

    stages: Stages
    share: Share
    audience: Audience
    proven: Callable[[list[Standing]], None]
    stopping: Callable[[], bool]
    half_sent: HalfSentTransfers
    bytes: int = 0
    sent: int = 0
    _in_vain: InVain = field(init=False)
    _boundary: Boundary = field(init=False)
    _under_way: dict[str, Standing] = field(default_factory=dict)
    _first: dict[Same, PhotoId] = field(default_factory=dict)
    _copies: dict[PhotoId, list[Standing]] = field(default_factory=dict)
    _ready: list[Standing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._in_vain = InVain.load(self.stages.journal)
        self._boundary = Boundary(self.stages, self.audience)

    @property
    def failed(self) -> int:
        """How many photos could not be sent, each with an event that says why."""
        return self._boundary.failures

    def run(self, standings: list[Standing]) -> None:
        """Send these; returns when all have an outcome, or those in flight when asked to stop.

        Raises ShareUnreachable or ShareRefused after putting down what was proven until then.
        """
        fitting = self._what_fits(standings)
        self.audience.expect(len(fitting), sum(standing.photo.size for standing in fitting))
        try:
            for outcome in self.share.deliver(self._deliveries(fitting), self.audience.advance, self.stopping):
                self._put_down(outcome)
        finally:
            self._flush()

    def _deliveries(self, standings: list[Standing]) -> Iterator[Delivery]:
        for start in range(0, len(standings), AT_ONCE):
            if self.stopping():
                return
            some = standings[start : start + AT_ONCE]
            before = {standing.id: standing for standing in some}
            batch = list(self._boundary.each(self._until_stopped(some), self._measured))
            # An answer that a person took back since it was read here is not acted on any more.
            batch = self.stages.journal.save_if_unchanged([(before[one.id], one) for one in batch])
            self.half_sent.begin(batch)
            for standing in batch:
                if self.stopping():
                    return
                capture = next(filter(None, self._boundary.each([standing], self._as_decided)), None)
                if capture is None:
                    continue
                same = (standing.decision.visit if standing.decision else None, standing.fingerprints)
                first = self._first.setdefault(same, standing.id)
                if first != standing.id:
                    self._copies.setdefault(first, []).append(standing)
                    continue
                for delivery in filter(None, self._boundary.each([standing], partial(self._packed, capture=capture))):
                    # Looked into while it travels, and before it can be removed.
                    self.stages.capture.begin_decoding(standing.photo.main.path)
                    self._under_way[delivery.transfer] = standing
                    yield delivery

    def _until_stopped(self, standings: list[Standing]) -> Iterator[Standing]:
        for standing in standings:
            if self.stopping():  # a long video takes a while to read
                return
            yield standing

    def _measured(self, standing: Standing) -> Standing:
        ready = measured(self.stages, standing)
        return replace(ready, reachable_at=ready.reachable_at or believed(self.stages))

    def _as_decided(self, standing: Standing) -> Capture | None:
        """What the photo says, if it is still the one that was decided on; else it is found again, or waits."""
        try:
            return decided_still(self.stages, standing)
        except AnotherPhoto as fault:
            self._found_again(standing, fault)
        except Unreadable as fault:
            self._refused(standing, fault)
        return None

    def _packed(self, standing: Standing, capture: Capture) -> Delivery | None:
        try:
            return pack(self.stages, standing, capture)
        except Unreadable as fault:
            self._refused(standing, fault)
            return None

    def _found_again(self, standing: Standing, fault: AnotherPhoto) -> None:
        photo = as_it_is(standing.photo)
        if photo is None:  # a part of it is gone: the next look at its folder finds what is left
            self._failed(standing, fault)
            return
        self._boundary.failures += 1
        self.stages.journal.find_again(standing.id, photo, self.stages.clock())
        self.audience.event(Event(Happened.FAILED, standing.id, {"reason": str(fault)}))

    def _put_down(self, outcome: Outcome) -> None:
        standing = self._under_way[outcome.transfer]
        if isinstance(outcome, Sent):
            # Committed with the next batch: a crash before that only means that the upload is looked at again.
            self._under_way[outcome.transfer] = replace(standing, state=State.SENT)
            self.sent += 1
            self.audience.event(Event(Happened.SENT, standing.id, {"bytes": standing.photo.size}))
        elif isinstance(outcome, Undelivered):
            del self._under_way[outcome.transfer]
            self._failed(standing, outcome.error)
        elif isinstance(outcome, Delivered):
            del self._under_way[outcome.transfer]
            self.half_sent.arrived(outcome.transfer)
            self._proven(self._looked_into(standing), outcome)
        if len(self._ready) >= AT_ONCE:
            self._flush()

    def _looked_into(self, standing: Standing) -> Standing:
        """With the damage, if its picture does not decode; that it is sent all the same is never in question."""
        try:
            with contained("a photo"):
                wrong = self.stages.capture.decodes(standing.photo.main.path)
        except Unforeseen:
            wrong = None  # it is proven already, and of its picture nothing is known
        if wrong is None or standing.decision is None or damage_of(standing):
            return standing
        return replace(standing, decision=damaged(standing.decision, wrong))

    def _proven(self, standing: Standing, outcome: Delivered) -> None:
        now = self.stages.clock()
        self._in_vain.arrived(standing)
        self._ready.append(
            replace(standing, state=State.PROVEN, proofs=outcome.proofs, proven_at=now, reason=None, not_before=None)
        )
        self.bytes += sum(proof.held.size for proof in outcome.proofs if proof.method is Method.READ_BACK)
        for copy in self._copies.pop(standing.id, []):
            # The same bytes, proven a moment ago: the copy rests on the same proof.
            same = tuple(replace(proof, method=Method.ALREADY_THERE) for proof in outcome.proofs)
            self._ready.append(
                replace(copy, state=State.PROVEN, proofs=same, proven_at=now, reason=None, not_before=None)
            )

    def _flush(self) -> None:
        ready, self._ready = self._ready, []
        sent = [standing for standing in self._under_way.values() if standing.state is State.SENT]
        self.stages.journal.save(*ready, *sent)
        for standing in ready:
            names = [proof.name for proof in standing.proofs]
            method = standing.proofs[0].method.value
            self.audience.event(Event(Happened.PROVEN, standing.id, {"names": names, "method": method}))
        if ready:
            self.proven(ready)

    def _failed(self, standing: Standing, error: AgentError) -> None:
        """The share did not take it: whatever was under way of it begins anew, from decided."""
        after = waiting(self.stages, replace(standing, state=State.DECIDED), error)
        after = replace(after, reason=self._in_vain.failed(standing, error, self.stages.clock()))
        self.stages.journal.save(after)
        self._boundary.failures += 1
        self.audience.event(failed(after))

    def _refused(self, standing: Standing, error: Unreadable) -> None:
        """It ended the process that looks into it, twice: it stays, and is not tried again until it is another file."""
        # What was half sent of it has no name on the share yet, and is swept away there: the way on is from decided.
        decided = replace(standing, state=State.DECIDED)
        self.stages.journal.save(decided)
        self.stages.journal.save(replace(decided, state=State.REFUSED, reason=str(error), attempts=UNREADABLE))
        details = {"state": State.REFUSED.value, "reason": str(error)}
        self.audience.event(Event(Happened.HELD, standing.id, details))

    def _what_fits(self, standings: list[Standing]) -> list[Standing]:
        """Those that the share has room for; the others are told so before, not after, their bytes have travelled."""
        room = self.share.space().free
        if room is None:
            return standings
        fitting = []
        for standing in standings:
            if standing.photo.size <= room:
                room -= standing.photo.size
                fitting.append(standing)
            else:
                self._boundary.put_off(standing, ShareFull("the share has no room for this photo: ask IT to make some"))
        return fitting
