"""Jobs in the worker: its limits apply to them, and the caller checks their answers."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.capture import PhotoReader
from agent.capture import jobs as capture
from agent.errors import LocalFault
from agent.worker import DECODING, READING, Fields, Job, Unreadable, Worker
from agent.worker.child_process import MOST_WAITING
from agent.worker.job_queue import UNDER_WAY
from agent.worker.limits import MIB
from tests.platforms import not_under_wine
from tests.unit.capture.photobuilding import NOW, PICTURE

pytestmark = pytest.mark.usefixtures("workers_afresh")

HERE = "tests.unit.worker.strangers:"
TELL, REFUSE, DIE = (Job(HERE + name) for name in ("tell", "refuse", "die"))
TELL_OR_DIE, CHATTER, FILL = (Job(HERE + name) for name in ("tell_or_die", "chatter", "fill"))
FILL_AS_A_PICTURE = Job(HERE + "fill", decoding=True)
JOBS = (*capture.JOBS, TELL, REFUSE, DIE, TELL_OR_DIE, CHATTER, FILL, FILL_AS_A_PICTURE)


def as_it_is(answer: Fields) -> Fields:
    return answer


@pytest.fixture(autouse=True)
def _strangers_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker(JOBS) as opened:
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


def test_a_job_is_done_in_the_worker_and_not_here(worker: Worker, photo: Path) -> None:
    answer = worker.ask(TELL, photo, {"what": ["ever", None]}, as_it_is)
    assert answer["asked"] == {"what": ["ever", None]}
    assert answer["size"] == len(PICTURE)
    assert (answer["process"],) == worker.process_ids
    assert answer["process"] != os.getpid()


def test_a_jobs_own_fault_reaches_who_asked(worker: Worker, photo: Path) -> None:
    with pytest.raises(LocalFault, match="not this one"):
        worker.ask(REFUSE, photo, {}, as_it_is)
    assert worker.ask(TELL, photo, {}, as_it_is)["size"] == len(PICTURE)


def test_a_file_that_ends_a_job_twice_is_refused_until_it_changes(worker: Worker, photo: Path, deadly: Path) -> None:
    with pytest.raises(Unreadable, match="twice"):
        worker.ask(DIE, deadly, {}, as_it_is)
    assert worker.ask(DIE, photo, {}, as_it_is) == {}
    before = worker.process_ids
    for job in (DIE, TELL):
        with pytest.raises(Unreadable):
            worker.ask(job, deadly, {}, as_it_is)
    with pytest.raises(Unreadable):
        PhotoReader(worker).read(deadly, now=NOW)
    assert worker.process_ids == before, "it was not touched again"
    deadly.write_bytes(PICTURE * 2)
    assert PhotoReader(worker).read(deadly, now=NOW).format == "jpeg"


def test_only_jobs_given_at_the_start_are_ever_called(photo: Path) -> None:
    with Worker([TELL]) as worker, pytest.raises(Unreadable, match="KeyError"):
        worker.ask(DIE, photo, {}, as_it_is)


def test_a_file_with_an_answer_that_makes_no_sense_is_avoided(worker: Worker, photo: Path) -> None:
    def never(answer: Fields) -> int:
        raise ValueError(answer)

    with pytest.raises(Unreadable, match="makes no sense"):
        worker.ask(TELL, photo, {}, never)
    assert worker.avoids(photo)


@not_under_wine("limits of a process's memory")
def test_jobs_are_held_to_the_limits_of_their_child(photo: Path) -> None:
    some = {"bytes": 60 * MIB}
    reading, decoding = replace(READING, memory=32 * MIB), replace(DECODING, memory=100 * MIB)
    with Worker(JOBS, reading=reading, decoding=decoding) as worker:
        with pytest.raises(Unreadable, match="more than 32 MB of memory"):
            worker.ask(FILL, photo, some, as_it_is)
        assert worker.ask(FILL_AS_A_PICTURE, photo, some, as_it_is) == {"size": 60 * MIB}


def test_pictures_under_way_are_answered_for_after_another_job(worker: Worker, photo: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(PICTURE[:-20])
    reader = PhotoReader(worker)
    reader.begin_decoding(cut)
    reader.begin_decoding(photo)
    assert worker.ask(FILL_AS_A_PICTURE, photo, {"bytes": 1}, as_it_is) == {"size": 1}
    assert (reader.decodes(photo), reader.decodes(cut)) != (None, None)


def test_a_worker_that_says_more_than_it_was_asked_is_not_listened_to(worker: Worker, photo: Path) -> None:
    assert worker.ask(CHATTER, photo, {}, as_it_is) == {"process": 1}, "one line is as good as another"
    answers = worker._children[0]._answers
    time.sleep(0.5)  # in which it says a million things
    assert answers.qsize() <= MOST_WAITING + 256 * 1024 // 20, "what it had said when it was listened to last, no more"


def test_many_questions_are_answered_in_order_whatever_happens_to_one(
    worker: Worker, photo: Path, deadly: Path, tmp_path: Path
) -> None:
    questions: list[tuple[Path, Fields]] = [
        (deadly if number == 40 else photo, {"number": number}) for number in range(100)
    ]
    told = list(worker.ask_many(TELL_OR_DIE, questions, as_it_is))
    assert isinstance(told.pop(40), Unreadable)
    assert [one["asked"] for one in told if isinstance(one, dict)] == [
        {"number": number} for number in range(100) if number != 40
    ]


def test_no_file_gets_the_answer_of_another_after_an_end_that_showed_in_the_asking(
    worker: Worker, photo: Path, deadly: Path
) -> None:
    """The worker is gone when more is written to it: what was asked before is asked again first."""

    def questions() -> Iterator[tuple[Path, Fields]]:
        for number in range(100):
            if number == 2 * UNDER_WAY - 1:  # 40 was sent; the next write comes now
                wait_for_the_end_of(worker)
            yield (deadly if number == 40 else photo, {"number": number})

    told = list(worker.ask_many(TELL_OR_DIE, questions(), as_it_is))
    assert isinstance(told.pop(40), Unreadable)
    assert [one["asked"] for one in told if isinstance(one, dict)] == [
        {"number": number} for number in range(100) if number != 40
    ]


def wait_for_the_end_of(worker: Worker) -> None:
    process = worker._children[0]._process
    assert process is not None
    process.wait(20)


def test_no_other_question_gets_between_many(worker: Worker, photo: Path) -> None:
    answers = worker.ask_many(TELL, [(photo, {})] * 3, as_it_is)
    next(answers)
    with pytest.raises(RuntimeError, match="has not finished"):
        worker.ask(TELL, photo, {}, as_it_is)
    assert len(list(answers)) == 2
    assert worker.ask(TELL, photo, {}, as_it_is)["size"] == len(PICTURE)


def test_what_was_begun_is_answered_once_though_many_others_are_asked(worker: Worker, photo: Path) -> None:
    worker.begin(TELL, photo, {"begun": True})
    assert len(list(worker.ask_many(TELL, [(photo, {})] * 3, as_it_is))) == 3
    assert worker.ask(TELL, photo, {"begun": True}, as_it_is)["asked"] == {"begun": True}
    assert worker._ahead == []


def test_a_question_begun_again_is_answered_by_the_file_as_it_is_now(worker: Worker, photo: Path) -> None:
    """Nobody asks for the first answer if the photo was not delivered."""
    worker.begin(TELL, photo, {})
    time.sleep(0.3)  # it is answered meanwhile, by the file of then
    photo.write_bytes(PICTURE + bytes(7))
    worker.begin(TELL, photo, {})
    assert worker.ask(TELL, photo, {}, as_it_is)["size"] == len(PICTURE) + 7
    assert worker._ahead == []


def test_a_question_that_was_broken_off_does_not_answer_the_next(
    worker: Worker, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Fields:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("agent.worker.child_process.ChildProcess.answer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.ask(TELL, photo, {"first": True}, as_it_is)
    assert worker.ask(TELL, photo, {"second": True}, as_it_is)["asked"] == {"second": True}
