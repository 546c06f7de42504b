"""What the desktop and `status` say of a card on which photos still wait for a person's answer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.ids import VisitId
from agent.pipeline.cards import Card, Phase, _spoken
from agent.supervisor.cardnotices import finished
from agent.volumes import PluggedIn

CARD = PluggedIn(Path("/media/EOS"), "1234-ABCD", "EOS", 64_000_000_000)


def done(unsure: int, kept: int = 0) -> Card:
    at = datetime(2026, 3, 14, 17, tzinfo=UTC)
    return Card("a", Phase.DONE, CARD, at, 9, {VisitId("museum"): 3}, unsure, since=at, sent=3, kept=kept)


SAFE = "3 photos are safe on the school network and removed from the card. You can take the card out."


@pytest.mark.parametrize(
    ("unsure", "says"),
    [(0, SAFE), (1, f"{SAFE} 1 photo on it needs your answer."), (2, f"{SAFE} 2 photos on it need your answer.")],
)
def test_a_notice_names_how_many_photos_on_a_finished_card_need_an_answer(unsure: int, says: str) -> None:
    assert finished(done(unsure), flushed=True) == says


def test_status_names_them_too() -> None:
    ejected = "A card is finished: 3 photos are safe and removed from it. Eject it, then take it out."
    assert _spoken(done(0)) == ejected
    assert _spoken(done(2)) == f"{ejected} 2 photos on it need your answer: run `photo-agent open`."
    assert _spoken(done(0, kept=1)) == (
        "A card is finished: 3 photos are safe, 1 of them is still on it. Eject it, then take it out."
    )
