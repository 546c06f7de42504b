"""Windows let in so much and no more, first come first served; a bucket keeps its rate."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.share.pacing import Bucket, Window


@given(
    size=st.integers(1, 20),
    wants=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4), st.booleans()), max_size=30),
)
def test_never_more_than_the_window_is_under_way_and_everybody_gets_a_turn(
    size: int, wants: list[tuple[int, int, bool]]
) -> None:
    async def run() -> None:
        window, inside, served = Window(size), 0, []

        async def one(n: int, units: int, turns: int) -> None:
            nonlocal inside
            async with window.hold(units):
                inside += min(units, size)
                try:
                    assert inside <= size
                    served.append(n)
                    for _ in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= min(units, size)

        tasks = [asyncio.create_task(one(n, units, turns)) for n, (units, turns, _) in enumerate(wants)]
        await asyncio.sleep(0)
        cancelled = [task for task, (_, _, cancel) in zip(tasks, wants, strict=True) if cancel and not task.done()]
        for task in cancelled[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [result for result in results if isinstance(result, AssertionError)]
        assert served == sorted(served), "first come, first served"
        await asyncio.wait_for(window.take(size), 1)  # all was given back, by those too who were cancelled

    asyncio.run(run())


def test_a_window_has_room_for_something() -> None:
    with pytest.raises(ValueError, match="room"):
        Window(0)


@given(sizes=st.lists(st.integers(1, 10_000), min_size=1), rate=st.integers(1, 10_000))
def test_a_bucket_never_sends_faster_than_its_rate(sizes: list[int], rate: int) -> None:
    bucket, now, sent = Bucket(rate), 100.0, 0
    for size in sizes:
        now += bucket.wait(size, now)
        assert sent <= rate * (now - 100.0) + 1e-6 * rate
        sent += size


def test_a_pause_saves_nothing_up() -> None:
    bucket = Bucket(100)
    assert bucket.wait(100, 0.0) == 0.0
    assert bucket.wait(100, 50.0) == 0.0
    assert bucket.wait(100, 50.0) == 1.0


def test_without_a_limit_nobody_waits_and_pieces_are_whole() -> None:
    assert Bucket(0).wait(10**9, 0.0) == 0.0
    assert Bucket(0).piece(5000) == 5000
    assert Bucket(100_000).piece(255 * 1024) == 10_000
    assert Bucket(1).piece(255 * 1024) == 1024
