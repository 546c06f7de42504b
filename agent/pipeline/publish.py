"""Signs the record after a run and sends it to the share. No photo waits for this.

A seal is saved (`Record.seal`) before anything is sent, and the journal stores the last checkpoint that the share has,
so that an interrupted publication is repeated unchanged.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from agent.errors import (
    AgentError,
    RecordError,
    ShareDenied,
    ShareFault,
    ShareFull,
    ShareRefused,
    ShareUnreachable,
)
from agent.model.delivery import Delivery
from agent.model.ids import RemoteName, TransferId
from agent.pipeline.context import Context
from agent.pipeline.former import former_records, keep_published, published_up_to, unpublished
from agent.pipeline.journal_keys import UNPUBLISHED
from agent.pipeline.record_entries import heartbeat, is_heartbeat_due
from agent.pipeline.signing import signed
from agent.record import Record, published
from agent.record.publish import Publication, progress, to_publish
from agent.share import Delivered, Share, Undelivered

REMEMBERED = timedelta(days=30)
"""How long the journal remembers a removed photo, for `status` and for questions. The record has it for good."""


@dataclass(slots=True)
class _UnderWay:
    """A publication that is being sent, without its bytes."""

    checkpoint: str
    names: tuple[RemoteName, ...]
    arrived: bool = False


@dataclass(slots=True)
class Publishing:
    """The steps after a run. `notice` gets a sentence about each fault; only faults of the journal are raised.

    `trouble` says why the record is not signed, or not completely on the share; None if it is. `unreachable` says that
    only the connection to the share is missing.
    """

    context: Context
    notice: Callable[[str], None]
    trouble: str | None = None
    unreachable: bool = False

    def is_due(self) -> bool:
        """Whether there is anything to sign or to send, so that the share will be needed."""
        try:
            last = self.context.record.last_seal()
            signed = 0 if last is None else last.size
            return is_heartbeat_due(self.context) or len(self.context.record) > signed or unpublished(self.context) > 0
        except RecordError:
            return False  # sealing reports it

    def seal(self) -> None:
        """Record the day's heartbeat and sign the new entries. Needs no share."""
        try:
            with signed(self.context):
                heartbeat(self.context)
        except RecordError as fault:
            self._tell(f"The record of this laptop could not be signed: {fault}")

    def send(self, connected: Callable[[], Share]) -> None:
        """Send the entries that the share does not have yet. Connects only if there are any."""
        fault: str | None = None
        try:
            for record in (*former_records(self.context.settings), self.context.record):
                fault = self._send(record, connected) or fault
        except (ShareFault, ShareUnreachable, ShareRefused) as raised:
            self.unreachable = isinstance(raised, ShareUnreachable)
            fault = self._not_sent(raised, self.context.record.device)
        except RecordError as raised:
            fault = f"The record of this laptop could not be sent to the school's server: {raised}"
        if fault is not None:
            self._tell(fault)
        else:
            self._forget_what_is_gone()
            self.context.journal.set_fact(UNPUBLISHED, self.trouble)

    def _send(self, record: Record, connected: Callable[[], Share]) -> str | None:
        """Send one record; returns a sentence if that failed. If the server does not accept a record under a former
        name of this laptop, it is sent to the folder of the present name.
        """
        device, current = record.device, self.context.record.device
        done = progress(record, published_up_to(self.context.journal, device))
        if done.lost:
            self._tell(
                "The record on this laptop is not the one that was sent to the school's server: it was restored from "
                "a backup, or started again. Tell IT; `photo-agent log verify` will show it too."
            )
        for holder in dict.fromkeys((device, current)):
            done = progress(record, published_up_to(self.context.journal, device))
            waiting = to_publish(record, done.size, holder)
            first = next(waiting, None)
            if first is None:
                return None
            fault = self._deliver(connected(), first, waiting, device)
            if fault is None or not isinstance(fault, ShareDenied) or holder == current:
                return None if fault is None else self._not_sent(fault, holder)
        return None

    def _not_sent(self, fault: AgentError, holder: str) -> str:
        where = published.folder(holder)
        if isinstance(fault, ShareDenied):
            why = (
                f"the server does not let it write to {where}. Ask IT to run `add-device.sh {holder} …` on the server, "
                "or to put the laptop's right name into its settings (device.name)"
            )
        elif isinstance(fault, ShareFull):
            why = f"there is no room for {where} on the share, or this laptop is over its quota. Ask IT to make room"
        else:
            why = f"{str(fault).partition('. ')[0].rstrip('.')} ({where})"
        return f"The record of this laptop was not sent: {why}. It will be sent again; photos do not wait for it."

    def _forget_what_is_gone(self) -> None:
        """Once the share has the whole record, drop photos from the journal that were removed long ago."""
        last = self.context.record.last_seal()
        all_there = last is not None and last.size == len(self.context.record)
        if all_there and self.context.journal.forget_removed(self.context.clock() - REMEMBERED):
            self.context.journal.tidy()  # so that no name remains in a deleted row

    def _deliver(
        self, share: Share, first: Publication, others: Iterator[Publication], device: str
    ) -> AgentError | None:
        """Send the publications; returns the fault of the first that did not arrive. Nothing after it counts as
        published.
        """
        under_way: dict[TransferId, _UnderWay] = {}

        def deliveries() -> Iterator[Delivery]:
            for publication in itertools.chain((first,), others):
                names = tuple(file.name for file in publication.delivery.files)
                under_way[publication.delivery.transfer] = _UnderWay(publication.checkpoint, names)
                yield publication.delivery

        fault: AgentError | None = None
        for outcome in share.deliver(deliveries()):
            if isinstance(outcome, Undelivered):
                fault = fault or outcome.error
            elif isinstance(outcome, Delivered):
                under_way[outcome.transfer].arrived = True
                if tuple(proof.name for proof in outcome.proofs) != under_way[outcome.transfer].names:
                    fault = fault or ShareFault("One of the record's names is taken by a file with other content.")
                self._note_published(under_way, device)
        return fault

    def _note_published(self, under_way: "dict[TransferId, _UnderWay]", device: str) -> None:
        """Note the last checkpoint up to which everything has arrived; outcomes do not come in order."""
        whole = None
        while (transfer := next(iter(under_way), None)) is not None and under_way[transfer].arrived:
            whole = under_way.pop(transfer)
        if whole is not None:
            keep_published(self.context.journal, device, self.context.record.device, whole.checkpoint)

    def _tell(self, text: str) -> None:
        self.trouble = text
        self.context.journal.set_fact(UNPUBLISHED, text)
        self.notice(text)
