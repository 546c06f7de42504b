"""Every page of a school's report in a real Chromium: axe finds nothing, it fits each screen, certificates A4."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.cli import cli
from tests.integration.page.conftest import started_browser
from tests.integration.page.test_for_everybody import RULES
from tests.schoolrecords import School, whole_school

EVERY = [("light", 1280)]
MORE = [("dark", 1280), ("dark", 320), ("light", 320), ("light", 640)]
"""Schemes and widths; the latter ones in the slow tests only."""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    """Six laptops, two spot checks, keeping times; with the report in `out`."""
    made = whole_school(tmp_path_factory.mktemp("school"), datetime.now(UTC))
    made.spot_check(made.home / "audit", "right")
    finding = {"origin": "visit-photo-agent/laptop-17", "index": 12, "kind": "wrong bytes", "detail": "other bytes"}
    made.spot_check(made.home / "audit", "wrong", right=58, wrong=1, findings=[finding], missing_entries=["x"])
    keeping = made.home / "keeping.toml"
    keeping.write_text(f'[retention]\ndays = 30\nvisits = ["{made.day(10).year}-ski=1"]\n')
    words = ["report", made.share, "--keys", made.keys, "--out", made.home / "out", "--audit", made.home / "audit"]
    words += ["--retention", keeping, "--timezone", "Europe/London", "--mhl"]
    assert cli.main([str(one) for one in words], standalone_mode=False) == 11  # laptop-11's record is cut
    return made


@pytest.fixture(scope="module")
def tab(school: School) -> Iterator[Any]:
    """A browser's tab, which keeps what its console says."""
    with started_browser() as browser:
        opened = browser.new_page()
        opened.said = []
        opened.on("console", lambda message: opened.said.append(message.text))
        yield opened


def pages(school: School) -> list[Path]:
    return sorted((school.home / "out").rglob("*.html"))


def judge(tab: Any, school: School, ways: list[tuple[str, int]]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for page in pages(school):
        tab.goto(page.as_uri())
        for scheme, width in ways:
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size({"width": width, "height": 900})
            too_wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert too_wide <= 0, f"{page.name}: {too_wide} pixels too wide at {width}"
            found = axe.run(tab, options=RULES)
            assert not found.response["violations"], f"{page.name}, {scheme}, {width}: {found.generate_report()}"


def test_axe_finds_nothing_on_any_page_of_the_report(school: School, tab: Any) -> None:
    assert len(pages(school)) == 5 + 3 + 6 + 2
    judge(tab, school, EVERY)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_axe_finds_nothing_at_other_widths_and_schemes(school: School, tab: Any) -> None:
    judge(tab, school, MORE)


def test_no_page_needs_a_script_or_loads_what_its_policy_forbids(school: School, tab: Any) -> None:
    for page in pages(school):
        text = page.read_text("utf-8")
        assert "<script" not in text
        assert not re.search(r"https?://", text.replace("http-equiv", ""))
        assert "default-src 'none'; style-src 'self'" in text
    tab.said.clear()
    tab.goto(pages(school)[0].as_uri())
    assert tab.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "10px", "styled"
    assert tab.said == []


def test_every_link_leads_to_a_page_that_is_there(school: School) -> None:
    for page in pages(school):
        for link in re.findall(r'href="([^"#]+)"', page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_a_certificate_prints_on_one_page_of_a4(school: School, tab: Any) -> None:
    for page in sorted((school.home / "out" / "visits").glob("*-*.html")):
        tab.goto(page.as_uri())
        printed = tab.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, page.name
