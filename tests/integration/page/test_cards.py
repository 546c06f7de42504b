"""A card's panel on Now: what it says in each phase, what its buttons store, by keyboard and without script."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.journal import CardAnswer, CardSaid
from agent.model.ids import VisitId
from agent.pipeline.cards import Card, Phase, save_card
from agent.pipeline.lock import only_writer
from agent.volumes import PluggedIn
from tests.integration.page.test_for_everybody import judge
from tests.laptop import Laptop

MUSEUM, FARM = VisitId("museum"), VisitId("farm")
PLUGGED = PluggedIn(Path("/media/j/EOS_DIGITAL"), "1234-ABCD", "EOS_DIGITAL", 64_000_000_000)
OFFER = Card("a1b2c3d4e5f6", Phase.OFFERED, PLUGGED, datetime(2026, 3, 14, 17, tzinfo=UTC), 120, {MUSEUM: 85})

PHASES = {
    "looking": (replace(OFFER, phase=Phase.LOOKING, photos=640), "We are looking through it: 640 photos so far."),
    "offered": (OFFER, "This card holds 120 photos, 85 from Science Museum."),
    "offered, one": (replace(OFFER, photos=1, visits={MUSEUM: 1}), "This card holds 1 photo, from Science Museum."),
    "offered, two visits": (
        replace(OFFER, visits={MUSEUM: 85, FARM: 5}, unsure=3),
        "This card holds 120 photos, 90 from 2 visits.",
    ),
    "offered, in doubt alone": (
        replace(OFFER, visits={}, unsure=3),
        "This card holds 120 photos. 3 of them may be from a school visit.",
    ),
    "offered, locked": (replace(OFFER, plugged=replace(PLUGGED, read_only=True)), "The card is locked"),
    "offered, again": (replace(OFFER, asked_again=True), "The card has changed since we asked you"),
    "offered, one in doubt": (replace(OFFER, photos=1, visits={}, unsure=1), "This card holds 1 photo. It may be from"),
    "sending": (replace(OFFER, phase=Phase.SENDING, sent=30), "30 of 85 sent and checked"),
    "done": (
        replace(OFFER, phase=Phase.DONE, sent=85, flushed=True),
        "85 photos are safe on the school network and removed from the card. 35 are still on it.",
    ),
    "done, all of it in doubt": (
        replace(OFFER, phase=Phase.DONE, visits={}, unsure=2, since=OFFER.put_in_at),
        "2 photos on it need your answer.",
    ),
    "done, not flushed": (replace(OFFER, phase=Phase.DONE, sent=85), "Eject the card, then take it out."),
    "done, locked": (
        replace(OFFER, phase=Phase.DONE, sent=85, kept=85, plugged=replace(PLUGGED, read_only=True)),
        "We could not remove them from the card: it is locked.",
    ),
    "done, always": (
        replace(OFFER, phase=Phase.DONE, sent=85, flushed=True, always=True, unsure=2),
        "Ask me next time",
    ),
    "done, two in doubt": (
        replace(OFFER, phase=Phase.DONE, sent=85, flushed=True, unsure=2),
        "You can take the card out, but 2 photos on it need your answer",
    ),
    "done, one in doubt": (
        replace(OFFER, phase=Phase.DONE, sent=85, flushed=True, unsure=1),
        "You can take the card out, but 1 photo on it needs your answer",
    ),
    "done, in doubt and not flushed": (
        replace(OFFER, phase=Phase.DONE, sent=85, unsure=1),
        "The card waits for your answers",
    ),
    "too many": (
        replace(OFFER, phase=Phase.TOO_MANY, photos=200_000, visits={}),
        "This card holds more than 200,000 photos, so we have not looked through it.",
    ),
    "done, one of two still on it": (
        replace(OFFER, phase=Phase.DONE, sent=2, kept=1, visits={MUSEUM: 2}),
        "2 photos are safe on the school network. 1 of them is still on the card. We will remove it when",
    ),
    "sending, more by answers": (replace(OFFER, phase=Phase.SENDING, sent=87), "87 of 87 sent and checked"),
    "taken out with its only photo": (
        replace(OFFER, phase=Phase.TAKEN_OUT, visits={MUSEUM: 1}),
        "Its photo is not safe yet.",
    ),
    "taken out, more by answers": (
        replace(OFFER, phase=Phase.TAKEN_OUT, sent=85),
        "Not all of its photos are safe yet.",
    ),
    "taken out": (
        replace(OFFER, phase=Phase.TAKEN_OUT, sent=30),
        "30 of 85 photos are safe. The other 55 are still on the card.",
    ),
}


@pytest.fixture
def at_work(laptop: Laptop) -> Iterator[None]:
    """As far as the page can tell, the service is running and the register was read."""
    laptop.run()
    laptop.look(lambda context: context.journal.set_fact("share trouble", None))
    with only_writer(laptop.settings):
        yield


def show(laptop: Laptop, card: Card) -> None:
    laptop.look(lambda context: save_card(context, card))


def answered(laptop: Laptop) -> CardAnswer | None:
    found: CardAnswer | None = laptop.look(lambda context: context.journal.next_card_answer())
    return found


@pytest.mark.usefixtures("at_work")
def test_each_phase_says_what_it_must(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    tab = browser.new_page()
    tab.goto(page())
    for name, (card, says) in PHASES.items():
        show(laptop, card)
        tab.reload()
        assert says in " ".join(tab.locator("main").inner_text().split()), name
        if name == "offered, two visits":
            judge(tab)


@pytest.mark.usefixtures("at_work")
def test_the_first_sentence_speaks_of_a_card_that_waits(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    says = "The card that was put in waits for your answer."
    tab = browser.new_page()
    tab.goto(page())
    assert says not in tab.locator("h1").inner_text()
    show(laptop, OFFER)
    tab.reload()
    assert tab.locator("h1").inner_text() == says
    assert "Nothing waits" not in tab.locator("main").inner_text()
    assert tab.locator("#next").count() == 0
    assert says in laptop.command("status").stdout
    show(laptop, replace(OFFER, phase=Phase.SENDING))
    tab.reload()
    assert says not in tab.locator("h1").inner_text()


@pytest.mark.usefixtures("at_work")
def test_a_card_with_too_many_photos_is_spoken_of_first(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    show(laptop, replace(OFFER, phase=Phase.TOO_MANY, photos=200_000, visits={}))
    tab = browser.new_page()
    tab.goto(page())
    assert "A card holds more than 200,000 photos." in tab.locator("h1").inner_text()
    assert "copy the photos of your visit" in tab.locator("main").inner_text()
    judge(tab)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "Put the card in; “Now” asks what to do."),
        pytest.param({"remove": "always"}, "Put the card in. We send its photos automatically", marks=pytest.mark.slow),
        pytest.param({"offer": False}, "Copy its photos into Camera Imports.", marks=pytest.mark.slow),
    ],
)
def test_the_list_for_after_a_visit_says_what_to_do_with_a_card(
    laptop: Laptop, page: Callable[[], str], browser: Any, settings: dict[str, object], says: str
) -> None:
    laptop.configure(register={"visits": str(laptop.home.parent / "visits.csv")}, cards=settings)
    laptop.run()
    tab = browser.new_page()
    tab.goto(page())
    tab.get_by_role("navigation").get_by_role("link", name="Visits").click()
    tab.get_by_role("link", name="What to do after").first.click()
    tab.wait_for_load_state()  # a click waits for the beginning of the page that it leads to, not for its end
    assert says in tab.locator("main").inner_text()


@pytest.mark.slow
@pytest.mark.usefixtures("at_work")
def test_each_phase_is_for_everybody(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    tab = browser.new_page()
    tab.goto(page())
    for card, _ in PHASES.values():
        show(laptop, card)
        tab.reload()
        judge(tab)


@pytest.mark.usefixtures("at_work")
def test_by_keyboard_alone_an_offer_is_taken(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    show(laptop, OFFER)
    tab = browser.new_page()
    tab.goto(page())
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.textContent") == "Send and remove from the card":
            break
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#saved")
    assert "We are checking the card once more" in tab.locator("#saved").inner_text()
    answer = answered(laptop)
    assert answer is not None
    assert (answer.offer, answer.said) == (OFFER.id, CardSaid.SEND)


BUTTONS = (
    (OFFER, "Not now", CardSaid.NOT_NOW),
    (OFFER, "Always for this card", CardSaid.ALWAYS),
    (PHASES["offered, in doubt alone"][0], "Ask me about them", CardSaid.SEND),
    (PHASES["offered, locked"][0], "Send the photos", CardSaid.SEND),
    (PHASES["done, always"][0], "Ask me next time", CardSaid.ASK_AGAIN),
    (PHASES["taken out"][0], "The card will not come back", CardSaid.STOP_WAITING),
)


@pytest.mark.usefixtures("at_work")
def test_without_script_each_button_puts_down_its_answer(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(page())
    for card, button, said in BUTTONS:
        show(laptop, card)
        tab.reload()
        tab.get_by_role("button", name=button).click()
        answer = answered(laptop)
        assert answer is not None
        assert (answer.offer, answer.said) == (card.id, said)
        laptop.look(lambda context, number=answer.id: context.journal.finish(number, context.clock()))


@pytest.mark.usefixtures("at_work")
def test_an_answer_to_what_is_not_shown_any_more_is_not_taken(
    laptop: Laptop, page: Callable[[], str], browser: Any
) -> None:
    show(laptop, OFFER)
    tab = browser.new_page()
    tab.goto(page())
    laptop.look(lambda context: context.journal.set_fact(f"card {OFFER.id}", None))
    tab.get_by_role("button", name="Send and remove").click()
    assert "has changed since you opened" in tab.locator("#saved").inner_text()
    assert answered(laptop) is None


@pytest.mark.usefixtures("at_work")
def test_a_second_page_cannot_answer_what_was_answered(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    show(laptop, OFFER)
    tab = browser.new_page()
    tab.goto(page())
    show(laptop, replace(OFFER, phase=Phase.DECLINED))  # by the other page, and the service has seen to it
    tab.get_by_role("button", name="Send and remove").click()
    assert "has changed since you opened" in tab.locator("#saved").inner_text()
    assert answered(laptop) is None


@pytest.mark.usefixtures("at_work")
def test_a_hostile_label_is_shown_as_text(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    label = "<b>\x1b[31m\u202eEOS</b>" + "x" * 50
    show(laptop, replace(OFFER, plugged=replace(PLUGGED, label=label)))
    tab = browser.new_page()
    tab.goto(page())
    heading = tab.locator(f"#card-{OFFER.id}").inner_text()
    assert "<b>\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}EOS</b>" in heading
    assert len(heading) < 60


def test_a_card_is_not_spoken_of_while_nobody_could_see_to_it(
    laptop: Laptop, page: Callable[[], str], browser: Any
) -> None:
    laptop.run()
    show(laptop, OFFER)
    tab = browser.new_page()
    tab.goto(page())
    assert "A card was put in" not in tab.locator("main").inner_text()


@pytest.mark.usefixtures("at_work")
def test_where_it_never_removes_the_page_says_so(laptop: Laptop, page: Callable[[], str], browser: Any) -> None:
    laptop.configure(register={"visits": str(laptop.home.parent / "visits.csv")}, cards={"remove": "never"})
    show(laptop, replace(OFFER, stays=True))
    tab = browser.new_page()
    tab.goto(page())
    said = tab.locator("main").inner_text()
    assert "They stay on the card, as IT has chosen." in said
    assert tab.get_by_role("button", name="Send the photos").count() == 1
    assert tab.get_by_role("button", name="Always for this card").count() == 0
