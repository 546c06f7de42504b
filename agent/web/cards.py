"""The panel of a card on Now: what it holds, what to do with it, how far it has come. Answers are rows of the journal.

The words are here and in cards.html, and in the catalogue. A card's label is the work of whoever named the card: it is
shown as text, with what cannot be printed replaced.
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
"""Visits of a finished card whose lists are offered; all are under Visits."""

_ANSWERS = {
    CardSaid.SEND: Phase.OFFERED,
    CardSaid.ALWAYS: Phase.OFFERED,
    CardSaid.NOT_NOW: Phase.OFFERED,
    CardSaid.STOP_WAITING: Phase.TAKEN_OUT,
    CardSaid.ASK_AGAIN: Phase.DONE,
}
"""In which phase each can be said."""

LONGEST_LABEL = 24
"""Characters of a label that are shown: FAT has 11, exFAT 15."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as its panel shows it; `lists` are visits, with their titles, that have a list of what is left to do."""

    card: Card
    label: str
    titles: tuple[str, ...]
    lists: tuple[tuple[VisitId, str], ...]
    stays: bool
    can_always: bool

    @property
    def others(self) -> int:
        """Photos on it that are of no visit."""
        return max(0, self.card.photos - self.card.to_send - self.card.unsure)

    @property
    def all(self) -> int:
        """Photos to be sent: those that the look has found, or more where a person's answers have added some."""
        return max(self.card.to_send, self.card.sent)

    @property
    def still_on_it(self) -> int:
        """Photos that are on the card after all was sent: of no visit, in doubt, or refused."""
        return max(0, self.card.photos - self.card.sent + self.card.kept)

    @property
    def left(self) -> int:
        """Photos that were to be sent and are not on the share."""
        return max(0, self.card.to_send - self.card.sent)


@room.app_context_processor
def _known_to_templates() -> dict[str, object]:
    return {"cards_shown": shown}


def shown() -> list[ShownCard]:
    """The cards to speak of now; none while nobody is at work who could see to an answer."""
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
    """Note what a person said about the card that was shown; the service sees to it."""
    here = context()
    try:
        said = CardSaid(request.form.get("said", ""))
    except ValueError:
        abort(404)
    offer = request.form.get("card", "")
    if not any(card.id == offer and card.phase is _ANSWERS[said] for card in cards(here)):
        return saved(text("That card is not as it was any more. This is how it stands now."), "now.show")
    if said in {CardSaid.SEND, CardSaid.ALWAYS}:
        resume(here)
    here.journal.answer_card(offer, said, moment())
    return saved(_noted(said), "now.show")


def _noted(said: CardSaid) -> str:
    """What comes of an answer."""
    match said:
        case CardSaid.SEND:
            return text("We are looking at the card once more, then we send.")
        case CardSaid.ALWAYS:
            return text("We are looking at the card once more, then we send. We will not ask about this card again.")
        case CardSaid.NOT_NOW:
            return text("The card is left as it is. We ask again when you put it in next time.")
        case CardSaid.STOP_WAITING:
            return text("We no longer wait for that card. If you put it in again, we look at it anew.")
        case CardSaid.ASK_AGAIN:
            return text("We ask again when you put this card in next time.")


def _plain(label: str) -> str:
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in label.strip())
    return printable if len(printable) <= LONGEST_LABEL else f"{printable[:LONGEST_LABEL]}…"
