"""A visit that changes zone on its way: how the register says so, and how a clock without a zone is judged on it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.capture import Capture
from agent.model.decision import Decision, Verdict
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval, Level, WallClock
from agent.register import RegisterStore, Rules, VisitsReading, check, decide, read_visits

HEADER = "id,title,starts,ends,timezone"
PARIS = "Europe/London; Europe/Paris; Europe/London"


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def listed(zones: str, starts: str = "2026-03-14 06:00", ends: str = "2026-03-14 20:00") -> VisitsReading:
    """A register of one visit, for a school in London."""
    text = f'{HEADER}\r\nparis,Paris,{starts},{ends},"{zones}"\r\n'
    return read_visits(text.encode(), kind="csv", rules=Rules("Europe/London"))


def event(*lines: str) -> VisitsReading:
    """A calendar of one event, for a school in London."""
    text = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:paris", "SUMMARY:Paris", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return read_visits("\r\n".join(text).encode(), kind="ics", rules=Rules("Europe/London"))


def only(reading: VisitsReading) -> Visit:
    """The one visit, taken without a fault."""
    assert reading.faults == ()
    (visit,) = reading.visits
    return visit


def photo(shown: str, *, zone: str | None = None) -> Capture:
    """A photo by what its clock showed, with the offset of `zone` if one is given."""
    start = datetime.fromisoformat(shown)
    wall = WallClock(start, start + timedelta(seconds=1))
    if zone is None:
        return Capture("jpeg", taken=wall, level=Level.ASSUMED_ZONE)
    return Capture("jpeg", taken=wall.read_in(ZoneInfo(zone))[0], level=Level.OWN_OFFSET)


def decided(capture: Capture, *visits: Visit, home: str = "Europe/London") -> Decision:
    """The decision on a laptop at home."""
    register = Register(visits, (), Sha256("0" * 64), at("2026-03-20"))
    return decide(capture, register, staff="j.smith", zone=home)


# --- The spreadsheet -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [PARIS, PARIS.replace("; ", "|"), PARIS.replace("; ", ";"), f" {PARIS};"])
def test_zones_are_listed_in_the_order_of_the_journey(written: str) -> None:
    visit = only(listed(written))
    assert (visit.zone, visit.then, visit.ends_in) == (
        "Europe/London", ("Europe/Paris", "Europe/London"), "Europe/London",
    )  # fmt: skip
    assert visit.zones == ("Europe/London", "Europe/Paris")


def test_a_visit_starts_in_the_first_zone_and_ends_in_the_last() -> None:
    there = listed("America/New_York; Asia/Tokyo", "2026-01-10 09:00", "2026-01-12 09:00").visits[0]
    assert there.span == Interval(at("2026-01-10 14:00"), at("2026-01-12 00:00"))
    days = only(listed("America/New_York; Asia/Tokyo", "2026-01-10", "2026-01-12"))
    assert days.span == Interval(at("2026-01-10 05:00"), at("2026-01-12 15:00"))


def test_an_end_in_another_zone_gets_a_warning_unless_it_has_an_offset() -> None:
    (fault,) = listed("Europe/London; Europe/Paris").faults
    assert (fault.severity, fault.column) == ("warning", "timezone")
    assert fault.message == (
        "its end is read in Europe/Paris, where this journey ends; for one that comes back write "
        "Europe/London; Europe/Paris; Europe/London"
    )
    only(listed("Europe/London; Europe/Paris", ends="2026-03-14 20:00+01:00"))


def test_a_zone_repeated_in_a_row_counts_once() -> None:
    assert only(listed("Europe/London;Europe/London")).then == ()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Europe/London, Europe/Paris", "separate zones with ; or |: Europe/London; Europe/Paris"),
        ("Europe/London + Europe/Paris", "separate zones with ; or |: Europe/London; Europe/Paris"),
        ("Europe/London to Europe/Paris", "separate zones with ; or |: Europe/London; Europe/Paris"),
        ("Europe/London; 2026-03-14 09:00 Europe/Paris",
         "“2026-03-14 09:00 Europe/Paris”: list only zones here, in the order of the journey"),
        ("Europe/London; Paris", "unknown zone “Paris”; is Europe/Paris meant?"),
        ("Europe/London; Pariss", "unknown zone “Pariss”; is Europe/Paris meant?"),
        (";", "the list is empty: leave the cell blank for the laptop's own zone"),
        ("Europe/Paris;" * 13, "a journey cannot have more than 12 zones"),
        ("=A1", "this is a formula without a saved value: write the value, or save the file in Excel again"),
    ],
)  # fmt: skip
def test_a_cell_that_does_not_list_zones_is_an_error_with_advice(written: str, words: str) -> None:
    reading = listed(written)
    assert reading.visits == ()
    assert [(fault.line, fault.column, fault.severity, fault.message) for fault in reading.faults] == [
        (2, "timezone", "error", words)
    ]


def test_visits_check_takes_a_journey() -> None:
    text = f"{HEADER}\nparis,Paris,2026-03-14 06:00,2026-03-14 20:00,{PARIS}\n"
    assert check(text.encode(), "visits.csv", rules=Rules("Europe/London")).faults == ()


# --- The calendar ----------------------------------------------------------------------------------------------------


def test_an_event_that_ends_in_another_zone_goes_through_both() -> None:
    visit = only(event("DTSTART;TZID=Europe/London:20260314T060000", "DTEND;TZID=Europe/Paris:20260314T200000"))
    assert visit.span == Interval(at("2026-03-14 06:00"), at("2026-03-14 19:00"))
    assert (visit.zone, visit.then) == ("Europe/London", ("Europe/Paris",))


@pytest.mark.parametrize(("zone", "mark"), [("Europe/London", ""), ("Europe/Paris", "Z")])
def test_an_end_that_names_no_zone_adds_none(zone: str, mark: str) -> None:
    visit = only(event(f"DTSTART;TZID={zone}:20260314T060000", f"DTEND:20260314T200000{mark}"))
    assert (visit.zone, visit.then) == (zone, ())


@pytest.mark.parametrize("start", ["DTSTART;TZID=Europe/Paris:20260714T060000", "DTSTART:20260714T060000Z"])
def test_an_end_without_a_zone_after_a_start_with_another_is_an_error(start: str) -> None:
    reading = event(start, "DTEND:20260714T200000")
    assert reading.visits == ()
    (fault,) = reading.faults
    assert (fault.column, fault.severity) == ("DTEND", "error")
    assert "the start gives its zone and the end does not" in fault.message


@pytest.mark.parametrize("end", ["DTEND;TZID=America/New_York:20260714T160000", "DTEND:20260714T160000Z"])
def test_a_start_without_a_zone_before_an_end_with_another_is_an_error(end: str) -> None:
    reading = event("DTSTART:20260714T090000", end)
    assert reading.visits == ()
    (fault,) = reading.faults
    assert (fault.column, fault.severity) == ("DTEND", "error")
    assert "the end gives its zone and the start does not" in fault.message


@pytest.mark.parametrize(("zone", "way"), [("Etc/GMT+1", "1 h behind UTC"), ("Etc/GMT-11", "11 h ahead of UTC")])
def test_a_zone_whose_sign_is_turned_round_is_an_error(zone: str, way: str) -> None:
    reading = listed(zone)
    assert reading.visits == ()
    assert [way in fault.message for fault in reading.faults] == [True]


def test_an_event_may_list_the_zones_of_its_journey() -> None:
    home = "DTSTART;TZID=Europe/London:20260314T060000", "DTEND;TZID=Europe/London:20260314T200000"
    visit = only(event(*home, "X-VISIT-TIMEZONE:Europe/London|Europe/Paris|Europe/London"))
    assert visit.then == ("Europe/Paris", "Europe/London")
    assert only(event(*home, "X-VISIT-TIMEZONE:Europe/Paris")).zones == ("Europe/London", "Europe/Paris")


def test_times_without_a_zone_are_of_the_journeys_first_and_last() -> None:
    floating = "DTSTART:20260110T090000", "DTEND:20260112T090000", "X-VISIT-TIMEZONE:America/New_York|Asia/Tokyo"
    visit = only(event(*floating))
    assert visit.span == Interval(at("2026-01-10 14:00"), at("2026-01-12 00:00"))
    assert (visit.zone, visit.then) == ("America/New_York", ("Asia/Tokyo",))


def test_a_broken_journey_of_an_event_is_reported() -> None:
    reading = event("DTSTART:20260314T090000", "DTEND:20260314T100000", "X-VISIT-TIMEZONE:Europe/London|Parris")
    assert reading.visits == ()
    assert [(fault.line, fault.column) for fault in reading.faults] == [(2, "X-VISIT-TIMEZONE")]


# --- Deciding --------------------------------------------------------------------------------------------------------


def test_a_clock_without_a_zone_is_of_the_visit_if_it_is_by_every_zone() -> None:
    decision = decided(photo("2026-03-14 11:00"), only(listed(PARIS)))
    assert decision.verdict is Verdict.VISIT
    assert decision.reasons == (
        "taken 14 Mar 2026 11:00 (camera clock, read as Europe/London or Europe/Paris), within Paris 06:00–20:00",
    )
    assert decision.taken == Interval(at("2026-03-14 10:00"), at("2026-03-14 11:00:01"))


@pytest.mark.parametrize("shown", ["2026-03-14 06:30", "2026-03-14 20:30"])
def test_a_clock_inside_by_one_zone_only_is_held_and_the_reason_names_both(shown: str) -> None:
    decision = decided(photo(shown), only(listed(PARIS)))
    assert decision.verdict is Verdict.REVIEW
    inside, outside = ("London", "Paris") if "06" in shown else ("Paris", "London")
    (reason,) = decision.reasons
    assert reason == (
        f"taken 14 Mar 2026 {shown[11:]}:00 (camera clock, read as Europe/London or Europe/Paris), partly or perhaps "
        f"within Paris 06:00–20:00: it is if the camera showed the time of Europe/{inside}, "
        f"but not by Europe/{outside}"
    )


@pytest.mark.parametrize("shown", ["2026-03-14 05:59", "2026-03-14 21:01"])
def test_a_clock_that_is_outside_by_every_zone_is_private(shown: str) -> None:
    assert decided(photo(shown), only(listed(PARIS))).verdict is Verdict.PRIVATE


def test_home_time_is_asked_too_where_the_journey_leaves_it_out() -> None:
    abroad = only(listed("Europe/Paris; Europe/Athens; Europe/Paris"))
    assert decided(photo("2026-03-14 12:00"), abroad).verdict is Verdict.VISIT
    late = decided(photo("2026-03-14 19:30"), abroad)
    assert late.verdict is Verdict.REVIEW
    assert late.reasons[0].endswith("but not if the camera still showed home time")


def test_a_time_with_its_own_offset_is_read_in_no_zone() -> None:
    visit = only(listed(PARIS))
    assert decided(photo("2026-03-14 06:30", zone="Europe/London"), visit).verdict is Verdict.VISIT
    assert decided(photo("2026-03-14 06:30", zone="Europe/Paris"), visit).verdict is Verdict.PRIVATE


def test_the_hours_of_a_visit_that_ends_elsewhere_name_the_zone_of_its_end() -> None:
    decision = decided(photo("2026-03-14 11:00"), listed("Europe/London; Europe/Paris").visits[0])
    assert decision.reasons[0].endswith("within Paris 06:00–20:00 (Europe/Paris)")


JOURNEYS = ["Europe/London", "Europe/Paris", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"]


@given(
    st.lists(st.sampled_from(JOURNEYS), min_size=1, max_size=4),
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 10)),  # noqa: DTZ001  # wall clocks
    st.integers(1, 60 * 48),
    st.sampled_from(JOURNEYS),
)
def test_a_decision_on_a_journey_holds_by_every_zone_that_could_apply(
    zones: list[str], shown: datetime, minutes: int, home: str
) -> None:
    span = Interval(at("2026-03-30 08:00"), at("2026-03-30 08:00") + timedelta(minutes=minutes))
    visit = Visit(VisitId("v"), "V", span, zones[0], then=tuple(zones[1:]))
    wall = WallClock(shown, shown + timedelta(seconds=1))
    verdict = decided(Capture("jpeg", taken=wall, level=Level.ASSUMED_ZONE), visit, home=home).verdict
    by_each = {
        decided(Capture("jpeg", taken=wall.read_in(ZoneInfo(zone))[0], level=Level.OWN_OFFSET), visit).verdict
        for zone in (*zones, home)
    }
    again = {
        decided(Capture("jpeg", taken=wall.read_in(ZoneInfo(zone))[-1], level=Level.OWN_OFFSET), visit).verdict
        for zone in (*zones, home)
    }
    assert verdict is (next(iter(by_each)) if len(by_each | again) == 1 else Verdict.REVIEW)


# --- Kept ------------------------------------------------------------------------------------------------------------


def test_a_journey_is_stored_on_disk(tmp_path: Path) -> None:
    text = f"{HEADER}\r\nparis,Paris,2026-03-14 06:00,2026-03-14 20:00,{PARIS}\r\n"
    given = RegisterStore(tmp_path).offer(
        text.encode(), "csv", None, rules=Rules("Europe/London"), now=at("2026-03-01")
    )
    assert given.visits == (only(listed(PARIS)),)
    assert RegisterStore(tmp_path).current() == given
