"""A time without its half of the day is asked about: a visit must not begin twelve hours before it was meant to."""

import pytest

from agent.register import Rules, VisitsReading, read_visits


def read(*rows: str, columns: str = "date,start time,end time") -> VisitsReading:
    """A register of these rows on a laptop in London."""
    return read_visits(f"id,title,{columns}\n{chr(10).join(rows)}\n".encode(), kind="csv", rules=Rules("Europe/London"))


def hours(reading: VisitsReading) -> list[str]:
    return [f"{visit.span.earliest:%H:%M}–{visit.span.latest:%H:%M}" for visit in reading.visits]


@pytest.mark.parametrize(
    ("columns", "cells", "meant"),
    [
        ("date,time", "14/03/2026,1:00-3:00pm", "13:00"),
        ("date,time", "14/03/2026,7:00 – 9:30 pm", "19:00"),
        ("date,start time,end time", "14/03/2026,7.00,9.30 p.m.", "19:00"),
        ("starts,ends", "14/03/2026 07:00,14/03/2026 9:30 PM", "19:00"),
        ("starts,ends", "14/03/2026 7:00,16/03/2026 4:30pm", "19:00"),
        ("starts,ends", "14/03/2026 9:00 am,16/03/2026 4:30", "16:30"),
        ("date,start time,end time", "14/03/2026,6:30,8:30", "18:30"),
        ("date,start time,end time", "14/03/2026,2:30,6:30", "14:30"),
        ("date,start time,end time", "14/03/2026,1:00,11:00", "13:00"),
    ],
)
def test_a_time_that_may_be_half_a_day_later_waits(columns: str, cells: str, meant: str) -> None:
    reading = read(f"a,A,{cells}", columns=columns)
    assert reading.visits == ()
    assert meant in str(reading.faults)
    assert [doubt.span is not None for doubt in reading.doubtful] == [True]


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        ("9:00,3:30pm", "09:00–15:30"), ("11:00,1:00 pm", "11:00–13:00"), ("9:00 am,11:30", "09:00–11:30"),
        ("8:00,11:30am", "08:00–11:30"), ("12:00,3pm", "12:00–15:00"), ("7:00 am,9:30 am", "07:00–09:30"),
        ("07:00,09:30", "07:00–09:30"), ("7:00:00,9:30:00", "07:00–09:30"), ("8:30,12:00", "08:30–12:00"),
        ("5:00,22:00", "05:00–22:00"), ("9:15,11:15", "09:15–11:15"),
    ],
)  # fmt: skip
def test_a_time_that_is_sure_is_read(cells: str, read_as: str) -> None:
    assert hours(read(f"a,A,14/03/2026,{cells}")) == [read_as]


def test_an_early_time_is_sure_where_others_are_written_by_24_hours() -> None:
    assert hours(read("a,A,14/03/2026,7:00,9:30", "b,B,15/03/2026,9:00,15:30")) == ["07:00–09:30", "09:00–15:30"]
    assert hours(read("a,A,14/03/2026,7:00,9:30", "b,B,15/03/2026,9:00 am,3:30 pm")) == ["09:00–15:30"]
