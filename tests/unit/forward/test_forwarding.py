"""Every event arrives at least once, whatever the receivers do, and nothing waits for it."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from agent.errors import RecordAltered
from agent.forward import (
    EcsFile,
    EcsServer,
    SyslogServer,
    TlsTrust,
)
from agent.forward.tls import TIMEOUT
from tests.servers.rsyslog import Authority, Rsyslog
from tests.unit.forward.benches import Bench, Receiver, ids, until
from tests.unit.forward.events import Kept, event

ROOT = Path(__file__).parents[3]


def test_a_real_rsyslog_gets_every_event_once_and_whole(tmp_path: Path, rsyslog: Rsyslog) -> None:
    source = Kept(1200)
    source.events[3] = event(3, visit='Musée "d\'Orsay" \\ [3]')
    bench = Bench(tmp_path, source, SyslogServer("localhost", rsyslog.port, TlsTrust(rsyslog.authority.file)))
    bench.once()
    lines = rsyslog.wait_for(1200)
    assert ids(rsyslog) == source.ids
    assert [line["msg"].removeprefix("\ufeff").encode() for line in lines] == [one.line for one in source.events if one]
    assert {(line["hostname"], line["app-name"], line["msgid"]) for line in lines} == {
        ("laptop-17", "photo-agent", "transferred")
    }
    assert (bench.waiting(), bench.told) == (0, [])
    bench.once()  # nothing is new
    assert len(rsyslog.received()) == 1200


def test_a_server_that_was_down_gets_everything_when_it_is_back(tmp_path: Path, rsyslog: Rsyslog) -> None:
    source = Kept(5)
    bench = Bench(tmp_path, source, SyslogServer("localhost", rsyslog.port, TlsTrust(rsyslog.authority.file)))
    rsyslog.stop()
    forwarder = bench.start()
    try:
        forwarder.knock()
        until(lambda: bool(bench.told))
        assert "did not take the entries" in bench.told[0]
        source.events.append(event(5))
        forwarder.knock()
        rsyslog.start()
        rsyslog.wait_for(6)
        assert ids(rsyslog) == source.ids
        until(lambda: any("works again" in one for one in bench.told))
    finally:
        forwarder.close(20)


def test_a_server_that_is_killed_in_the_middle_gets_everything_in_the_end(tmp_path: Path, rsyslog: Rsyslog) -> None:
    source = Kept(4000)
    bench = Bench(tmp_path, source, SyslogServer("localhost", rsyslog.port, TlsTrust(rsyslog.authority.file)))
    forwarder = bench.start()
    try:
        forwarder.knock()
        rsyslog.wait_for(700)
        rsyslog.stop()  # in good order: what it has read it writes
        rsyslog.start()
        until(lambda: set(ids(rsyslog)) == set(source.ids))
    finally:
        forwarder.close(20)


def test_kill_minus_nine_in_the_middle_loses_no_event(tmp_path: Path, rsyslog: Rsyslog) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from agent.forward import SyslogServer, TlsTrust\n"
        "from tests.unit.forward.events import Kept\n"
        "from tests.unit.forward.benches import Bench\n"
        "folder, port, ca = sys.argv[1:]\n"
        "bench = Bench(Path(folder), Kept(6000), SyslogServer('localhost', int(port), TlsTrust(Path(ca))))\n"
        "print('begun', flush=True)\n"
        "bench.once()\n"
        "print('; '.join(bench.told) or 'done', flush=True)\n"
    )
    line = [sys.executable, "-c", program, str(tmp_path), str(rsyslog.port), str(rsyslog.authority.file)]
    for pause in (0.05, 0.15, 0.3, 0.5):
        with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            time.sleep(pause)
            process.kill()
    last = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert last.stdout == "begun\ndone\n"
    until(lambda: set(ids(rsyslog)) == set(Kept(6000).ids))
    assert len(ids(rsyslog)) <= 6000 + 4 * 500  # of each crash one batch at most comes twice


def test_json_lines_go_over_tls_too(tmp_path: Path, authority: Authority) -> None:
    import ssl
    import threading

    pair = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    got: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            while content := connection.recv(65536):
                got.append(content)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        bench = Bench(tmp_path, Kept(3), EcsServer("localhost", listening.getsockname()[1], TlsTrust(authority.file)))
        bench.once()
        thread.join()
    assert [json.loads(line)["event"]["id"] for line in b"".join(got).splitlines()] == Kept(3).ids
    assert (bench.waiting(), bench.told) == (0, [])


def test_a_file_grows_by_whole_lines_and_may_be_rotated(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    source = Kept(2)
    bench = Bench(tmp_path, source, EcsFile(path))
    bench.once()
    path.rename(tmp_path / "events.1")
    source.events += [event(2), event(3)]
    bench.once()
    both = (tmp_path / "events.1").read_bytes() + path.read_bytes()
    assert [json.loads(line)["event"]["id"] for line in both.splitlines()] == source.ids


def test_a_line_cut_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event":{"id":"lap')
    Bench(tmp_path, Kept(2), EcsFile(path)).once()
    first, *rest = path.read_bytes().splitlines()
    assert first == b'{"event":{"id":"lap'
    assert [json.loads(line)["event"]["id"] for line in rest] == Kept(2).ids


def test_an_unwritable_file_is_reported_and_others_still_receive(tmp_path: Path) -> None:
    receiver = Receiver()
    bench = Bench(tmp_path, Kept(2), EcsFile(tmp_path / "nowhere" / "events.jsonl"), receiver)
    bench.once()
    assert receiver.got == Kept(2).ids
    assert bench.waiting() == 2
    assert "forward.ecs_file" in bench.told[0]


def test_a_full_queue_drops_nothing_and_is_reported(tmp_path: Path) -> None:
    source, receiver = Kept(30), Receiver(fails=True)
    bench = Bench(tmp_path, source, receiver, most=10)
    forwarder = bench.start()
    try:
        forwarder.knock()
        until(lambda: any("none is dropped" in one for one in bench.told))
        assert bench.waiting() == 10
        receiver.fails = False
        until(lambda: receiver.got == source.ids)
    finally:
        forwarder.close(20)


def test_a_fault_is_reported_once_and_tried_less_and_less_often(tmp_path: Path) -> None:
    receiver = Receiver(fails=True)
    bench = Bench(tmp_path, Kept(1), receiver)
    forwarder = bench.start()
    began, knocks = time.monotonic(), 0
    while receiver.tries < 5:
        forwarder.knock()
        knocks += 1
        time.sleep(0.01)
        assert time.monotonic() - began < 60
    took = time.monotonic() - began
    forwarder.close(20)
    # Pauses of 0.05, 0.1, 0.2 and 0.4 seconds, each a quarter longer or shorter. A busy machine only adds to them.
    assert took > 0.75 * (0.05 + 0.1 + 0.2 + 0.4)
    assert knocks > receiver.tries
    assert len(bench.told) == 1


def test_a_damaged_queue_is_set_aside_and_everything_comes_once_more(tmp_path: Path) -> None:
    receiver, source = Receiver(), Kept(3)
    bench = Bench(tmp_path, source, receiver)
    bench.once()
    bench.queue.write_bytes(b"no database at all " * 200)
    forwarder = bench.start()
    try:
        forwarder.knock()
        until(lambda: receiver.got == source.ids * 2)
    finally:
        forwarder.close(20)
    assert any("set aside" in one for one in bench.told)


def test_a_record_that_cannot_be_read_further_keeps_back_only_the_rest(tmp_path: Path) -> None:
    receiver = Receiver()

    class Damaged(Kept):
        def __call__(self, position):  # type: ignore[no-untyped-def]  # as its parent
            for step in super().__call__(position):
                if step.after.index > 700:
                    raise RecordAltered("entry 700 was altered.")
                yield step

    bench = Bench(tmp_path, Damaged(900), receiver)
    bench.once()
    assert receiver.got == Kept(500).ids  # whole batches
    assert "entry 700 was altered" in bench.told[0]


def test_an_entry_that_was_erased_is_not_sent_any_more(tmp_path: Path) -> None:
    receiver, source = Receiver(fails=True), Kept(3)
    bench = Bench(tmp_path, source, receiver)
    bench.once()
    source.events.append(event(3, "erased", erases=1))
    source.events[1] = None
    receiver.fails = False
    bench.once()
    assert receiver.got == source.ids
    assert b"00000001-transferred" not in bench.queue.read_bytes()


def test_a_knock_returns_at_once_though_the_server_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection, and that is all
        bench = Bench(tmp_path, Kept(1), SyslogServer("localhost", silent.getsockname()[1], TlsTrust()))
        forwarder = bench.start()
        forwarder.knock()
        until(lambda: bench.waiting() == 1)  # from now on the thread waits for the server
        started = time.monotonic()
        forwarder.knock()
        forwarder.close(0.2)
        assert time.monotonic() - started < TIMEOUT / 2, "it did not wait for what the thread waits for"
        assert bench.waiting() == 1


def test_a_queue_of_a_newer_version_is_left_alone_and_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Kept(1), Receiver())
    bench.queue.parent.mkdir()
    with sqlite3.connect(bench.queue) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    bench.once()
    assert "newer version" in bench.told[0]
