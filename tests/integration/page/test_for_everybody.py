"""Every page in every state, in a real Chromium: axe finds nothing (WCAG 2.2 AA), and nothing scrolls sideways."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.pipeline.journal_keys import SHARE_TROUBLE
from agent.pipeline.lock import only_writer
from agent.settings import Settings
from tests.integration.page.conftest import let_in
from tests.integration.page.states import STATES, PageState
from tests.laptop import ON_VISIT, Laptop

WIDTHS = (1280, 640, 320)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def tab(settings: Settings, chromium: Any) -> Iterator[Any]:
    """A browser that was let in to its page."""
    with let_in(chromium, settings) as opened:
        yield opened


@pytest.fixture(params=STATES, ids=str)
def shown(request: pytest.FixtureRequest, settings: Settings, tab: Any) -> Iterator[Any]:
    """The page in one of its states."""
    state: PageState = STATES[request.param]
    root = "/".join(tab.url.split("/")[:4])
    with state.brought_about(settings):
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.goto(f"{root}/{state.place}")
        state.then(tab)
        tab.wait_for_load_state()  # a click waits for the beginning of the page that it leads to, not for its end
        assert state.says in tab.locator("main").inner_text()
        yield tab
        for undo in tab.get_by_role("button", name="Undo").all()[:1]:
            undo.click()


def judge(tab: Any) -> None:
    """The page that a tab shows, wide and narrow, light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab.wait_for_load_state()  # with its style sheet
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            too_wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, f"{too_wide} pixels too wide at {width}"
            if (scheme, width) != ("dark", 640):
                found = axe.run(tab, options=RULES)
                assert not found.response["violations"], f"{scheme}, {width}: {found.generate_report()}"
    tab.emulate_media(color_scheme="light")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(shown: Any) -> None:
    judge(shown)


def test_a_question_about_many_and_a_busy_page_are_for_everybody_too(
    laptop: Laptop, page: Callable[[], str], chromium: Any
) -> None:
    for number in range(30):
        laptop.photo(f"IMG_01{number:02}.JPG", None, seed=number)
    laptop.photo("IMG_0300.JPG", ON_VISIT, seed=99)
    laptop.run()
    laptop.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, None))
    with only_writer(laptop.settings):
        tab = chromium.new_page()
        tab.goto(page())
        assert "1 photo from Science Museum is on its way." in tab.locator("h1").inner_text()
        judge(tab)
        tab.get_by_role("navigation").get_by_role("link", name="Review").click()
        judge(tab)
        tab.get_by_role("link", name="More pictures").click()
        judge(tab)
        tab.locator("input[type=checkbox]").first.check()
        tab.get_by_label("Not school photos").check()
        tab.get_by_role("button", name="Answer for all 30").click()
        assert "Which did you mean?" in tab.locator("h1").inner_text()
        judge(tab)
