"""The staff page of a laptop whose photos wait, served as it is, and a real browser to look at it with."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.demo.story import play
from agent.settings import Settings, load
from agent.web import open_page, serve
from tests.laptop import VISITS, Laptop

HERE = Path(__file__).parent
RUNNING = pytest.StashKey[tuple[Any, contextlib.ExitStack]]()
"""Chromium if it runs, and what ends it."""

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of one file run in one process: its browser and its page take seconds to start."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(f"page: {item.path.stem}"))


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    """Set up, with a register on its own disk, for no share is needed to be asked."""
    disk = tmp_path / "share"
    disk.mkdir()
    server: Any = SimpleNamespace(
        host="127.0.0.1",
        port=9,
        user="laptop-17",
        root="/",
        disk=disk,
        key_file=tmp_path / "key",
        known_hosts_file=tmp_path / "known_hosts",
    )
    made = Laptop(tmp_path / "laptop", server)
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    made.configure(register={"visits": str(tmp_path / "visits.csv")})
    return made


@pytest.fixture
def page(laptop: Laptop) -> Iterator[Callable[[], str]]:
    """Serves the laptop's page in a thread from the first call on; each call gives an address with a fresh token."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def start() -> None:
        threads.append(threading.Thread(target=serve, args=(laptop.settings, laptop.config, stopping)))
        threads[-1].start()

    yield lambda: open_page(laptop.settings, start).url
    stopping.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


@contextlib.contextmanager
def started_browser() -> Iterator[Any]:
    """A real Chromium, driven by Playwright; without one the test is skipped."""
    if BROWSER is None:
        pytest.skip("no Chromium (Debian: chromium) is installed here")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (pip: playwright)")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Any:
    """A real Chromium, the same one for the next tests of this folder too: to start it takes as long as a test."""
    stash = request.config.stash
    if RUNNING not in stash:
        with contextlib.ExitStack() as started:
            browser = started.enter_context(started_browser())
            stash[RUNNING] = browser, started.pop_all()
    return stash[RUNNING][0]


@pytest.hookimpl(trylast=True)  # after its tabs are closed
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End Chromium before the tests of other folders: the loop that drives it would be in the way of theirs."""
    if (nextitem is None or nextitem.path.parent != HERE) and RUNNING in item.config.stash:
        _, started = item.config.stash[RUNNING]
        del item.config.stash[RUNNING]
        started.close()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A real Chromium; each tab that a test opens has its own cookies, and is closed with the test."""
    before = set(chromium.contexts)
    yield chromium
    for context in set(chromium.contexts) - before:
        context.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's laptop, for the tests of one module."""
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    return load(folder / "laptop" / "agent.toml")


@contextlib.contextmanager
def let_in(chromium: Any, settings: Settings, **more: str) -> Iterator[Any]:
    """A tab that was let in to the demo's page; `more` is how the browser is set (`locale`)."""
    stopping = threading.Event()
    serving = threading.Thread(target=serve, args=(settings, settings.state_dir.parent / "agent.toml", stopping))
    opened = chromium.new_context(**more).new_page()
    opened.goto(open_page(settings, serving.start).url)
    yield opened
    opened.context.close()
    stopping.set()
    serving.join(10)
