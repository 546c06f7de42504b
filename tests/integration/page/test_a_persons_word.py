"""A person's word on copies elsewhere: on the school's record as their word, and not to be undone from then on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import UsageError
from agent.model.ids import VisitId
from agent.pipeline.attest import attest, attested, take_back
from agent.record import EntryKind
from agent.record.words import Place, Word
from tests.laptop import ON_VISIT, Laptop

MUSEUM = VisitId("museum")
ALL = dict.fromkeys(Place, Word.NONE_LEFT)


@pytest.fixture
def after(laptop: Laptop) -> Laptop:
    laptop.photo("IMG_0001.JPG", ON_VISIT)
    laptop.run()
    return laptop


def _on_record(laptop: Laptop) -> list[dict[str, Any]]:
    found = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.ATTESTED})))
    return [dict(entry.body) for entry in found]


def test_a_word_goes_on_record_with_the_next_run_and_once(after: Laptop) -> None:
    after.look(lambda context: attest(context, MUSEUM, ALL))
    assert _on_record(after) == []
    after.run()
    after.run()
    assert _on_record(after) == [
        {"visit": "museum", "staff": "j.smith", **{place.value: "none left" for place in Place}}
    ]
    assert after.look(lambda context: attested(context, MUSEUM)).on_record


def test_a_word_can_be_taken_back_until_it_is_on_record(after: Laptop) -> None:
    after.look(lambda context: attest(context, MUSEUM, ALL))
    assert after.look(lambda context: take_back(context, MUSEUM))
    after.run()
    assert _on_record(after) == []
    after.look(lambda context: attest(context, MUSEUM, ALL))
    after.run()
    assert not after.look(lambda context: take_back(context, MUSEUM))


def test_a_later_word_is_another_entry(after: Laptop) -> None:
    after.look(lambda context: attest(context, MUSEUM, ALL | {Place.CLOUD: Word.NOT_LOOKED}))
    after.run()
    after.look(lambda context: attest(context, MUSEUM, ALL))
    after.run()
    assert [body["cloud"] for body in _on_record(after)] == ["not looked", "none left"]


@pytest.mark.parametrize("visit", ["nowhere"])
def test_nothing_can_be_stated_of_an_unknown_visit_or_half(after: Laptop, visit: str) -> None:
    with pytest.raises(UsageError, match="no visit nowhere"):
        after.look(lambda context: attest(context, VisitId(visit), ALL))
    with pytest.raises(UsageError, match="cloud"):
        after.look(lambda context: attest(context, MUSEUM, {Place.PHONE: Word.HAD_NONE}))


def test_the_command_takes_a_word_by_options(after: Laptop) -> None:
    options = ("--phone", "none-left", "--bin", "none-left", "--cloud", "had-none", "--messages", "had-none")
    lacking = after.command("attest", "museum", *options)
    assert lacking.returncode == 2
    assert "card" in lacking.stderr
    told = after.command("attest", "museum", *options, "--card", "not-looked", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["card"] == "not looked"
    assert after.look(lambda context: attested(context, MUSEUM)).words[Place.CLOUD] is Word.HAD_NONE


def test_the_page_takes_a_word_place_by_place(browser: Any, after: Laptop, page: Callable[[], str]) -> None:
    tab = browser.new_page()
    tab.goto(page())
    tab.get_by_role("navigation").get_by_role("link", name="Visits").click()
    tab.get_by_role("link", name="What to do after Science Museum").click()
    tab.wait_for_load_state()
    assert tab.locator("input:checked").count() == 0
    for place in ("phone", "bin", "cloud", "messages"):
        tab.locator(f"#f-{place}").get_by_label("I looked: none left").check()
    tab.get_by_role("button", name="Put my word on record").click()
    tab.wait_for_load_state()  # a click waits for the beginning of the page that it leads to, not for its end
    assert tab.title().startswith("Error: ")
    assert tab.locator("input:checked").count() == 4  # what was chosen stays chosen
    tab.locator("#f-card").get_by_label("I looked: none left").check()
    tab.get_by_role("button", name="Put my word on record").click()
    assert "Your word is saved" in tab.locator("#saved").inner_text()
    tab.get_by_role("button", name="Undo my word").click()
    assert "Undone" in tab.locator("#saved").inner_text()
    after.look(lambda context: attest(context, MUSEUM, ALL))
    after.run()
    tab.get_by_role("navigation").get_by_role("link", name="History").click()
    tab.wait_for_load_state()
    assert "This is on record and cannot be undone" in tab.locator("main").inner_text()
