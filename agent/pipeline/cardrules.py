"""The rules for photos on a card: nothing is removed from a card unless a person said yes to that.

A photo on a card enters the journal only by a yes: to an offer, by `sync` with the card's name, by a watched folder on
the card itself, or by `remove = "always"` in the settings. The yes applies to the photo as it was then:

- If another file has its name later, on the same card or on a copy of it, that is not the same photo. It is left where
it is, and the person is asked about it as about any new photo.
- With `remove = "never"` photos are sent and stay on the card; a later yes, or "always", lets them be removed.
- A card mounted below a watched folder does not belong to that folder. It is offered like every card.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.folders import looks_like_a_card
from agent.journal import TrackedPhoto
from agent.journal.looking import left_of, same
from agent.model.files import Photo
from agent.model.removal import Outcome
from agent.pipeline.context import Context
from agent.pipeline.importfolders import why_unfit
from agent.settings import Settings
from agent.volumes import Mounted, PluggedIn, plugged_in

STAYS_ON_CARD = "it was sent and stays on the card too, as the settings say"
"""The reason for which a recorded photo stays on a card for good."""


def why_it_stays_on_card(context: Context, tracked: TrackedPhoto, mounted: Mounted) -> str | None:
    """Why a recorded photo may not be removed from its card now; None if it may, or if it is not on a card."""
    remove, folder = context.settings.cards.remove, tracked.photo.main.path.parent
    if tracked.away is Outcome.KEPT and remove != "always":
        return STAYS_ON_CARD
    if remove == "never":
        return STAYS_ON_CARD if mounted.removable(folder) else None
    # The record already says that the card is locked, so there is no need to read the share's copy again.
    locked = tracked.away is Outcome.READ_ONLY and mounted.removable(folder) and mounted.read_only(folder)
    return tracked.reason if locked else None


def what_becomes_of(settings: Settings, folder: Path, mounted: Mounted) -> str:
    """What happens to a photo of a visit in this folder once it has been sent, as the end of a sentence."""
    if not mounted.removable(folder):
        return "then removed from this laptop"
    if settings.cards.remove == "never":
        return "stay on the card too, as the settings say"
    if mounted.read_only(folder):
        return "stay on the card too, because it is locked"
    return "then removed from the card"


def released(context: Context, recorded: Sequence[TrackedPhoto], roots: Sequence[Path]) -> Sequence[TrackedPhoto]:
    """These photos; those in `roots` that stayed on a card because of an earlier setting may now be removed."""
    if context.settings.cards.remove == "never":
        return recorded
    return [
        replace(one, away=None, reason=None)
        if one.away is Outcome.KEPT and any(one.photo.main.path.is_relative_to(root) for root in roots)
        else one
        for one in recorded
    ]


def another_on_card(tracked: TrackedPhoto, photo: Photo, mounted: Mounted) -> bool:
    """Whether the file on the card is no longer the photo that the person was asked about."""
    if same(tracked.photo, photo) is not None or left_of(tracked.photo, photo) is not None:
        return False
    return mounted.removable(photo.main.path.parent)


def cards_below(settings: Settings, roots: Sequence[Path]) -> frozenset[Path]:
    """The cards mounted below a watched folder among `roots`; they are offered instead of scanned."""
    watched = {Path(os.path.realpath(root)) for root in roots if root in settings.watch}
    if not watched or not settings.cards.offer:
        return frozenset()
    below = (card for card in plugged_in() if any(root in card.top.parents for root in watched))
    return frozenset(card.top for card in below if why_not_offered(settings, card) is None)


def why_not_offered(settings: Settings, card: PluggedIn) -> str | None:
    """Why this volume is not offered, as the end of a sentence; None if it is a card that may be offered."""
    if not looks_like_a_card(card.top):
        return "does not have a camera's folder on it."
    for folder in settings.watch:
        watched = Path(os.path.realpath(folder))
        if watched == card.top or card.top in watched.parents:
            return "has a watched folder on it, whose photos leave by themselves."
    return why_unfit(settings, card.top)
