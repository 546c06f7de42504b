"""The page in another language: every text comes from the catalogue, and people who ask for Welsh get Welsh."""

import gettext
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from agent import language
from agent.pipeline.cards import written
from agent.settings import Settings
from tests.integration.page.conftest import let_in
from tests.integration.page.states import STATES, PageState
from tests.integration.page.test_cards import PHASES
from tests.laptop import Laptop

NO_WORDS = (
    r"Science Museum|River walk|City farm|School \w+|IMG_\w+( copy)?(\.\w+)?|demo-laptop|j\.smith|Camera Imports|"
    r"GMT|visits/|1"
)
"""Names of the demo's visits, files and folders: data, which is the same in every language."""

SHOWN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest("code, script, style, [lang=en]")) found.push(node.data);
  for (const one of document.querySelectorAll("[alt], [aria-label], [title], [placeholder]"))
    for (const name of ["alt", "aria-label", "title", "placeholder"]) found.push(one.getAttribute(name) || "");
  return found;
}"""


class Marked(gettext.NullTranslations):
    """Every message between brackets, so that what comes from elsewhere stands out."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def not_from_the_catalogue(shown: str) -> str:
    """What remains of a text without its messages, which may contain others, and without data."""
    before = None
    while before != shown:
        before, shown = shown, re.sub(r"⟦[^⟦⟧]*⟧", "", shown)
    return re.sub(NO_WORDS, "", shown).strip()


@pytest.fixture(scope="module")
def tab(settings: Settings, chromium: Any) -> Iterator[Any]:
    """A browser that wants Welsh, let in to its page."""
    with let_in(chromium, settings, locale="cy-GB") as opened:
        yield opened


@pytest.mark.parametrize("name", STATES)
def test_no_text_that_a_teacher_reads_is_outside_the_catalogue(
    name: str, settings: Settings, tab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = Marked()
    monkeypatch.setattr(language, "_catalogue", lambda _code: marked)
    monkeypatch.setattr(language, "language", lambda: "marked")  # what was made in another language is not shown
    state = STATES[name]
    root = "/".join(tab.url.split("/")[:4])
    with state.brought_about(settings):
        tab.goto(f"{root}/{state.place}")
        state.then(tab)
        tab.locator("main").filter(has_text=state.says).wait_for()
        shown = tab.evaluate(SHOWN)
        for undo in tab.get_by_role("button", name="Undo").all()[:1]:
            undo.click()
    assert any("⟦" in one for one in shown)
    assert [one.strip() for one in shown if re.search(r"[^\W\d_]", not_from_the_catalogue(one))] == []


def test_no_text_of_a_cards_panel_is_outside_the_catalogue(
    settings: Settings, tab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = Marked()
    monkeypatch.setattr(language, "_catalogue", lambda _code: marked)
    monkeypatch.setattr(language, "language", lambda: "marked")
    root = "/".join(tab.url.split("/")[:4])
    for name, (card, _) in PHASES.items():
        with PageState("now", {f"card {card.id}": partial(written, card)}).brought_about(settings):
            tab.goto(f"{root}/now")
            panel = tab.locator("section.card", has=tab.locator(f"#card-{card.id}"))
            shown = re.sub(r"EOS_DIGITAL|museum", "", " ".join(panel.all_inner_texts()))
        assert "⟦" in shown, name
        assert not_from_the_catalogue(shown) == "", name


def test_whoever_asks_for_welsh_reads_welsh(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.goto(f"{root}/visits")
    assert tab.locator("html").get_attribute("lang") == "cy"
    assert tab.locator("h1").inner_text() == "Eich ymweliadau"
    assert "Ymweliadau" in tab.title()


@pytest.mark.parametrize("place", ["now", "review", "visits", "history", "history/1"])
def test_welsh_fits_on_a_narrow_screen(place: str, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.set_viewport_size({"width": 320, "height": 900})
    tab.goto(f"{root}/{place}")
    too_wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    tab.set_viewport_size({"width": 1280, "height": 900})
    assert too_wide <= 0


def test_the_setting_comes_before_the_browser(laptop: Laptop, page: Callable[[], str], tab: Any) -> None:
    laptop.configure(register={"visits": str(laptop.home.parent / "visits.csv")}, device={"language": "cy"})
    english = tab.context.browser.new_context(locale="en-GB").new_page()
    english.goto(page())
    assert english.locator("html").get_attribute("lang") == "cy"
