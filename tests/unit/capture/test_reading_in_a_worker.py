"""Reading in a worker: the same answers, limits that hold, a file that crashes it twice, and no worker left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent.capture import PhotoReader, ReadRequest, codec, read
from agent.capture.jobs import JOBS
from agent.errors import LocalFault
from agent.model.capture import Camera, Capture, Origin, Place
from agent.model.times import Interval, Level, WallClock
from agent.worker import DECODING, READING, Enforcement, Unreadable, Worker, wire
from agent.worker.child_process import ChildProcess
from agent.worker.limits import MIB
from tests.platforms import no_such_file, not_under_wine
from tests.reading import opened_reader
from tests.unit.capture.photobuilding import NOW, ORIGINAL, PICTURE, TAKEN, app1, exif_block, jpeg

pytestmark = pytest.mark.usefixtures("workers_afresh")

NARROW = replace(READING, memory=MIB)
"""Room for headers, but not for the search through a whole file for its end."""

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals")
limited = not_under_wine("limits of a process's memory")


@pytest.fixture
def reader() -> Iterator[PhotoReader]:
    with opened_reader() as opened:
        yield opened


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jpg"
    path.write_bytes(jpeg(app1(exif_block(exif={ORIGINAL: TAKEN}))))
    return path


@pytest.fixture
def deadly(tmp_path: Path) -> Path:
    """For a worker with `NARROW` limits."""
    path = tmp_path / "deadly.jpg"
    path.write_bytes(jpeg()[:-2] + bytes(8 * MIB))
    return path


def is_alive(process: int) -> bool:
    """Whether it runs; what has ended and was not yet collected does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def gone(process: int) -> bool:
    deadline = time.monotonic() + 10
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(process)


# --- The same answers ------------------------------------------------------------------------------------------------


def test_a_worker_reads_the_corpus_as_this_process_does(reader: PhotoReader, corpus: Path) -> None:
    paths = sorted(path for path in corpus.rglob("*") if path.is_file())
    found = list(reader.read_all((ReadRequest(path) for path in paths), now=NOW))
    assert found == [read(path, now=NOW) for path in paths]


def test_a_file_that_cannot_be_opened_is_the_same_local_fault(reader: PhotoReader, tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match=no_such_file()):
        reader.read(tmp_path / "nowhere.jpg", now=NOW)


@posix_only
def test_a_name_that_is_not_text_reaches_the_worker_whole(reader: PhotoReader, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n\xc3\x28.jpg"))
    path.write_bytes(PICTURE)
    assert reader.read(path, now=NOW).format == "jpeg"


def test_nothing_starts_before_it_is_asked_for(reader: PhotoReader, good: Path) -> None:
    assert reader.worker.process_ids == ()
    reader.read(good, now=NOW)
    assert len(reader.worker.process_ids) == 1


def test_leaving_in_the_middle_leaves_no_answer_for_the_next_question(
    reader: PhotoReader, good: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(PICTURE)
    for found in reader.read_all([ReadRequest(plain)] * 100, now=NOW):
        assert isinstance(found, Capture)
        break
    assert reader.read(good, now=NOW).level is Level.ASSUMED_ZONE


# --- What ends a worker ----------------------------------------------------------------------------------------------


@limited
def test_a_file_that_ends_the_worker_twice_is_refused_and_the_others_are_read(good: Path, deadly: Path) -> None:
    with opened_reader(reading=NARROW) as reader:
        found = list(reader.read_all(map(ReadRequest, [good, deadly, good, good]), now=NOW))
        assert [type(one) for one in found] == [Capture, Unreadable, Capture, Capture]
        assert "memory, twice" in str(found[1])
        assert deadly.name not in str(found[1])


@limited
def test_a_file_that_was_refused_is_never_tried_again_until_it_is_another(good: Path, deadly: Path) -> None:
    with opened_reader(reading=NARROW) as reader:
        with pytest.raises(Unreadable):
            reader.read(deadly, now=NOW)
        reader.read(good, now=NOW)
        before = reader.worker.process_ids
        with pytest.raises(Unreadable):
            reader.read(deadly, now=NOW)
        assert reader.worker.process_ids == before, "nothing ended that worker"
        deadly.write_bytes(PICTURE)
        assert reader.read(deadly, now=NOW).format == "jpeg"


def test_what_an_earlier_run_found_deadly_is_not_touched(good: Path, deadly: Path) -> None:
    with opened_reader(reading=NARROW) as reader:
        reader.worker.avoid(deadly, "it ended the reader yesterday")
        with pytest.raises(Unreadable, match="yesterday"):
            reader.read(deadly, now=NOW)
        assert reader.worker.process_ids == ()


def test_a_picture_that_takes_too_long_to_decode_ends_its_worker(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (12_000, 12_000)).save(path, compress_level=1)
    small = tmp_path / "small.png"
    Image.new("1", (19, 19)).save(small)
    with opened_reader(decoding=replace(DECODING, processor=0.4)) as reader:
        assert reader.decodes(small) is None
        (process,) = reader.worker.process_ids
        assert reader.decodes(path) is None, "nobody knows what is wrong with it, if anything is"
        assert gone(process)
        assert reader.decodes(small) is None
        (process,) = reader.worker.process_ids
        assert reader.decodes(path) is None
        assert reader.worker.process_ids == (process,), "it was not tried again"
        assert reader.read(path, now=NOW).format == "png", "and is read as before"


def test_a_picture_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (19_000, 19_000)).save(path)
    with opened_reader(decoding=replace(DECODING, memory=100 * MIB)) as reader:
        reader.begin_decoding(path)
        (process,) = reader.worker.process_ids
        assert reader.decodes(path) is None
        assert gone(process)


@posix_only
def test_a_worker_that_was_killed_is_replaced(reader: PhotoReader, good: Path) -> None:
    reader.read(good, now=NOW)
    (process,) = reader.worker.process_ids
    os.kill(process, signal.SIGKILL)
    assert reader.read(good, now=NOW).level is Level.ASSUMED_ZONE
    assert reader.worker.process_ids != (process,)


@posix_only
def test_a_worker_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    patience = ChildProcess._next

    def short_with_one_that_is_stopped(worker: ChildProcess, seconds: float) -> dict[str, Any]:
        return patience(worker, 0.3 if worker.process_id == process else seconds)

    with opened_reader() as reader:
        reader.read(good, now=NOW)
        (process,) = reader.worker.process_ids
        os.kill(process, signal.SIGSTOP)
        monkeypatch.setattr(ChildProcess, "_next", short_with_one_that_is_stopped)
        assert reader.read(good, now=NOW).level is Level.ASSUMED_ZONE
        assert gone(process)


@posix_only
def test_ctrl_c_and_a_polite_end_do_not_reach_the_worker(reader: PhotoReader, good: Path) -> None:
    reader.read(good, now=NOW)
    (process,) = reader.worker.process_ids
    os.kill(process, signal.SIGINT)
    os.kill(process, signal.SIGTERM)
    time.sleep(0.1)
    reader.read(good, now=NOW)
    assert reader.worker.process_ids == (process,)
    assert os.getpgid(process) != os.getpgrp()


@posix_only
def test_no_worker_outlives_a_parent_that_was_killed(good: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from datetime import datetime, UTC\n"
        "from agent.capture import PhotoReader; from agent.capture.jobs import JOBS; from agent.worker import Worker\n"
        "photo, worker = Path(sys.argv[1]), Worker(JOBS)\n"
        "reader = PhotoReader(worker)\n"
        "reader.read(photo, now=datetime.now(UTC)); reader.decodes(photo)\n"
        "print(*worker.process_ids, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(good)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert len(workers) == 2
    assert all(map(is_alive, workers))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all(map(gone, workers))


@posix_only
def test_closing_ends_the_workers(good: Path) -> None:
    worker = Worker(JOBS)
    reader = PhotoReader(worker)
    reader.read(good, now=NOW)
    (process,) = worker.process_ids
    worker.close()
    assert gone(process)
    reader.read(good, now=NOW)
    worker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux holds by itself")
def test_linux_holds_every_limit_by_itself(reader: PhotoReader, good: Path) -> None:
    limits = reader.worker.imposed()
    assert (limits.memory, limits.processor, limits.wall, limits.files) == (Enforcement.SYSTEM,) * 4
    (process,) = reader.worker.process_ids
    listed = Path(f"/proc/{process}/limits").read_text()
    rows = {row[:26].strip(): row[26:].split()[0] for row in listed.splitlines()}
    assert 200 * MIB < int(rows["Max address space"]) < 400 * MIB
    assert rows["Max file size"] == rows["Max core file size"] == "0", "no copy of a photo, and no file at all"


# --- What goes over the pipe -----------------------------------------------------------------------------------------

INSTANTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1))  # noqa: DTZ001
TEXTS = st.one_of(st.none(), st.text(max_size=10))


@st.composite
def captures(draw: st.DrawFn) -> Capture:
    start, length = draw(INSTANTS), timedelta(microseconds=draw(st.integers(0, 10**9)))
    instant = Interval(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + length)
    degrees = st.floats(-90, 90)
    return Capture(
        format=draw(st.text(max_size=5)),
        recorded=draw(TEXTS),
        offset=draw(TEXTS),
        taken=draw(st.sampled_from([None, instant, WallClock(start, start + length)])),
        level=draw(st.sampled_from(Level)),
        basis=tuple(draw(st.lists(st.text(max_size=5), max_size=3))),
        also=(instant,) * draw(st.integers(0, 2)),
        clock_bound=draw(st.booleans()),
        camera=draw(st.one_of(st.none(), st.builds(Camera, TEXTS, TEXTS, TEXTS))),
        place=draw(st.one_of(st.none(), st.builds(Place, degrees, degrees))),
        content_id=draw(TEXTS),
        complete=draw(st.booleans()),
        notes=tuple(draw(st.lists(st.text(max_size=5), max_size=3))),
        wall=draw(st.sampled_from([None, WallClock(start, start + length)])),
        length=draw(st.sampled_from([None, length])),
        origin=draw(st.sampled_from(Origin)),
        origin_basis=draw(st.text(max_size=10)),
        marked=draw(st.booleans()),
        by_phone=draw(st.booleans()),
    )


@given(captures())
def test_a_capture_comes_through_the_pipe_as_it_was(capture: Capture) -> None:
    sent = wire.line(codec.of_capture(capture))
    assert sent.count(b"\n") == 1
    assert codec.capture_of(wire.parsed(sent)) == capture


NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
)


@given(captures(), st.sampled_from(sorted(codec.of_capture(Capture("jpeg")))), NESTED)
def test_any_answer_of_a_worker_is_a_valid_capture_or_garbled(capture: Capture, field: str, value: object) -> None:
    try:
        found = codec.capture_of({**codec.of_capture(capture), field: value})
    except wire.Garbled:
        return
    assert isinstance(
        getattr(found, field, True), type(getattr(capture, field, True)) | type(value) | tuple | Place | timedelta
    )


@given(st.binary(max_size=50))
def test_any_line_is_an_object_or_garbled(content: bytes) -> None:
    with contextlib.suppress(wire.Garbled):
        assert isinstance(wire.parsed(content), dict)
