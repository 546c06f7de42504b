"""Desktop notices about cards: whole sentences, to translate, without names, because a class may see the screen."""

from agent.language import plural, text
from agent.pipeline.cards import Card


def taken_out() -> str:
    """The notice for a card that was taken out while its photos were being sent."""
    return text("A card was taken out too soon. Nothing is lost: put it in again.")


def too_many() -> str:
    """A card was put in that has too many photos to look through."""
    return text("A card holds too many photos for us to look through. Click to see.")


def offered(card: Card) -> str:
    """The notice for a card that was put in and has photos to send or to ask about."""
    if not card.to_send:
        return text("A card may hold photos from a school visit. Click to see.")
    if len(card.visits) > 1:
        return text(
            "A card holds %(count)s photos from %(visits)s school visits. Click to send.",
            count=card.to_send,
            visits=len(card.visits),
        )
    return plural(
        "A card holds 1 photo from a school visit. Click to send.",
        "A card holds %(count)s photos from a school visit. Click to send.",
        card.to_send,
    )


def finished(card: Card, *, flushed: bool) -> str:
    """The notice for a card whose photos were all sent. `flushed` says that everything has been written to the card."""
    if 0 < card.kept < card.sent:
        said = plural(
            "1 photo is safe on the school network.",
            "%(count)s photos are safe on the school network.",
            card.sent,
        )
        said = f"{said} {text('Some of them are still on the card.')}"
    elif card.kept:
        said = plural(
            "1 photo is safe on the school network and still on the card.",
            "%(count)s photos are safe on the school network and still on the card.",
            card.sent,
        )
    else:
        said = plural(
            "1 photo is safe on the school network and removed from the card.",
            "%(count)s photos are safe on the school network and removed from the card.",
            card.sent,
        )
    said = f"{said} {text('You can take the card out.') if flushed else text('Eject the card, then take it out.')}"
    return f"{said} {_in_doubt(card.unsure)}" if card.unsure else said


def _in_doubt(count: int) -> str:
    return plural("1 photo on it needs your answer.", "%(count)s photos on it need your answer.", count)
