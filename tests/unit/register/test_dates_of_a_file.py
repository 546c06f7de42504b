"""Which number is the day: a matter of the whole file; and dates and times in the columns that people make."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.times import Interval
from agent.register import Order, Rules, VisitsReading, read_time, read_visits, read_written

HEADER = "id,title,starts,ends"


def read(*rows: str, header: str = HEADER, dates: Order = Order.DAY_FIRST) -> VisitsReading:
    """A register of these rows on a laptop in London."""
    return read_visits("\n".join([header, *rows, ""]).encode(), kind="csv", rules=Rules("Europe/London", dates))


def at(text: str) -> datetime:
    """An instant, in UTC; in March that is London's time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(reading: VisitsReading) -> tuple[str, str]:
    """The span of the one visit, which has no fault."""
    assert reading.faults == ()
    (visit,) = reading.visits
    return f"{visit.span.earliest:%d %b %H:%M}", f"{visit.span.latest:%d %b %H:%M}"


# --- The order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "dates", "line"),
    [
        (["a,A,3/4/2026,3/4/2026", "b,B,3/14/2026,3/14/2026"], Order.DAY_FIRST, 3),
        (["a,A,3/4/26 8:30,3/4/26 9:30", "b,B,3/14/26 8:30,3/14/26 9:30"], Order.DAY_FIRST, 3),
        (["a,A,3/4/2026,3/4/2026", "b,B,14/3/2026,14/3/2026"], Order.MONTH_FIRST, 3),
        (["a,A,13/3/2026,13/3/2026", "b,B,3/14/2026,3/14/2026"], Order.DAY_FIRST, 2),
        (["a,A,13/3/2026,13/3/2026", "b,B,3/14/2026,3/14/2026"], Order.MONTH_FIRST, 2),
        (["a,A,2026-03-14,2026-03-14", "b,B,3/4/2026,3/4/2026"], Order.ISO, 3),
        (["a,A,3/4/2026 8:30 AM,3/4/2026 4:30 PM"], Order.DAY_FIRST, 2),
        (["a,A,3/4/2026,3/6/2026"], Order.DAY_FIRST, 2),  # two months, or three days with the month first
        (["a,A,9/10/2026,10/9/2026"], Order.DAY_FIRST, None),  # backwards, and too long the other way round
        (["a,A,Wed 3/4/2026,Wed 3/4/2026"], Order.DAY_FIRST, 2),  # only 4 March is a Wednesday
        (["a,A,26/03/14,26/03/14", "b,B,26/04/25,26/04/25"], Order.DAY_FIRST, 2),  # the year first, in two digits
    ],
)
def test_a_date_that_proves_another_order_takes_the_belief_from_all(
    rows: list[str], dates: Order, line: int | None
) -> None:
    reading = read(*rows, dates=dates)
    assert reading.visits == ()
    assert (reading.distrusted and reading.distrusted.line) == line
    assert line is None or "2026-03-14 08:30" in reading.faults[0].message


@pytest.mark.parametrize(
    ("rows", "dates", "day"),
    [
        (["a,A,3/4/2026,3/4/2026"], Order.DAY_FIRST, "2026-04-03"),
        (["a,A,3/4/2026,3/4/2026"], Order.MONTH_FIRST, "2026-03-04"),
        (["a,A,3/4/2026,3/4/2026", "b,B,3/14/2026,3/14/2026"], Order.MONTH_FIRST, "2026-03-04"),
        (["a,A,3/4/2026 8:30 am,3/4/2026 4:30 pm"], Order.DAY_FIRST, "2026-04-03"),
        (["a,A,3/4/2026 8:30 AM,3/4/2026 4:30 PM", "b,B,14/3/2026,14/3/2026"], Order.DAY_FIRST, "2026-04-03"),
        (["a,A,4-Mar-26,4-Mar-26"], Order.ISO, "2026-03-04"),
    ],
)
def test_the_settings_say_the_order_where_no_date_contradicts_them(rows: list[str], dates: Order, day: str) -> None:
    reading = read(*rows, dates=dates)
    assert reading.distrusted is None
    assert f"{reading.visits[0].span.latest - timedelta(hours=2):%Y-%m-%d}" == day


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("14-Mar-26", "14-Mar-26"), ("14/03/26", "14/03/26"), ("14.3.26", "14.03.2026"),
        ("14 March 2026", "14. März 2026"), ("Sat 14/03/2026", "Saturday 14 March 2026"),
        ('"March 14, 2026"', "14th March 2026"), ("2026/03/14", "14–03–2026"),
        ("\u200e14/\u200e03/\u200e2026", "14\u00a0March\u00a02026"), ("１４/０３/２０２６", "\ufeff14/03/2026"),
    ],
)  # fmt: skip
def test_a_day_as_people_and_spreadsheets_write_it(starts: str, ends: str) -> None:
    assert span(read(f"a,A,{starts},{ends}")) == ("14 Mar 00:00", "15 Mar 00:00")


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("14/03/26 08:30", "14/03/26 16:30"), ("14/03/2026 8:30 am", "14/03/2026 4:30 pm"),
        ("14/03/2026 08.30", "14.03.2026 16.30 Uhr"), ("14-Mar-26 8:30", "14 Mar 2026 at 4.30pm"),
        ("14/03/2026 08:30:00", "14/03/2026 16h30"), ("14/03/2026\u202f08:30", "14/03/2026 4:30 p.m."),
    ],
)  # fmt: skip
def test_a_time_as_people_and_spreadsheets_write_it(starts: str, ends: str) -> None:
    assert span(read(f"a,A,{starts},{ends}")) == ("14 Mar 08:30", "14 Mar 16:30")


@pytest.mark.parametrize(("cell", "hour"), [("12:00 am", 0), ("12:00 pm", 12), ("1:00 PM", 13), ("11 am", 11)])
def test_noon_and_midnight_of_a_clock_of_twelve_hours(cell: str, hour: int) -> None:
    clock = read_time(cell)
    assert clock is not None
    assert clock.hour == hour


# --- Columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("starts,start time,ends,end time", "14/03/2026,08:30,14/03/2026,16:30"),
        ("Start Date,Start Time,End Date,End Time", "14/03/2026,08:30:00,14/03/2026,16:30:00"),
        ("date,start time,end time", "14/03/2026,8:30 am,4:30 pm"),
        ("date,from,to", "14/03/2026,08:30,16:30"),
        ("from,to", "14/03/2026 08:30,14/03/2026 16:30"),
        ("start,end date,end time", "14/03/2026 08:30,14/03/2026,16:30"),
        ("starts,end time", "14/03/2026 08:30,16:30"),
        ("Date,Time", "14/03/2026,08:30–16:30"),
        ("visit date,times", "14/03/2026,8.30am to 4.30pm"),
        ("departure date,departure time,return date,return time", "14/03/2026,08:30,14/03/2026,16:30"),
        ("Datum,Beginn,Ende", "14.03.2026,08:30,16:30 Uhr"),
        ("start date,start time,end date,end time", "14/03/2026,1899-12-30 08:30:00,14/03/2026,30/12/1899 16:30"),
        ("starts,start time,ends,end time", "14/03/2026 08:30,08:30,14/03/2026 16:30,"),
    ],
)
def test_date_and_time_are_read_from_the_columns_people_make(header: str, cells: str) -> None:
    assert span(read(f"a,A,{cells}", header=f"id,title,{header}")) == ("14 Mar 08:30", "14 Mar 16:30")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("starts,start time,ends,end time", "14/03/2026,08:30,14/03/2026,"),
        ("starts,start time,ends,end time", "14/03/2026,morning,14/03/2026,16:30"),
        ("starts,start time,ends,end time", "14/03/2026 08:00,08:30,14/03/2026,16:30"),
        ("starts,strat time,ends", "14/03/2026,08:30,14/03/2026"),
        ("starts,ends,end time (24 h)", "14/03/2026,14/03/2026,16:30"),
        ("starts,ends,coach leaves", "14/03/2026,14/03/2026,08:30"),
        ("starts,start date,ends", "14/03/2026,15/03/2026,16/03/2026"),
        ("date,time", "14/03/2026,08:30"),
    ],
)
def test_an_unreadable_time_is_an_error_not_a_whole_day(header: str, cells: str) -> None:
    reading = read(f"a,A,{cells}", header=f"id,title,{header}")
    assert reading.visits == ()
    assert [doubt.span is not None for doubt in reading.doubtful] == [True]


def test_a_line_above_the_header_is_reported_and_not_lost() -> None:
    rows = ["a,A,14/03/2026,14/03/2026", HEADER, "b,B,15/03/2026,15/03/2026"]
    reading = read(*rows, header="Visits,2026,,")
    assert [visit.id for visit in reading.visits] == ["b"]
    assert [(doubt.line, doubt.span is not None) for doubt in reading.doubtful] == [(2, True)]
    assert [(fault.line, fault.severity) for fault in reading.faults] == [(3, "warning"), (2, "error")]


@pytest.mark.parametrize("cell", ["26/03/14", "26-Mar-14"])
def test_a_year_of_two_digits_that_is_long_past_is_not_believed(cell: str) -> None:
    reading = read(f"a,A,{cell},{cell}", "ok,OK,14/03/2026,14/03/2026")
    assert [visit.id for visit in reading.visits] == ["ok"]
    assert "four digits" in reading.faults[0].message


def test_another_date_in_its_own_column_does_not_matter() -> None:
    header = f"{HEADER},Risk assessment date,Booked"
    assert len(read("a,A,14/03/2026 08:30,14/03/2026 16:30,01/02/2026,yes", header=header).visits) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "hint"),
    [
        ("14/03/2026 08:30", "14/03/2026 04:30", "is 16:30 meant"),
        ("14/03/2026 08:30", "14/03/2025 16:30", "is the year 2026 meant"),
        ("15/03/2026 08:30", "14/03/2026 16:30", "are starts and ends swapped"),
        ("05/06/2026 08:30", "06/05/2026 16:30", "are day and month swapped"),
    ],
)
def test_an_end_before_the_start_names_the_likely_mistake(starts: str, ends: str, hint: str) -> None:
    reading = read(f"a,A,{starts},{ends}", "b,B,14/03/2026,14/03/2026")
    assert [visit.id for visit in reading.visits] == ["b"]
    assert hint in reading.faults[0].message


# --- Doubt ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "first", "last"),
    [
        ("bad id!,A,14/03/2026 08:30,14/03/2026 16:30", "2026-03-14", "2026-03-15"),
        ("a,A,14/03/2026 tbc,", "2026-03-14", "2026-03-29"),
        ("a,A,,14/03/2026", "2026-02-28", "2026-03-15"),
        ("a,A,Mon 14/03/2026,14/03/2026", "2026-03-14", "2026-03-15"),
        ("a,A,3/4/2026 or so,4/4/2026", "2026-03-04", "2026-04-05"),
        ("a,,16/03/2026,14/03/2026", "2026-03-14", "2026-03-17"),
    ],
)
def test_readable_dates_of_a_line_limit_its_doubt(row: str, first: str, last: str) -> None:
    (doubt,) = read(row, "ok,OK,14/02/2026,14/02/2026").doubtful
    around = timedelta(hours=15)
    assert doubt.span == Interval(at(first) - around, at(last) + around)
    assert "line 2" in doubt.why


def test_a_line_without_any_date_is_a_doubt_at_any_time_for_the_staff_it_names() -> None:
    (doubt,) = read("a,A,TBC,TBC,a.okafor", "ok,OK,14/02/2026,14/02/2026,", header=f"{HEADER},staff").doubtful
    assert (doubt.span, doubt.staff) == (None, {"a.okafor"})


def test_a_line_that_says_it_is_cancelled_leaves_no_doubt() -> None:
    reading = read("a,Cancelled: Zoo,TBC,TBC", "ok,OK,14/02/2026,14/02/2026")
    assert reading.doubtful == ()
    assert {fault.severity for fault in reading.faults} == {"warning"}


@pytest.mark.parametrize(
    ("title", "status", "why"),
    [
        ("Canceled: Zoo", "", ""), ("Abgesagt: Zoo", "approved", ""), ("Zoo (cancelled)", "", ""),
        ("[CANCELLED] Zoo", "", ""),
        ("Annulé : Zoo", "", ""), ("Zoo – CANCELLED", "", ""), ("POSTPONED: Zoo", "", "which was postponed"),
        ("Canceled event: Zoo", "", ""), ("Termin abgesagt: Zoo", "", ""), ("CANCELLED Zoo trip", "", ""),
        ("Zoo cancelled!", "", ""), ("Zoo (cancelled: snow)", "approved", ""), ("Zoo fällt aus", "", ""),
        ("Tentative event: Zoo", "", "which is only tentative"),
        ("Zoo", "tentative", "which is only tentative"), ("Tentative: Zoo", "", "which is only tentative"),
    ],
)  # fmt: skip
def test_a_visit_that_does_not_take_place_is_reported(title: str, status: str, why: str) -> None:
    reading = read(f"a,{title},14/03/2026,14/03/2026,{status}", header=f"{HEADER},status")
    assert [(visit.cancelled, visit.why_not) for visit in reading.visits] == [(True, why)]
    assert [fault.severity for fault in reading.faults] == ["warning"]


@pytest.mark.parametrize("title", ["The Cancelled Play", "Provisional IRA: a history walk", "Draft horses at the farm",
                                   "Instead of the cancelled farm: Zoo"])  # fmt: skip
def test_a_title_that_only_has_such_a_word_in_it_is_a_visit(title: str) -> None:
    (visit,) = read(f"a,{title},14/03/2026,14/03/2026").visits
    assert not visit.cancelled


# --- Encodings, sizes -------------------------------------------------------------------------------------------------


def test_excel_for_macs_own_encoding_is_read_with_a_warning() -> None:
    raw = f"{HEADER},staff\na,Musée d’Orsay,14/03/2026,14/03/2026,Müller\n".encode("mac_roman")
    reading = read_visits(raw, kind="csv", rules=Rules("Europe/London"))
    assert (reading.visits[0].title, reading.visits[0].staff) == ("Musée d’Orsay", {"Müller"})
    assert ["Mac Roman" in fault.message for fault in reading.faults] == [True]


def test_names_that_were_garbled_before_are_an_error_and_not_another_persons() -> None:
    reading = read("a,A,14/03/2026,14/03/2026,MÃ¼ller", header=f"{HEADER},staff")
    assert reading.visits == ()
    assert "garbled" in reading.faults[0].message


def test_german_coordinates_are_read_also_where_commas_separate_cells() -> None:
    header = f"{HEADER},latitude,longitude,radius_km"
    place = read('a,A,14/03/2026,14/03/2026,"51,4978","-0,1745",2', header=header).visits[0].place
    assert place is not None
    assert (place.latitude, place.longitude) == (51.4978, -0.1745)


def test_a_register_of_a_hundred_thousand_lines_is_refused_with_the_limit() -> None:
    reading = read(*["a,A,14/03/2026,14/03/2026"] * 100_000)
    assert reading.visits == ()
    assert [fault.message for fault in reading.faults] == [
        "the register has more than 20000 lines: is it the right file?"
    ]


def test_one_name_on_all_lines_is_reported_in_linear_time() -> None:
    reading = read(*["a,A,14/03/2026,14/03/2026"] * 20_000)
    assert reading.visits == ()
    assert sum(len(fault.message) for fault in reading.faults) < 20_000 * 200


PIECES = st.sampled_from(["14", "3", "03", "26", "2026", "/", "-", ".", " ", "Mar", "May", "08", ":", "30", "am", "PM",
                          "Z", "+", "01:00", "Sat", "th", ",", "T", "\u200e", "0", "99", "24"])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_cell_makes_reading_a_date_raise_anything_but_its_reason(cell: str) -> None:
    for order in Order:
        try:
            moment = read_written(cell).moment(order)
        except ValueError:
            continue
        assert 1990 <= moment.wall.year <= 2100
    reading = read(f'a,A,"{cell}",14/03/2026', "ok,OK,2026-03-14,2026-03-14")
    # One line's fault is that line's, unless it proves another order of day and month.
    assert reading.distrusted is not None or "ok" in {visit.id for visit in reading.visits}
