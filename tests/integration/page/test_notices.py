"""Notices on the desktop, through a real session bus: what they say, how seldom, and what a click does."""
# ruff: noqa: F821, F722  # the annotations of D-Bus methods are D-Bus signatures

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.journal import State
from agent.notices import DesktopNotices
from agent.pipeline.events import Summary
from agent.pipeline.journal_keys import SHARE_TROUBLE
from agent.supervisor import RunNotices
from tests.laptop import Laptop


class Said:
    """Notices that keep what they were to show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def show(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def said() -> Said:
    return Said()


def _after(laptop: Laptop, said: Said, **counts: int) -> None:
    laptop.look(lambda context: RunNotices(context, said).after(Summary(**counts)))


def test_what_was_removed_is_said_after_each_run_by_its_number(laptop: Laptop, said: Said) -> None:
    _after(laptop, said, removed=85)
    _after(laptop, said, removed=1)
    _after(laptop, said)
    assert said.lines == [
        "85 photos are safe on the school network and removed from the photo folder.",
        "1 photo is safe on the school network and removed from the photo folder.",
    ]


def test_notices_are_in_the_language_that_is_set(laptop: Laptop, said: Said) -> None:
    laptop.configure(device={"language": "cy"})
    _after(laptop, said, removed=2)
    assert said.lines == ["Mae 2 lun yn ddiogel ar rwydwaith yr ysgol ac wedi’u tynnu o’r ffolder lluniau."]


def test_that_photos_need_a_person_is_said_once_a_day(laptop: Laptop, said: Said) -> None:
    laptop.photo("IMG_0001.JPG", None)
    laptop.run()
    assert len(laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))) == 1
    _after(laptop, said)
    _after(laptop, said)
    assert said.lines == ["1 photo needs you."]


def test_that_it_stopped_is_said_once_for_each_time_and_before_all_else(laptop: Laptop, said: Said) -> None:
    for ago in (2, 1):
        since = (datetime.now(UTC) - timedelta(hours=ago)).isoformat()
        why = json.dumps([6, "another host key", since, True])
        laptop.look(lambda context, why=why: context.journal.set_fact(SHARE_TROUBLE, why))
        _after(laptop, said)
        _after(laptop, said)
    assert said.lines == ["School photos has stopped. Tell IT."] * 2


# --- On a real session bus --------------------------------------------------------------------------------------------


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A separate session bus."""
    if sys.platform != "linux" or shutil.which("dbus-daemon") is None:
        pytest.skip("no session bus (Debian: dbus) can be started here")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        daemon.terminate()


@pytest.fixture
def centre(bus: str) -> Iterator[Any]:
    """A desktop's notification centre, which keeps what it is sent and clicks on it."""
    aio = pytest.importorskip("dbus_fast.aio", reason="desktop-notifier is not installed")
    from dbus_fast.service import ServiceInterface, method, signal

    class Centre(ServiceInterface):
        def __init__(self) -> None:
            super().__init__("org.freedesktop.Notifications")
            self.shown: list[tuple[str, str]] = []

        @method()
        def Notify(
            self,
            app_name: "s",
            replaces: "u",
            icon: "s",
            summary: "s",
            body: "s",
            actions: "as",
            hints: "a{sv}",
            timeout: "i",
        ) -> "u":
            self.shown.append((summary, body))
            asyncio.get_running_loop().call_later(0.2, self.ActionInvoked, len(self.shown), "default")
            return len(self.shown)

        @method()
        def GetCapabilities(self) -> "as":
            return ["actions", "body"]

        @method()
        def GetServerInformation(self) -> "ssss":
            return ["centre", "tests", "1", "1.2"]

        @method()
        def CloseNotification(self, number: "u") -> None:
            pass

        @signal()
        def ActionInvoked(self, number, key) -> "us":
            return [number, key]

        @signal()
        def NotificationClosed(self, number, reason) -> "uu":
            return [number, reason]

    made = Centre()
    loop = asyncio.new_event_loop()

    async def appear() -> Any:
        connection = await aio.MessageBus(bus_address=bus).connect()
        connection.export("/org/freedesktop/Notifications", made)
        await connection.request_name("org.freedesktop.Notifications")
        return connection

    async def leave() -> None:
        connection.disconnect()
        await connection.wait_for_disconnect()  # its socket is closed only then

    serving = threading.Thread(target=loop.run_forever)
    serving.start()
    connection = asyncio.run_coroutine_threadsafe(appear(), loop).result(10)
    yield made
    asyncio.run_coroutine_threadsafe(leave(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    serving.join(10)
    loop.close()


def _within(seconds: float, seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.05)
    return seen()


def test_a_desktop_shows_it_and_a_click_opens_the_page(centre: Any) -> None:
    clicked = threading.Event()
    DesktopNotices(clicked.set).show("3 photos need you.")
    assert _within(15, lambda: bool(centre.shown))
    assert centre.shown == [("School photos", "3 photos need you.")]
    assert clicked.wait(15)


def test_a_bus_without_a_centre_is_nothing_to_speak_of(bus: str) -> None:
    notices = DesktopNotices(lambda: None)
    notices.show("3 photos need you.")
    time.sleep(1)
    notices.show("3 photos need you.")


def test_without_a_session_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    before = set(threading.enumerate())
    DesktopNotices(lambda: None).show("3 photos need you.")
    assert not set(threading.enumerate()) - before or sys.platform != "linux"
