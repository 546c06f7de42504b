"""Other rooms' readers in the worker: its limits are theirs, and what they say is checked by whoever asked."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.capture import CaptureWorker, Job, Unreadable
from agent.errors import LocalFault
from agent.worker import DECODING, READING
from agent.worker.child_process import MOST_WAITING
from agent.worker.limits import MIB
from agent.worker.wire import Fields
from tests.unit.capture.photobuilding import NOW, PICTURE

HERE = "tests.unit.capture.strangers:"
TELL, REFUSE, DIE = (Job(HERE + name) for name in ("tell", "refuse", "die"))
CHATTER, FILL = Job(HERE + "chatter"), Job(HERE + "fill")
FILL_AS_A_PICTURE = Job(HERE + "fill", decoding=True)
GUESTS = (TELL, REFUSE, DIE, CHATTER, FILL, FILL_AS_A_PICTURE)


def as_it_is(told: Fields) -> Fields:
    return told


@pytest.fixture(autouse=True)
def _strangers_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))


@pytest.fixture
def worker() -> Iterator[CaptureWorker]:
    with CaptureWorker(jobs=GUESTS) as opened:
        yield opened


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PICTURE)
    return path


@pytest.fixture
def deadly(tmp_path: Path) -> Path:
    path = tmp_path / "deadly.jpg"
    path.write_bytes(PICTURE)
    return path


def test_a_guest_answers_in_the_worker_and_not_here(worker: CaptureWorker, photo: Path) -> None:
    told = worker.ask(TELL, photo, {"what": ["ever", None]}, as_it_is)
    assert told["asked"] == {"what": ["ever", None]}
    assert told["size"] == len(PICTURE)
    assert (told["process"],) == worker.process_ids
    assert told["process"] != os.getpid()


def test_a_guests_own_fault_reaches_who_asked_and_the_file_may_be_asked_about_again(
    worker: CaptureWorker, photo: Path
) -> None:
    with pytest.raises(LocalFault, match="not this one"):
        worker.ask(REFUSE, photo, {}, as_it_is)
    assert worker.ask(TELL, photo, {}, as_it_is)["size"] == len(PICTURE)


def test_a_file_that_ends_a_guest_twice_is_refused_for_every_question_until_it_is_another(
    worker: CaptureWorker, photo: Path, deadly: Path
) -> None:
    with pytest.raises(Unreadable, match="twice"):
        worker.ask(DIE, deadly, {}, as_it_is)
    assert worker.ask(DIE, photo, {}, as_it_is) == {}
    before = worker.process_ids
    for job in (DIE, TELL):
        with pytest.raises(Unreadable):
            worker.ask(job, deadly, {}, as_it_is)
    with pytest.raises(Unreadable):
        worker.read(deadly, now=NOW)
    assert worker.process_ids == before, "it was not touched again"
    deadly.write_bytes(PICTURE * 2)
    assert worker.read(deadly, now=NOW).format == "jpeg"


def test_only_what_the_worker_was_told_of_at_its_start_is_ever_called(photo: Path) -> None:
    with CaptureWorker(jobs=[TELL]) as worker, pytest.raises(Unreadable, match="KeyError"):
        worker.ask(DIE, photo, {}, as_it_is)


def test_an_answer_that_is_not_understood_is_no_answer_and_the_file_is_not_asked_about_again(
    worker: CaptureWorker, photo: Path
) -> None:
    def never(told: Fields) -> int:
        raise ValueError(told)

    with pytest.raises(Unreadable, match="makes no sense"):
        worker.ask(TELL, photo, {}, never)
    assert worker.avoids(photo)


def test_guests_are_held_to_the_limits_of_the_worker_they_are_in(photo: Path) -> None:
    some = {"bytes": 60 * MIB}
    reading, decoding = replace(READING, memory=32 * MIB), replace(DECODING, memory=100 * MIB)
    with CaptureWorker(reading=reading, decoding=decoding, jobs=GUESTS) as worker:
        with pytest.raises(Unreadable, match="more than 32 MB of memory"):
            worker.ask(FILL, photo, some, as_it_is)
        assert worker.ask(FILL_AS_A_PICTURE, photo, some, as_it_is) == {"size": 60 * MIB}


def test_pictures_under_way_are_answered_for_when_a_guest_was_asked_in_between(
    worker: CaptureWorker, photo: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(PICTURE[:-20])
    worker.begin_decoding(cut)
    worker.begin_decoding(photo)
    assert worker.ask(FILL_AS_A_PICTURE, photo, {"bytes": 1}, as_it_is) == {"size": 1}
    assert (worker.decodes(photo), worker.decodes(cut)) != (None, None)


def test_a_worker_that_says_more_than_it_was_asked_is_not_listened_to(worker: CaptureWorker, photo: Path) -> None:
    assert worker.ask(CHATTER, photo, {}, as_it_is) == {"process": 1}, "one line is as good as another"
    answers = worker._children[0]._answers
    time.sleep(0.5)  # in which it says a million things
    assert answers.qsize() <= MOST_WAITING + 256 * 1024 // 20, "what it had said when it was listened to last, no more"
