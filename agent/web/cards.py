"""The panel for a card on Now: its photos, the question what to do with them, and the progress of sending them.

Answers are rows of the journal. The words are here, in cards.html and in the catalogue. Anybody may have named the
card, so its label is shown as text, with unprintable characters replaced.
"""

from dataclasses import dataclass

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from agent.errors import JournalError
from agent.journal import CardSaid
from agent.language import text
from agent.model.ids import VisitId
from agent.pipeline.cards import Card, Phase, cards
from agent.pipeline.pausing import resume
from agent.pipeline.status import is_running
from agent.web.app import context, moment, saved

room = Blueprint("cards", __name__)

MOST_LISTS = 5
"""The most visits of a finished card for which the panel links to what is left to do. Visits shows all of them."""

_ANSWERS = {
    CardSaid.SEND: Phase.OFFERED,
    CardSaid.ALWAYS: Phase.OFFERED,
    CardSaid.NOT_NOW: Phase.OFFERED,
    CardSaid.STOP_WAITING: Phase.TAKEN_OUT,
    CardSaid.ASK_AGAIN: Phase.DONE,
}
"""The phase of a card in which each answer is possible."""

LONGEST_LABEL = 24
"""The most characters of a label that are shown. FAT allows 11, exFAT 15."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as its panel shows it. `lists` has the visits, with their titles, that have a list of what to do next."""

    card: Card
    label: str
    titles: tuple[str, ...]
    lists: tuple[tuple[VisitId, str], ...]
    stays: bool
    can_always: bool

    @property
    def others(self) -> int:
        """The number of photos on the card that belong to no visit."""
        return max(0, self.card.photos - self.card.to_send - self.card.unsure)

    @property
    def all(self) -> int:
        """The number of photos to send: those found on the card, and those added later by a person's answers."""
        return max(self.card.to_send, self.card.sent)

    @property
    def still_on_it(self) -> int:
        """The number of photos left on the card after sending: private, in doubt or refused."""
        return max(0, self.card.photos - self.card.sent + self.card.kept)

    @property
    def left(self) -> int:
        """The number of photos that should have been sent and are not on the share yet."""
        return max(0, self.card.to_send - self.card.sent)


@room.app_context_processor
def _known_to_templates() -> dict[str, object]:
    return {"cards_shown": shown}


def shown() -> list[ShownCard]:
    """The cards to show now; none while the service is not running, because only the service acts on answers."""
    here = context()
    try:
        found = [card for card in cards(here) if card.phase is not Phase.DECLINED]
    except JournalError:
        return []
    if not found or not is_running(here.settings):
        return []
    register = here.registers.current()
    titles: dict[VisitId, str] = {} if register is None else {visit.id: visit.title for visit in register.visits}
    remove = here.settings.cards.remove
    return [
        ShownCard(
            card,
            _plain(card.plugged.label),
            tuple(titles.get(visit, str(visit)) for visit in card.visits),
            tuple((visit, titles[visit]) for visit in card.visits if visit in titles)[:MOST_LISTS],
            stays=card.stays,
            can_always=remove == "ask"
            and not card.stays
            and card.plugged.id is not None
            and not card.plugged.read_only,
        )
        for card in found
    ]


@room.post("/card")
def answer() -> Response:
    """Save what a person said about the card that was shown. The service acts on it."""
    here = context()
    try:
        said = CardSaid(request.form.get("said", ""))
    except ValueError:
        abort(404)
    offer = request.form.get("card", "")
    if not any(card.id == offer and card.phase is _ANSWERS[said] for card in cards(here)):
        return saved(text("The card has changed since you opened this page. The page now shows how it is."), "now.show")
    if said in {CardSaid.SEND, CardSaid.ALWAYS}:
        resume(here)
    here.journal.answer_card(offer, said, moment())
    return saved(_noted(said), "now.show")


def _noted(said: CardSaid) -> str:
    """The message that says what an answer leads to."""
    match said:
        case CardSaid.SEND:
            return text("We are checking the card once more, then we will send the photos.")
        case CardSaid.ALWAYS:
            return text(
                "We are checking the card once more, then we will send the photos. "
                "We will not ask about this card again."
            )
        case CardSaid.NOT_NOW:
            return text("The card is left as it is. We will ask again when you next put it in.")
        case CardSaid.STOP_WAITING:
            return text(
                "We have stopped waiting for that card. If you put it in again, we will look at it from the start."
            )
        case CardSaid.ASK_AGAIN:
            return text("We will ask again when you next put this card in.")


def _plain(label: str) -> str:
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in label.strip())
    return printable if len(printable) <= LONGEST_LABEL else f"{printable[:LONGEST_LABEL]}…"
