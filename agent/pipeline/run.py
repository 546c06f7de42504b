"""One run, from top to bottom: finish what a crash left, look, settle, decide, send, prove, record, remove.

Every step is durable before the next begins, so that a run may end anywhere, by a fault, by Ctrl-C or by the power, and
the next one comes out the same.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from agent.errors import (
    AgentError,
    HostKeyRefused,
    JournalError,
    LocalFault,
    RecordError,
    ShareFault,
    ShareRefused,
    ShareUnreachable,
)
from agent.journal import Standing, State
from agent.model import Register, TransferId
from agent.pipeline import damage, examine, finish, forwarding, send
from agent.pipeline.events import Audience, Event, Happened, Nobody, Summary
from agent.pipeline.facts import LAST_REACHED, REGISTER_ON_RECORD, REGISTER_REFUSAL
from agent.pipeline.onrecord import put_down_standings
from agent.pipeline.publish import Publishing
from agent.pipeline.renew import needs_share, no_register, renew_register
from agent.pipeline.reprove import prove_again
from agent.pipeline.stages import Stages
from agent.pipeline.whereabouts import close_dismissed, where
from agent.record import JSON, Kind
from agent.removal import recover
from agent.share import Share


@dataclass(slots=True)
class Run:
    """One run over `roots`.

    `patient` is the service's way: photos that wait for their next try, or have not settled, are left alone. Without
    it, as when a teacher presses "sync now", everything is tried now and settling is waited for. `stopping` is asked
    between photos. `renew` says whether the register is fetched first.
    """

    stages: Stages
    roots: Sequence[Path]
    audience: Audience = field(default_factory=Nobody)
    patient: bool = False
    renew: bool = True
    stopping: Callable[[], bool] = lambda: False
    summary: Summary = field(default_factory=Summary)
    _share: Share | None = None

    def through(self) -> Summary:
        """See every photo as far as it can go now. What ends the run early is in the summary, not in an exception."""
        started = time.monotonic()
        try:
            self._take_the_photos_on()
            self._publish()
        finally:
            if self._share is not None:
                self._share.close()
        self.summary.seconds = time.monotonic() - started
        self._count_what_is_left()
        forwarding.after_run(self.stages)
        return self.summary

    def _take_the_photos_on(self) -> None:
        try:
            self._finish_what_was_proven()
            if self.renew:
                self._renew_register()
            self._examine()
            put_down_standings(self.stages)
            if not self.stopping():
                self._send()
        except (ShareUnreachable, ShareRefused) as fault:
            self._share_failed(fault)
        except AgentError as fault:
            self._failed(fault)

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _finish_what_was_proven(self) -> None:
        journal = self.stages.journal
        finish.put_on_record(self.stages, journal.standings(State.PROVEN))
        close_dismissed(self.stages)
        recorded = journal.standings(State.RECORDED)
        try:
            recover(self.roots, (member.file.path.parent for one in recorded for member in one.photo.members))
        except LocalFault as fault:
            self._notice(str(fault))  # it is whole where it is; the other photos go on
        now = self.stages.clock()
        self._take_away_earlier([one for one in recorded if not (self.patient and one.waits(now))])

    def _take_away_earlier(self, recorded: Sequence[Standing]) -> None:
        """Photos that an earlier run proved: where are they, and does the share hold them still?"""
        found = where(self.stages, recorded)
        for text in found.notices:
            self._notice(text)
        finish.folder_gone(self.stages, found.folder_gone)
        self.summary.removed += finish.conclude(self.stages, found.gone, self.audience)
        obstacles = [(one, finish.why_it_stays(self.stages, one)) for one in found.here]
        self.stages.journal.save(*(replace(one, reason=why) for one, why in obstacles if why is not None))
        ripe = [one for one, why in obstacles if why is None]
        if not ripe or self.stopping():
            return
        try:
            share = self._connected(delivering=True)
            proven = prove_again(self.stages, share, ripe)
        except (ShareUnreachable, ShareRefused) as fault:
            self._share_failed(fault)  # nothing is removed on an old proof; what is local goes on
            return
        for text in proven.notices:
            self._notice(text)
        now = self.stages.clock()
        self.summary.removed += finish.take_away(self.stages, proven.still, self.audience, checked_at=now)

    def _renew_register(self) -> None:
        if isinstance(self.summary.fault, ShareUnreachable | ShareRefused):
            return  # it was not there a moment ago: the last good register stands
        share = None
        if needs_share(self.stages):
            try:
                share = self._connected()
            except (ShareUnreachable, ShareRefused) as fault:
                # The last good register stands; local photos are still looked at, and wait.
                self._share_failed(fault)
                return
        renewal = renew_register(self.stages, share)
        self.stages.journal.set_fact(REGISTER_REFUSAL, renewal.refusal)
        if renewal.refusal:
            self._notice(f"the register was not renewed, the last good one stands: {renewal.refusal}")
        if renewal.register is not None:
            self._put_register_on_record(renewal.register)

    def _put_register_on_record(self, register: Register) -> None:
        """Once for each change, whoever fetched it: `doctor` and `visits accept` do so too."""
        before = self.stages.journal.fact(REGISTER_ON_RECORD)
        if before == register.version:
            return
        body: dict[str, JSON] = {
            "register_version": register.version,
            "previous_version": before,
            "visits": len(register.visits),
            "cameras": len(register.cameras),
            "read_at": register.read_at.isoformat(),
        }
        event = f"register-{register.version[:16]}-{register.read_at.isoformat(timespec='seconds')}"
        self.stages.record.append(Kind.REGISTER_CHANGED, body, event=event, at=self.stages.clock())
        self.stages.journal.set_fact(REGISTER_ON_RECORD, register.version)

    def _examine(self) -> None:
        seen = examine.look(self.stages, self.roots)
        self.summary.found = seen.photos
        for trouble in (*seen.troubles, *seen.away):
            self._notice(trouble)
        wait = examine.unsettled(self.stages)
        if wait is not None and not self.patient and not self.stopping():
            self.stages.sleep(wait.total_seconds())
            for text in examine.look(self.stages, self.roots).away:
                self._notice(text)
        examine.settle(self.stages)
        self.summary.private = examine.decide_all(self.stages, self.audience, self.stopping)
        if self.summary.private or seen.forgotten:
            self.stages.journal.tidy()  # so that not even a deleted row still names what is private

    def _send(self) -> None:
        pending = send.due(self.stages, patient=self.patient)
        self.summary.visit = len(pending)
        if not pending or self.summary.fault is not None:
            return
        excuse = no_register(self.stages, self.stages.registers.current())
        if excuse:  # what was decided by a register that is too old is not sent by it either
            self.stages.journal.save(*(replace(one, reason=excuse) for one in pending if one.reason != excuse))
            return
        share = self._connected(delivering=True)
        send.reached(self.stages)
        self._sweep(share, [standing.transfer for standing in pending if standing.transfer is not None])
        sending = send.Sending(self.stages, share, self.audience, self._proven, self.stopping)
        try:
            sending.run(send.due(self.stages, patient=self.patient))
        finally:
            self.summary.sent += sending.sent
            self.summary.bytes += sending.bytes
            self.summary.failed += sending.failed

    def _proven(self, standings: list[Standing]) -> None:
        self.summary.proven += len(standings)
        self.summary.damaged += damage.tell(self.stages, self.audience, standings)
        recorded = finish.put_on_record(self.stages, standings)
        self.summary.removed += finish.take_away(self.stages, recorded, self.audience)

    def _publish(self) -> None:
        """Sign what was put on record and send it; the photos are done with by now, whatever becomes of this."""
        if isinstance(self.summary.fault, RecordError | JournalError):
            return
        publishing = Publishing(self.stages, self._notice)
        try:
            publishing.seal()
            if self.summary.fault is None and not self.stopping():
                publishing.send(self._connected)
        except JournalError as fault:
            self._failed(fault)

    # --- the share ---------------------------------------------------------------------------------------------------

    def _connected(self, *, delivering: bool = False) -> Share:
        if self._share is None:
            self._share = self.stages.connect(delivering=delivering)
            self.stages.journal.set_fact(LAST_REACHED, self.stages.clock().isoformat())
        return self._share

    def _sweep(self, share: Share, keep: Sequence[TransferId]) -> None:
        try:
            share.sweep(keep)
        except ShareFault as fault:
            # What lies there is in nobody's way; each photo finds out for itself whether it can be sent.
            self._notice(f"what an earlier, broken transfer left on the share stays there for now: {fault}")

    def _share_failed(self, fault: ShareUnreachable | ShareRefused) -> None:
        self._failed(fault)
        if isinstance(fault, ShareRefused):
            now = self.stages.clock()
            # Once a day is enough to be seen; each try would drown what matters.
            reason = "host key" if isinstance(fault, HostKeyRefused) else "login"
            event = f"share-refused-{reason}-{now:%Y-%m-%d}"
            self.stages.record.append(Kind.SHARE_REFUSED, {"reason": reason}, event=event, at=now)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _failed(self, fault: AgentError) -> None:
        self.summary.fault = fault
        self._notice(str(fault))

    def _notice(self, text: str) -> None:
        self.audience.event(Event(Happened.NOTICE, details={"text": text}))

    def _count_what_is_left(self) -> None:
        counts = self.stages.journal.counts()
        away = Counter(one.state for one in self.stages.journal.away() if not one.is_here)
        self.summary.away = away.total()
        self.summary.review = counts.get(State.REVIEW, 0) - away[State.REVIEW]
        self.summary.refused = counts.get(State.REFUSED, 0) - away[State.REFUSED]
        open_states = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN)
        self.summary.waiting = sum(counts.get(state, 0) - away[state] for state in open_states) + self._not_removed()
        self.summary.stopped = self.stopping()

    def _not_removed(self) -> int:
        """Recorded photos that should be gone and are not; those kept on purpose do not count."""
        keep = timedelta(hours=self.stages.settings.removal.keep_hours)
        now = self.stages.clock()
        recorded = [one for one in self.stages.journal.standings(State.RECORDED) if one.is_here]
        return sum(one.proven_at is None or max(now - one.proven_at, timedelta(0)) >= keep for one in recorded)
