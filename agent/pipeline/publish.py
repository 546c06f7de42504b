"""Signing the record after a run, and sending it to the share. Nothing that fails here holds a photo up.

What is signed is kept (`Record.seal`) before anything of it is sent, and the journal keeps the last checkpoint that the
share has, so that a publication that was cut is repeated as it was.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from agent import __version__
from agent.errors import AgentError, RecordError, ShareFault, ShareRefused, ShareUnreachable
from agent.model import Delivery, RemoteName, TransferId
from agent.pipeline.facts import PUBLISHED, UNPUBLISHED
from agent.pipeline.onrecord import heartbeat
from agent.pipeline.stages import Stages
from agent.record import JSON, Kind
from agent.record.keys import KeyPlace, LogKey, system_ring
from agent.record.publish import Publication, progress, to_publish
from agent.record.rotation import signer_of
from agent.settings import Settings
from agent.share import Delivered, Share, Undelivered

LOG_KEY = "log_ed25519"
"""The log key's file, beside the SSH key, where no keyring keeps it."""


KEPT = timedelta(days=30)
"""How long the journal knows a photo that is gone, for `status` and for questions. The record tells of it for good."""


def log_key(settings: Settings) -> KeyPlace:
    """Where this laptop's log key is."""
    return KeyPlace(settings.key_file.with_name(LOG_KEY), settings.device.name, system_ring())


@dataclass(slots=True)
class _UnderWay:
    """What to remember of a publication: its bytes are not kept."""

    checkpoint: str
    names: tuple[RemoteName, ...]
    arrived: bool = False


@dataclass(slots=True)
class Publishing:
    """What follows a run. `notice` is told what went wrong; nothing is raised but what is a fault of the journal."""

    stages: Stages
    notice: Callable[[str], None]

    def seal(self) -> None:
        """Put down the day's sign of life, and sign what was put on record. Needs no share."""
        try:
            signer = self._signer()
            heartbeat(self.stages)
            self.stages.record.seal(signer)
        except RecordError as fault:
            self._trouble(f"the record could not be signed: {fault}")

    def send(self, connected: Callable[[], Share]) -> None:
        """Send what the share does not have yet. Asks for a connection only if there is something."""
        try:
            done = progress(self.stages.record, self.stages.journal.fact(PUBLISHED))
            if done.lost:
                self._trouble(
                    "the record is not the one that was published: it was put back from a backup, or begun anew. IT "
                    "will be told so by `photo-agent log verify`"
                )
            waiting = to_publish(self.stages.record, done.size)
            first = next(waiting, None)
            if first is None:
                self._forget_what_is_gone()
                return
            fault = self._deliver(connected(), first, waiting)
            if fault is None:
                self._forget_what_is_gone()
        except (RecordError, ShareFault, ShareUnreachable, ShareRefused) as raised:
            fault = raised
        if fault is None:
            self.stages.journal.set_fact(UNPUBLISHED, None)
        else:
            self._trouble(f"the record was not published, which will be tried again: {fault}")

    def _forget_what_is_gone(self) -> None:
        """Where the share has all of the record, the journal lets go of photos that were removed long ago."""
        seals = self.stages.record.seals()
        all_there = bool(seals) and seals[-1].size == len(self.stages.record)
        if all_there and self.stages.journal.forget_removed(self.stages.clock() - KEPT):
            self.stages.journal.tidy()  # so that no deleted row still has a name

    def _deliver(self, share: Share, first: Publication, others: Iterator[Publication]) -> AgentError | None:
        """Send them; what went wrong with the first that did not arrive, behind which nothing counts as published."""
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
                    fault = fault or ShareFault("A file of another content has the name of one of the record's.")
                self._put_down(under_way)
        return fault

    def _put_down(self, under_way: "dict[TransferId, _UnderWay]") -> None:
        """The last checkpoint up to which everything arrived; outcomes do not come in order."""
        whole = None
        while (transfer := next(iter(under_way), None)) is not None and under_way[transfer].arrived:
            whole = under_way.pop(transfer)
        if whole is not None:
            self.stages.journal.set_fact(PUBLISHED, whole.checkpoint)

    def _signer(self) -> LogKey:
        """The key to seal with. The first is put on record; it is made here where an older `init` did not."""
        place, record = log_key(self.stages.settings), self.stages.record
        if record.seals():
            return signer_of(record, place)
        key = place.make()
        body: dict[str, JSON] = {
            "log_key": str(key.key),
            "staff": self.stages.settings.device.staff,
            "version": __version__,
        }
        record.append(Kind.ENROLLED, body, event=f"enrolled-{key.key.id.hex()}", at=self.stages.clock())
        return key

    def _trouble(self, text: str) -> None:
        self.stages.journal.set_fact(UNPUBLISHED, text)
        self.notice(text)
