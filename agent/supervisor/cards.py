"""Cards that are put in: notice, search and offer them, send their photos on request, and say when they are finished.

`CardKeeper` belongs to the service's loop. Every two seconds it checks cheaply if anything was mounted. It searches
a card in small steps, so that the loop can do other work in between. A person who takes a card out too soon is warned
once, and the photos that were on their way continue when the card is back.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from agent.errors import RecordError
from agent.journal import CardAnswer, CardSaid
from agent.language import using
from agent.pipeline import cardmark
from agent.pipeline.cardlook import AT_ONCE, CardLook, print_of
from agent.pipeline.cardrules import why_not_offered
from agent.pipeline.cards import (
    Card,
    Phase,
    cards,
    counted,
    drop,
    forget_unasked,
    of_offer,
    put_in,
    put_on_record,
    save_card,
    unlock,
)
from agent.pipeline.context import Context
from agent.pipeline.events import Summary
from agent.pipeline.renew import no_register
from agent.pipeline.run import Run
from agent.pipeline.signing import sign_the_rest
from agent.pipeline.whereabouts import dismiss_volume, look_where_mounted_now
from agent.supervisor.audiences import Tell, ToLog
from agent.supervisor.cardnotices import finished, offered, taken_out, too_many
from agent.supervisor.cardrun import StillIn, ToCard, is_same
from agent.supervisor.notices import language_of
from agent.volumes import PluggedIn, flush, glance, plugged_in

log = logging.getLogger("photo-agent")

POLL = 2.0
"""Seconds between two looks at the mounted volumes."""

SHOWN = 640
"""Photos searched between two updates of the card's panel; each update is a commit."""


@dataclass(slots=True)
class CardKeeper:
    """See the module. `show` shows a notice, `hint` asks the loop for a run soon, `tell` takes the events of runs."""

    context: Context
    show: Callable[[str], None]
    hint: Callable[[], None]
    stopping: Callable[[], bool]
    tell: Tell = lambda _: None
    _mounts: object = None
    _next_poll: float = 0.0
    _in: tuple[PluggedIn, ...] = ()
    _to_look: list[Card] = field(default_factory=list)
    _after_run: list[Card] = field(default_factory=list)
    _look: "tuple[Card, CardLook, Iterator[None]] | None" = None
    _grounds: object = None
    _paused: bool = False

    @property
    def busy(self) -> bool:
        """Whether a card is being searched."""
        return self._look is not None or bool(self._to_look)

    def begin(self) -> None:
        """Forget the cards that an earlier service showed, except those whose photos are being sent."""
        self._grounds = self._decided_by()
        now = plugged_in()
        for card in cards(self.context):
            if card.phase is Phase.SENDING and any(is_same(one, card.plugged) for one in now):
                continue  # it was not taken out, so the first look at the mounted volumes continues with it
            if card.phase in {Phase.SENDING, Phase.TAKEN_OUT}:
                save_card(self.context, replace(card, phase=Phase.TAKEN_OUT))
            else:
                drop(self.context, card)

    def turn(self, now: float, *, paused: bool = False) -> Summary | None:
        """Look for new volumes, or search a card one step further. Returns the summary of a run, if one was due.

        While a person has `paused` sending, cards are searched and offered, but cards that are sent unasked must wait.
        """
        self._paused = paused
        if not self.context.settings.cards.offer:
            return None
        if now >= self._next_poll:
            self._next_poll = now + POLL
            self._poll()
        if self._look is not None:
            return self._step()
        if self._to_look:
            self._begin_look(self._to_look.pop(0))
        return None

    def after_run(self) -> None:
        """Check after a run which cards are finished, and search all cards again if the register has changed."""
        if not self.context.settings.cards.offer:
            return
        for card in cards(self.context):
            if card.phase is Phase.SENDING and self._is_in(card.plugged):
                self._count(card)
            elif card.phase is Phase.DONE and card.since is not None and self._is_in(card.plugged):
                after, waiting = counted(self.context, card)
                if waiting or after != card:  # a person has answered a question about one of its photos
                    self._count(card)
            elif card.phase is Phase.TAKEN_OUT:
                after, waiting = counted(self.context, card)
                if waiting + after.kept == 0:
                    drop(self.context, card)
        self._to_look += self._after_run
        self._after_run.clear()
        if self._grounds != (grounds := self._decided_by()):
            self._grounds = grounds
            self.look_again()

    def answer(self, answer: CardAnswer) -> Summary | None:
        """Act on what a person said about a card. Returns the summary of the run that this caused."""
        card = of_offer(cards(self.context), answer.offer)
        match answer.said, None if card is None else card.phase:
            case ((CardSaid.SEND | CardSaid.ALWAYS), Phase.OFFERED) if card is not None:
                return self._send_if_as_shown(card, always=answer.said is CardSaid.ALWAYS)
            case CardSaid.NOT_NOW, Phase.OFFERED if card is not None:
                save_card(self.context, replace(card, phase=Phase.DECLINED))
            case CardSaid.STOP_WAITING, Phase.TAKEN_OUT if card is not None:
                self._stop_waiting(card)
            case CardSaid.ASK_AGAIN, Phase.DONE if card is not None and self._is_in(card.plugged):
                cardmark.forget(self.context, card.plugged)
                save_card(self.context, replace(card, always=False))
            case _:
                log.info("An answer came too late: its card is no longer shown.")
        return None

    def _send_if_as_shown(self, card: Card, *, always: bool) -> Summary | None:
        """Send the card if it is still as it was shown: the same card, with the same files on it.

        The card is watched from before its files are compared, so that a card put in its place meanwhile is not sent.
        """
        here = StillIn(card.plugged)
        self._poll()
        if self._is_in(card.plugged) and print_of(card.plugged) == card.print and here.is_in():
            remembered = always and not card.stays and not self._twin_of(card.plugged)
            return self._send(card, here, always=remembered)
        self._ask_again(card)
        return None

    def _stop_waiting(self, card: Card) -> None:
        """Stop waiting for the photos that were left on a card, because the card will not come back."""
        if card.plugged.id is not None and not any(one.id == card.plugged.id for one in self._in):
            dismiss_volume(self.context, card.plugged.id)
        drop(self.context, card)
        self.hint()

    # --- which cards are in -------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        mounts = glance()
        if mounts == self._mounts:
            return
        self._mounts = mounts
        before, self._in = self._in, plugged_in()
        for one in before:
            if one not in self._in and not self._remounted(one):
                self._went(one)
        for one in self._in:
            if one not in before and not any(is_same(one, other) for other in before):
                self._came(one)

    def _remounted(self, plugged: PluggedIn) -> bool:
        """Whether the card is still in, and only its write protection has changed."""
        now = next((one for one in self._in if is_same(one, plugged)), None)
        if now is None:
            return False
        for card in cards(self.context):
            if card.plugged != plugged:
                continue
            if card.phase is Phase.OFFERED:
                self._offer(replace(card, plugged=now))
            else:
                save_card(self.context, replace(card, plugged=now))
        return True

    def _came(self, plugged: PluggedIn) -> None:
        if (reason := why_not_offered(self.context.settings, plugged)) is not None:
            log.info("A removable disk was put in, but is not offered: it %s", reason)
            return
        log.info("A card was put in.")
        unlock(self.context, plugged)
        if plugged.id is not None:
            look_where_mounted_now(self.context, self.context.mounted().of(plugged.top))
            self._sign()
        earlier = next((one for one in cards(self.context) if _goes_on(one, plugged)), None)
        new = put_in(self.context, plugged)
        if earlier is not None:
            drop(self.context, earlier)
            again = put_in(self.context, plugged, Phase.SENDING)
            save_card(self.context, replace(earlier, id=again.id, phase=Phase.SENDING, plugged=plugged))
        # Photos that an earlier yes covers are sent first. New photos on the card are searched for afterwards.
        if earlier is not None or self.context.journal.on_volume(plugged.id, plugged.top, new.put_in_at):
            self._after_run.append(new)
            self.hint()
        else:
            self._to_look.append(new)

    def _sign(self) -> None:
        """Sign the entries about photos that are gone: no run does so, and a pause may last for hours."""
        try:
            sign_the_rest(self.context)
        except RecordError as fault:
            log.warning("%s", fault)  # the next run tries again; the card does not wait for it

    def _went(self, plugged: PluggedIn) -> None:
        self._to_look = [card for card in self._to_look if card.plugged != plugged]
        self._after_run = [card for card in self._after_run if card.plugged != plugged]
        if self._look is not None and self._look[0].plugged == plugged:
            self._look = None
        for card in cards(self.context):
            if card.plugged == plugged and card.phase is not Phase.TAKEN_OUT:
                self._taken_out(card)

    def _taken_out(self, card: Card) -> None:
        """Warn the person once if the card was taken out too soon; otherwise stop showing it."""
        after, waiting = counted(self.context, card)
        if card.phase is Phase.SENDING and waiting:
            save_card(self.context, replace(after, phase=Phase.TAKEN_OUT))
            self._show(taken_out)
            self.hint()
        else:
            drop(self.context, card)

    def _is_in(self, plugged: PluggedIn) -> bool:
        return any(is_same(one, plugged) for one in self._in)

    def _as_it_is(self, plugged: PluggedIn) -> PluggedIn:
        return next((one for one in self._in if is_same(one, plugged)), plugged)

    def _twin_of(self, plugged: PluggedIn) -> bool:
        """Whether another card that is in looks the same. Then neither of them can be recognised later."""
        return sum(one.is_like(plugged) for one in self._in) > 1

    # --- searching ----------------------------------------------------------------------------------------------------

    def _begin_look(self, card: Card) -> None:
        if not self._is_in(card.plugged):
            return
        look = CardLook(self.context, card.plugged)
        self._look = card, look, look.steps()

    def _step(self) -> Summary | None:
        if self._look is None:
            return None
        card, look, steps = self._look
        self._look = None  # if this card causes a fault, the next one is still searched
        for _ in steps:
            self._look = card, look, steps
            # Until the first photo of a visit is found, there is nothing to show.
            if card.phase is Phase.LOOKING and look.visits and look.photos % SHOWN < AT_ONCE:
                save_card(self.context, replace(card, photos=look.photos, visits=dict(look.visits)))
            return None
        return self._looked(card.after(look), look)

    def _looked(self, card: Card, look: CardLook) -> Summary | None:
        """After the search, offer the photos that were found, or send them if a person has agreed before."""
        if not self._is_in(card.plugged):
            return None
        if look.troubles:
            log.warning("%d folders or files on a card could not be read.", len(look.troubles))
        if look.too_many:
            if card.phase is not Phase.TOO_MANY:
                self._show(too_many)
            save_card(self.context, replace(card, phase=Phase.TOO_MANY))
            return None
        card = replace(card, stays=self.context.settings.cards.remove == "never")
        if not card.to_send and not card.unsure:
            drop(self.context, card)
            if look.safe and card.plugged.read_only:
                save_card(self.context, replace(card, phase=Phase.DONE, sent=look.safe, kept=look.safe))
            return None
        for other in cards(self.context):
            if other.id != card.id and is_same(other.plugged, card.plugged):
                drop(self.context, other)
        always = not self._twin_of(card.plugged) and cardmark.is_always(self.context, card.plugged)
        if always or self.context.settings.cards.remove == "always":
            if self._paused:
                self._after_run.append(card)  # searched again after the run that ends the pause
                self.hint()
                return None
            return self._send_if_as_shown(card, always=always)
        self._offer(replace(card, phase=Phase.OFFERED))
        return None

    def _offer(self, card: Card) -> None:
        """Ask about the card.

        If the question has changed since it was last asked, this is a new offer. A page may still show the old one,
        and a yes to that must not count as a yes to the new one.
        """
        before = of_offer(cards(self.context), card.id)
        asked = before is not None and before.phase is Phase.OFFERED
        if asked and before != card:
            drop(self.context, card)
            card = replace(card, id=put_in(self.context, card.plugged).id)
        save_card(self.context, card)
        if not asked:
            self._show(lambda: offered(card))

    def _decided_by(self) -> tuple[object, object]:
        """Everything that decides which photos are of a visit. If it changes, cards are searched again."""
        return self.context.grounds, no_register(self.context, self.context.registers.current())

    def look_again(self) -> None:
        """Search the cards again, because a new register or a `sync` may have changed what to offer."""
        for plugged in self._in:
            card = next((one for one in cards(self.context) if is_same(one.plugged, plugged)), None)
            looking = [one.plugged for one in (*self._to_look, *self._after_run)]
            looking += [] if self._look is None else [self._look[0].plugged]
            if plugged in looking or why_not_offered(self.context.settings, plugged) is not None:
                continue
            if card is None or card.phase in {Phase.OFFERED, Phase.TOO_MANY}:
                self._to_look.append(card or put_in(self.context, plugged))

    def _ask_again(self, card: Card) -> None:
        """Send nothing and search the card again, because the card or its photos are not those that were shown."""
        log.info("A card has changed since it was offered, so it is searched again.")
        drop(self.context, card)
        now = next((one for one in self._in if one.top == card.plugged.top), None)
        if now is not None and why_not_offered(self.context.settings, now) is None:
            self._to_look.append(replace(put_in(self.context, now), asked_again=True))

    # --- sending ------------------------------------------------------------------------------------------------------

    def _send(self, card: Card, here: StillIn, *, always: bool) -> Summary:
        began = self.context.clock()
        card = save_card(self.context, replace(card, phase=Phase.SENDING, since=began, always=always))
        try:
            put_on_record(self.context, card)
        except RecordError:
            save_card(self.context, replace(card, phase=Phase.OFFERED, since=None))
            raise
        audience = ToCard(self.context, card, here, ToLog(self.context.journal, self.tell))
        run = Run(
            self.context,
            (card.plugged.top,),
            audience,
            answers_at_once=False,
            stopping=lambda: self.stopping() or not here.is_in(),
        )
        summary = run.through()
        if not here.is_in() and not audience.sending:
            forget_unasked(self.context, card.plugged.top, began)
        self._poll()  # it may have been taken out, or be read-only by now
        if here.is_in():
            card = replace(card, plugged=self._as_it_is(card.plugged))
            self._count(replace(card, always=always and cardmark.remember(self.context, card.plugged)))
        return summary

    def _count(self, card: Card) -> None:
        """Update the card's progress. It is finished when no photo is on its way and everything is written to it."""
        after, waiting = counted(self.context, card)
        if waiting:
            save_card(self.context, replace(after, phase=Phase.SENDING))
            return
        if not after.sent and after.unsure:
            save_card(self.context, replace(after, phase=Phase.DONE))  # all its photos wait for a person's answers
            return
        if not after.sent:
            drop(self.context, after)  # nothing was sent: a crash came first, or no photo was of a visit after all
            return
        flushed = after.plugged.read_only or flush(after.plugged.top)
        save_card(self.context, replace(after, phase=Phase.DONE, flushed=flushed))
        self._show(lambda: finished(after, flushed=flushed))

    def _show(self, line: Callable[[], str]) -> None:
        with using(language_of(self.context.settings)):
            self.show(line())


def _goes_on(card: Card, plugged: PluggedIn) -> bool:
    """Whether an earlier yes covers photos on the volume that was put in, even if the service has restarted since."""
    if card.phase is Phase.SENDING:
        return is_same(card.plugged, plugged)
    return card.phase is Phase.TAKEN_OUT and card.plugged.is_like(plugged)
