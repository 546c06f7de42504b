"""Ten people's questions, each answered on one page; and a laptop on which everything of a visit is done."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agent.demo.story import play
from agent.settings import Settings, load
from agent.web import open_page, serve
from tests.integration.page.conftest import started_browser
from tests.integration.page.ten_questions import QUESTIONS


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's laptop."""
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    return load(folder / "laptop" / "agent.toml")


@pytest.fixture(scope="module")
def tab(settings: Settings) -> Iterator[Any]:
    """A browser that was let in to its page."""
    stopping = threading.Event()
    serving = threading.Thread(target=serve, args=(settings, settings.state_dir.parent / "agent.toml", stopping))
    with started_browser() as chromium:
        opened = chromium.new_page()
        opened.goto(open_page(settings, serving.start).url)
        yield opened
    stopping.set()
    serving.join(10)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_answered_on_one_page(question: str, settings: Settings, tab: Any) -> None:
    asked = QUESTIONS[question]
    root = "/".join(tab.url.split("/")[:4])
    with asked.state.brought_about(settings):
        tab.goto(f"{root}/{asked.state.place}")
        asked.state.then(tab)
        read = tab.locator("main").inner_text()
        for undo in tab.get_by_role("button", name=re.compile("^Undo")).all()[:1]:
            undo.click()
    assert re.search(asked.answer, read), read


def test_a_photo_that_is_asked_about_is_found_and_a_private_one_is_not(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    for name, said in (("IMG_0010", "1 photo found"), ("IMG_0008", "No photo found")):
        tab.goto(f"{root}/history")
        tab.locator("#q").fill(name)
        tab.get_by_role("button", name="Find").click()
        assert said in tab.locator("main").inner_text()


def test_what_was_sent_is_paged_and_has_no_name_in_its_address(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.goto(f"{root}/history/1")
    assert tab.get_by_text("Sent from Science Museum").count() == 1
    assert "museum" not in tab.url + tab.title().casefold()
    assert tab.goto(f"{root}/history/99").status == 404
    assert tab.goto(f"{root}/history/1?page=7").status == 200
