"""A run over a card: whether the card is still in, and who hears of the run."""

from dataclasses import dataclass, replace

from agent.pipeline.cards import Card, put_down
from agent.pipeline.context import Context
from agent.pipeline.events import Event, Happened
from agent.supervisor.audiences import ToLog
from agent.volumes import PluggedIn, glance, plugged_in

SHOWN = 20
"""Photos sent between two times that the page hears of it: each is a commit."""


def is_same(one: PluggedIn, other: PluggedIn) -> bool:
    """The same volume at the same place, whether it can be written to or not."""
    return replace(one, read_only=False) == replace(other, read_only=False)


class StillIn:
    """Whether a card has been in without a break since this was made."""

    def __init__(self, plugged: PluggedIn) -> None:
        self._plugged = plugged
        self._mounts: object = glance()
        self._gone = False

    def is_in(self) -> bool:
        """Asked often: a look at the table of mounts, and only where that has changed at the card itself."""
        if not self._gone and (now := glance()) != self._mounts:
            self._mounts = now
            self._gone = not any(is_same(one, self._plugged) for one in plugged_in())
        return not self._gone


@dataclass(slots=True)
class ToCard:
    """The audience of a card's run: the log and whoever follows the service, and the card's panel on the page.

    What befalls each of its photos after the card was taken out is not told: one message says that it was.
    """

    context: Context
    card: Card
    here: StillIn
    others: ToLog
    sending: bool = False
    _proven: int = 0
    _shown: int = 0

    def event(self, event: Event) -> None:
        """Passed on; the panel hears of it every so often."""
        if event.what in {Happened.FAILED, Happened.NOTICE} and not self.here.is_in():
            return
        self.others.event(event)
        self._proven += event.what is Happened.PROVEN
        if self._proven - self._shown >= SHOWN:
            self._shown = self._proven
            put_down(self.context, replace(self.card, sent=self._proven))

    def expect(self, files: int, size: int) -> None:
        """From here on photos are sent."""
        self.sending = True
        self.others.expect(files, size)

    def advance(self, size: int) -> None:
        """Passed on."""
        self.others.advance(size)
