"""What the desktop says of cards: numbers only, for a screen may be shown to a class; whole sentences, to translate."""

from agent.pipeline.cards import Card

TAKEN_OUT = "A card was taken out too soon. Nothing is lost: put it in again."


def offered(card: Card) -> str:
    """A card was put in and looked through."""
    if not card.to_send:
        return "A card may hold photos from a school visit. Click to see."
    return _plural(
        "A card holds 1 photo from a school visit. Click to send.",
        "A card holds %(count)s photos from school visits. Click to send."
        if len(card.visits) > 1
        else "A card holds %(count)s photos from a school visit. Click to send.",
        card.to_send,
    )


def finished(card: Card, *, flushed: bool) -> str:
    """All is sent; `flushed`: and all is written to the card."""
    if card.kept:
        said = _plural(
            "1 photo is safe on the school network and still on the card.",
            "%(count)s photos are safe on the school network and still on the card.",
            card.sent,
        )
    else:
        said = _plural(
            "1 photo is safe on the school network and removed from the card.",
            "%(count)s photos are safe on the school network and removed from the card.",
            card.sent,
        )
    return f"{said} {'You can take the card out.' if flushed else 'Eject the card, then take it out.'}"


def _plural(one: str, many: str, count: int) -> str:
    return (one if count == 1 else many) % {"count": count}
