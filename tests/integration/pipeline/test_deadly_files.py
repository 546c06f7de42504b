"""A file that ends whatever reads it: refused once, with its reason, and never in the way of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from agent.capture import CaptureWorker
from agent.capture.worker import READING
from agent.journal import State
from agent.pipeline.facts import GROUNDS
from agent.pipeline.run import Run
from agent.pipeline.stages import Stages, only_writer, open_stages
from agent.pipeline.status import status
from tests.laptop import ON_VISIT, Heard, Laptop, jpeg

MIB = 1024 * 1024

DEADLY = jpeg(ON_VISIT)[:-2] + bytes(8 * MIB)
"""For the reader below: to look for its end takes a megabyte at a time."""


@contextmanager
def narrow(laptop: Laptop) -> Iterator[Stages]:
    """The stages with a reader that has next to no memory."""
    settings = laptop.settings
    with only_writer(settings), open_stages(settings) as stages:
        reader = CaptureWorker(reading=replace(READING, memory=MIB))
        for standing in stages.journal.standings(State.REFUSED):
            if stages.capture.avoids(standing.photo.main.path):
                reader.avoid(standing.photo.main.path, standing.reason or "")
        stages.capture.close()
        stages._capture = reader
        yield stages


def test_a_deadly_file_is_refused_with_its_reason_and_the_others_go_on(laptop: Laptop) -> None:
    good = [laptop.photo(f"{name}.jpg", seed=number) for number, name in enumerate(("a", "e"))]
    deadly = laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as stages:
        heard = Heard()
        summary = Run(stages, laptop.settings.watch, heard).through()
        assert (summary.removed, summary.refused, summary.exit_code) == (2, 1, 4)
        (waiting,) = status(stages).waiting
        assert "needed more than 1 MB of memory, twice" in str(waiting.reason)
        assert not any(photo.exists() for photo in good)
        assert deadly.read_bytes() == DEADLY

        before, told = stages.capture.process_ids, len(heard.events)
        again = Run(stages, laptop.settings.watch, heard).through()
        assert again.refused == 1
        assert stages.capture.process_ids == before, "no worker was ended by it a second time"
        assert len(heard.events) == told, "and nobody is told again"


def test_a_deadly_file_is_not_tried_by_the_next_start_of_the_program_either(laptop: Laptop) -> None:
    deadly = laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as stages:
        Run(stages, laptop.settings.watch, Heard()).through()
    with narrow(laptop) as stages:
        assert Run(stages, laptop.settings.watch, Heard()).through().refused == 1
        assert stages.capture.process_ids == (), "not even a worker was started for it"
        deadly.write_bytes(jpeg(ON_VISIT))
        assert Run(stages, laptop.settings.watch, Heard()).through().removed == 1


def test_on_other_grounds_as_with_a_new_version_of_the_program_it_is_tried_again(laptop: Laptop) -> None:
    laptop.file("d.jpg", DEADLY)
    with narrow(laptop) as stages:
        Run(stages, laptop.settings.watch, Heard()).through()
        stages.journal.set_fact(GROUNDS, "other grounds")
    with narrow(laptop) as stages:
        assert not stages.capture.avoids(laptop.imports / "d.jpg")
        assert Run(stages, laptop.settings.watch, Heard()).through().refused == 1
        assert stages.capture.avoids(laptop.imports / "d.jpg")
        assert stages.journal.fact(GROUNDS) == stages.grounds


def test_doctor_says_which_limits_hold_here(laptop: Laptop) -> None:
    assert "limits on memory, processor time and time" in laptop.command("doctor").stdout
