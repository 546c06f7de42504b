"""“Always for this card” holds for the card with the newest mark, by the person who said it, and for no other."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.journal import Journal
from agent.model.ids import VisitId
from agent.pipeline.cardmark import NAME, forget, is_always, remember
from agent.pipeline.cards import Card, Phase, cards, save_card
from agent.volumes import PluggedIn


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Any]:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        device = SimpleNamespace(staff="j.smith")
        yield SimpleNamespace(journal=journal, settings=SimpleNamespace(device=device))


@pytest.fixture
def card(tmp_path: Path) -> PluggedIn:
    (tmp_path / "card").mkdir()
    return PluggedIn(tmp_path / "card", "1234-ABCD", "EOS", 64)


def test_a_card_is_known_by_its_newest_mark_alone(context: Any, card: PluggedIn) -> None:
    assert not is_always(context, card)
    assert remember(context, card)
    assert is_always(context, card)
    older = (card.top / NAME).read_bytes()
    assert remember(context, card)
    assert is_always(context, card)
    (card.top / NAME).write_bytes(older)
    assert not is_always(context, card)


def test_a_number_and_a_label_without_the_mark_prove_nothing(context: Any, card: PluggedIn, tmp_path: Path) -> None:
    remember(context, card)
    (tmp_path / "other").mkdir()
    assert not is_always(context, PluggedIn(tmp_path / "other", card.id, card.label, card.size))
    assert not is_always(context, PluggedIn(card.top, "FFFF-0000", card.label, card.size))


def test_the_word_ends_with_the_person(context: Any, card: PluggedIn) -> None:
    remember(context, card)
    context.settings.device.staff = "k.jones"
    assert not is_always(context, card)


def test_it_can_be_taken_back(context: Any, card: PluggedIn) -> None:
    remember(context, card)
    forget(context, card)
    assert not is_always(context, card)
    assert list(card.top.iterdir()) == []


def test_cards_that_cannot_be_marked_are_asked_about(context: Any, card: PluggedIn) -> None:
    assert not remember(context, PluggedIn(card.top, card.id, card.label, card.size, read_only=True))
    assert not remember(context, PluggedIn(card.top, None, card.label, card.size))
    (card.top / NAME).mkdir()
    assert not remember(context, card)
    assert not is_always(context, card)


@pytest.mark.skipif(sys.platform == "win32", reason="links as POSIX has them")
def test_a_link_in_the_marks_place_is_not_followed(context: Any, card: PluggedIn, tmp_path: Path) -> None:
    remember(context, card)
    mark = (card.top / NAME).rename(tmp_path / "mark")
    (card.top / NAME).symlink_to(mark)
    assert not is_always(context, card)
    before = mark.read_bytes()
    assert remember(context, card)
    assert mark.read_bytes() == before


@pytest.mark.parametrize("noted", ["", "[]", "{", '{"id": "a", "plugged": ["/x"]}', '{"plugged": 5}', '"x"', "null"])
def test_what_another_version_noted_of_a_card_stops_nothing(context: Any, card: PluggedIn, noted: str) -> None:
    known = Card("a1", Phase.OFFERED, card, datetime(2026, 3, 14, tzinfo=UTC), 5, {VisitId("museum"): 3})
    save_card(context, known)
    context.journal.set_fact("card b2", noted)
    assert cards(context) == [known]
