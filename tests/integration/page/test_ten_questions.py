"""Ten people's questions, each answered on one page; and a laptop on which everything of a visit is done."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings
from tests.integration.page.conftest import let_in
from tests.integration.page.ten_questions import QUESTIONS


@pytest.fixture(scope="module")
def tab(settings: Settings, chromium: Any) -> Iterator[Any]:
    """A browser that was let in to its page."""
    with let_in(chromium, settings) as opened:
        yield opened


def reads(tab: Any, answer: str) -> str:
    """What the page says, as soon as the answer is in it: a click does not wait for the page that it leads to."""
    until = time.monotonic() + 10
    while not re.search(answer, text := tab.locator("main").inner_text()) and time.monotonic() < until:
        tab.wait_for_timeout(50)
    return text


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_answered_on_one_page(question: str, settings: Settings, tab: Any) -> None:
    asked = QUESTIONS[question]
    root = "/".join(tab.url.split("/")[:4])
    with asked.state.brought_about(settings):
        tab.goto(f"{root}/{asked.state.place}")
        asked.state.then(tab)
        read = reads(tab, asked.answer)
        for undo in tab.get_by_role("button", name=re.compile("^Undo")).all()[:1]:
            undo.click()
    assert re.search(asked.answer, read), read


def test_a_photo_that_is_asked_about_is_found_and_a_private_one_is_not(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    for name, said in (("IMG_0010", "1 photo found"), ("IMG_0008", "No photo found")):
        tab.goto(f"{root}/history")
        tab.locator("#q").fill(name)
        tab.get_by_role("button", name="Find").click()
        assert said in reads(tab, said)


def test_a_visit_that_needs_an_answer_is_not_finished_in_history(tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.goto(f"{root}/history")
    visit = tab.locator("section.card", has=tab.get_by_role("heading", name="Science Museum"))
    assert "Not finished" in visit.inner_text()


def test_what_was_sent_is_paged_and_has_no_name_in_its_address(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.goto(f"{root}/history/1")
    assert tab.get_by_text("Sent from Science Museum").count() == 1
    assert "museum" not in tab.url + tab.title().casefold()
    assert tab.goto(f"{root}/history/99").status == 404
    assert tab.goto(f"{root}/history/1?page=7").status == 200


def test_a_visit_leads_to_the_word_that_was_given_on_it(settings: Settings, tab: Any) -> None:
    root = "/".join(tab.url.split("/")[:4])
    tab.goto(f"{root}/visits")
    assert tab.get_by_role("link", name="as you told us").count() == 0
    tab.get_by_role("link", name="What to do after Science Museum").click()
    tab.get_by_label("I looked: none left").first.wait_for()  # `all` does not wait for the page
    for choice in tab.get_by_label("I looked: none left").all():
        choice.check()
    tab.get_by_role("button", name="Put my word on record").click()
    tab.goto(f"{root}/visits")
    tab.get_by_role("link", name="No copies are left elsewhere, as you told us").click()
    assert tab.url.endswith("#word")
    tab.get_by_role("button", name="Undo my word").click()


@pytest.mark.slow  # it wants a quiet machine
def test_the_first_page_comes_quickly_and_at_rest_the_process_is_small(settings: Settings) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("asks Linux for the memory and the processor time of a process")
    file = settings.state_dir.parent / "agent.toml"
    own = settings.state_dir.with_name("a page of its own")
    alone = file.with_name("alone.toml")
    alone.write_text(file.read_text("utf-8").replace(str(settings.state_dir), str(own)), "utf-8")
    line = [sys.executable, "-m", "agent.cli", "--config", str(alone), "open"]
    with subprocess.Popen([*line, "--serve"]) as page:
        try:
            url = json.loads(subprocess.run([*line, "--json"], capture_output=True, check=True).stdout)["url"]
            time.sleep(1)  # as long as a browser takes to start
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            asked = time.monotonic()
            assert b"School photos" in browser.open(url).read()
            assert time.monotonic() - asked < 1  # 0.05 s on a quiet machine; this one may be busy
            before = _ticks(page.pid)
            time.sleep(3)
            assert (_ticks(page.pid) - before) / os.sysconf("SC_CLK_TCK") < 0.05
            resident = Path(f"/proc/{page.pid}/status").read_text().partition("VmRSS:")[2].split()[0]
            assert int(resident) < 60_000
        finally:
            page.terminate()


def _ticks(process: int) -> int:
    columns = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(columns[11]) + int(columns[12])
