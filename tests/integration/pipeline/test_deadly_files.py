"""A file that crashes its reader: refused once, with its reason, and never in the way of another."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import piexif
import pytest
from PIL import Image

from agent.journal import State
from agent.model.removal import Known
from agent.pipeline.context import Context, open_context
from agent.pipeline.doctor import examine
from agent.pipeline.doctor_finding import CheckResult
from agent.pipeline.jobs import JOBS
from agent.pipeline.journal_keys import GROUNDS
from agent.pipeline.lock import only_writer
from agent.pipeline.run import Run
from agent.pipeline.status import status
from agent.worker import READING, Enforcement, Imposed, Worker
from tests.laptop import ON_VISIT, Heard, Laptop, jpeg

pytestmark = pytest.mark.usefixtures("workers_afresh")

MIB = 1024 * 1024

DEADLY = jpeg(ON_VISIT)[:-2] + bytes(8 * MIB)
"""For the reader below: to look for its end takes a megabyte at a time."""

DEADLY_TO_TAG = jpeg(ON_VISIT)[:2] + (b"\xff\xe5\xff\xfe" + bytes(0xFFFC)) * 60 + jpeg(ON_VISIT)[2:]
"""A JPEG whose time is read with a few seeks; a plan for its tag holds everything before the picture."""


@contextmanager
def narrow(laptop: Laptop) -> Iterator[Context]:
    """The stages with a reader that has next to no memory."""
    settings = laptop.settings
    with only_writer(settings), open_context(settings) as context:
        worker = Worker(JOBS, reading=replace(READING, memory=MIB))
        for tracked in context.journal.tracked_photos(State.REFUSED):
            if context.worker.avoids(tracked.photo.main.path):
                worker.avoid(tracked.photo.main.path, tracked.reason or "")
        context.worker.close()
        context._worker = worker
        yield context


def test_a_deadly_file_is_refused_with_its_reason_and_the_others_go_on(laptop: Laptop) -> None:
    good = [laptop.photo(f"{name}.jpg", seed=number) for number, name in enumerate(("a", "e"))]
    deadly = laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as context:
        heard = Heard()
        summary = Run(context, laptop.settings.watch, heard).through()
        assert (summary.removed, summary.refused, summary.exit_code) == (2, 1, 4)
        (waiting,) = status(context).waiting
        assert "needed more than 1 MB of memory, twice" in str(waiting.reason)
        assert not any(photo.exists() for photo in good)
        assert deadly.read_bytes() == DEADLY

        before, told = context.worker.process_ids, len(heard.events)
        again = Run(context, laptop.settings.watch, heard).through()
        assert again.refused == 1
        assert context.worker.process_ids == before, "no worker was ended by it a second time"
        assert len(heard.events) == told, "and nobody is told again"


def test_a_deadly_file_is_not_tried_by_the_next_start_of_the_program_either(laptop: Laptop) -> None:
    deadly = laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as context:
        Run(context, laptop.settings.watch, Heard()).through()
    with narrow(laptop) as context:
        assert Run(context, laptop.settings.watch, Heard()).through().refused == 1
        assert context.worker.process_ids == (), "not even a worker was started for it"
        deadly.write_bytes(jpeg(ON_VISIT))
        assert Run(context, laptop.settings.watch, Heard()).through().removed == 1


def test_on_other_grounds_as_with_a_new_version_of_the_program_it_is_tried_again(laptop: Laptop) -> None:
    laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as context:
        Run(context, laptop.settings.watch, Heard()).through()
        context.journal.set_fact(GROUNDS, "other grounds")
    with narrow(laptop) as context:
        assert not context.worker.avoids(laptop.imports / "d.jpg")
        assert Run(context, laptop.settings.watch, Heard()).through().refused == 1
        assert context.worker.avoids(laptop.imports / "d.jpg")
        assert context.journal.fact(GROUNDS) == context.grounds


def test_a_file_that_is_deadly_only_to_those_who_tag_it_is_refused_too(laptop: Laptop) -> None:
    good = laptop.photo("a.jpg", seed=1)
    deadly = laptop.file("d.jpg", DEADLY_TO_TAG)
    with narrow(laptop) as context:
        heard = Heard()
        summary = Run(context, laptop.settings.watch, heard).through()
        assert (summary.removed, summary.refused, summary.failed, summary.exit_code) == (1, 1, 0, 4)
        assert not good.exists()
        assert deadly.read_bytes() == DEADLY_TO_TAG
        (waiting,) = status(context).waiting
        assert "needed more than 1 MB of memory, twice" in str(waiting.reason)
    with narrow(laptop) as context:
        assert Run(context, laptop.settings.watch, Heard()).through().refused == 1
        assert context.worker.process_ids == (), "and no worker is ended by it again"
    assert len(laptop.on_share()) == 1


def test_a_file_that_proves_deadly_when_sent_again_is_refused(laptop: Laptop) -> None:
    laptop.file("d.jpg", DEADLY_TO_TAG)
    with narrow(laptop) as context:
        Run(context, laptop.settings.watch, Heard()).through()
        (refused,) = context.journal.tracked_photos(State.REFUSED)
        for state in (State.SETTLED, State.DECIDED, State.SENT):
            context.journal.save(replace(refused, state=state, attempts=0, reason=None))
        assert Run(context, laptop.settings.watch, Heard()).through().refused == 1
        (again,) = context.journal.tracked_photos()
        assert (again.state, again.attempts) == (State.REFUSED, 2)


def test_a_sidecar_made_to_do_harm_is_merged_apart_and_the_photo_refused_with_it(laptop: Laptop) -> None:
    png = io.BytesIO()
    camera = {piexif.ImageIFD.Make: b"Canon", piexif.ImageIFD.Model: b"EOS R6"}
    taken = {0x9003: f"{ON_VISIT:%Y:%m:%d %H:%M:%S}", piexif.ExifIFD.ExposureTime: (1, 250)}
    Image.new("RGB", (8, 8)).save(png, "PNG", exif=piexif.dump({"0th": camera, "Exif": taken}))
    photo = laptop.file("a.png", png.getvalue())
    laptop.file("a.png.xmp", b"<a>" + b"<b/>" * 200_000 + b"</a>")
    with narrow(laptop) as context:
        summary = Run(context, laptop.settings.watch, Heard()).through()
        assert (summary.visit, summary.refused) == (1, 1)
        assert photo.exists()
        assert not laptop.on_share()


def test_doctor_says_which_limits_hold_here(laptop: Laptop) -> None:
    assert "limits on memory, processor time and time" in laptop.command("doctor").stdout


@pytest.mark.parametrize(
    ("imposed", "mark", "said"),
    [
        (
            Imposed(Enforcement.SYSTEM, Enforcement.SYSTEM, Enforcement.SYSTEM, Enforcement.SYSTEM),
            CheckResult.OK,
            "limits on memory, processor time",
        ),
        (
            Imposed(Enforcement.SYSTEM, Enforcement.WATCHED, Enforcement.WATCHED, Enforcement.NOT),
            CheckResult.OK,
            "the limit on processor time and time: the process",
        ),
        (
            Imposed(Enforcement.SYSTEM, Enforcement.WATCHED, Enforcement.WATCHED, Enforcement.NOT),
            CheckResult.OK,
            "cannot stop that process from writing files",
        ),
        (
            Imposed(Enforcement.WATCHED, Enforcement.SYSTEM, Enforcement.SYSTEM, Enforcement.SYSTEM),
            CheckResult.OK,
            "the limit on memory: the process watches",
        ),
        (
            Imposed(Enforcement.NOT, Enforcement.WATCHED, Enforcement.WATCHED, Enforcement.NOT),
            CheckResult.WARN,
            "does not limit its memory",
        ),
    ],
    ids=["Linux", "Windows", "Windows too", "macOS", "Windows without its job object"],
)
def test_doctor_says_what_another_system_has_no_limit_for(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, imposed: Imposed, mark: CheckResult, said: str
) -> None:
    monkeypatch.setattr(Worker, "imposed", lambda self: imposed)
    with only_writer(laptop.settings), open_context(laptop.settings) as context:
        (finding,) = [one for one in examine(context, lambda: (True, Known.YES)) if one.check == "reading"]
    assert finding.mark is mark
    assert said in finding.text
