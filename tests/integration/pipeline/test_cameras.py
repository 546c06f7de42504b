"""`photo-agent cameras`, against a real server: the clock it shows, photos of it, and the line that comes of them."""

import contextlib
import json
import os
import re
import struct
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import piexif
import pyte
import pytest
from PIL import Image

from agent.clockcheck import ShownTime, drawn
from agent.pipeline.cameras import SeenCameras, look_at_clocks
from agent.pipeline.context import Context
from agent.pipeline.jobs import JOBS
from agent.worker import DECODING, Unreadable, Worker
from agent.worker.limits import MIB
from tests.laptop import ON_VISIT, Laptop, jpeg

pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind")
fcntl = pytest.importorskip("fcntl", reason="Windows has no terminals of this kind")
termios = pytest.importorskip("termios", reason="Windows has no terminals of this kind")

CAMERAS = (
    "label,make,model,serial,owner,clock_ahead_seconds\n"
    "School camera 1,Canon,EOS R6,1234,school,0\nSchool camera 2,Canon,EOS R6,5678,school,3600\n"
)
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
HOME = b"\x1b[H"
"""What a frame begins with: the cursor goes to the upper left corner (ECMA-48, CUP)."""
FIFTH = timedelta(seconds=0.2)


@pytest.fixture
def school(laptop: Laptop) -> Laptop:
    """With a cameras register that it has read."""
    laptop.configure(register={"cameras": "share:register/cameras.csv"})
    (laptop.share / "register" / "cameras.csv").write_text(CAMERAS)
    assert laptop.command("sync").returncode == 0
    return laptop


def photo_of(picture: Image.Image, path: Path, taken: str, serial: str = "5678") -> Path:
    """A camera's JPEG of a screen, a little askew."""
    block = piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"EOS R6"},
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: taken.encode(),
                piexif.ExifIFD.BodySerialNumber: serial.encode(),
            },
        }
    )
    picture.rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor=90).save(path, "JPEG", quality=80, exif=block)
    return path


def of_clock(shown: ShownTime, path: Path, taken: str, serial: str = "5678") -> Path:
    squares = drawn(shown)
    picture = Image.new("L", (len(squares), len(squares)), 230)
    picture.putdata([20 if square else 230 for row in squares for square in row])
    return photo_of(picture.resize((400, 400), Image.Resampling.NEAREST), path, taken, serial)


def test_the_register_is_shown_as_it_is_in_force(school: Laptop) -> None:
    told = school.command("cameras", "list", "--json")
    assert [json.loads(line) for line in told.stdout.splitlines()][1] == {
        "label": "School camera 2",
        "make": "Canon",
        "model": "EOS R6",
        "serial": "5678",
        "owner": "school",
        "clock_ahead_seconds": 3600.0,
    }
    assert "1 h ahead" in school.command("cameras", "list").stdout


def test_the_cameras_of_photos_are_reported_as_the_register_needs_them(school: Laptop) -> None:
    for number in range(3):
        (school.imports / f"{number}.jpg").write_bytes(jpeg(ON_VISIT, seed=number))
    of_clock(ShownTime(datetime(2026, 3, 14, 10, tzinfo=UTC), FIFTH), school.imports / "c.jpg", "2026:03:14 10:00:00")
    (school.imports / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    told = school.command("cameras", "list", "--seen", school.imports, "--json")
    assert [json.loads(line) for line in told.stdout.splitlines()] == [
        {
            "make": "Canon",
            "model": "EOS R6",
            "serial": None,
            "photos": 3,
            "registered": ["School camera 1", "School camera 2"],
        },
        {"make": "Canon", "model": "EOS R6", "serial": "5678", "photos": 1, "registered": ["School camera 2"]},
    ]


def test_a_clock_is_measured_and_its_line_given(school: Laptop) -> None:
    one = of_clock(
        ShownTime(datetime(2026, 7, 1, 9, 0, 0, tzinfo=UTC), FIFTH), school.home / "1.jpg", "2026:07:01 10:00:42"
    )
    two = of_clock(
        ShownTime(datetime(2026, 7, 1, 9, 1, 0, tzinfo=UTC), FIFTH), school.home / "2.jpg", "2026:07:01 10:01:43"
    )
    told = school.command("cameras", "clock", one, two, "--json")
    assert told.returncode == 0, told.stderr
    *photos, answer = [json.loads(line) for line in told.stdout.splitlines()]
    assert [photo["problem"] for photo in photos] == [None, None]
    assert answer["clock_ahead_seconds"] in {42, 43}
    assert answer["registered"] == "School camera 2"
    assert answer["checked"]
    assert answer["zone_seconds"] is None
    assert answer["within_seconds"] <= 1.5
    assert answer["line"] == f"School camera 2,Canon,EOS R6,5678,school,{answer['clock_ahead_seconds']}"
    assert answer["line"].rpartition(",")[0] in CAMERAS
    assert (school.share / "register" / "cameras.csv").read_text() == CAMERAS


def test_a_whole_hour_is_said_to_be_a_zone_and_a_line_offered(school: Laptop) -> None:
    path = of_clock(ShownTime(datetime(2026, 7, 1, 9, tzinfo=UTC), FIFTH), school.home / "1.jpg", "2026:07:01 09:00:00")
    told = school.command("cameras", "clock", path)
    assert told.returncode == 0
    assert "summer-time setting" in told.stderr
    assert "School camera 2,Canon,EOS R6,5678,school,-3600" in told.stdout
    abroad = school.command("cameras", "clock", path, "--timezone", "UTC", "--json")
    assert json.loads(abroad.stdout.splitlines()[-1])["clock_ahead_seconds"] == 0


@pytest.mark.parametrize(
    ("second", "words"),
    [("2026:07:01 11:30:00", "disagree"), (None, "Not every photo")],
)
def test_photos_that_disagree_or_show_no_clock_give_no_line(school: Laptop, second: str | None, words: str) -> None:
    shown = ShownTime(datetime(2026, 7, 1, 9, tzinfo=UTC), FIFTH)
    photos = [of_clock(shown, school.home / "1.jpg", "2026:07:01 10:00:00")]
    if second is None:
        photos.append(photo_of(Image.new("L", (300, 300), 100), school.home / "2.jpg", "2026:07:01 10:00:00"))
    else:
        photos.append(of_clock(shown, school.home / "2.jpg", second))
    told = school.command("cameras", "clock", *photos)
    assert told.returncode == 3
    assert words in told.stderr
    assert "School camera" not in told.stdout


def test_an_unchecked_clock_is_said_to_be_unchecked(school: Laptop) -> None:
    path = of_clock(ShownTime(datetime(2026, 7, 1, 9, tzinfo=UTC), None), school.home / "1.jpg", "2026:07:01 10:00:42")
    assert "had not been checked" in school.command("cameras", "clock", path).stderr


def test_a_clock_from_the_future_is_not_believed(school: Laptop) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    told = school.command(
        "cameras", "clock", of_clock(ShownTime(later, FIFTH), school.home / "1.jpg", "2026:07:01 10:00:00")
    )
    assert told.returncode == 3
    assert "not come yet" in told.stdout


def test_a_picture_made_to_do_harm_is_looked_into_apart_and_left_alone(school: Laptop) -> None:
    path = school.home / "large.png"
    Image.new("1", (19_000, 19_000)).save(path)

    def looked(context: Context) -> tuple[SeenCameras, ...]:
        context._worker = Worker(JOBS, decoding=replace(DECODING, memory=100 * MIB))
        return look_at_clocks(context, [path, path], context.zone)

    for one in school.look(looked):
        assert isinstance(one.found, Unreadable)
        assert "more than 100 MB of memory, twice" in str(one.found)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
class TestTheClockOnATerminal:
    def shown(self, laptop: Laptop, columns: int, lines: int, until: str, seconds: float = 0.0) -> list[str]:
        """A terminal's first whole frame `seconds` after `until` stood on it; and it ends in good order at Ctrl-C.

        A frame is whole once the next one begins. What was read at some moment may be half of one second's code and
        half of the next one's, which no reader can read.
        """
        mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        screen = pyte.Screen(columns, lines)
        stream = pyte.ByteStream(screen)
        environment = laptop.environment | {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(lines)}
        program = subprocess.Popen(
            laptop.line("cameras", "clock", "--show"), stdin=its, stdout=its, stderr=its, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(its)
        os.set_blocking(mine, False)
        end, found = time.monotonic() + 30, None
        unread = b""
        copy: list[str] = []
        try:
            while time.monotonic() < end and not copy:
                time.sleep(0.02)
                with contextlib.suppress(BlockingIOError):
                    unread += os.read(mine, 65536)
                while HOME in unread and not copy:
                    frame, unread = unread.split(HOME, 1)
                    stream.feed(frame)
                    if found is not None and time.monotonic() >= found + seconds:
                        copy = list(screen.display)
                    elif found is None and until in "\n".join(screen.display):
                        found = time.monotonic()
                    stream.feed(HOME)
            program.send_signal(2)
            deadline = time.monotonic() + 10
            while program.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                try:
                    os.read(mine, 65536)
                except OSError:
                    continue
            assert program.wait(1) == 0
            assert copy, "no whole frame in half a minute"
        finally:
            program.kill()
            os.close(mine)
        return copy

    def photo(self, display: list[str], path: Path, taken: str) -> Path:
        """What a camera sees of the screen: half a character is a square, dark on light; the words are grey."""
        squares = [[HALVES[mark][half] if mark in HALVES else 0 for mark in row] for row in display for half in (0, 1)]
        picture = Image.new("L", (len(squares[0]), len(squares)), 230)
        picture.putdata([20 if square else 230 for row in squares for square in row])
        return photo_of(picture.resize((picture.width * 8, picture.height * 8), Image.Resampling.NEAREST), path, taken)

    @pytest.mark.parametrize(("columns", "lines"), [(80, 24), (50, 40), (140, 45)])
    def test_it_scans_and_tells_the_servers_time(self, school: Laptop, columns: int, lines: int) -> None:
        display = self.shown(school, columns, lines, "Checked", seconds=1.5)
        now = datetime.now(UTC)
        words = " ".join(" ".join(row.strip(" ▀▄█") for row in display).split())
        assert "the share's time" in words.replace("  ", " ")
        written = now.astimezone(school.settings.zone).strftime("%Y:%m:%d %H:%M:%S")
        path = self.photo(display, school.home / "screen.jpg", written)
        told = school.command("cameras", "clock", path, "--json")
        assert told.returncode == 0, told.stdout + told.stderr
        photo, answer = [json.loads(line) for line in told.stdout.splitlines()]
        assert abs(datetime.fromisoformat(photo["shown"]) - now) < timedelta(seconds=4)
        assert answer["checked"]
        assert abs(answer["clock_ahead_seconds"]) <= 3

    def test_without_the_share_it_says_that_this_is_the_laptops_clock(self, school: Laptop) -> None:
        school.configure(share={"host": "127.0.0.1", "port": 9})
        display = self.shown(school, 100, 24, "NOT CHECKED", seconds=0.5)
        path = self.photo(display, school.home / "screen.jpg", "2026:07:01 10:00:00")
        told = school.command("cameras", "clock", path, "--json")
        assert json.loads(told.stdout.splitlines()[0])["checked"] is False

    def test_a_window_too_small_says_how_large_it_must_be(self, school: Laptop) -> None:
        display = self.shown(school, 40, 12, "too small")
        assert re.search(r"67 columns", " ".join(display))


def test_it_is_shown_on_a_terminal_only(school: Laptop) -> None:
    told = school.command("cameras", "clock", "--show")
    assert told.returncode == 2
    assert "terminal" in told.stderr


def test_visits_check_reads_a_utf_16_cameras_register_and_looks_labels_up_in_it(school: Laptop) -> None:
    cameras, visits = school.home / "export.csv", school.home / "visits.csv"
    cameras.write_bytes(CAMERAS.replace("3600", "an hour").encode("utf-16"))
    told = school.command("visits", "check", cameras, "--json")
    assert told.returncode == 2
    (fault,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (fault["register"], fault["line"], fault["column"]) == ("cameras", 3, "clock_ahead_seconds")
    visits.write_text(
        "id,title,starts,ends,cameras\nm,Museum,2026-03-14 09:00,2026-03-14 16:00,school camera 1;Camera 9\n"
    )
    told = school.command("visits", "check", visits, "--cameras", cameras, "--json")
    assert told.returncode == 0
    (fault,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (fault["register"], fault["line"], fault["severity"]) == ("visits", 2, "warning")
    assert "Camera 9" in fault["message"]
