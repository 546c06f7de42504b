"""A laptop's clock that was fast, is slow, or is set in the middle: nothing waits for it, and nobody is blamed."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.journal import State
from agent.model.decision import Verdict
from agent.model.ids import VisitId
from agent.pipeline.clocks import compare_with_share, known_wrong, notice_a_leap, wrong_clock
from agent.pipeline.context import Context, open_context, wall_clock
from agent.pipeline.examine import settle_again, unsettled
from agent.pipeline.explain import explain
from agent.pipeline.journal_keys import CLOCK_AHEAD, CLOCK_SEEN, GROUNDS
from agent.pipeline.lock import only_writer
from agent.pipeline.problems import problems
from agent.pipeline.review import assign, keep_private
from agent.pipeline.run import Run
from agent.pipeline.status import is_overdue, status
from agent.record import EntryKind
from agent.share.memory import Disk, MemoryShare
from tests.laptop import ON_VISIT, VISITS, Heard, Laptop, minutes

A_DAY = timedelta(days=1)
LONDON = ZoneInfo("Europe/London")


def run_at(laptop: Laptop, ahead: timedelta, heard: Heard | None = None, **options: object) -> Run:
    """A run with a clock that is this far ahead of the true time; returns the finished run."""
    settings = laptop.settings
    with only_writer(settings), open_context(settings, clock=lambda: wall_clock() + ahead) as context:
        run = Run(context, settings.watch, heard or Heard(), **options)  # type: ignore[arg-type]
        run.through()
        return run


def test_a_photo_found_by_a_clock_that_was_ahead_settles_at_once(laptop: Laptop) -> None:
    laptop.configure(folders={"settle_seconds": 0.5})
    photo = laptop.photo("IMG_1.jpg")
    run_at(laptop, A_DAY, patient=True)
    assert [one.state for one in laptop.tracked()] == [State.FOUND]

    began = time.monotonic()
    summary = run_at(laptop, timedelta(0)).summary

    assert time.monotonic() - began < 30
    assert (summary.removed, summary.exit_code) == (1, 0)
    assert not photo.exists()


@pytest.mark.parametrize("patient", [False, True])
def test_a_clock_that_was_set_right_is_not_called_wrong_where_nothing_is_to_be_sent(
    laptop: Laptop, *, patient: bool
) -> None:
    """With the register on the laptop, nothing else would ask the share for its time."""
    register = laptop.home / "visits.csv"
    register.write_text(VISITS, encoding="utf-8")
    laptop.configure(register={"visits": laptop.named(register)})
    laptop.photo("IMG_1.jpg")
    for _ in range(3):  # until its record is on the share, too
        run_at(laptop, timedelta(minutes=20))
    assert laptop.look(known_wrong) is not None
    run_at(laptop, timedelta(0), patient=patient)
    assert laptop.look(known_wrong) is None


def test_the_service_settles_what_a_clock_that_was_ahead_has_found(laptop: Laptop) -> None:
    laptop.configure(folders={"settle_seconds": 60})
    photo = laptop.photo("IMG_1.jpg")
    run_at(laptop, 400 * A_DAY, patient=True)
    run_at(laptop, timedelta(0), patient=True)
    assert [one.state for one in laptop.tracked()] == [State.FOUND]
    wait = laptop.look(unsettled)
    assert wait is not None
    assert wait <= timedelta(seconds=60)
    run_at(laptop, timedelta(seconds=61), patient=True)
    assert not photo.exists()


def test_a_photo_that_a_slow_clock_took_to_be_in_the_future_is_decided_afresh(laptop: Laptop) -> None:
    """Away from the share, nothing shows that the clock is wrong; the register is there from before."""
    behind = ON_VISIT.replace(tzinfo=UTC) - wall_clock() - 30 * A_DAY  # a month before the visit
    port = laptop.settings.share.port
    run_at(laptop, behind)
    laptop.look(lambda context: context.journal.set_fact(CLOCK_AHEAD, None))  # as if it went wrong only after that
    photo, private = laptop.photo("IMG_1.jpg"), laptop.photo("IMG_2.jpg", ON_VISIT - 2 * A_DAY)
    laptop.configure(share={"port": 1})
    run_at(laptop, behind)
    assert {one.state for one in laptop.tracked()} >= {State.REVIEW}
    laptop.configure(share={"port": port})
    for _ in range(2):
        run_at(laptop, behind)
    assert not photo.exists()
    assert private.exists()


def in_days(days: float) -> datetime:
    """Eleven o'clock in that many days, by the school's clocks."""
    return (wall_clock() + days * A_DAY).astimezone(LONDON).replace(hour=11, minute=0, second=0, tzinfo=None)


def shown_in_london(instant: datetime) -> datetime:
    """What a camera's clock shows that is set to the school's time."""
    return instant.astimezone(LONDON).replace(tzinfo=None)


def a_visit_around(instant: datetime, either_side: timedelta = timedelta(hours=2)) -> str:
    """A register with one visit. Its times have their offsets, as it may be at night, or when clocks are changed."""
    start, end = ((instant + side).astimezone(LONDON) for side in (-either_side, either_side))
    row = f"trip,Trip,{start.isoformat(timespec='minutes')},{end.isoformat(timespec='minutes')},Europe/London,,,,,,"
    return f"{VISITS.splitlines()[0]}\n{row}\n"


def test_a_photo_of_a_camera_that_is_an_hour_ahead_is_of_the_visit(laptop: Laptop) -> None:
    taken = wall_clock() + timedelta(minutes=59)
    laptop.register(a_visit_around(taken))
    photo = laptop.photo("IMG_1.jpg", shown_in_london(taken))
    assert run_at(laptop, timedelta(0)).summary.removed == 1
    assert not photo.exists()


def test_a_camera_still_on_home_time_far_to_the_west_is_believed(laptop: Laptop) -> None:
    """Read by the visit's clocks, its photo is of this evening; by those at home, where it was set, of just now."""
    start, end = in_days(-1), in_days(1)
    row = f"trip,Trip,{start:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M},America/New_York,,,,,,"
    laptop.register(f"{VISITS.splitlines()[0]}\n{row}\n")
    photo = laptop.photo("IMG_1.jpg", shown_in_london(wall_clock() - timedelta(minutes=10)))
    assert run_at(laptop, timedelta(0)).summary.removed == 1
    assert not photo.exists()


def test_photos_found_while_the_battery_of_the_clock_was_flat_are_decided_afresh(laptop: Laptop) -> None:
    """The share is away all the time, so only the clock itself shows that it is right again."""
    run_at(laptop, timedelta(0))
    last_run = ON_VISIT.replace(tzinfo=UTC) - 5 * A_DAY
    laptop.look(lambda context: context.journal.set_fact(CLOCK_SEEN, last_run.isoformat()))
    port = laptop.settings.share.port
    photo = laptop.photo("IMG_1.jpg")
    laptop.configure(share={"port": 1})
    run_at(laptop, -2000 * A_DAY)
    assert len(laptop.tracked(State.REVIEW)) == 1
    run_at(laptop, timedelta(0))
    assert len(laptop.tracked(State.DECIDED)) == 1
    laptop.configure(share={"port": port})
    assert run_at(laptop, timedelta(0)).summary.removed == 1
    assert not photo.exists()


@pytest.mark.parametrize("ahead", [timedelta(hours=13), 3 * A_DAY], ids=["13 hours", "3 days"])
def test_a_photo_that_was_here_before_its_time_waits_for_a_person_also_later(laptop: Laptop, ahead: timedelta) -> None:
    """A camera's clock is ahead, and shows the time of a visit that is still to come."""
    shown = wall_clock() + ahead
    soon = a_visit_around(shown)
    laptop.register(soon)
    photo = laptop.photo("IMG_1.jpg", shown_in_london(shown))
    heard = Heard()
    run_at(laptop, timedelta(0), heard)
    assert [one.state for one in laptop.tracked()] == [State.REVIEW]
    laptop.register(f"{soon}farm,City Farm,2026-04-20 09:00,2026-04-20 15:00,Europe/London,,,,,,\n")  # decided afresh
    for _ in range(2):
        run_at(laptop, ahead + A_DAY, heard)
    assert photo.exists()
    (waiting,) = laptop.tracked()
    assert "was on this laptop before that time" in (waiting.reason or "")
    explained = laptop.look(lambda context: explain(context, photo))
    assert explained.verdict is Verdict.REVIEW
    laptop.look(lambda context: assign(context, waiting.id, VisitId("trip")))
    run_at(laptop, ahead + A_DAY)
    assert not photo.exists(), "the answer of a person counts"


def test_a_photo_found_by_a_clock_that_fell_back_and_was_set_right_unseen_is_sent(laptop: Laptop) -> None:
    """As with an empty battery, until the network tells the time."""
    behind = ON_VISIT.replace(tzinfo=UTC) - wall_clock() - 30 * A_DAY
    run_at(laptop, timedelta(0))
    photo, port = laptop.photo("IMG_1.jpg"), laptop.settings.share.port
    laptop.configure(folders={"settle_seconds": 60}, share={"port": 1})
    run_at(laptop, behind, patient=True)
    assert [one.state for one in laptop.tracked()] == [State.FOUND]
    laptop.configure(folders={"settle_seconds": 0.5}, share={"port": port})
    run_at(laptop, timedelta(0))
    assert not photo.exists()


def test_a_share_whose_clock_is_slow_or_stands_still_does_not_make_every_run_read_all_photos(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg", None)
    laptop.run()

    def is_decided_afresh(context: Context, ahead: timedelta) -> bool:
        context.share_clock.ask(MemoryShare(Disk(), device="laptop-17", clock=lambda: wall_clock() + ahead))
        compare_with_share(context)
        return context.journal.fact(GROUNDS) != context.grounds

    assert [laptop.look(lambda context, n=n: is_decided_afresh(context, -n * A_DAY)) for n in range(4)] == [False] * 4
    assert laptop.look(lambda context: is_decided_afresh(context, A_DAY))


@pytest.mark.parametrize("leap", [-A_DAY, -400 * A_DAY, A_DAY], ids=["a day back", "400 days back", "a day ahead"])
def test_a_clock_that_is_set_while_photos_settle_costs_no_time(laptop: Laptop, leap: timedelta) -> None:
    laptop.configure(folders={"settle_seconds": 0.3})
    photo = laptop.photo("IMG_1.jpg")
    ahead = timedelta(0)

    def sleep(seconds: float) -> None:
        nonlocal ahead
        assert seconds <= 0.3
        time.sleep(seconds)
        ahead = leap

    settings = laptop.settings
    with only_writer(settings), open_context(settings, clock=lambda: wall_clock() + ahead, sleep=sleep) as context:
        summary = Run(context, settings.watch, Heard()).through()

    assert (summary.removed, summary.fault) == (1, None)
    assert not photo.exists()


def test_a_pause_set_by_a_clock_that_was_ahead_is_over(laptop: Laptop) -> None:
    photo = laptop.photo("IMG_1.jpg")
    laptop.configure(removal={"keep_hours": 0})
    (laptop.share / "visits").mkdir()
    (laptop.share / "visits" / "museum").write_bytes(b"a file where a folder should be")
    run_at(laptop, 400 * A_DAY)
    (waiting,) = laptop.tracked(State.DECIDED)
    assert waiting.not_before is not None
    assert waiting.not_before > wall_clock() + 300 * A_DAY
    (laptop.share / "visits" / "museum").unlink()

    run_at(laptop, timedelta(0), patient=True)

    assert not photo.exists()


def test_a_photo_is_kept_as_long_as_the_settings_say_and_no_longer_by_any_clock(laptop: Laptop) -> None:
    laptop.configure(removal={"keep_hours": 2})
    photo = laptop.photo("IMG_1.jpg")
    run_at(laptop, 400 * A_DAY)
    assert photo.exists()

    assert run_at(laptop, timedelta(0)).summary.removed == 0
    assert photo.exists(), "the two hours begin when the clock is set right"
    assert run_at(laptop, timedelta(hours=2, seconds=1)).summary.removed == 1


def test_times_from_the_future_count_as_now_in_every_state(laptop: Laptop) -> None:
    laptop.configure(removal={"keep_hours": 1})
    laptop.photo("undated.jpg", None)
    laptop.photo("IMG_1.jpg")
    run_at(laptop, A_DAY)
    now = wall_clock()
    run_at(laptop, timedelta(0))
    for one in laptop.tracked():
        times = (one.found_at, one.looked_at, one.reachable_at, one.proven_at, one.removed_at)
        assert all(at is None or at <= wall_clock() for at in times)
        assert one.found_at >= now - timedelta(minutes=1)


def test_nobody_is_called_late_on_record_by_a_clock_that_is_ahead(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    (laptop.share / "visits").mkdir()
    (laptop.share / "visits" / "museum").write_bytes(b"in the way")
    heard = Heard()
    assert run_at(laptop, timedelta(0)).summary.failed == 1
    run_at(laptop, 400 * A_DAY, heard)

    def overdue(context: Context) -> list[object]:
        return list(context.record.entries(kinds={EntryKind.OVERDUE}))

    assert laptop.look(overdue) == []
    assert any("400 days ahead" in str(event.details.get("text")) for event in heard.events)
    with open_context(laptop.settings, clock=lambda: wall_clock() + 400 * A_DAY) as context:
        assert status(context).overdue == 0, "the share's clock has contradicted this one"


def test_what_is_late_by_a_clock_that_is_right_is_on_record(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    (laptop.share / "visits").mkdir()
    (laptop.share / "visits" / "museum").write_bytes(b"in the way")
    run_at(laptop, timedelta(0))

    def long_ago(context: Context) -> None:
        (one,) = context.journal.tracked_photos(State.DECIDED)
        context.journal.save(replace(one, reachable_at=wall_clock() - 2 * A_DAY))

    laptop.look(long_ago)
    run_at(laptop, timedelta(0))
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.OVERDUE})))
    assert entry.body["hours"] == 48


def test_the_first_reachable_time_is_by_the_shares_clock(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg")
    (laptop.share / "visits").mkdir()
    (laptop.share / "visits" / "museum").write_bytes(b"in the way")
    run_at(laptop, -400 * A_DAY)
    (one,) = laptop.tracked(State.DECIDED)
    assert one.reachable_at is not None
    assert abs(one.reachable_at - wall_clock()) < timedelta(minutes=5)
    assert not laptop.look(lambda context: is_overdue(context, one))


def test_a_register_renewed_by_a_clock_that_was_ahead_is_not_old(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg", None)
    run_at(laptop, 400 * A_DAY)
    assert laptop.look(lambda context: status(context).register_trouble) is None
    (line,) = (line for line in laptop.command("doctor").stdout.splitlines() if "register: " in line)
    assert line.endswith("read today")


def test_what_has_not_settled_begins_anew_after_a_leap(laptop: Laptop) -> None:
    laptop.configure(folders={"settle_seconds": 3600})
    laptop.photo("IMG_1.jpg")
    run_at(laptop, timedelta(0), patient=True)
    later = wall_clock() + A_DAY
    with open_context(laptop.settings, clock=lambda: later) as context:
        settle_again(context)
        assert unsettled(context) == timedelta(seconds=3600)


def test_a_decision_dated_in_the_future_is_recorded_by_the_next_run(laptop: Laptop) -> None:
    laptop.photo("undated.jpg", None)
    run_at(laptop, timedelta(0))
    (held,) = laptop.tracked(State.REVIEW)
    with open_context(laptop.settings, clock=lambda: wall_clock() + 400 * A_DAY) as context:
        keep_private(context, held.id)
    run_at(laptop, timedelta(0))
    (entry,) = laptop.look(lambda context: list(context.record.entries(kinds={EntryKind.REVIEW_RESOLVED})))
    assert entry.body["private"] == 1
    assert entry.at <= wall_clock()


def test_noticing_that_the_clock_went_back_changes_nothing_where_it_did_not(laptop: Laptop) -> None:
    laptop.photo("IMG_1.jpg", None)
    laptop.photo("IMG_2.jpg", ON_VISIT + minutes(1))
    laptop.run()
    before = laptop.tracked()
    laptop.look(notice_a_leap)
    assert laptop.tracked() == before


def test_a_file_from_the_future_that_lacks_its_end_is_waited_for_and_no_longer(laptop: Laptop) -> None:
    """Its time of change says nothing; the ten minutes count from the first look."""
    cut = laptop.photo("cut.jpg")
    cut.write_bytes(cut.read_bytes()[:-2])
    os.utime(cut, (2**33, 2**33))
    run_at(laptop, timedelta(0))
    assert [one.state for one in laptop.tracked()] == [State.SETTLED]
    summary = run_at(laptop, timedelta(minutes=11)).summary
    assert summary.damaged == 1
    assert not cut.exists()


def test_a_clock_that_the_share_contradicts_is_on_the_page_and_in_the_status_until_it_is_right(laptop: Laptop) -> None:
    run_at(laptop, -2 * A_DAY)
    shown = laptop.command("status")
    assert "clock     This laptop's clock is 2 days behind" in shown.stdout
    said = [one for one in laptop.look(lambda context: list(problems(context))) if "clock" in one.what]
    assert [one.details for one in said] == [wrong_clock(-2 * A_DAY)]
    run_at(laptop, timedelta(0))
    assert "clock" not in laptop.command("status").stdout
    assert not [one for one in laptop.look(lambda context: list(problems(context))) if "clock" in one.what]


def test_a_clock_that_went_back_is_in_the_status_until_the_share_says_which_time_is_right(laptop: Laptop) -> None:
    run_at(laptop, timedelta(0))
    laptop.look(lambda context: notice_a_leap(replace(context, clock=lambda: wall_clock() - 30 * A_DAY)))
    assert "clock     This laptop's clock went back" in laptop.command("status").stdout
    assert '"clock": {"trouble": "This laptop' in laptop.command("status", "--json").stdout
    run_at(laptop, timedelta(0))
    assert "clock" not in laptop.command("status").stdout
