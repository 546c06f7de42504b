"""One run, from top to bottom: finish what a crash left, look, settle, decide, send, prove, record, remove.

Every step is durable before the next begins, so that a run may end anywhere, by a fault, by Ctrl-C or by the power, and
the next one comes out the same.
"""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
    Unforeseen,
    contained,
)
from agent.journal import State, TrackedPhoto
from agent.model import Outcome, Register, TransferId
from agent.pipeline import answers, damage, examine, finish, inspect_record, leftonshare, receivers, send
from agent.pipeline.attest import put_on_record
from agent.pipeline.cardrules import released
from agent.pipeline.clocks import TRUSTED, notice_a_leap_back
from agent.pipeline.connection import FRESH, RunConnection
from agent.pipeline.context import Context
from agent.pipeline.events import Audience, Event, Happened, Nobody, Summary
from agent.pipeline.former import link_former_names
from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.journal_keys import REGISTER_ON_RECORD, REGISTER_REFUSAL, SHARE_TROUBLE
from agent.pipeline.misgivings import misgivings
from agent.pipeline.publish import Publishing
from agent.pipeline.record_entries import record_reviews_and_delays
from agent.pipeline.renew import needs_share, no_register, renew_register
from agent.pipeline.reprove import prove_again
from agent.pipeline.status import is_kept
from agent.pipeline.whereabouts import close_dismissed, where
from agent.record import JSON, EntryKind
from agent.removal import recover
from agent.share import Share


@dataclass(slots=True)
class Run:
    """One run over `roots`.

    `patient` is the service's way: photos that wait for their next try, or have not settled, are left alone. Without
    it, as when a teacher presses "sync now", everything is tried now and settling is waited for. `stopping` is asked
    between photos. `renew` says whether the register is fetched first, `answers_at_once` whether an impatient run ends
    the time in which answers about other photos can be undone.
    """

    context: Context
    roots: Sequence[Path]
    audience: Audience = field(default_factory=Nobody)
    patient: bool = False
    renew: bool = True
    answers_at_once: bool = True
    stopping: Callable[[], bool] = lambda: False
    summary: Summary = field(default_factory=Summary)
    _connection: RunConnection = field(init=False)
    _strange: Unforeseen | None = None

    def __post_init__(self) -> None:
        self._connection = RunConnection(self.context, self._notice, self.patient)

    def through(self) -> Summary:
        """See every photo as far as it can go now. What ends the run early is in the summary, not in an exception."""
        started = time.monotonic()
        try:
            self._explained(self._take_the_photos_on)
            if not self.patient:
                self.context.rest()  # no more photos are read; what signs the record takes as much memory
            self._explained(self._publish)
            self._explained(self._look_at_the_clock)
        finally:
            self._connection.close()
        self.summary.seconds = time.monotonic() - started
        self._explained(self._count_what_is_left)
        self._explained(self._say_what_stays_on_cards)
        receivers.after_run(self.context)
        self.summary.fault = self.summary.fault or self._strange
        return self.summary

    def _take_the_photos_on(self) -> None:
        """One step after the other. What nobody foresaw in one of them is told, and the next ones are tried as well."""
        if self.renew and needs_share(self.context):
            self._connection.begin()
        for step in (
            self._look_at_the_clock,
            self._put_back_what_a_crash_left,
            self._link_former_names,
            self._finish_what_was_proven,
            self._renew_register,
            self._doubt_the_register,
            self._take_up_answers,
            self._examine,
            self._put_down_standings,
            self._send,
        ):
            try:
                with contained("this run"):
                    step()
            except Unforeseen as fault:
                self._strange = self._strange or fault
                self._notice(str(fault))

    def _explained(self, steps: Callable[[], None]) -> None:
        """Take these steps; a fault that ends them is told and is in the summary. The first is the one that counts."""
        try:
            steps()
        except (ShareUnreachable, ShareRefused) as fault:
            self._share_failed(fault)
        except AgentError as fault:
            self._failed(fault)

    def _link_former_names(self) -> None:
        try:
            link_former_names(self.context)
        except RecordError as fault:
            self._notice(str(fault))  # tried again by the next run; the photos go on

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _look_at_the_clock(self) -> None:
        notice_a_leap_back(self.context)

    def _put_back_what_a_crash_left(self) -> None:
        recorded = self.context.journal.tracked_photos(State.RECORDED)
        try:
            recover(self.roots, (member.file.path.parent for one in recorded for member in one.photo.members))
        except LocalFault as fault:
            self._notice(str(fault))  # it is whole where it is; the other photos go on

    def _finish_what_was_proven(self) -> None:
        journal = self.context.journal
        finish.put_on_record(self.context, self._ripe(journal.tracked_photos(State.PROVEN)), self.audience)
        close_dismissed(self.context)
        self._take_away_earlier(self._ripe(journal.tracked_photos(State.RECORDED)))

    def _take_away_earlier(self, recorded: Sequence[TrackedPhoto]) -> None:
        """Photos that an earlier run proved: where are they, and does the share hold them still?"""
        found = where(self.context, recorded)
        for text in found.notices:
            self._notice(text)
        finish.folder_gone(self.context, found.folder_gone)
        self.summary.removed += finish.conclude(self.context, found.gone, self.audience)
        mounted = self.context.mounted()
        here = found.here if self.patient else released(self.context, found.here, self.roots)
        obstacles = [(one, finish.why_it_stays(self.context, one, mounted)) for one in here]
        finish.hold(self.context, [(one, why) for one, why in obstacles if why is not None])
        ripe = [one for one, why in obstacles if why is None]
        if not ripe or self.stopping():
            return
        try:
            share = self._connection.made(delivering=True)
            proven = prove_again(self.context, share, ripe)
        except (ShareUnreachable, ShareRefused) as fault:
            self._share_failed(fault)  # nothing is removed on an old proof; what is local goes on
            return
        for text in proven.notices:
            self._notice(text)
        now = self.context.clock()
        self.summary.removed += finish.take_away(self.context, proven.still, self.audience, checked_at=now)

    def _ripe(self, tracked_photos: list[TrackedPhoto]) -> list[TrackedPhoto]:
        """Those to be taken on now: a patient run leaves those that wait alone."""
        now = self.context.clock()
        return [one for one in tracked_photos if not (self.patient and one.waits(now))]

    def _renew_register(self) -> None:
        if not self.renew or isinstance(self.summary.fault, ShareUnreachable | ShareRefused):
            return  # where the share was not there a moment ago, the last good register stands
        share = None
        if needs_share(self.context):
            try:
                share = self._connection.made()
            except (ShareUnreachable, ShareRefused) as fault:
                # The last good register stands; local photos are still looked at, and wait.
                self._share_failed(fault)
                return
        renewal = renew_register(self.context, share)
        self.context.journal.set_fact(REGISTER_REFUSAL, renewal.refusal)
        if renewal.refusal:
            self._notice(
                f"The visits register could not be used, so the last good one is used instead: {renewal.refusal}"
            )
        if renewal.register is not None:
            self._put_register_on_record(renewal.register)

    def _doubt_the_register(self) -> None:
        """Say what is wrong with the register that this run goes by; without any, photos wait and say so themselves."""
        register = self.context.registers.current()
        doubts = misgivings(self.context, register)
        if doubts is not None and (self.renew or not self.patient):
            self._notice(doubts)
        refusal = self.context.journal.fact(REGISTER_REFUSAL)
        self.summary.register = None if register is None else refusal or doubts

    def _take_up_answers(self) -> None:
        for problem in answers.take_effect(self.context, at_once=not self.patient and self.answers_at_once):
            self._notice(problem)

    def _put_register_on_record(self, register: Register) -> None:
        """Once for each change, whoever fetched it: `doctor` and `visits accept` do so too."""
        before = self.context.journal.fact(REGISTER_ON_RECORD)
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
        self.context.record.append(EntryKind.REGISTER_CHANGED, body, event=event, at=self.context.clock())
        self.context.journal.set_fact(REGISTER_ON_RECORD, register.version)

    def _examine(self) -> None:
        seen = examine.look(self.context, self.roots)
        self.summary.found = seen.photos
        for trouble in (*seen.troubles, *seen.away):
            self._notice(trouble)
        wait = examine.unsettled(self.context)
        self.summary.left_alone = seen.left_alone
        began = seen.began
        rested: examine.Looks = {}
        if wait is not None and not self.patient and not self.stopping():
            looks = examine.resting(self.context)
            if wait.total_seconds() < FRESH and not no_register(self.context, self.context.registers.current()):
                self._log_in_early()
            self.context.sleep(wait.total_seconds())
            # By the clock that does not leap; the other may have been set meanwhile.
            if time.monotonic() - seen.steady >= self.context.settings.folders.settle_seconds:
                rested = looks
            again = examine.look(self.context, self.roots)
            began = again.began
            for text in again.away:
                self._notice(text)
        examine.settle(self.context, began, rested)
        if self._connection.share is None and send.may_be_due(self.context, patient=self.patient):
            self._log_in_early()
        decided = examine.decide_all(self.context, self.audience, self.stopping, patient=self.patient)
        self.summary.private = decided.private
        self.summary.left_alone += decided.private
        self.summary.failed += decided.failed
        if self.summary.private or seen.forgotten:
            self.context.journal.tidy()  # so that not even a deleted row still names what is private

    def _log_in_early(self) -> None:
        """Where something may be to send soon, and nothing stands in its way yet."""
        if self.summary.fault is None and not self.stopping():
            self._connection.begin(delivering=True)

    def _put_down_standings(self) -> None:
        right = self._connection.clock_ahead is not None and abs(self._connection.clock_ahead) <= TRUSTED
        record_reviews_and_delays(self.context, clock_is_right=right)
        put_on_record(self.context)
        inspect_record.put_on_record(self.context)

    def _send(self) -> None:
        if self.stopping():
            return
        for_it = send.waiting_for_it(self.context)
        if for_it and not self.patient:
            photos = "1 photo was" if for_it == 1 else f"{for_it} photos were"
            self._notice(
                f"{photos} sent three times and could not be checked on the share. They stay on this laptop and wait "
                "for IT: once IT has mended the share, “photo-agent doctor” lets them be sent again."
            )
        pending = send.due(self.context, patient=self.patient)
        self.summary.visit = len(pending)
        if self.summary.fault is not None:
            return
        if not pending:
            self._look_for_what_was_left()
            return
        excuse = no_register(self.context, self.context.registers.current())
        if excuse:  # what was decided by a register that is too old is not sent by it either
            self.context.journal.save(*(replace(one, reason=excuse) for one in pending if one.reason != excuse))
            return
        share = self._connection.made(delivering=True)
        send.reached(self.context)
        half_sent = HalfSentTransfers(self.context.journal)
        self._sweep(share, half_sent, [tracked.transfer for tracked in pending if tracked.transfer is not None])
        sending = send.Sending(self.context, share, self.audience, self._proven, self.stopping, half_sent)
        try:
            sending.run(send.due(self.context, patient=self.patient))
        finally:
            self.summary.sent += sending.sent
            self.summary.bytes += sending.bytes
            self.summary.failed += sending.failed

    def _look_for_what_was_left(self) -> None:
        """Where nothing is to be sent: what a cut transfer had named on the share before is found all the same."""
        half_sent = HalfSentTransfers(self.context.journal)
        if leftonshare.not_sent_again(self.context, half_sent):
            with contextlib.suppress(ShareUnreachable):  # another time: away from the network nothing is owed
                self._sweep(self._connection.made(), half_sent, ())

    def _proven(self, tracked_photos: list[TrackedPhoto]) -> None:
        self.summary.proven += len(tracked_photos)
        self._count_by_visit(tracked_photos)
        self.summary.damaged += damage.report_damaged(self.context, self.audience, tracked_photos)
        recorded = finish.put_on_record(self.context, tracked_photos, self.audience)
        self.summary.removed += finish.take_away(self.context, recorded, self.audience)

    def _count_by_visit(self, tracked_photos: list[TrackedPhoto]) -> None:
        register = self.context.registers.current()
        titles = {} if register is None else {visit.id: visit.title for visit in register.visits}
        counts = {str(one["id"]): one for one in self.summary.visits}
        for tracked in tracked_photos:
            if tracked.decision is not None and (visit := tracked.decision.visit) is not None:
                one = counts.setdefault(visit, {"id": visit, "title": titles.get(visit, visit), "proven": 0})
                one["proven"] = int(str(one["proven"])) + 1
        self.summary.visits = list(counts.values())

    def _publish(self) -> None:
        """Sign what was put on record and send it; the photos are done with by now, whatever becomes of this."""
        if isinstance(self.summary.fault, RecordError | JournalError):
            return
        publishing = Publishing(self.context, self._notice)
        may_send = self.summary.fault is None and not self.stopping()
        try:
            connected: Callable[[], Share] = self._connection.made
            if may_send and publishing.is_due():
                connected = self._tried()  # before anything is put down: entries carry the share's time
            publishing.seal()
            if may_send:
                publishing.send(connected)
        except JournalError as fault:
            self._failed(fault)
        away = self._connection.share is None and publishing.unreachable
        if not away:  # a laptop away from the network owes nothing
            self.summary.unpublished = publishing.trouble

    def _tried(self) -> Callable[[], Share]:
        """Connect now; what stood in the way is raised again to whoever asks, and not tried twice."""
        try:
            self._connection.made()
        except (ShareFault, ShareUnreachable, ShareRefused) as fault:
            return _raising(fault)
        return self._connection.made

    # --- the share ---------------------------------------------------------------------------------------------------

    def _sweep(self, share: Share, half_sent: HalfSentTransfers, keep: Sequence[TransferId]) -> None:
        try:
            share.sweep(keep, half_sent.known())
            over = leftonshare.not_sent_again(self.context, half_sent)
            found, unread = leftonshare.look_for(self.context, share, over)
            half_sent.keep_only(leftonshare.still_to_come(self.context, half_sent) | unread)
            if found:
                self._notice(leftonshare.said(found))
        except ShareFault as fault:
            # What lies there is in nobody's way; each photo finds out for itself whether it can be sent.
            self._notice(f"What an earlier, broken transfer left on the share could not be removed yet: {fault}")

    def _share_failed(self, fault: ShareUnreachable | ShareRefused) -> None:
        self._failed(fault)
        self._explained(lambda: self._put_down_trouble(fault))

    def _put_down_trouble(self, fault: ShareUnreachable | ShareRefused) -> None:
        now = self.context.clock()
        before = self.context.journal.fact(SHARE_TROUBLE)
        code, _, since, *_ = json.loads(before) if before else (None, None, None)
        since = since if code == fault.exit_code else now.isoformat()
        self.context.journal.set_fact(
            SHARE_TROUBLE, json.dumps([fault.exit_code, str(fault), since, isinstance(fault, HostKeyRefused)])
        )
        if isinstance(fault, ShareRefused):
            # Once a day is enough to be seen; each try would drown what matters.
            reason = "host key" if isinstance(fault, HostKeyRefused) else "login"
            event = f"share-refused-{reason}-{now:%Y-%m-%d}"
            self.context.record.append(EntryKind.SHARE_REFUSED, {"reason": reason}, event=event, at=now)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _failed(self, fault: AgentError) -> None:
        # What cannot be written here is graver than a share that waits.
        if self.summary.fault is None or isinstance(fault, RecordError | JournalError):
            self.summary.fault = fault
        self._notice(str(fault))

    def _notice(self, text: str) -> None:
        self.audience.event(Event(Happened.NOTICE, details={"text": text}))

    def _say_what_stays_on_cards(self) -> None:
        if self.patient:
            return
        recorded = self.context.journal.tracked_photos(State.RECORDED)
        stay = [one for one in recorded if one.away is Outcome.KEPT]
        asked = sum(any(one.photo.main.path.is_relative_to(root) for root in self.roots) for one in stay)
        if asked:
            photos, stay_too = ("1 photo is", "stays") if asked == 1 else (f"{asked} photos are", "stay")
            self._notice(f"{photos} safe on the school network and {stay_too} on the card too, as the settings say.")

    def _count_what_is_left(self) -> None:
        counts = self.context.journal.counts()
        away = Counter(one.state for one in self.context.journal.away() if not one.is_here)
        self.summary.away = away.total()
        self.summary.review = counts.get(State.REVIEW, 0) - away[State.REVIEW]
        self.summary.refused = counts.get(State.REFUSED, 0) - away[State.REFUSED]
        open_states = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN)
        self.summary.waiting = sum(counts.get(state, 0) - away[state] for state in open_states) + self._not_removed()
        self.summary.stopped = self.stopping()

    def _not_removed(self) -> int:
        """Recorded photos that should be gone and are not; those kept on purpose do not count."""
        recorded = [one for one in self.context.journal.tracked_photos(State.RECORDED) if one.is_here]
        recorded = [one for one in recorded if one.away is not Outcome.KEPT]
        return sum(one.proven_at is None or not is_kept(self.context, one.proven_at) for one in recorded)


def _raising(fault: AgentError) -> Callable[[], Share]:
    def connected() -> Share:
        raise fault

    return connected
