"""A run's one connection to the share: made when it is first needed, and what the run learns from it.

Why the share could not be reached, or refused this laptop, stays in the journal for `status` and the page.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.errors import AgentError, HostKeyRefused, ShareDenied, ShareFault, ShareRefused, ShareUnreachable
from agent.model.ids import TransferId
from agent.pipeline import leftonshare
from agent.pipeline.clocks import compare_with_share, known_wrong, wrong_clock
from agent.pipeline.connection import EarlyLogin
from agent.pipeline.context import Context
from agent.pipeline.diskfailed import disk_failed
from agent.pipeline.halfsent import HalfSentTransfers
from agent.pipeline.journal_keys import LAST_REACHED, SHARE_TROUBLE, SWEPT_IN_VAIN
from agent.pipeline.network import why_it_waits
from agent.record import bodies
from agent.share import Share

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)

ENOUGH = 3
"""After so many sweeps in vain, a share is taken for one that removes nothing; at once if it says so."""


@dataclass(slots=True)
class ShareOfRun:
    """The connection of one run. `notice` takes sentences for the person who waits for the run.

    With `patient`, no connection is made while the network should not be used. `clock_ahead` is how far this laptop's
    clock is ahead of the server's, where that has been measured.
    """

    context: Context
    patient: bool
    notice: Callable[[str], None]
    share: Share | None = None
    clock_ahead: timedelta | None = None
    _early: EarlyLogin = field(init=False)

    def __post_init__(self) -> None:
        self._early = EarlyLogin(self.context.connect)

    def begin(self, *, delivering: bool = False) -> None:
        """Log in while the run does something else, but not over a network that a patient run does not use."""
        if self.share is None and not (self.patient and why_it_waits(self.context)):
            self._early.begin(delivering=delivering)

    def connected(self, *, delivering: bool = False) -> Share:
        """The connection, made now if there is none yet. Raises ShareUnreachable, ShareRefused, ShareFault."""
        if self.share is None:
            if self.patient and (why := why_it_waits(self.context)):
                raise ShareUnreachable(why)
            self.share = self._early.take(delivering=delivering)
            try:
                self.context.share_clock.ask(self.share)
            except ShareUnreachable:
                if not self._early.was_early:
                    raise
                self._connect_anew(delivering=delivering)
            self.share.disk_failed |= disk_failed(self.context.journal)
            self.context.journal.set_fact(LAST_REACHED, self.context.clock().isoformat())
            self.context.journal.set_fact(SHARE_TROUBLE, None)
            self.clock_ahead = compare_with_share(self.context)
            if self.clock_ahead is not None and (wrong := wrong_clock(self.clock_ahead)):
                self.notice(wrong)
        return self.share

    def _connect_anew(self, *, delivering: bool) -> None:
        """Replace a connection that ended while it waited: the server was restarted, say, or the network changed."""
        if self.share is not None:
            self.share.close()
        self.share = None
        self.share = self._early.take(delivering=delivering)
        self.context.share_clock.ask(self.share)

    def tried(self) -> Callable[[], Share]:
        """Connect now. If that fails, the function returned raises the same fault without trying a second time."""
        try:
            self.connected()
        except (ShareFault, ShareUnreachable, ShareRefused) as fault:
            return _raising(fault)
        return self.connected

    def close(self) -> None:
        """End the connection, if there is one."""
        self.context.share_clock.forget()
        self._early.close()
        if self.share is not None:
            self.share.close()

    def sweep(self, share: Share, half_sent: HalfSentTransfers, keep: Sequence[TransferId]) -> None:
        """Remove from the share what earlier, broken transfers left under temporary names, except those in `keep`.

        A file that such a transfer left under its final name is recorded instead, and IT is asked to delete it.
        """
        refused = None
        try:
            share.sweep(keep, half_sent.known())
        except ShareFault as fault:
            refused = fault  # the leftovers hinder nobody, and each photo finds out for itself whether it can be sent
        try:
            ended = leftonshare.not_sent_again(self.context, half_sent)
            found, unread = leftonshare.look_for(self.context, share, ended)
        except ShareFault as fault:
            refused = refused or fault
        else:
            come = leftonshare.still_to_come(self.context, half_sent) | unread
            half_sent.keep_only(come, temporary=refused is not None)
            if found:
                self.notice(leftonshare.notice_of(found))
        if refused is not None and not self._sweeps_in_vain():
            self.notice(
                "An interrupted transfer left files with temporary names (.uploading-…) on the school network, which "
                f"could not be removed yet. Photos are sent all the same, and this is tried again. {refused} If you "
                "read this again tomorrow, tell IT."
            )
        self._note_sweep(refused)

    def sweep_without_sending(self) -> None:
        """Where nothing is to be sent, still look for what a transfer left on the share, under whatever name, and ask
        the share for the time if this laptop's clock was wrong: it may be right by now.
        """
        if known_wrong(self.context) is not None and not (self.patient and self._just_reached()):
            with contextlib.suppress(ShareUnreachable):
                self.connected()
        half_sent = HalfSentTransfers(self.context.journal)
        ended = leftonshare.over(self.context, half_sent)
        if any(begun.names for begun in ended) or (ended and not self._sweeps_in_vain()):
            with contextlib.suppress(ShareUnreachable):  # a later run looks; being away from the network is no fault
                self.sweep(self.connected(), half_sent, ())

    def _just_reached(self) -> bool:
        """Whether the share was reached in the last hour, by a clock that has not been set since."""
        stored = self.context.journal.fact(LAST_REACHED)
        ago = None if stored is None else self.context.clock() - datetime.fromisoformat(stored)
        return ago is not None and timedelta(0) <= ago < AN_HOUR

    def _sweeps_in_vain(self) -> bool:
        """Whether the share has just shown that it removes nothing: then it is asked, and that is said, once a day."""
        stored = self.context.journal.fact(SWEPT_IN_VAIN)
        times, since = json.loads(stored) if stored else (0, None)
        ago = None if since is None else self.context.clock() - datetime.fromisoformat(since)
        return times >= ENOUGH and ago is not None and timedelta(0) <= ago < A_DAY

    def _note_sweep(self, refused: ShareFault | None) -> None:
        if refused is not None and self._sweeps_in_vain():
            return  # the day counts from the first time
        stored = self.context.journal.fact(SWEPT_IN_VAIN)
        times = (json.loads(stored)[0] if stored else 0) + (ENOUGH if isinstance(refused, ShareDenied) else 1)
        now = self.context.clock().isoformat()
        self.context.journal.set_fact(SWEPT_IN_VAIN, None if refused is None else json.dumps([times, now]))

    def note_trouble(self, fault: ShareUnreachable | ShareRefused) -> None:
        """Write into the journal since when the share has failed in this way, and a refusal into the record."""
        now = self.context.clock()
        before = self.context.journal.fact(SHARE_TROUBLE)
        code, _, since, *_ = json.loads(before) if before else (None, None, None)
        since = since if code == fault.exit_code else now.isoformat()
        self.context.journal.set_fact(
            SHARE_TROUBLE, json.dumps([fault.exit_code, str(fault), since, isinstance(fault, HostKeyRefused)])
        )
        if isinstance(fault, ShareRefused):
            # Once a day is enough to be noticed; an entry for each attempt would drown everything else.
            reason = "host key" if isinstance(fault, HostKeyRefused) else "login"
            event = f"share-refused-{reason}-{now:%Y-%m-%d}"
            self.context.record.append(bodies.ShareRefused(reason=reason).draft(event, now))


def _raising(fault: AgentError) -> Callable[[], Share]:
    def connected() -> Share:
        raise fault

    return connected
