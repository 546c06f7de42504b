"""Settings for cards: remove never or always; a pause; no offers."""

import time
from typing import Any

import pytest

from agent.journal import CardSaid
from agent.pipeline.cards import Phase
from agent.pipeline.context import open_context
from agent.pipeline.lock import only_writer
from agent.pipeline.pausing import pause, resume
from agent.pipeline.run import Run
from agent.record import EntryKind
from tests.integration.pipeline.cards.desk import Desk
from tests.loopcards import Card


@pytest.mark.slow
def test_never_sends_and_leaves_everything_on_the_card(desk: Desk, card: Card) -> None:
    desk.configure(cards={"remove": "never"})
    with desk.at_work():
        card.put_in()
        done = desk.send()
        assert (done.sent, done.kept) == (3, 3)
        assert len(card.holds()) == 5
        desk.take_out(card)
        card.put_in()
        time.sleep(6)
        assert desk.shown() == [], "what was sent is not offered again"
    assert len(desk.laptop.on_share()) == 3
    assert len(card.holds()) == 5
    kept = desk.laptop.entries(EntryKind.NOT_REMOVED)
    assert [entry.body["outcome"] for entry in kept] == ["kept"] * 3
    status = desk.laptop.command("status")
    assert status.returncode == 0, status.stdout
    assert run_over(desk, card).removed == 0, "a typed sync does not remove them either"
    assert len(card.holds()) == 5


def test_photos_left_by_an_earlier_setting_stay_until_asked_for(desk: Desk, card: Card) -> None:
    desk.configure(cards={"remove": "never"})
    card.put_in()
    assert run_over(desk, card).exit_code == 0
    assert len(card.holds()) == 5
    desk.configure()
    desk.laptop.run()
    assert len(card.holds()) == 5
    assert run_over(desk, card).removed == 3
    assert len(card.holds()) == 2


@pytest.mark.slow
def test_always_in_the_settings_asks_nobody(desk: Desk, card: Card) -> None:
    desk.configure(cards={"remove": "always"})
    with desk.at_work():
        card.put_in()
        assert desk.until(Phase.DONE).sent == 3
        assert len(card.holds()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("remove", ["ask", "always"])
def test_a_pause_stops_cards_too_but_they_are_still_offered(desk: Desk, card: Card, remove: str) -> None:
    desk.configure(cards={"remove": remove})
    desk.laptop.look(pause)
    with desk.at_work():
        card.put_in()
        if remove == "ask":
            desk.until(Phase.OFFERED)
        time.sleep(5)
        assert (desk.laptop.on_share(), len(card.holds())) == ({}, 5)
        desk.laptop.look(resume)
        if remove == "ask":
            desk.say(desk.until(Phase.OFFERED), CardSaid.SEND)
        assert desk.until(Phase.DONE).sent == 3


@pytest.mark.slow
def test_cards_are_not_looked_at_where_the_settings_say_so(desk: Desk, card: Card) -> None:
    desk.configure(cards={"offer": False})
    with desk.at_work():
        card.put_in()
        time.sleep(5)
        assert desk.shown() == []


def run_over(desk: Desk, card: Card) -> Any:
    with only_writer(desk.laptop.settings), open_context(desk.laptop.settings) as context:
        return Run(context, (card.top,)).through()
