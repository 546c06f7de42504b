"""The folders are looked through while the connection is made; nothing is decided by a register that is out of date."""

import threading
import time
from collections.abc import Callable

import pytest

from agent.errors import ShareUnreachable
from agent.pipeline import examine
from agent.pipeline.context import Connect, open_context, server_of, wall_clock
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.share import Share, open_share
from tests.laptop import PRIVATE, VISITS, Laptop


def run(laptop: Laptop, connect: Callable[[Laptop], Share], **options: bool) -> Run:
    def connected(*, delivering: bool = False) -> Share:
        return connect(laptop)

    way: Connect = connected
    with only_writer(laptop.settings), open_context(laptop.settings, connect=way) as context:
        one = Run(context, laptop.settings.watch, **options)  # type: ignore[arg-type]
        one.through()
        return one


def opened(laptop: Laptop) -> Share:
    return open_share(server_of(laptop.settings), clock=wall_clock)


def test_the_look_does_not_wait_for_the_connection(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, looked, connected = laptop.photo("IMG_1.jpg"), threading.Event(), []
    look = examine.look

    def looking(*words: object) -> object:
        found = look(*words)  # type: ignore[arg-type]
        looked.set()
        return found

    def slowly(one: Laptop) -> Share:
        connected.append(looked.wait(20))
        return opened(one)

    monkeypatch.setattr(examine, "look", looking)
    assert run(laptop, slowly).summary.removed == 1
    assert connected == [True], "the connection was there only after the look, and was made once"
    assert not photo.exists()


def test_a_photo_that_a_new_register_makes_one_of_a_visit_is_seen_in_the_same_run(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg", PRIVATE)
    assert run(laptop, opened).summary.private == 1
    time.sleep(0.01)
    day = f"{PRIVATE:%Y-%m-%d}"
    laptop.register(VISITS + f"again,Again,{day} 00:00,{day} 23:59\n")
    for _ in range(2):
        run(laptop, opened)
    assert not photo.exists()


def test_a_share_that_is_not_there_is_told_once_and_local_work_goes_on(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    assert run(laptop, opened).summary.removed == 1
    laptop.photo("IMG_2.jpg", PRIVATE)
    tried = []

    def fails(_: Laptop) -> Share:
        tried.append(1)
        raise ShareUnreachable("not there")

    one = run(laptop, fails)
    assert isinstance(one.summary.fault, ShareUnreachable)
    assert one.summary.private == 1
    assert len(tried) == 1


def test_a_connection_that_nobody_wants_any_more_is_closed(laptop: Laptop) -> None:
    made: list[Share] = []
    threads = set(threading.enumerate())

    def late(one: Laptop) -> Share:
        time.sleep(0.5)
        made.append(opened(one))
        return made[-1]

    def stopping() -> bool:
        return True

    began = time.monotonic()
    run(laptop, late, stopping=stopping)  # type: ignore[arg-type]
    deadline = began + 20
    while not made or set(threading.enumerate()) - threads:
        assert time.monotonic() < deadline
        time.sleep(0.02)
