"""A run over a card: whether the card is still in, and the audience of the run."""

from dataclasses import dataclass, replace

from agent.pipeline.cards import Card, save_card
from agent.pipeline.context import Context
from agent.pipeline.events import Event, Happened
from agent.supervisor.audiences import ToLog
from agent.volumes import PluggedIn, glance, plugged_in

SHOWN = 20
"""Photos sent between two updates of the card's panel; each update is a commit."""


def is_same(one: PluggedIn, other: PluggedIn) -> bool:
    """Whether both are the same volume in the same place. Whether it can be written to does not matter."""
    return replace(one, read_only=False) == replace(other, read_only=False)


class StillIn:
    """Watches whether a card has stayed in without a break since this object was made."""

    def __init__(self, plugged: PluggedIn) -> None:
        self._plugged = plugged
        self._mounts: object = glance()
        self._gone = False

    def is_in(self) -> bool:
        """Whether the card is still in. Asked often, so it looks at the card only if the mounts have changed."""
        if not self._gone and (now := glance()) != self._mounts:
            self._mounts = now
            self._gone = not any(is_same(one, self._plugged) for one in plugged_in())
        return not self._gone


@dataclass(slots=True)
class ToCard:
    """The audience of a card's run: the log, a `sync` that follows, and the card's panel on the page.

    After the card was taken out, the faults of its photos are not reported one by one: one message says that it is out.
    """

    context: Context
    card: Card
    here: StillIn
    others: ToLog
    sending: bool = False
    _proven: int = 0
    _shown: int = 0

    def event(self, event: Event) -> None:
        """Pass the event on, and update the panel now and then."""
        if event.what in {Happened.FAILED, Happened.NOTICE} and not self.here.is_in():
            return
        self.others.event(event)
        self._proven += event.what is Happened.PROVEN
        if self._proven - self._shown >= SHOWN:
            self._shown = self._proven
            save_card(self.context, replace(self.card, sent=self._proven))

    def expect(self, files: int, size: int) -> None:
        """Note that sending begins, and pass it on."""
        self.sending = True
        self.others.expect(files, size)

    def advance(self, size: int) -> None:
        """Pass it on."""
        self.others.advance(size)
