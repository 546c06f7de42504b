"""The plumbing to OpenSSH's client, with a stand-in for it: by sockets, and by pipes and threads as on Windows."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.share.sshpipe import SshPipe
from agent.share.threadedpipe import OUTGOING, PIECE, PIECES, ThreadedSshPipe

Pipes = SshPipe | ThreadedSshPipe
Make = Callable[[str], Pipes]
KINDS = [ThreadedSshPipe] if sys.platform == "win32" else [SshPipe, ThreadedSshPipe]
ECHO = "import os\nwhile piece := os.read(0, 65536):\n    os.write(1, piece)"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a pipe to a program of a few lines; nothing of it is left afterwards."""
    before = set(threading.enumerate())
    made: list[Pipes] = []

    def pipe_to(program: str) -> Pipes:
        runs = tmp_path / f"runs {len(made)}"
        program = f"open({str(runs)!r}, 'x').close()\n{program}"
        made.append(request.param([sys.executable, "-I", "-S", "-c", program], tmp_path))
        # Wine's console helper outlives a client that is killed while it starts, and has its pipes: let it start first.
        until = time.monotonic() + 20
        while not runs.exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        return made[-1]

    yield pipe_to
    for pipe in made:
        pipe.close()
        pipe.close()
        pipe.release()
        assert pipe._ssh.process.poll() is not None
    until = time.monotonic() + 10  # by then each has noticed that the client is gone
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def all_sent(pipe: Pipes, data: bytes) -> None:
    view, until = memoryview(data), time.monotonic() + 20
    while view:
        assert time.monotonic() < until
        try:
            view = view[pipe.send(view) :]
        except TimeoutError:
            continue


def received(pipe: Pipes, size: int) -> bytes:
    data, until = b"", time.monotonic() + 20
    while len(data) < size:
        assert time.monotonic() < until
        try:
            piece = pipe.receive()
        except TimeoutError:
            continue
        if not piece:
            break
        data += piece
    return data


def test_bytes_go_there_and_back_whole_and_in_order(make: Make) -> None:
    pipe = make(ECHO)
    data = bytes(range(256)) * 20_000
    sending = threading.Thread(target=all_sent, args=(pipe, data))
    sending.start()
    assert received(pipe, len(data)) == data
    sending.join()


def test_several_pieces_are_taken_at_once_in_their_order(make: Make) -> None:
    pipe = make(ECHO)
    pieces = [bytes([n]) * 300 for n in range(5)]
    assert pipe.send(*map(memoryview, pieces)) == 1500
    assert received(pipe, 1500) == b"".join(pieces)


def test_the_end_of_the_client_is_the_end_of_what_comes(make: Make) -> None:
    pipe = make("import os; os.write(1, b'last'); os.write(2, b'Timeout, server photos not responding.')")
    assert received(pipe, 100) == b"last"
    assert pipe.why_ended() == "did not answer in time"
    assert not pipe.alive()
    assert not takes_more(pipe)


def takes_more(pipe: Pipes) -> bool:
    """Whether it still does, some moments later."""
    for _ in range(100):
        try:
            if pipe.send(memoryview(b"more")) == 0:
                return False
        except OSError:
            return False
        time.sleep(0.02)
    return True


def test_nothing_to_receive_is_said_after_a_moment(make: Make) -> None:
    pipe = make("import time; time.sleep(60)")
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        pipe.receive()
    assert 0.3 < time.monotonic() - began < 5


def test_a_client_that_takes_nothing_is_given_no_more_than_so_much(make: Make) -> None:
    pipe = make("import time; time.sleep(60)")
    taken, until = 0, time.monotonic() + 3
    while time.monotonic() < until:
        try:
            taken += pipe.send(memoryview(bytes(65536)))
        except TimeoutError:
            break
    assert 0 < taken <= 5 * OUTGOING
    assert time.monotonic() < until


def test_a_client_that_sends_without_end_costs_no_memory(make: Make) -> None:
    pipe = make("import os\nwhile True:\n    os.write(1, bytes(65536))")
    time.sleep(1)
    if isinstance(pipe, ThreadedSshPipe):
        assert pipe._incoming.qsize() <= PIECES
    assert len(pipe.receive()) <= 4 * PIECE


def test_closing_wakes_whoever_waits(make: Make) -> None:
    pipe = make("import time; time.sleep(60)")
    ended = threading.Event()

    def wait() -> None:
        while True:
            try:
                if not pipe.receive():
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    pipe.close()
    assert ended.wait(3)
    waiting.join()


def test_the_clients_words_are_heard_whatever_their_length(make: Make) -> None:
    pipe = make(
        "import os\n"
        "os.write(2, b'x' * 3_000_000 + b'\\r\\n')\n"
        "os.write(2, b'debug1: Connection established.\\r\\n')\n"
        "os.write(2, b'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2\\r\\n')\n"
        "os.write(2, b'Authenticated to photos ([10.0.0.1]:22) using \"publickey\".\\r\\n')\n"
        "import time; time.sleep(60)"
    )
    assert pipe.words.entered.wait(20)
    assert pipe.words.connected
    assert pipe.software == "SSH-2.0-OpenSSH_9.2"
    assert pipe.alive()


def test_a_program_that_is_not_there_is_reported(make: Make, tmp_path: Path) -> None:
    for kind in KINDS:
        with pytest.raises(FileNotFoundError):
            kind([str(tmp_path / "no such program")], tmp_path)


def test_it_sees_nothing_of_this_programs_environment(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "LD_PRELOAD", "SECRET"):
        monkeypatch.setenv(name, "")
    pipe = make("import os; os.write(1, ','.join(os.environ).encode())")
    seen = received(pipe, 10_000).decode().upper().split(",")
    assert not {"SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "LD_PRELOAD", "SECRET", "HOME", "PATH"} & set(seen)
