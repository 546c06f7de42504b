"""The life of an offer: a card is put in, looked through, offered, sent and reported finished, or taken out too soon.

::

    looking → offered → sending → done
     ↘ too many  ↘ declined  ↘ taken out → (put in again) sending

The phase of each card is a fact in the journal as long as the card is in, so that the staff page can show it; only the
service changes it. A person's answer is a row that the page writes (`Journal.answer_card`). A card without photos of a
visit leaves no trace, here or elsewhere.

For each card that was sent, the record says whose camera it came from: `loans` turns that into the School Business
Manager's list.
"""

import contextlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from agent.counting import counted as numbered
from agent.journal import State, TrackedPhoto
from agent.journal.lifecycle import NOT_YET_SENT
from agent.model.ids import VisitId
from agent.pipeline.context import Context
from agent.pipeline.journal_keys import CARD
from agent.pipeline.unconfirmed import unconfirmed
from agent.record.values import LONGEST_LABEL, trace_of_private
from agent.volumes import PluggedIn

if TYPE_CHECKING:
    from agent.pipeline.cardlook import CardLook

WAITING = (State.FOUND, State.SETTLED, State.DECIDED, State.SENT, State.PROVEN)
"""States of a card's photos that are on their way."""


class Phase(StrEnum):
    """How far a card has come."""

    LOOKING = "looking"
    TOO_MANY = "too many"  # it has more photos than the service looks through
    OFFERED = "offered"
    DECLINED = "declined"  # "not now": asked again when it is put in again
    SENDING = "sending"
    DONE = "done"
    TAKEN_OUT = "taken out"  # before all of it was sent


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the page shows it. `id` identifies this offer: an answer to an earlier offer no longer counts.

    `photos` counts all photos found on the card; if there are too many, it is the limit. `visits` counts those to be
    sent, `unsure` those that a person would have to decide about. `since` is when the yes was given; `sent` counts the
    photos on the share, and `kept` those among them that are still on the card. `print` covers the card's contents when
    it was offered; `asked_again` says whether they had changed by the time the yes came. `stays` says whether its
    photos stay on it, by the settings at the time of the offer. `flushed` says whether everything is certainly written
    to it, `always` whether a person answered "always".
    """

    id: str
    phase: Phase
    plugged: PluggedIn
    put_in_at: datetime
    photos: int = 0
    visits: dict[VisitId, int] = field(default_factory=dict)
    unsure: int = 0
    cameras: tuple[str, ...] = ()
    print: str = ""
    asked_again: bool = False
    stays: bool = False
    since: datetime | None = None
    sent: int = 0
    kept: int = 0
    flushed: bool = False
    always: bool = False

    @property
    def to_send(self) -> int:
        """The number of photos of visits found on the card that are still to be sent."""
        return sum(self.visits.values())

    def after(self, look: "CardLook") -> "Card":
        """This card with the findings of a look through it."""
        return replace(
            self,
            photos=look.photos,
            visits=dict(look.visits),
            unsure=look.unsure,
            cameras=tuple(sorted(look.cameras)),
            print=look.print,
        )


def put_in(context: Context, plugged: PluggedIn, phase: Phase = Phase.LOOKING) -> Card:
    """A card that was put in just now; nothing about it is written yet."""
    return Card(secrets.token_hex(6), phase, plugged, context.clock())


def cards(context: Context) -> list[Card]:
    """The cards that are in or were taken out too soon, oldest first. Entries of other versions are skipped."""
    found = []
    for text in context.journal.facts(CARD).values():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            found.append(_read(text))
    return sorted(found, key=lambda card: (card.put_in_at, card.id))


def save_card(context: Context, card: Card) -> Card:
    """Write the card into the journal, so that the page shows it."""
    text = written(card)
    if context.journal.fact(CARD + card.id) != text:
        context.journal.set_fact(CARD + card.id, text)
    return card


def drop(context: Context, card: Card) -> None:
    """Stop showing the card."""
    context.journal.set_fact(CARD + card.id, None)


def counted(context: Context, card: Card) -> tuple[Card, int]:
    """The card with its photos counted (on the share, still on the card, in doubt); and how many are on their way."""
    states = context.journal.on_volume(card.plugged.id, card.plugged.top, card.since or card.put_in_at)
    unsafe = sum(one.state is State.RECORDED and _is_on(card.plugged, one) for one in unconfirmed(context))
    kept, removed = states.get(State.RECORDED, 0) - unsafe, states.get(State.REMOVED, 0)
    waiting = sum(states.get(state, 0) for state in WAITING) + unsafe
    return replace(card, sent=kept + removed, kept=kept, unsure=states.get(State.REVIEW, 0)), waiting


def _is_on(plugged: PluggedIn, tracked: TrackedPhoto) -> bool:
    """Whether the photo is on this card, as `Journal.on_volume` counts it."""
    if not plugged.id:
        return tracked.photo.main.path.is_relative_to(plugged.top)
    return tracked.volume is not None and tracked.volume.id == plugged.id


def unlock(context: Context, plugged: PluggedIn) -> None:
    """Try again at once to remove photos that could not be removed while this card was locked: it was put in again."""
    ready = [
        replace(one, not_before=None, attempts=0)
        for one in context.journal.away()
        if one.is_here and one.state is State.RECORDED and one.volume is not None and one.volume.id == plugged.id
    ]
    context.journal.save(*ready)


def forget_unasked(context: Context, top: Path, since: datetime) -> None:
    """Drop what a run has found below `top` since then: the card was taken out or swapped before anything was sent."""
    for chunk in context.journal.chunks(*NOT_YET_SENT):
        for one in chunk:
            if one.found_at >= since and one.photo.main.path.is_relative_to(top):
                context.journal.forget(one.id)


# --- On record -------------------------------------------------------------------------------------------------------


def put_on_record(context: Context, card: Card) -> None:
    """Record the card, and the school camera, from which this person sent photos.

    Somebody may have labelled a card with a private name, so the label is recorded only for a card from a school
    camera.
    """
    from agent.record.bodies import CardSent

    cameras = tuple(label for label in card.cameras if _is_fit(label))
    sent = CardSent(
        staff=context.settings.device.staff,
        put_in_at=card.put_in_at,
        photos=card.to_send,
        cameras=cameras,
        serial=card.plugged.id if card.plugged.id is not None and _is_fit(card.plugged.id) else None,
        label=card.plugged.label if cameras and _is_fit(card.plugged.label) else None,
    )
    context.record.append(sent.draft(f"card-{card.id}", context.clock()))


def _is_fit(text: str) -> bool:
    """Whether a card's label, which may contain anything, may go on record."""
    return bool(text) and len(text) <= LONGEST_LABEL and text.isprintable() and trace_of_private(text) is None


# --- In the journal --------------------------------------------------------------------------------------------------


def written(card: Card) -> str:
    """The card as JSON; a path that is not valid text is preserved byte for byte."""
    plugged = card.plugged
    return json.dumps(
        {
            "id": card.id,
            "phase": card.phase.value,
            "plugged": [str(plugged.top), plugged.id, plugged.label, plugged.size, plugged.read_only],
            "put_in_at": card.put_in_at.isoformat(),
            "photos": card.photos,
            "visits": card.visits,
            "unsure": card.unsure,
            "cameras": list(card.cameras),
            "print": card.print,
            "asked_again": card.asked_again,
            "stays": card.stays,
            "since": None if card.since is None else card.since.isoformat(),
            "sent": card.sent,
            "kept": card.kept,
            "flushed": card.flushed,
            "always": card.always,
        },
        ensure_ascii=True,
    )


def _read(text: str) -> Card:
    body = json.loads(text)
    top, *rest = body["plugged"]
    return Card(
        **{
            **body,
            "phase": Phase(body["phase"]),
            "plugged": PluggedIn(Path(top), *rest),
            "put_in_at": datetime.fromisoformat(body["put_in_at"]),
            "visits": {VisitId(visit): count for visit, count in body["visits"].items()},
            "cameras": tuple(body["cameras"]),
            "since": None if body["since"] is None else datetime.fromisoformat(body["since"]),
        }
    )


def spoken_cards(context: Context) -> tuple[str, ...]:
    """A sentence for the command line about each card that is in or was taken out too soon."""
    return tuple(said for card in cards(context) if (said := _spoken(card)) is not None)


def _spoken(card: Card) -> str | None:
    of = f"{card.sent} of {numbered(card.to_send, 'photo')}"
    holds = f"{numbered(card.photos, 'photo')}, {card.to_send} of {'a visit' if len(card.visits) == 1 else 'visits'}"
    words = {
        Phase.TOO_MANY: f"A card holds more than {card.photos:,} photos. That is too many, so it was not looked "
        f'through and nothing was sent. To send the photos of visits, run `photo-agent sync "{card.plugged.top}"`.',
        Phase.LOOKING: f"A card is being looked through: {numbered(card.photos, 'photo')} so far.",
        Phase.OFFERED: f"A card has {holds}. To answer, run `photo-agent open`.",
        Phase.SENDING: f"{of} of a card are sent and checked. Leave the card in.",
        Phase.DONE: _spoken_when_done(card),
        Phase.TAKEN_OUT: f"A card was taken out too soon, with {of} sent. Put it in again.",
    }
    return words.get(card.phase)


def _spoken_when_done(card: Card) -> str:
    need = "needs" if card.unsure == 1 else "need"
    asks = f"{numbered(card.unsure, 'photo')} on it {need} your answer: run `photo-agent open`."
    if not card.sent:
        return f"A card is in. {asks}"
    safe = f"{numbered(card.sent, 'photo')} {'is' if card.sent == 1 else 'are'} safe"
    left = (
        f", {card.kept} of them {'is' if card.kept == 1 else 'are'} still on it"
        if card.kept
        else " and removed from it"
    )
    done = f"A card is finished: {safe}{left}. Eject it, then take it out."
    return f"{done} {asks}" if card.unsure else done


def of_offer(all_cards: Iterable[Card], offer: str) -> Card | None:
    """The card to which this offer belongs."""
    return next((card for card in all_cards if card.id == offer), None)
