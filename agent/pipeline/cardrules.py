"""What is different about photos on a card: nothing is removed from one that a person has not said yes to.

A photo of a card comes into the journal only by a yes: to an offer, by `sync` with the card's name, by a watched folder
that is on the card itself, or by `remove = "always"` in the settings. The yes is for the photo as it was then:

- Another file under its name, on the card when it is put in again or on a copy of the card, is no longer that photo. It
  is left where it is, and asked about like any new one.
- With `remove = "never"` photos are sent and stay on the card; a later yes, or "always", lets them be removed.
- A card that is mounted below a watched folder is not a part of it: it is offered like every card.
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

KEPT = "it was sent and stays on the card too, as the settings say"
"""Why a photo that is on record stays on a card for good."""


def why_it_stays_on_card(context: Context, tracked: TrackedPhoto, mounted: Mounted) -> str | None:
    """Why a recorded photo on a card may not be removed from it now; None where it may, or is on no card."""
    remove, folder = context.settings.cards.remove, tracked.photo.main.path.parent
    if tracked.away is Outcome.KEPT and remove != "always":
        return KEPT
    if remove == "never":
        return KEPT if mounted.removable(folder) else None
    # That it is locked is on record already: the share need not be read again to find out the same.
    locked = tracked.away is Outcome.READ_ONLY and mounted.removable(folder) and mounted.read_only(folder)
    return tracked.reason if locked else None


def what_becomes_of(settings: Settings, folder: Path, mounted: Mounted) -> str:
    """What happens to a photo of a visit in this folder once it was sent, as the end of a sentence."""
    if not mounted.removable(folder):
        return "then removed from this laptop"
    if settings.cards.remove == "never":
        return "stay on the card too, as the settings say"
    if mounted.read_only(folder):
        return "stay on the card too, for it is locked"
    return "then removed from the card"


def released(context: Context, recorded: Sequence[TrackedPhoto], roots: Sequence[Path]) -> Sequence[TrackedPhoto]:
    """These photos; those that stayed on a card by an earlier setting, and lie in what was asked for now, are free."""
    if context.settings.cards.remove == "never":
        return recorded
    return [
        replace(one, away=None, reason=None)
        if one.away is Outcome.KEPT and any(one.photo.main.path.is_relative_to(root) for root in roots)
        else one
        for one in recorded
    ]


def another_on_card(tracked: TrackedPhoto, photo: Photo, mounted: Mounted) -> bool:
    """Whether what is in a tracked photo's place, on a card, is another one than a person was asked about."""
    if same(tracked.photo, photo) is not None or left_of(tracked.photo, photo) is not None:
        return False
    return mounted.removable(photo.main.path.parent)


def cards_below(settings: Settings, roots: Sequence[Path]) -> frozenset[Path]:
    """Cards that are mounted below a watched folder among `roots`, and are offered instead."""
    watched = {Path(os.path.realpath(root)) for root in roots if root in settings.watch}
    if not watched or not settings.cards.offer:
        return frozenset()
    below = (card for card in plugged_in() if any(root in card.top.parents for root in watched))
    return frozenset(card.top for card in below if why_not_offered(settings, card) is None)


def why_not_offered(settings: Settings, card: PluggedIn) -> str | None:
    """Why this volume is not offered, as the end of a sentence; None where it is a card that may be."""
    if not looks_like_a_card(card.top):
        return "has no folder of a camera."
    for folder in settings.watch:
        watched = Path(os.path.realpath(folder))
        if watched == card.top or card.top in watched.parents:
            return "has a watched folder on it, whose photos leave by themselves."
    return why_unfit(settings, card.top)
