"""A login ahead of its time is taken once, raises what it would have raised in time, and is never left open."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from agent.errors import LoginRefused, ShareUnreachable
from agent.pipeline import connection
from agent.pipeline.connection import EarlyLogin


class Opened:
    """All of a share that matters here."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Connecting:
    """A way to the share on which each attempt goes as `outcomes` say, once it is let `go`."""

    def __init__(self, *outcomes: Opened | BaseException) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, bool]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, *, delivering: bool = False) -> Any:
        self.calls.append((threading.current_thread().name, delivering))
        self.go.wait(10)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def over(login: EarlyLogin) -> bool:
    return login._thread is not None and not login._thread.is_alive()


def test_what_was_begun_early_is_what_is_taken() -> None:
    share = Opened()
    connecting = Connecting(share)
    login = EarlyLogin(connecting)
    login.begin(delivering=True)
    login.begin(delivering=True)
    assert login.take(delivering=True) is share
    login.close()
    assert connecting.calls == [("share-early", True)]
    assert share.closed == 0


def test_without_an_early_login_the_connection_is_made_when_it_is_taken() -> None:
    connecting = Connecting(Opened())
    EarlyLogin(connecting).take(delivering=True)
    assert connecting.calls == [(threading.current_thread().name, True)]


def test_a_refusal_is_raised_where_the_connection_is_taken_and_not_tried_twice() -> None:
    connecting = Connecting(LoginRefused("not let in"))
    login = EarlyLogin(connecting)
    login.begin(delivering=True)
    until(lambda: over(login))
    with pytest.raises(LoginRefused, match="not let in"):
        login.take(delivering=True)
    assert len(connecting.calls) == 1


def test_a_failure_that_was_still_being_waited_for_is_not_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    connecting = Connecting(ShareUnreachable("no answer"))
    connecting.go.clear()
    login = EarlyLogin(connecting)
    login.begin(delivering=True)
    thread = login._thread
    assert thread is not None
    wait = thread.join

    def wait_for_a_failure_that_comes_now(seconds: float) -> None:
        connecting.go.set()
        wait(seconds)

    monkeypatch.setattr(thread, "join", wait_for_a_failure_that_comes_now)
    with pytest.raises(ShareUnreachable, match="no answer"):
        login.take(delivering=True)
    assert len(connecting.calls) == 1


def test_a_network_that_came_since_is_used() -> None:
    share = Opened()
    connecting = Connecting(ShareUnreachable("away"), share)
    login = EarlyLogin(connecting)
    login.begin(delivering=False)
    until(lambda: over(login))
    assert login.take(delivering=True) is share


def test_a_connection_that_waited_too_long_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FRESH", -1.0)
    old, new = Opened(), Opened()
    login = EarlyLogin(Connecting(old, new))
    login.begin(delivering=True)
    until(lambda: over(login))
    assert login.take(delivering=True) is new
    assert (old.closed, new.closed) == (1, 0)


def test_a_connection_that_nobody_took_is_closed() -> None:
    share = Opened()
    login = EarlyLogin(Connecting(share))
    login.begin(delivering=True)
    until(lambda: over(login))
    login.close()
    login.close()
    assert share.closed == 1


def test_a_login_that_is_given_up_holds_nothing_up_and_is_closed_later() -> None:
    share = Opened()
    connecting = Connecting(share)
    connecting.go.clear()
    login = EarlyLogin(connecting)
    login.begin(delivering=True)
    began = time.monotonic()
    login.close()
    assert time.monotonic() - began < connection.GIVEN_UP + 2
    connecting.go.set()
    until(lambda: share.closed == 1)
