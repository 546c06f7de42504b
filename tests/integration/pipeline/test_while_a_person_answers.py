"""Another process changes the journal between a run's look and its save: the run continues, and the answer counts."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import RecordError
from agent.journal import Journal, State
from agent.model.ids import PhotoId, VisitId
from agent.pipeline import answers
from agent.pipeline.context import open_context
from agent.pipeline.events import Happened
from agent.pipeline.lock import only_writer
from agent.pipeline.review import assign, keep_private
from agent.pipeline.run import Run
from tests.laptop import ON_VISIT, VISITS, Heard, Laptop, jpeg, minutes


def held(laptop: Laptop, number: int) -> list[PhotoId]:
    """So many undated photos, held; the register is renewed then, so that the next run decides all afresh."""
    for n in range(number):
        laptop.photo(f"undated_{n}.jpg", None, seed=n)
    assert laptop.run().review == number
    laptop.register(VISITS + "zoo,Zoo,2026-05-02 09:00,2026-05-02 15:00,Europe/London,,,,,,\n")
    return [one.id for one in laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))]


def meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], None]) -> None:
    """`act` happens, once, right before this run calls the journal's `name`, after it has read what it goes by."""
    method = getattr(Journal, name)
    pending = [act]

    def interrupted(journal: Journal, *given: Any, **named: Any) -> Any:
        if pending and (name != "chunks" or State.REVIEW in given):
            pending.pop()()
        return method(journal, *given, **named)

    monkeypatch.setattr(Journal, name, interrupted)


@pytest.mark.parametrize("moment", ["save_if_unchanged", "save", "see_each", "chunks"])
def test_a_photo_that_is_settled_as_private_between_look_and_save_ends_nothing(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    first, second = held(laptop, 2)
    good = laptop.photo("good.jpg", ON_VISIT + minutes(1), seed=9)

    def answer() -> None:
        with open_context(laptop.settings) as another_process:
            keep_private(another_process, first)

    with monkeypatch.context() as patched:
        meanwhile(patched, moment, answer)
        summary = laptop.run()

    assert summary.fault is None
    assert not good.exists()
    left = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    assert [one.id for one in left] == [second]
    assert laptop.look(lambda context: context.journal.counts()[State.PRIVATE]) == 1


def test_a_photo_that_is_assigned_between_look_and_save_is_sent_as_the_person_said(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = held(laptop, 2)

    def answer() -> None:
        with open_context(laptop.settings) as another_process:
            assign(another_process, first, VisitId("museum"))

    with monkeypatch.context() as patched:
        meanwhile(patched, "save_if_unchanged", answer)
        summary = laptop.run()

    assert (summary.fault, summary.review) == (None, 1)
    assert [name.split("/")[1] for name in laptop.on_share()] == ["museum"]


def test_a_photo_that_vanishes_as_it_is_settled_as_private_ends_nothing(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = held(laptop, 1)
    (laptop.imports / "undated_0.jpg").unlink()

    def answer() -> None:
        with open_context(laptop.settings) as another_process:
            keep_private(another_process, first)

    with monkeypatch.context() as patched:
        meanwhile(patched, "forget", answer)
        assert laptop.run().fault is None


def test_an_answer_about_a_photo_that_moved_on_is_refused(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.errors import UsageError

    (first,) = held(laptop, 1)

    def another_answer() -> None:
        with open_context(laptop.settings) as another_process:
            keep_private(another_process, first)

    with open_context(laptop.settings) as context, monkeypatch.context() as patched:
        meanwhile(patched, "save_if_unchanged", another_answer)
        with pytest.raises(UsageError, match="meanwhile"):
            assign(context, first, VisitId("museum"))
    assert laptop.look(lambda context: context.journal.tracked_photos()) == []


# --- Faults that end a run are in its summary ------------------------------------------------------------------------


def broken_record(laptop: Laptop) -> Path:
    """A file where the record's folder should be, so that nothing can be put on record."""
    folder = laptop.home / "state" / "record"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"in the way")
    return folder


def test_a_record_that_cannot_be_written_while_the_share_refuses_is_in_the_summary(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    laptop.run(renew=True, stopping=lambda: True)
    hosts = laptop.server.known_hosts_file
    before = hosts.read_text()
    broken_record(laptop)
    heard = Heard()
    try:
        hosts.write_text("")
        settings = laptop.settings
        with only_writer(settings), open_context(settings) as context:
            summary = Run(context, settings.watch, heard, renew=False).through()
    finally:
        hosts.write_text(before)

    assert isinstance(summary.fault, RecordError)
    assert summary.exit_code == 1
    said = [str(event.details["text"]) for event in heard.events if event.what is Happened.NOTICE]
    assert any("host key" in text for text in said)
    assert any("record" in text for text in said)
    assert photo.exists()


# --- Answers that take effect minutes after they were given ----------------------------------------------------------


def one_held(laptop: Laptop) -> tuple[Path, PhotoId]:
    """An undated photo that waits for a person."""
    path = laptop.photo("undated.jpg", None, seed=1)
    laptop.run()
    (tracked,) = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    return path, tracked.id


def test_an_answer_about_a_photo_that_vanished_holds_up_no_other(laptop: Laptop) -> None:
    path, photo = one_held(laptop)
    laptop.look(lambda context: answers.give(context, [photo], VisitId("museum")))
    path.unlink()
    good = laptop.photo("good.jpg", seed=4)

    summary = laptop.run()

    assert (summary.fault, summary.removed) == (None, 1)
    assert not good.exists()
    assert laptop.look(answers.pending) == []


@pytest.mark.parametrize("seen_meanwhile", [True, False])
def test_an_answer_is_not_taken_for_another_photo_under_the_same_name(laptop: Laptop, *, seen_meanwhile: bool) -> None:
    path, photo = one_held(laptop)
    laptop.look(lambda context: answers.give(context, [photo], VisitId("museum")))
    path.write_bytes(jpeg(None, seed=99, size=200_000))
    if seen_meanwhile:  # by the service, before the answer takes effect
        laptop.run(patient=True)

    summary = laptop.run()

    assert summary.review == 1
    assert path.exists()
    assert laptop.on_share() == {}


def test_a_person_is_asked_again_where_the_bytes_they_saw_were_replaced(laptop: Laptop) -> None:
    path, photo = one_held(laptop)
    laptop.look(lambda context: assign(context, photo, VisitId("museum")))
    before, content = path.stat(), bytearray(path.read_bytes())
    content[-40] ^= 1  # within the picture: it says of itself what it said
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    laptop.run()
    summary = laptop.run()

    assert summary.review == 1
    assert path.read_bytes() == content
    assert laptop.on_share() == {}


def test_an_answer_is_not_taken_for_bytes_that_were_replaced_without_a_trace(laptop: Laptop) -> None:
    path, photo = one_held(laptop)
    laptop.look(lambda context: answers.give(context, [photo], VisitId("museum")))
    before, content = path.stat(), bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    summary = laptop.run()

    assert summary.review == 1
    assert path.read_bytes() == content
    assert laptop.on_share() == {}


def test_an_answer_that_has_not_taken_effect_is_taken_back_by_hand_for_one_photo(laptop: Laptop) -> None:
    first, second = held(laptop, 2)
    laptop.look(lambda context: answers.give(context, [first, second], VisitId("museum")))

    done = laptop.command("review", "undo", first)

    assert (done.returncode, "is waiting for your answer again" in done.stdout) == (0, True), done.stderr
    laptop.run()
    left = laptop.look(lambda context: context.journal.tracked_photos(State.REVIEW))
    assert [one.id for one in left] == [first]


def test_an_answer_that_is_taken_back_as_it_takes_effect_is_not_acted_upon(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, photo = one_held(laptop)
    given = laptop.look(lambda context: answers.give(context, [photo], VisitId("museum")))
    taken = []

    def undo() -> None:
        with open_context(laptop.settings) as another_process:
            taken.append(answers.take_back(another_process, given.id))

    with monkeypatch.context() as patched:
        meanwhile(patched, "swap_fact", undo)
        summary = laptop.run()

    assert taken == [given]
    assert (summary.fault, summary.review) == (None, 1)
    assert path.exists()


def test_an_answer_that_has_taken_effect_cannot_be_taken_back(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    path, photo = one_held(laptop)
    given = laptop.look(lambda context: answers.give(context, [photo], VisitId("museum")))
    with monkeypatch.context() as patched:
        patched.setattr(answers, "_act", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            laptop.run()

    assert laptop.look(lambda context: answers.take_back(context, given.id)) is None
    laptop.run()

    assert not path.exists()
