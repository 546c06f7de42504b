"""What a person sees who runs `sync` on a terminal: photos, bytes, rate and time left, and no debris afterwards."""

import contextlib
import os
import re
import select
import subprocess
import time

import pyte

from tests.laptop import ON_VISIT, Laptop, minutes


class Terminal:
    """A pseudo-terminal with a screen, on which a command runs."""

    def __init__(self, laptop: Laptop, *words: str) -> None:
        import pty

        self.screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        environment = {**laptop.environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        line = laptop.line(*words)
        self.process = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)

    def read(self, seconds: float = 0.1) -> str:
        """The screen, a moment later."""
        if select.select([self._ours], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # EIO: the other side is closed
                self._stream.feed(os.read(self._ours, 65536))
        return "\n".join(line.rstrip() for line in self.screen.display)

    def finish(self) -> str:
        """The screen when the command has ended."""
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
        for _ in range(5):
            shown = self.read(0.05)
        os.close(self._ours)
        return shown.strip()


def test_a_progress_bar_shows_photos_bytes_rate_and_time_left(laptop: Laptop) -> None:
    for n in range(6):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=1_000_000)
    laptop.configure(share={"bandwidth_kib_per_s": 3 * 1024})
    terminal = Terminal(laptop, "sync")
    seen = set()
    while terminal.process.poll() is None:
        seen.update(terminal.read().splitlines())
    last = terminal.finish()

    bars = [line for line in seen if "photos proven" in line]
    assert any(re.search(r"\d/6 photos proven", line) for line in bars), seen
    assert any(re.search(r"[\d.]+/[\d.]+ MB", line) for line in bars), bars
    assert any(re.search(r"[\d.]+ MB/s", line) for line in bars), bars
    assert any(re.search(r"0:00:0\d", line) for line in bars), bars
    assert terminal.process.returncode == 0
    assert "photos proven" not in last, "the bar is gone"
    assert "6 photos sent and checked" in last
    assert "6 removed from this laptop" in last


def test_what_a_person_has_to_know_stands_above_the_bar(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    (laptop.share / "register" / "visits.csv").unlink()
    last = Terminal(laptop, "sync").finish()
    assert "The visits register could not be used" in last
    assert "last good one" not in last, "there is none"
    assert "not sent yet" in last


def test_ctrl_c_on_the_terminal_is_answered_at_once(laptop: Laptop) -> None:
    for n in range(6):
        laptop.photo(f"IMG_{n}.jpg", ON_VISIT + minutes(n), seed=n, size=1_000_000)
    laptop.configure(share={"bandwidth_kib_per_s": 3 * 1024})
    terminal = Terminal(laptop, "sync")
    while "photos proven" not in terminal.read() and terminal.process.poll() is None:
        continue
    terminal.process.send_signal(2)
    last = terminal.finish()
    assert "Finishing the photos" in last
    assert "Stopped, as you asked" in last
