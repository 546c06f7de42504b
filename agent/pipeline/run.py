"""One run, from top to bottom: finish what a crash left, look, settle, decide, send, prove, record, remove.

Every step is durable before the next begins. So a run may be ended anywhere, by a fault, by Ctrl-C or by a power cut,
and the next run still gives the same result.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.errors import (
    AgentError,
    JournalError,
    LocalFault,
    RecordError,
    ShareRefused,
    ShareUnreachable,
    Unforeseen,
    contained,
)
from agent.journal import State, TrackedPhoto
from agent.pipeline import (
    answers,
    damage,
    examine,
    finish,
    inspect_record,
    probation,
    receivers,
    run_register,
    run_summary,
    send,
    unconfirmed,
)
from agent.pipeline.attest import put_on_record
from agent.pipeline.cardrules import released
from agent.pipeline.clocks import TRUSTED, notice_a_leap
from agent.pipeline.connection import FRESH
from agent.pipeline.context import Context
from agent.pipeline.events import Audience, Event, Happened, Nobody, Summary
from agent.pipeline.former import link_former_names
from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.journal_keys import REGISTER_REFUSAL
from agent.pipeline.misgivings import misgivings
from agent.pipeline.publish import Publishing
from agent.pipeline.record_entries import record_reviews_and_delays
from agent.pipeline.renew import needs_share, no_register
from agent.pipeline.reprove import confirm, prove_again
from agent.pipeline.run_share import ShareOfRun
from agent.pipeline.whereabouts import close_dismissed, where
from agent.removal import recover
from agent.share import Share
from agent.volumes import Mounted


@dataclass(slots=True)
class Run:
    """One run over `roots`.

    A `patient` run, as the service makes it, leaves photos alone that wait for their next attempt or have not settled.
    Any other run, as when a teacher presses "sync now", tries everything now and waits for photos to settle. `stopping`
    is asked between photos. `renew` says whether the register is fetched first, `answers_at_once` whether an impatient
    run ends the time in which answers about other photos can be undone.
    """

    context: Context
    roots: Sequence[Path]
    audience: Audience = field(default_factory=Nobody)
    patient: bool = False
    renew: bool = True
    answers_at_once: bool = True
    stopping: Callable[[], bool] = lambda: False
    summary: Summary = field(default_factory=Summary)
    _link: ShareOfRun = field(init=False)
    _on_probation: list[TrackedPhoto] = field(default_factory=list)
    _strange: Unforeseen | None = None

    def __post_init__(self) -> None:
        self._link = ShareOfRun(self.context, self.patient, self._notice)

    def through(self) -> Summary:
        """Take every photo as far as it can go now. A fault that ends the run early is in the summary, not raised."""
        started = time.monotonic()
        try:
            self._reporting_faults(self._take_the_photos_on)
            if not self.patient:
                self.context.rest()  # no more photos are read, and signing the record takes as much memory
            self._reporting_faults(self._publish)
            self._reporting_faults(self._look_at_the_clock)
        finally:
            self._link.close()
        self.summary.seconds = time.monotonic() - started
        self._reporting_faults(lambda: run_summary.count_what_is_left(self.context, self.summary))
        self.summary.stopped = self.stopping()
        self._reporting_faults(self._say_what_stays_on_cards)
        receivers.after_run(self.context)
        self.summary.fault = self.summary.fault or self._strange
        return self.summary

    def _take_the_photos_on(self) -> None:
        """Take one step after the other. An unforeseen fault in a step is reported; the next steps are still tried."""
        if self.renew and needs_share(self.context):
            self._link.begin()
        for step in (
            self._look_at_the_clock,
            self._put_back_what_a_crash_left,
            self._link_former_names,
            self._finish_what_was_proven,
            self._renew_register,
            self._doubt_the_register,
            self._take_up_answers,
            self._examine,
            self._record_reviews_and_delays,
            self._send,
        ):
            try:
                with contained("this run"):
                    step()
            except Unforeseen as fault:
                self._strange = self._strange or fault
                self._notice(str(fault))

    def _reporting_faults(self, steps: Callable[[], None]) -> None:
        """Take these steps; a fault that ends them is reported, and the first of them is in the summary."""
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
            self._notice(str(fault))  # the next run tries again; the photos do not wait for it

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _look_at_the_clock(self) -> None:
        notice_a_leap(self.context)

    def _put_back_what_a_crash_left(self) -> None:
        recorded = self.context.journal.tracked_photos(State.RECORDED)
        try:
            recover(self.roots, (member.file.path.parent for one in recorded for member in one.photo.members))
        except LocalFault as fault:
            self._notice(str(fault))  # the photo is whole where it is; the others do not wait for it

    def _finish_what_was_proven(self) -> None:
        journal = self.context.journal
        finish.put_on_record(self.context, self._ripe(journal.tracked_photos(State.PROVEN)), self.audience)
        close_dismissed(self.context)
        self._take_away_earlier(self._ripe(journal.tracked_photos(State.RECORDED)))

    def _take_away_earlier(self, recorded: Sequence[TrackedPhoto]) -> None:
        """Photos that an earlier run proved: where are they, and does the share still hold them?"""
        found = where(self.context, recorded)
        for text in found.notices:
            self._notice(text)
        finish.folder_gone(self.context, found.folder_gone)
        self.summary.removed += finish.conclude(self.context, found.gone, self.audience)
        mounted = self.context.mounted()
        here = found.here if self.patient else released(self.context, found.here, self.roots)
        obstacles = [(one, finish.why_it_stays(self.context, one, mounted)) for one in here]
        finish.hold(self.context, [(one, why) for one, why in obstacles if why and why not in finish.UNSYNCED])
        ripe = [one for one, why in obstacles if not why or why in finish.UNSYNCED]
        settled = {one.id for one in (*ripe, *found.gone, *found.folder_gone)}
        staying = [one for one in unconfirmed.staying(self.context, recorded) if one.id not in settled]
        if not (ripe or staying) or self.stopping():
            return
        try:
            share = self._link.connected(delivering=True)
            proven = prove_again(self.context, share, ripe) + confirm(self.context, share, staying)
        except (ShareUnreachable, ShareRefused) as fault:
            self._share_failed(fault)  # nothing is removed on an old proof; the steps on this laptop continue
            return
        for text in proven.notices:
            self._notice(text)
        now = self.context.clock()
        still = [one for one in proven.still if one.id in settled]
        self.summary.removed += finish.take_away(self.context, still, self.audience, checked_at=now)

    def _ripe(self, tracked_photos: list[TrackedPhoto]) -> list[TrackedPhoto]:
        """The photos to handle now: a patient run leaves waiting photos alone."""
        now = self.context.clock()
        return [one for one in tracked_photos if not (self.patient and one.waits(now))]

    def _renew_register(self) -> None:
        if not self.renew or isinstance(self.summary.fault, ShareUnreachable | ShareRefused):
            return  # the share was not there a moment ago, so the last good register is used
        share = None
        if needs_share(self.context):
            try:
                share = self._link.connected()
            except (ShareUnreachable, ShareRefused) as fault:
                # The last good register is used; photos on this laptop are still examined, and wait.
                self._share_failed(fault)
                return
        run_register.renew(self.context, share, self._notice)

    def _doubt_the_register(self) -> None:
        """Say what is wrong with the register that this run uses. Where there is none, each waiting photo says so."""
        register = self.context.registers.current()
        doubts = misgivings(self.context, register)
        if doubts is not None and (self.renew or not self.patient):
            self._notice(doubts)
        refusal = self.context.journal.fact(REGISTER_REFUSAL)
        self.summary.register = None if register is None else refusal or doubts
        self.summary.no_register = refusal if register is None else None

    def _take_up_answers(self) -> None:
        for problem in answers.take_effect(self.context, at_once=not self.patient and self.answers_at_once):
            self._notice(problem)

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
            # Measured by the monotonic clock; the wall clock may have been set meanwhile.
            if time.monotonic() - seen.steady >= self.context.settings.folders.settle_seconds:
                rested = looks
            again = examine.look(self.context, self.roots)
            began = again.began
            for text in again.away:
                self._notice(text)
        examine.settle(self.context, began, rested)
        if self._link.share is None and send.may_be_due(self.context, patient=self.patient):
            self._log_in_early()
        decided = examine.decide_all(self.context, self.audience, self.stopping, patient=self.patient)
        self.summary.private = decided.private
        self.summary.left_alone += decided.private
        self.summary.failed += decided.failed
        if self.summary.private or seen.forgotten:
            self.context.journal.tidy()  # so that the name of a private photo does not even remain in a deleted row

    def _log_in_early(self) -> None:
        """Start logging in if there may soon be something to send, and nothing has gone wrong yet."""
        if self.summary.fault is None and not self.stopping():
            self._link.begin(delivering=True)

    def _record_reviews_and_delays(self) -> None:
        right = self._link.clock_ahead is not None and abs(self._link.clock_ahead) <= TRUSTED
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
                "for IT. Once IT has repaired the share, “photo-agent doctor” lets them be sent again."
            )
        pending = send.due(self.context, patient=self.patient)
        self.summary.visit = len(pending)
        if self.summary.fault is not None:
            return
        if not pending:
            self._link.sweep_without_sending()
            return
        excuse = no_register(self.context, self.context.registers.current())
        if excuse:  # photos decided by a register that has become too old are not sent either
            self.context.journal.save(*(replace(one, reason=excuse) for one in pending if one.reason != excuse))
            return
        share = self._link.connected(delivering=True)
        send.reached(self.context)
        half_sent = HalfSentTransfers(self.context.journal)
        self._link.sweep(share, half_sent, [tracked.transfer for tracked in pending if tracked.transfer is not None])
        sending = send.Sending(self.context, share, self.audience, self._proven, self.stopping, half_sent)
        try:
            sending.run(send.due(self.context, patient=self.patient))
            self._take_away_what_is_kept(share)
        finally:
            self.summary.sent += sending.sent
            self.summary.bytes += sending.bytes
            self.summary.failed += sending.failed

    def _proven(self, tracked_photos: list[TrackedPhoto]) -> None:
        self.summary.proven += len(tracked_photos)
        run_summary.count_by_visit(self.context, self.summary, tracked_photos)
        self.summary.damaged += damage.report_damaged(self.context, self.audience, tracked_photos)
        recorded = finish.put_on_record(self.context, tracked_photos, self.audience)
        if self._link.share is not None and probation.is_due(self.context, self._link.share):
            mounted = self.context.mounted()
            leaves = [self._is_to_leave(one, mounted) for one in recorded]
            self._on_probation += [one for one, leaving in zip(recorded, leaves, strict=True) if leaving]
            recorded = [one for one, leaving in zip(recorded, leaves, strict=True) if not leaving]
        self.summary.removed += finish.take_away(self.context, recorded, self.audience)

    def _is_to_leave(self, recorded: TrackedPhoto, mounted: Mounted) -> bool:
        # `take_away` meets the same fault, and reports it.
        with contextlib.suppress(LocalFault, Unforeseen), contained("a photo"):
            return finish.why_it_stays(self.context, recorded, mounted) is None
        return False

    def _take_away_what_is_kept(self, share: Share) -> None:
        """Remove the photos that wait until the share has shown that it keeps them; the next run does it otherwise."""
        sent, self._on_probation = self._on_probation, []
        if not sent or self.stopping():
            return
        found = probation.kept(self.context, share, sent)
        for text in found.notices:
            self._notice(text)
        self.summary.proven -= found.lost
        run_summary.count_by_visit(self.context, self.summary, found.gone, by=-1)
        self.summary.removed += finish.take_away(self.context, found.still, self.audience)

    def _publish(self) -> None:
        """Sign the new entries and send them; the photos are finished by now, whether this succeeds or not."""
        if isinstance(self.summary.fault, RecordError | JournalError):
            return
        publishing = Publishing(self.context, self._notice)
        may_send = self.summary.fault is None and not self.stopping()
        try:
            connected: Callable[[], Share] = self._link.connected
            if may_send and publishing.is_due():
                connected = self._link.tried()  # before entries are written: they contain the share's time
            publishing.seal()
            if may_send:
                publishing.send(connected)
        except JournalError as fault:
            self._failed(fault)
        if self._link.share is not None or not publishing.unreachable:  # away from the network, nothing is missing
            self.summary.unpublished = publishing.trouble

    # --- faults and notices ------------------------------------------------------------------------------------------

    def _share_failed(self, fault: ShareUnreachable | ShareRefused) -> None:
        self._failed(fault)
        self._reporting_faults(lambda: self._link.note_trouble(fault))

    def _failed(self, fault: AgentError) -> None:
        # A disk that cannot be written to is more serious than a share that cannot be reached.
        if self.summary.fault is None or isinstance(fault, RecordError | JournalError):
            self.summary.fault = fault
        self._notice(str(fault))

    def _notice(self, text: str) -> None:
        self.audience.event(Event(Happened.NOTICE, details={"text": text}))

    def _say_what_stays_on_cards(self) -> None:
        if not self.patient and (text := run_summary.what_stays_on_cards(self.context, self.roots)):
            self._notice(text)
