"""What is waiting, since when and why, is stored for `status` and `doctor`."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from agent.forward import (
    EcsFile,
    NotForwarded,
    Position,
    ReceiverStatus,
    SyslogServer,
    TlsTrust,
)
from tests.servers.rsyslog import Rsyslog
from tests.unit.forward.benches import Bench, Receiver
from tests.unit.forward.events import AT, Kept, event


def test_the_queue_stores_what_waits_since_when_and_why(tmp_path: Path) -> None:
    source, receiver = Kept(3), Receiver()
    bench = Bench(tmp_path, source, receiver)
    assert bench.receiver_status() == ReceiverStatus(Position())
    bench.once()
    assert bench.receiver_status() == ReceiverStatus(Position(3, 300), received_at=AT)
    receiver.fails = True
    source.events += [event(3), event(4)]
    for hours in (1, 2):
        bench.now = AT + timedelta(hours=hours)
        bench.once()
        oldest = AT + timedelta(seconds=3)
        since = AT + timedelta(hours=1)
        assert bench.receiver_status() == ReceiverStatus(Position(5, 500), 2, oldest, AT, "it is down.", since)
    receiver.fails = False
    bench.once()
    assert bench.receiver_status() == ReceiverStatus(Position(5, 500), received_at=AT + timedelta(hours=2))


def test_a_queue_of_the_first_version_goes_on(tmp_path: Path) -> None:
    source, receiver = Kept(3), Receiver(fails=True)
    bench = Bench(tmp_path, source, receiver)
    bench.once()
    with closing(sqlite3.connect(bench.queue)) as base, base:
        base.execute("DROP TABLE receiver")
        base.execute("ALTER TABLE waiting DROP COLUMN at")
        base.execute("PRAGMA user_version = 1")
    with pytest.raises(sqlite3.NotSupportedError):
        bench.receiver_status()
    receiver.fails = False
    bench.once()
    assert (receiver.got, bench.receiver_status().waiting, bench.receiver_status().received_at) == (source.ids, 0, AT)


def test_a_receiver_is_tried_out_without_giving_it_anything(tmp_path: Path, rsyslog: Rsyslog) -> None:
    SyslogServer("localhost", rsyslog.port, TlsTrust(rsyslog.authority.file)).try_out()
    EcsFile(tmp_path / "events.jsonl").try_out()
    assert not (tmp_path / "events.jsonl").exists()
    with pytest.raises(NotForwarded, match="refused"):
        SyslogServer("127.0.0.1", rsyslog.port, TlsTrust(rsyslog.authority.file)).try_out()
    with pytest.raises(NotForwarded, match="ecs_file"):
        EcsFile(tmp_path / "nowhere" / "events.jsonl").try_out()
    assert rsyslog.received() == []
