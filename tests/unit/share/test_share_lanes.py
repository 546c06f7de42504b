"""Turns of small and large files over one connection or more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.errors import HostKeyRefused, ShareUnreachable
from agent.share import pool as module
from agent.share.pool import LARGE, SENDING, ConnectionPool
from agent.share.wire import ServerLimits


class Session:
    """As much of a session as connections look at."""

    closed = False

    def __init__(self, limits: ServerLimits | None = None) -> None:
        self.limits = limits or ServerLimits()
        self.stating: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if limits is None:
            self.stating.set_result(None)

    def state(self, handles: int) -> None:
        self.limits = ServerLimits(handles=handles)
        self.stating.set_result(None)

    def close(self) -> None:
        self.closed = True


def lanes(
    most: int, connect: Callable[[], Awaitable[Any]], lost: Callable[[Exception], None] = lambda _: None
) -> ConnectionPool:
    return ConnectionPool(Session(), connect, most, lost)  # type: ignore[arg-type]


async def another() -> Session:
    return Session()


async def unreachable() -> Session:
    raise ShareUnreachable("no more")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG", 0.01)


async def not_yet(waiting: "asyncio.Task[None]") -> None:
    await asyncio.sleep(0.05)
    assert not waiting.done()


async def at_last(what: Callable[[], bool]) -> None:
    """Wait until it is so, and a moment longer, in which it could become too much."""
    while not what():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)


async def in_turn(all_lanes: ConnectionPool, size: int, until: asyncio.Event, went: list[int]) -> None:
    async with all_lanes.turn(size):
        went.append(size)
        await until.wait()


def test_a_large_file_neither_waits_for_small_ones_nor_holds_them_up() -> None:
    async def scenario() -> None:
        one = lanes(1, unreachable)
        async with one.turn(10 * LARGE), one.turn(SENDING), one.turn(SENDING // 4):
            pass

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_a_second_large_file_waits_for_the_first() -> None:
    async def scenario() -> None:
        one, until, went = lanes(1, unreachable), asyncio.Event(), list[int]()
        async with one.turn(2 * LARGE) as turn:
            second = asyncio.create_task(in_turn(one, 3 * LARGE, until, went))
            await not_yet(second)
            turn.left(1)
            await not_yet(second)
            turn.left(0)
            turn.left(0)
            await asyncio.sleep(0)
            assert went == [3 * LARGE]
            until.set()
            await second

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_the_next_file_has_its_turn_while_the_last_bytes_are_sent() -> None:
    async def scenario() -> None:
        one, until, went = lanes(1, unreachable), asyncio.Event(), list[int]()
        async with one.turn(SENDING) as first, one.turn(SENDING) as second:
            third = asyncio.create_task(in_turn(one, SENDING, until, went))
            for turn in (first, second):
                await not_yet(third)
                turn.left(SENDING // 4)
            await asyncio.sleep(0)
            assert went == [SENDING]
            until.set()
            await third
            assert one.all[0].free == SENDING // 2
        assert one.all[0].free == SENDING

    asyncio.run(asyncio.wait_for(scenario(), 30))


@pytest.mark.parametrize(("stated", "most"), [(1000, 64), (40, 10), (0, 8)])
def test_few_files_are_open_until_the_server_has_stated_how_many_it_allows(stated: int, most: int) -> None:
    async def scenario() -> None:
        session = Session(ServerLimits())
        handles = ConnectionPool(session, unreachable, 1, lambda _: None).all[0].write_handles  # type: ignore[arg-type]
        waiting = [asyncio.create_task(handles.take(1)) for _ in range(100)]
        await asyncio.sleep(0)
        assert sum(one.done() for one in waiting) == 2
        session.state(stated)
        await asyncio.sleep(0.01)
        assert sum(one.done() for one in waiting) == most
        for one in waiting:
            one.cancel()

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_excess_waits_in_order_and_a_cancelled_wait_loses_no_window() -> None:
    async def scenario() -> None:
        one, until, went = lanes(1, unreachable), asyncio.Event(), list[int]()
        tasks = [asyncio.create_task(in_turn(one, SENDING // 2 - n, until, went)) for n in range(6)]
        await asyncio.sleep(0.05)
        assert went == [SENDING // 2, SENDING // 2 - 1]
        for task in tasks[1:4]:
            task.cancel()
        await asyncio.gather(*tasks[1:4], return_exceptions=True)
        await asyncio.sleep(0)
        assert went == [SENDING // 2, SENDING // 2 - 1, SENDING // 2 - 4]
        until.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert one.all[0].free == SENDING

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_where_turns_are_long_in_coming_there_are_more_connections_up_to_the_most() -> None:
    async def scenario() -> None:
        some, until, went = lanes(3, another), asyncio.Event(), list[int]()
        tasks = [asyncio.create_task(in_turn(some, SENDING, until, went)) for _ in range(20)]
        await at_last(lambda: len(went) >= 6)
        assert len(some.all) == 3
        assert len(went) == 6, "two on each"
        until.set()
        await asyncio.gather(*tasks)
        await some.close()
        assert all(lane.session.closed for lane in some.all)  # type: ignore[attr-defined]

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_a_server_that_takes_no_more_connections_is_asked_once() -> None:
    asked = 0

    async def refused() -> Session:
        nonlocal asked
        asked += 1
        return await unreachable()

    async def scenario() -> None:
        some, until, went = lanes(8, refused), asyncio.Event(), list[int]()
        tasks = [asyncio.create_task(in_turn(some, SENDING, until, went)) for _ in range(9)]
        await at_last(lambda: asked > 0)
        assert len(some.all) == 1
        until.set()
        await asyncio.gather(*tasks)
        assert len(went) == 9

    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert asked == 1


def test_a_changed_host_key_on_a_further_connection_ends_the_run() -> None:
    heard: list[Exception] = []

    async def changed() -> Session:
        raise HostKeyRefused("another key")

    async def scenario() -> None:
        some = lanes(2, changed, heard.append)
        await some.widen()

    asyncio.run(scenario())
    assert [type(one) for one in heard] == [HostKeyRefused]


def test_what_has_least_to_read_back_reads_next() -> None:
    async def scenario() -> None:
        some = lanes(2, another)
        await some.widen()
        async with some.reading(100) as first, some.reading(10) as second, some.reading(10) as third:
            assert first is not second
            assert third is second
        assert [lane.reading for lane in some.all] == [0, 0]

    asyncio.run(scenario())
