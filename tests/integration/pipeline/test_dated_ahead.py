"""A private photo of a camera whose clock is ahead stays with a person, whatever happens to its file, row or laptop."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.journal import State
from agent.model.decision import Verdict
from agent.pipeline.clocks import CAMERAS, compare_with_share, seen_by
from agent.pipeline.context import open_context, wall_clock
from agent.pipeline.datedahead import MOST
from agent.pipeline.explain import explain, preview
from agent.pipeline.journal_keys import CLOCK_AHEAD, CLOCK_DOUBTED, DATED_AHEAD
from tests.integration.pipeline.test_clocks_that_lie import A_DAY, a_visit_around, in_days, run_at, shown_in_london
from tests.laptop import VISITS, Laptop

AN_HOUR = timedelta(hours=1)
NOW = timedelta(0)


def a_visit_on(day: datetime) -> str:
    return f"{VISITS.splitlines()[0]}\ntrip,Trip,{day:%Y-%m-%d} 09:00,{day:%Y-%m-%d} 16:30,Europe/London,,,,,,\n"


def renamed(laptop: Laptop, photo: Path) -> Path:
    return photo.rename(photo.with_name("trip 1.jpg"))


def copied(laptop: Laptop, photo: Path) -> Path:
    shutil.copy2(photo, photo.with_name("copy.jpg"))
    photo.unlink()
    return photo.with_name("copy.jpg")


def moved_to_another_folder(laptop: Laptop, photo: Path) -> Path:
    folder = laptop.imports / "Trip"
    folder.mkdir()
    return photo.rename(folder / photo.name)


def given_a_sidecar(laptop: Laptop, photo: Path) -> Path:
    laptop.file("IMG_1.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>", beside=photo)
    return photo


def written_again(laptop: Laptop, photo: Path) -> Path:
    os.utime(photo)
    return photo


@pytest.mark.parametrize(
    "happened", [renamed, copied, moved_to_another_folder, given_a_sidecar, written_again], ids=lambda one: one.__name__
)
def test_it_is_asked_about_whatever_happened_to_its_file(
    laptop: Laptop, happened: Callable[[Laptop, Path], Path]
) -> None:
    laptop.register(a_visit_on(in_days(3)))
    photo = laptop.photo("IMG_1.jpg", in_days(3))
    assert run_at(laptop, NOW).summary.review == 1
    photo = happened(laptop, photo)
    summary = run_at(laptop, 4 * A_DAY).summary
    assert (summary.review, summary.removed) == (1, 0)
    assert photo.exists()
    assert laptop.look(lambda context: explain(context, photo)).verdict is Verdict.REVIEW
    assert [one.verdict for one in laptop.look(lambda context: list(preview(context, [laptop.imports])))] == [
        Verdict.REVIEW
    ]


@pytest.mark.parametrize("days", [1, 3], ids=["tomorrow", "in three days"])
def test_it_is_asked_about_if_its_visit_is_entered_only_later(laptop: Laptop, days: int) -> None:
    laptop.register(VISITS)
    photo = laptop.photo("IMG_1.jpg", in_days(days))
    run_at(laptop, NOW)
    laptop.register(VISITS + a_visit_on(in_days(days)).splitlines()[1] + "\n")
    summary = run_at(laptop, (days + 1) * A_DAY).summary
    assert (summary.review, summary.removed) == (1, 0)
    assert photo.exists()


@pytest.mark.parametrize("days", [1, 3], ids=["tomorrow", "in three days"])
def test_it_is_asked_about_although_the_laptops_clock_was_set_back_a_little(laptop: Laptop, days: int) -> None:
    """A quarter of an hour back, away from the share, and a quarter of an hour later all photos are decided afresh."""
    laptop.register(a_visit_on(in_days(days)))
    photo = laptop.photo("IMG_1.jpg", in_days(days))
    run_at(laptop, NOW)
    port = laptop.settings.share.port
    laptop.configure(share={"port": 1})
    later = (days + 1) * A_DAY
    for ahead in (later + AN_HOUR / 4, later, later + AN_HOUR / 2):
        run_at(laptop, ahead)
    assert laptop.look(lambda context: context.journal.fact(CLOCK_DOUBTED)) is None
    assert [one.state for one in laptop.tracked()] == [State.REVIEW]
    laptop.configure(share={"port": port})
    assert run_at(laptop, later + AN_HOUR).summary.removed == 0
    assert photo.exists()


def test_it_is_asked_about_although_the_shares_clock_leapt_ahead_once(laptop: Laptop) -> None:
    laptop.register(a_visit_on(in_days(3)))
    photo = laptop.photo("IMG_1.jpg", in_days(3))
    run_at(laptop, NOW)
    laptop.look(lambda context: context.journal.set_fact(CLOCK_AHEAD, "-1200"))  # the share was 20 minutes ahead
    run_at(laptop, NOW)
    laptop.look(lambda context: context.journal.set_fact(CLOCK_AHEAD, None))
    laptop.configure(share={"port": 1})
    run_at(laptop, 4 * A_DAY)
    assert [one.state for one in laptop.tracked()] == [State.REVIEW]
    assert photo.exists()


def test_a_photo_seen_by_a_clock_that_was_behind_is_of_its_visit_once_that_shows(laptop: Laptop) -> None:
    """The laptop is a day behind from its first day; the share says so after the photos were found."""
    taken = wall_clock() - timedelta(hours=3)
    laptop.register(a_visit_around(taken))
    run_at(laptop, -A_DAY)
    laptop.look(lambda context: context.journal.set_fact(CLOCK_AHEAD, None))
    port = laptop.settings.share.port
    photo = laptop.photo("IMG_1.jpg", shown_in_london(taken))
    laptop.configure(share={"port": 1})
    run_at(laptop, -A_DAY)
    assert [one.state for one in laptop.tracked()] == [State.REVIEW]
    laptop.configure(share={"port": port})
    assert run_at(laptop, -A_DAY).summary.removed == 1
    assert not photo.exists()


def test_a_photo_seen_by_a_clock_that_was_behind_is_of_its_visit_once_the_clock_is_right(laptop: Laptop) -> None:
    """The share had said that the clock was behind; the photo is decided only when somebody has set it right."""
    taken = wall_clock() - timedelta(hours=3)
    laptop.register(VISITS)
    run_at(laptop, -A_DAY)
    photo = laptop.photo("IMG_1.jpg", shown_in_london(taken))
    laptop.configure(folders={"settle_seconds": 60})
    run_at(laptop, -A_DAY, patient=True)
    assert [one.state for one in laptop.tracked()] == [State.FOUND]
    laptop.register(a_visit_around(taken))
    laptop.configure(folders={"settle_seconds": 0})
    assert run_at(laptop, NOW).summary.removed == 1
    assert not photo.exists()


def test_it_is_asked_about_although_the_shares_clock_leaps_all_the_time(laptop: Laptop) -> None:
    """Two servers with one name, whose clocks differ by a quarter of an hour: they do not add up."""
    laptop.register(a_visit_on(in_days(3)))
    photo = laptop.photo("IMG_1.jpg", in_days(3))
    run_at(laptop, NOW)
    with open_context(laptop.settings) as context:
        for turn in range(400):
            context.share_clock = lambda turn=turn: context.clock() + (turn % 2) * AN_HOUR / 4  # type: ignore[assignment]
            compare_with_share(context)
        seen = seen_by(context)
        (held,) = context.journal.tracked_photos(State.REVIEW)
        assert seen(held.looked_at) - held.looked_at - CAMERAS <= AN_HOUR / 2
        assert seen(context.clock() + A_DAY) - CAMERAS <= context.clock() + A_DAY + AN_HOUR / 4
    assert run_at(laptop, 4 * A_DAY).summary.removed == 0
    assert photo.exists()


def test_what_is_remembered_has_a_bound_and_says_nothing_of_a_photo(laptop: Laptop) -> None:
    laptop.register(a_visit_on(in_days(3)))
    photo = laptop.photo("IMG_1.jpg", in_days(3))
    many = {f"{DATED_AHEAD}{n:064x}": "90000.0" for n in range(MOST)}
    laptop.look(lambda context: context.journal.set_facts(many))
    run_at(laptop, NOW)
    facts = laptop.look(lambda context: context.journal.facts(DATED_AHEAD))
    assert len(facts) == MOST
    (new,) = facts.keys() - many.keys()
    assert photo.name not in new + facts[new]
    assert f"{in_days(3):%Y-%m-%d}" not in new + facts[new]
