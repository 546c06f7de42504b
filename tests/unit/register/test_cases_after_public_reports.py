"""Registers and calendars that other programs read wrongly, by public reports: each with its correct reading."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import RegisterError
from agent.model.capture import Capture
from agent.model.decision import Verdict
from agent.model.times import Level, WallClock
from agent.register import Order, RegisterStore, Rules, VisitsReading, decide, read_visits

CASES = Path(os.environ.get("REGISTER_CASES", Path(__file__).resolve().parents[4] / "shared/cases/registers"))
SUMMER = ("2026-07-14 07:30", "2026-07-14 15:30")
WINTER = ("2026-03-14 08:30", "2026-03-14 16:30")


def read(name: str, dates: Order = Order.DAY_FIRST) -> VisitsReading:
    """The case as a laptop in London reads it."""
    if not CASES.is_dir():
        pytest.skip("the registers after public reports (../shared/cases/registers) are not on this machine")
    raw = (CASES / name).read_bytes()
    return read_visits(raw, kind="ics" if name.endswith(".ics") else "csv", rules=Rules("Europe/London", dates))


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first", "spans"),
    [
        ("date-then-time.csv", WINTER, 1),
        ("google-wrtz-floating.ics", ("2026-07-14 06:30", "2026-07-14 14:30"), 1),
        ("ol-custom.ics", SUMMER, 1),
        ("ol-customized.ics", SUMMER, 1),
        ("ol-display.ics", SUMMER, 1),
        ("bad-alarm.ics", SUMMER, 2),
        ("ol-html-unfolded.ics", SUMMER, 2),
        ("geo-empty.ics", SUMMER, 2),
        ("ol-desc-endword.ics", SUMMER, 2),
        ("cr-only.ics", SUMMER, 1),
        ("lrm.csv", WINTER, 1),
        ("lo-2digit.csv", WINTER, 1),
        ("dmy-mon.csv", ("2026-03-14 00:00", "2026-03-15 00:00"), 1),
        ("de-utf16.txt", ("2026-03-14 07:30", "2026-03-14 15:30"), 1),
        ("one-line-left-out.csv", WINTER, 2),
    ],
)
def test_dates_as_people_write_them_are_read(name: str, first: tuple[str, str], spans: int) -> None:
    reading = read(name)
    assert reading.faults == ()
    assert len(reading.visits) == spans
    assert not reading.visits[0].cancelled
    span = reading.visits[0].span
    assert (span.earliest, span.latest) == (at(first[0]), at(first[1]))


@pytest.mark.parametrize("name", ["us-mixed.csv", "us-google.csv"])
def test_one_line_with_the_month_first_speaks_for_the_whole_file(name: str, tmp_path: Path) -> None:
    reading = read(name)
    assert reading.visits == ()
    assert reading.distrusted is not None
    assert (reading.distrusted.line, reading.distrusted.column) == (2, "starts")
    assert "3/14/2026" in reading.distrusted.message
    for force in (False, True):
        with pytest.raises(RegisterError, match="is not used: line 2, starts"):
            RegisterStore(tmp_path).offer(
                (CASES / name).read_bytes(),
                "csv",
                None,
                rules=Rules("Europe/London"),
                now=at("2026-03-20"),
                force=force,
            )


@pytest.mark.parametrize("name", ["us-mixed.csv", "us-google.csv"])
def test_a_school_that_writes_the_month_first_says_so_in_the_settings(name: str) -> None:
    zoo = read(name, Order.MONTH_FIRST).visits[1]
    assert (zoo.id, zoo.span.earliest) == ("b-zoo", at("2026-03-04 08:30"))


def test_a_tentative_event_is_not_a_visit_and_the_reasons_say_so(tmp_path: Path) -> None:
    reading = read("ol-tentative.ics")
    assert [(visit.cancelled, visit.why_not) for visit in reading.visits] == [(True, "which is only tentative")]
    assert "tentative" in reading.faults[0].message
    raw = (CASES / "ol-tentative.ics").read_bytes()
    register = RegisterStore(tmp_path).offer(raw, "ics", None, rules=Rules("Europe/London"), now=at("2026-07-20"))
    noon = WallClock(datetime(2026, 7, 14, 12), datetime(2026, 7, 14, 12, 0, 1))  # noqa: DTZ001
    decision = decide(
        Capture("jpeg", taken=noon, level=Level.ASSUMED_ZONE), register, staff="j.smith", zone="Europe/London"
    )
    assert decision.verdict is Verdict.PRIVATE
    assert decision.reasons[-1].endswith("which is only tentative")


def test_a_title_above_the_header_is_skipped_with_a_warning() -> None:
    reading = read("title-row.csv")
    assert [visit.line for visit in reading.visits] == [3]
    assert ["first row is not the header" in fault.message for fault in reading.faults] == [True]
    assert reading.faults[0].severity == "warning"


def test_a_web_page_is_called_one() -> None:
    reading = read("html.xls.csv")
    assert reading.visits == ()
    assert [fault.severity for fault in reading.faults] == ["error"]
    assert "web page" in reading.faults[0].message
