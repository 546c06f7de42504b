"""What a run leaves behind on this laptop, however it ended: no task, thread, process or connection; and no wait."""

import asyncio
import contextlib
import gc
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import ShareUnreachable
from agent.model.delivery import Delivery
from agent.share import Delivered, Sent, Share, connecting, open_share, sshclient
from agent.share.connecting import connect
from agent.share.names import temporary_name
from agent.share.streams import Hasher
from agent.share.tryout import OWN
from tests.integration.share.opening import server_of
from tests.servers.fixtures import sshd  # noqa: F401
from tests.servers.openssh import OpenSSH
from tests.servers.photos import content, delivery, outgoing


def opened(real: OpenSSH, *, delivering: bool = False, **changes: object) -> Share:
    return open_share(server_of(real, **changes), clock=lambda: datetime.now(UTC), delivering=delivering)


def photos(folder: Path, count: int, size: int) -> list[Delivery]:
    return [delivery(outgoing(folder, f"visits/museum/{n}.jpg", content(size, n))) for n in range(count)]


def lost_while_delivering(share: Share, items: list[Delivery], progress: Callable[[int], None]) -> None:
    with share, pytest.raises(ShareUnreachable):
        list(share.deliver(items, progress))
    gc.collect()  # what asyncio has to complain of, it does now


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [entry.message for entry in caplog.records if entry.levelno >= logging.ERROR]


def test_a_connection_lost_while_reading_behind_the_writing_leaves_no_task(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    share, told = opened(sshd, connections=1, bandwidth_kib_per_s=20_000), [0]

    def progress(size: int) -> None:
        told[0] += size
        if told[0] > 5_000_000:
            sshd.cut_sessions()

    lost_while_delivering(share, photos(tmp_path, 5, 8_000_000), progress)
    assert complaints(caplog) == []


def test_a_connection_lost_while_folders_are_made_leaves_no_task(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    share = opened(sshd, connections=1)
    sshd.freeze_sessions()
    cutting = threading.Timer(1, sshd.cut_sessions)
    cutting.start()
    lost_while_delivering(share, photos(tmp_path, 5, 100_000), lambda _: None)
    cutting.join()  # or it might cut a connection of the next test
    assert complaints(caplog) == []


def test_a_connection_that_is_given_up_while_it_is_made_is_ended(sshd: OpenSSH) -> None:  # noqa: F811
    async def given_up() -> None:
        connecting = asyncio.create_task(connect(server_of(sshd)))
        await asyncio.sleep(0.02)
        connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await connecting

    before = set(threading.enumerate())
    asyncio.run(given_up())
    deadline = time.monotonic() + 20
    while left := [one for one in set(threading.enumerate()) - before if one.is_alive()]:  # paramiko's is one
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_closing_does_not_wait_for_a_client_that_does_not_come_up(
    sshd: OpenSSH,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first connection is there; the one to read back on never is."""
    with opened(sshd) as share:
        stuck = tmp_path / "ssh"
        stuck.write_text("#!/bin/sh\nexec sleep 60\n")
        stuck.chmod(0o755)
        monkeypatch.setattr(sshclient, "client", lambda: stuck)
        outcomes = [type(item) for item in share.deliver(photos(tmp_path / "in", 1, 4_000_000))]
        assert outcomes == [Sent, Delivered]
        started = time.monotonic()
    assert time.monotonic() - started < 10


def test_the_next_look_at_the_clock_removes_what_a_killed_one_left(sshd: OpenSSH) -> None:  # noqa: F811
    left = sshd.disk / "visits" / temporary_name("laptop-17", OWN, 1)
    left.parent.mkdir()
    left.touch()
    os.utime(left, (0, 0))
    with opened(sshd, connections=1) as share:
        assert abs(share.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert list(left.parent.iterdir()) == []


def test_nothing_is_kept_of_a_photo_that_was_read_back(sshd: OpenSSH, tmp_path: Path) -> None:  # noqa: F811
    with opened(sshd, connections=1) as share:
        list(share.deliver(photos(tmp_path, 5, 50_000)))
        gc.collect()
        assert [one for one in gc.get_objects() if isinstance(one, Hasher)] == []


def test_a_connection_made_at_the_moment_when_nobody_wants_it_any_more_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = []

    class Pipe:
        def close(self) -> None:
            closed.append("closed")

        def release(self) -> None:
            closed.append("released")

    async def made_and_cancelled() -> None:
        coming: asyncio.Future[Pipe] = asyncio.get_running_loop().create_future()
        monkeypatch.setattr(connecting, "_begun", lambda make: coming)
        waiting = asyncio.create_task(connecting._opened(Pipe))  # type: ignore[type-var]
        await asyncio.sleep(0)
        coming.set_result(Pipe())
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(made_and_cancelled())
    assert closed == ["closed", "released"]
