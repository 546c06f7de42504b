"""A decision belongs to bytes, and to the register as it is then: until a photo is proven, changes decide afresh."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.journal import State
from agent.model.ids import VisitId
from agent.pipeline.context import open_context
from agent.pipeline.events import Event, Exit, Happened
from agent.pipeline.lock import only_writer
from agent.pipeline.review import assign
from agent.pipeline.run import Run
from tests.integration.pipeline.conftest import FAULTY
from tests.laptop import ON_VISIT, PRIVATE, VISITS, Heard, Laptop, jpeg, sha256
from tests.servers.openssh import SUBSYSTEM, OpenSSH, why_not

Edit = Callable[[Path, bytes], None]

MOVED = VISITS.replace("2026-03-14 09:00,2026-03-14 16:30", "2026-03-15 09:00,2026-03-15 16:30")


def replaced(path: Path, content: bytes) -> None:
    """Edit as `exiftool -P` does: a new file of the same size takes the name, with the old one's time."""
    before = path.stat()
    assert len(content) == before.st_size
    other = path.with_name(".exiftool_tmp")
    other.write_bytes(content)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def in_place(path: Path, content: bytes) -> None:
    """Edit as `exiftool -P -overwrite_original_in_place` does: the same file, with its time restored."""
    before = path.stat()
    assert len(content) == before.st_size
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


EDITS = pytest.mark.parametrize("edit", [replaced, in_place])


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cutting") / "plan.json"


@pytest.fixture(scope="module")
def cutting(plan: Path) -> Iterator[OpenSSH]:
    """A server that loses its connections where the plan says so."""
    if reason := why_not():
        pytest.skip(reason)
    if not SUBSYSTEM.is_file():
        pytest.skip(f"OpenSSH's sftp-server is not at {SUBSYSTEM} here")
    plan.write_text("{}")
    with OpenSSH(subsystem=f"{sys.executable} -I -S {FAULTY} {plan}") as server:
        yield server


@pytest.fixture
def cut(cutting: OpenSSH, plan: Path, tmp_path: Path) -> Callable[[], Laptop]:
    """A laptop, and its connection cut when the last byte is on the share and the photo gets its name."""
    cutting.fresh_root()
    laptop = Laptop(tmp_path / "laptop", cutting)

    def until_sent() -> Laptop:
        plan.write_text(json.dumps({"step": "link", "n": 1, "how": "drop"}))
        laptop.run()
        plan.unlink()
        plan.write_text("{}")
        assert [one.state for one in laptop.tracked()] == [State.SENT]
        return laptop

    laptop.photo("IMG_1.jpg", ON_VISIT)
    return until_sent


def final_names(laptop: Laptop) -> list[str]:
    return [name for name in laptop.on_share() if not name.endswith(".part")]


@EDITS
def test_a_date_corrected_after_the_decision_keeps_the_photo_here(laptop: Laptop, edit: Edit) -> None:
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)
    laptop.run(heard := Heard(), stopping=lambda: bool(heard.events))  # decided, not sent
    assert [one.state for one in laptop.tracked()] == [State.DECIDED]

    edit(photo, jpeg(PRIVATE))
    summary = laptop.run()

    assert photo.read_bytes() == jpeg(PRIVATE)
    assert (laptop.on_share(), summary.private, summary.exit_code) == ({}, 1, 0)


@EDITS
def test_a_date_corrected_between_the_decision_and_sending_keeps_it(laptop: Laptop, edit: Edit) -> None:
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)

    def correct(event: Event) -> None:
        if event.what is Happened.DECIDED:
            edit(photo, jpeg(PRIVATE))

    laptop.run(Heard(then=correct))
    assert photo.exists()
    assert final_names(laptop) == []

    summary = laptop.run()
    assert photo.read_bytes() == jpeg(PRIVATE)
    assert (laptop.on_share(), summary.private, summary.exit_code) == ({}, 1, 0)


@EDITS
def test_a_date_corrected_before_the_naming_keeps_the_photo_here(cut: Callable[[], Laptop], edit: Edit) -> None:
    laptop = cut()
    photo = laptop.imports / "IMG_1.jpg"

    edit(photo, jpeg(PRIVATE))
    laptop.photo("IMG_2.jpg", ON_VISIT, seed=2)  # so that there is something to connect for
    laptop.run()

    assert photo.read_bytes() == jpeg(PRIVATE)
    assert laptop.originals_on_share() == {sha256(jpeg(ON_VISIT, seed=2))}
    assert len(laptop.on_share()) == 1  # what had come of it is swept away


def test_a_register_corrected_before_the_naming_keeps_the_photo_here(cut: Callable[[], Laptop]) -> None:
    laptop = cut()
    photo = laptop.imports / "IMG_1.jpg"

    laptop.register(MOVED)
    summary = laptop.run()

    assert photo.exists()
    assert (final_names(laptop), summary.private, summary.exit_code) == ([], 1, 0)


@EDITS
def test_a_private_photo_whose_date_is_corrected_is_looked_at_again(laptop: Laptop, edit: Edit) -> None:
    photo = laptop.photo("IMG_1.jpg", PRIVATE)
    assert laptop.run().private == 1

    edit(photo, jpeg(ON_VISIT))

    assert laptop.run().removed == 1
    assert laptop.originals_on_share() == {sha256(jpeg(ON_VISIT))}


@EDITS
def test_a_photo_under_review_whose_date_is_corrected_is_decided_again(laptop: Laptop, edit: Edit) -> None:
    edge = ON_VISIT.replace(hour=16, minute=30, second=0)
    photo = laptop.photo("IMG_1.jpg", edge)
    assert laptop.run().review == 1

    edit(photo, jpeg(ON_VISIT))

    assert laptop.run().removed == 1


@EDITS
def test_a_persons_word_is_about_the_photo_that_was_seen(laptop: Laptop, edit: Edit) -> None:
    edge = ON_VISIT.replace(hour=16, minute=30, second=0)
    photo = laptop.photo("IMG_1.jpg", edge)
    laptop.run()
    (held,) = laptop.tracked(State.REVIEW)
    laptop.look(lambda context: assign(context, held.id, VisitId("museum")))

    edit(photo, jpeg(PRIVATE))
    laptop.run()
    laptop.run()

    assert photo.exists()
    assert laptop.on_share() == {}


def test_a_persons_word_outlives_new_file_numbers(laptop: Laptop) -> None:
    edge = ON_VISIT.replace(hour=16, minute=30, second=0)
    photo = laptop.photo("IMG_1.jpg", edge)
    laptop.run()
    (held,) = laptop.tracked(State.REVIEW)
    laptop.look(lambda context: assign(context, held.id, VisitId("museum")))

    replaced(photo, photo.read_bytes())  # as if its card had been put in again

    assert laptop.run().removed == 1


def test_a_photo_assigned_to_a_visit_that_is_then_cancelled_waits(laptop: Laptop) -> None:
    edge = ON_VISIT.replace(hour=16, minute=30, second=0)
    photo = laptop.photo("IMG_1.jpg", edge)
    laptop.run()
    (held,) = laptop.tracked(State.REVIEW)
    laptop.look(lambda context: assign(context, held.id, VisitId("museum")))
    laptop.register(VISITS.replace("Europe/London,,,,,,\nfarm", "Europe/London,,,,,,cancelled\nfarm"))

    laptop.run()

    assert photo.exists()
    assert laptop.on_share() == {}


def test_new_file_numbers_alone_lose_no_progress(cut: Callable[[], Laptop]) -> None:
    laptop = cut()
    photo = laptop.imports / "IMG_1.jpg"

    replaced(photo, photo.read_bytes())
    summary = laptop.run()

    assert (summary.removed, summary.exit_code) == (1, 0)
    assert len(laptop.on_share()) == 1


def test_nothing_is_sent_by_a_register_that_is_too_old(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg", ON_VISIT)
    laptop.run(heard := Heard(), stopping=lambda: bool(heard.events))
    assert [one.state for one in laptop.tracked()] == [State.DECIDED]
    (laptop.share / "register" / "visits.csv").unlink()  # so that it cannot be renewed
    settings, later = laptop.settings, datetime.now(UTC) + timedelta(days=15)

    with only_writer(settings), open_context(settings, clock=lambda: later) as context:
        summary = Run(context, settings.watch).through()

    assert (photo.exists(), laptop.on_share(), summary.exit_code) == (True, {}, Exit.REGISTER)
