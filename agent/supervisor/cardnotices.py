"""What the desktop says of cards: numbers only, for a screen may be shown to a class."""

from agent.pipeline.cards import Card

TAKEN_OUT = "A card was taken out too soon. Nothing is lost: put it in again."


def offered(card: Card) -> str:
    """A card was put in and looked through."""
    if not card.to_send:
        return "A card may hold photos from a school visit. Click to see."
    photos = "1 photo" if card.to_send == 1 else f"{card.to_send} photos"
    visits = "a school visit" if len(card.visits) == 1 else f"{len(card.visits)} school visits"
    return f"A card holds {photos} from {visits}. Click to send."


def finished(card: Card, *, flushed: bool) -> str:
    """All is sent; `flushed`: and all is written to the card."""
    photos = "1 photo is" if card.sent == 1 else f"{card.sent} photos are"
    where = "still on the card" if card.kept else "removed from the card"
    end = "You can take the card out." if flushed else "Eject the card, then take it out."
    return f"{photos} safe on the school network and {where}. {end}"
