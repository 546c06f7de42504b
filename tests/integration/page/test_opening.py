"""`open`: one page a user, and nothing in its folder is believed but what this user wrote."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from agent.errors import AgentError
from agent.web import open_page, opening, serve
from agent.web.access import GOOD_FOR, TakeToken
from agent.web.callers import is_this_user
from agent.web.lastseen import CLOSED_AFTER, LEFT_AFTER, LastSeen
from tests.laptop import Laptop

Page = Callable[[], str]
posix = pytest.mark.skipif(sys.platform == "win32", reason="users and links of POSIX")


@pytest.fixture
def processes(laptop: Laptop) -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for one in started:
        one.kill()
        one.wait(10)


@pytest.fixture
def start(laptop: Laptop, processes: list[subprocess.Popen[bytes]]) -> Callable[[], None]:
    """Starts a page's process, as `open` does."""
    command = [sys.executable, "-P", "-m", "agent.cli", "--config", str(laptop.config), "open", "--serve"]
    return lambda: processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))


def _folder(laptop: Laptop) -> Path:
    return laptop.settings.state_dir / "page"


def test_a_second_open_comes_to_the_same_page(page: Page) -> None:
    first, second = page(), page()
    assert first.partition("?")[0] == second.partition("?")[0]
    assert first != second


def test_many_at_once_all_get_an_address(page: Page) -> None:
    page()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(page())) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert len(set(found)) == 5


def test_a_killed_page_is_started_anew(
    laptop: Laptop,
    start: Callable[[], None],
    processes: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "START_WITHIN", 90)  # this is not about how quickly: under Wine it may take 20 s
    monkeypatch.setattr(opening, "START_AGAIN_AFTER", 80)
    open_page(laptop.settings, start)
    processes[0].send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    processes[0].wait(10)
    url = open_page(laptop.settings, start).url
    assert len(processes) == 2
    with urlopen(_kept(url)) as answer:
        assert answer.status == 200


def test_nothing_is_left_in_the_folder_that_lets_in(page: Page, laptop: Laptop) -> None:
    page()
    assert [file.name for file in _folder(laptop).iterdir()] == ["lock"]


@posix
def test_an_address_that_another_user_planted_is_not_opened(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    monkeypatch.setattr("agent.web.opening.START_WITHIN", 1.0)

    def plant() -> None:
        for wish in _folder(laptop).glob("wish-*"):
            file = wish.with_name(wish.name.replace("wish", "address"))
            file.write_text(json.dumps({"host": "127.0.0.1:1", "token": "t" * 30}), encoding="utf-8")
            os.chown(file, 65534, 65534)

    with pytest.raises(AgentError, match="did not start"):
        open_page(laptop.settings, plant)


@posix
@pytest.mark.parametrize("what", ["a link", "open to others", "of another user"])
def test_a_folder_that_is_not_this_users_alone_is_refused(laptop: Laptop, tmp_path: Path, what: str) -> None:
    folder = _folder(laptop)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if what == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir(mode=0o700)
        if what == "open to others":
            folder.chmod(0o777)
        elif os.geteuid() != 0:
            pytest.skip("only root can give a folder to another user")
        else:
            os.chown(folder, 65534, 65534)
    with pytest.raises(AgentError, match="was not opened"):
        open_page(laptop.settings, lambda: pytest.fail("no process is started"))


@posix
def test_a_link_in_place_of_a_wish_or_address_is_not_followed(page: Page, laptop: Laptop, tmp_path: Path) -> None:
    page()
    victim = tmp_path / "victim"
    victim.write_text("untouched", encoding="utf-8")
    (_folder(laptop) / "wish-0123").symlink_to(victim)
    (_folder(laptop) / ".address-0123").symlink_to(victim)
    deadline = time.monotonic() + 10
    while (_folder(laptop) / "wish-0123").is_symlink() and time.monotonic() < deadline:
        time.sleep(0.1)
    page()
    assert victim.read_text("utf-8") == "untouched"


@pytest.mark.skipif(sys.platform != "linux", reason="another user's list of programs shows addresses on Linux alone")
def test_a_token_read_from_the_list_of_programs_does_not_let_another_user_in(page: Page) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    url = page()
    # Everything is imported before: the other user may not be able to read this Python's folder.
    knock = (
        "import os, socket, sys\n"
        "host, port, path = sys.argv[1:]\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "with socket.socket() as knocking:\n"
        "    knocking.connect((host, int(port)))\n"
        "    knocking.sendall(f'GET {path} HTTP/1.0\\r\\nHost: {host}:{port}\\r\\n\\r\\n'.encode('ascii'))\n"
        "    print(knocking.recv(100).decode('ascii').split()[1])\n"
    )
    parts = urlsplit(url)
    where = (str(parts.hostname), str(parts.port), f"{parts.path}?{parts.query}")
    told = subprocess.run([sys.executable, "-c", knock, *where], capture_output=True, text=True, check=True, timeout=30)
    assert told.stdout.strip() == "403"
    with urlopen(_kept(url)) as answer:
        assert answer.status == 200  # the token was not used up


def _kept(url: str) -> Request:
    """A request as a browser makes it: it keeps the cookie on the way."""
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    return Request(f"http://{parts.netloc}{answer.headers['Location']}", headers={"Cookie": cookie})


def test_a_connection_that_has_ended_is_nobodys() -> None:
    assert is_this_user(("127.0.0.1", 1), ("127.0.0.1", 2)) is (sys.platform != "linux")


def test_a_token_is_good_for_a_minute() -> None:
    now = [0.0]
    tokens = TakeToken(lambda: now[0])
    token = tokens.add()
    now[0] = GOOD_FOR + 1
    assert not tokens(token)


def test_knocking_does_not_keep_the_page_open() -> None:
    seen = LastSeen(at=0.0, by_script=True)
    assert not seen.expired(CLOSED_AFTER)
    assert seen.expired(CLOSED_AFTER + 1)
    assert not LastSeen(at=0.0).expired(CLOSED_AFTER + 1)
    assert LastSeen(at=0.0).expired(LEFT_AFTER + 1)


def test_a_page_that_was_closed_ends_by_itself(page: Page, laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.web.lastseen.LEFT_AFTER", 1.5)
    url = page()
    wrong = url.partition("token=")[0] + "token=wrong"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urlopen(wrong, timeout=5)
        except OSError as fault:
            if getattr(fault, "code", None) is None:  # the page has closed, however often a stranger tries
                return
        time.sleep(0.2)
    pytest.fail("the page stayed")


def test_a_tab_says_so_when_its_page_has_ended(browser: Any, laptop: Laptop) -> None:
    from playwright.sync_api import expect

    stopping = threading.Event()
    serving = threading.Thread(target=serve, args=(laptop.settings, laptop.config, stopping))
    tab = browser.new_page()
    tab.goto(open_page(laptop.settings, serving.start).url)
    stopping.set()
    serving.join(20)
    expect(tab.get_by_role("alert")).to_contain_text("This page has been closed.", timeout=30_000)
