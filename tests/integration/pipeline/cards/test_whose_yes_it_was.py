"""A yes belongs to the card and the photos that were shown, and to nothing else."""

import time

import pytest

from agent.journal import CardSaid, State
from agent.model.ids import VisitId
from agent.pipeline import answers
from agent.pipeline.cards import Phase
from tests.integration.pipeline.cards.desk import Desk, content, filled, wait
from tests.laptop import ON_VISIT, VISITS, jpeg
from tests.loopcards import Card, Reader, put_in_or_skip


def test_a_card_swapped_before_the_yes_is_asked_about_again(desk: Desk, card: Card, reader: Reader) -> None:
    other = filled(reader.card(), visit=4, first=50)
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.take_out()
        other.put_in()  # the same serial number, label and size, at the same place
        before = content(other)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        again = desk.until(Phase.OFFERED, where=lambda one: one.id != offer.id)
        assert again.visits == {"museum": 4}
        assert content(other) == before
        desk.say(offer, CardSaid.SEND)  # the late answer again: it is about an offer that is no longer shown
        desk.handled()
        assert content(other) == before
    assert desk.laptop.on_share() == {}


def test_a_yes_does_not_cover_photos_that_are_found_later(desk: Desk, card: Card) -> None:
    """The visits list now has another visit: the same card, with the same files, would lose more of them."""
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        later = "evening,Evening walk,2026-03-13 18:00,2026-03-13 23:00,Europe/London,,,,,,\n"
        desk.laptop.register(VISITS + later)
        assert desk.laptop.command("sync").returncode == 0
        more = desk.until(Phase.OFFERED, where=lambda one: one.to_send == 5)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(1)
        assert len(card.holds()) == 5
        assert more.id != offer.id
        desk.say(more, CardSaid.SEND)
        assert desk.until(Phase.DONE).sent == 5
    assert desk.lines.count("A card holds 3 photos from a school visit. Click to send.") == 1


@pytest.mark.slow
def test_of_two_answers_given_at_once_the_first_counts(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        desk.say(offer, CardSaid.NOT_NOW)
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(2)
        assert [one.phase for one in desk.shown()] == [Phase.DECLINED]
        assert len(card.holds()) == 5
        desk.take_out(card)
        card.put_in()
        again = desk.until(Phase.OFFERED)
        for said in (CardSaid.SEND, CardSaid.NOT_NOW, CardSaid.SEND, CardSaid.ALWAYS, CardSaid.STOP_WAITING):
            desk.say(again, said)
        desk.handled()
        done = desk.until(Phase.DONE)
        assert (done.sent, done.always) == (3, False)
    assert len(desk.laptop.on_share()) == 3


@pytest.mark.slow
def test_a_card_that_became_locked_is_a_new_offer(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.now_locked()
        locked = desk.until(Phase.OFFERED, where=lambda one: one.plugged.read_only)
        assert locked.id != offer.id
        desk.say(offer, CardSaid.SEND)
        desk.handled()
        time.sleep(1)
    assert desk.laptop.on_share() == {}
    assert len(desk.lines) == 1, "a notice once"


@pytest.mark.slow
def test_a_card_in_doubt_is_finished_once_it_is_answered(desk: Desk, reader: Reader) -> None:
    card = put_in_or_skip(reader.card(), lambda card: card.write("DCIM/100CANON/IMG_0001.JPG", jpeg(None, seed=1)))
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        assert (offer.to_send, offer.unsure) == (0, 1)
        desk.say(offer, CardSaid.SEND)
        waits = desk.until(Phase.DONE)
        assert (waits.sent, waits.unsure) == (0, 1)
        assert "A card is in. 1 photo on it needs your answer" in desk.laptop.command("status").stdout
        asked = desk.ask(lambda journal: [one.id for one in journal.tracked_photos(State.REVIEW)])
        desk.laptop.look(lambda context: answers.give(context, asked, VisitId("museum")))
        assert desk.laptop.command("sync").returncode == 0
        done = desk.until(Phase.DONE, where=lambda one: one.sent == 1)
        assert (done.unsure, done.kept, card.holds()) == (0, 0, {})
    assert [line for line in desk.lines if "card" in line] == [
        "A card may hold photos from a school visit. Click to see.",
        "1 photo is safe on the school network and removed from the card. You can take the card out.",
    ]


def test_photos_added_after_the_look_are_asked_about(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        offer = desk.until(Phase.OFFERED)
        card.write("DCIM/100CANON/IMG_0050.JPG", jpeg(ON_VISIT, seed=50))
        desk.say(offer, CardSaid.SEND)
        again = desk.until(Phase.OFFERED, where=lambda one: one.asked_again)
        assert again.visits == {"museum": 4}
        assert len(card.holds()) == 6


@pytest.mark.slow
def test_always_is_for_this_card_and_not_for_one_with_its_number(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        assert desk.send(CardSaid.ALWAYS).always
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        desk.take_out(card)

        card.put_in()  # new photos on the same card: sent without asking
        assert desk.until(Phase.DONE).sent == 1
        assert "DCIM/100CANON/IMG_0070.JPG" not in card.holds()
        desk.take_out(card)

        clone = filled(reader.card(), first=30)
        clone.put_in()
        desk.until(Phase.OFFERED)
        assert len(clone.holds()) == 5


@pytest.mark.slow
def test_a_copy_from_before_the_last_time_is_asked_about(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        desk.send(CardSaid.ALWAYS)
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        desk.take_out(card)
        copy = reader.copy(card)
        card.put_in()
        desk.until(Phase.DONE)
        desk.take_out(card)
        copy.put_in()
        desk.until(Phase.OFFERED)
        assert "DCIM/100CANON/IMG_0070.JPG" in copy.holds()


@pytest.mark.slow
def test_always_can_be_taken_back(desk: Desk, card: Card) -> None:
    with desk.at_work():
        card.put_in()
        desk.say(desk.until(Phase.OFFERED), CardSaid.ALWAYS)
        desk.say(desk.until(Phase.DONE), CardSaid.ASK_AGAIN)
        desk.until(Phase.DONE, where=lambda one: not one.always)
        assert not (card.top / ".photo-agent-card").exists()
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        desk.take_out(card)
        card.put_in()
        desk.until(Phase.OFFERED)


@pytest.mark.slow
def test_two_cards_of_one_number_are_both_asked_about(desk: Desk, card: Card, reader: Reader) -> None:
    with desk.at_work():
        card.put_in()
        desk.send(CardSaid.ALWAYS)
        card.write("DCIM/100CANON/IMG_0070.JPG", jpeg(ON_VISIT, seed=70))
        desk.take_out(card)
        twin = filled(reader.card("OTHER"), first=30)
        twin.put_in()
        desk.until(Phase.OFFERED)
        card.put_in()
        wait(lambda: [one.phase for one in desk.shown()] == [Phase.OFFERED] * 2)
        assert len(card.holds()) == 3
        assert len(twin.holds()) == 5
