"""Columns that the register does not read must not make a visit longer, anyone's, or one that does not take place."""

import pytest

from agent.register import Order, Rules, VisitsReading, read_visits

DAY = "a,A,14/03/2026,14/03/2026"
TIMED = "a,A,14/03/2026 08:30,14/03/2026 16:30"


def read(
    header: str, *rows: str, columns: str = "id,title,starts,ends", dates: Order = Order.DAY_FIRST
) -> VisitsReading:
    """A register of these rows on a laptop in London; `header` are its columns after the usual ones."""
    lines = [f"{columns},{header}", *rows, ""]
    return read_visits("\n".join(lines).encode(), kind="csv", rules=Rules("Europe/London", dates))


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Coach leaves", "0830"), ("Leave school", "8.30"), ("session", "am"), ("Time of day", "half day"),
        ("Duration", "3 hours"), ("notes", "8:30-15:30"), ("notes", "leave 8.45am"), ("notes", "morning only"),
        ("heure de départ", "8h30"), ("Abfahrt", "08:30"), ("", "9am to 3pm"), ("ETA", "15.30"),
    ],
)  # fmt: skip
def test_a_time_elsewhere_does_not_leave_a_whole_day(header: str, cell: str) -> None:
    reading = read(header, f"{DAY},{cell}")
    assert reading.visits == ()
    assert "start time" in next(str(fault) for fault in reading.faults if fault.severity == "error")
    assert len(read(header, f"{TIMED},{cell}").visits) == 1


@pytest.mark.parametrize(
    "header", ["Visit Leader", "Staff attending", "Teacher(s)", "Accompanying adults", "Lehrkraft"]
)
def test_names_in_another_column_do_not_make_the_visit_anyones(header: str) -> None:
    reading = read(header, f"{TIMED},a.okafor")
    assert reading.visits == ()
    assert "rename it to staff" in str(reading.faults)
    assert len(read(header, f"{TIMED},12").visits) == 1  # how many
    assert len(read(f"{header},staff", f"{TIMED},a.okafor,j.smith").visits) == 1


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("notes", "CANCELLED - snow"), ("comments", "Postponed until June"), ("Outcome", "provisional"), ("", "TBC"),
        ("EVC approval", "no"), ("Approved?", "pending"), ("Cancelled?", "yes"), ("postponed", "x"),
        ("Rescheduled to", "21/03/2026"), ("notes", "Wedi'i ganslo"),
    ],
)  # fmt: skip
def test_a_cancellation_in_another_column_is_an_error_until_the_status_says(header: str, cell: str) -> None:
    reading = read(header, f"{TIMED},{cell}")
    assert reading.visits == ()
    assert [doubt.span is not None for doubt in reading.doubtful] == [True]
    assert len(read(f"{header},status", f"{TIMED},{cell},approved").visits) == 1


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("notes", "coach booked"), ("cost", "8.50"), ("ratio", "1:10"), ("phone", "01234 567890"), ("SEND", "2"),
        ("RA date", "02/03/2026"), ("Timestamp", "01/03/2026 10:11:12"), ("Approved by", "N. Smith"),
        ("Day", "Saturday"),
        ("Insurance", "Cancellation cover"), ("Consent forms", "no"), ("Cancelled?", "no"), ("half term", "no"),
    ],
)  # fmt: skip
def test_what_people_write_for_themselves_does_no_harm(header: str, cell: str) -> None:
    assert len(read(header, f"{DAY},{cell}").visits) == 1
    assert len(read(header, f"{TIMED},{cell}").visits) == 1


@pytest.mark.parametrize(
    "title", ["Zoo TBC", "Zoo (?)", "Zoo?", "Zoo - postponed to June", "Provisional Zoo", "WEDI'I GANSLO: Zoo"]
)
def test_a_title_that_leaves_it_open_waits_for_the_status(title: str) -> None:
    row = f'a,"{title}",14/03/2026 08:30,14/03/2026 16:30'
    assert [visit.cancelled for visit in read("status", f"{row},").visits] in ([], [True])
    assert [visit.cancelled for visit in read("status", f"{row},approved").visits] == [False]


@pytest.mark.parametrize(
    "title", ["What is light?", "Pencil Museum", "Holding Hill farm", "Reporters' day", "Old Trafford"]
)
def test_a_title_with_such_letters_in_it_is_a_visit(title: str) -> None:
    assert len(read("status", f'a,"{title}",14/03/2026 08:30,14/03/2026 16:30,').visits) == 1


@pytest.mark.parametrize("status", ["Cancelled - snow", "Postponed (strike)", "TBC"])
def test_a_status_in_more_words_is_understood(status: str) -> None:
    assert [visit.cancelled for visit in read("status", f"{TIMED},{status}").visits] == [True]


# --- The order of day and month ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "rows", "columns"),
    [
        ("booked on", ["a,A,3/4/2026 8:30,3/4/2026 16:30,1/15/2026"], "id,title,starts,ends"),
        ("start time,end time", ["a,A,3/4/2026,8:30 AM,4:30 PM"], "id,title,date"),
        ("weekday,start time,end time", ["a,A,3/4/2026,Wednesday,9:00,15:00"], "id,title,date"),
        ("day,start time,end time", ["a,A,3/4/2026,Wednesday,9:00,15:00"], "id,title,date"),
        ("notes", ["a,A,3/4/2026,3/4/2026,", "b,B,3/14/2026 tbc,3/14/2026 tbc,"], "id,title,starts,ends"),
        ("notes", ["id,title,starts,ends", "a,A,3/4/2026,3/4/2026,"], "Exported 3/14/2026,,"),
    ],
)
def test_other_cells_that_prove_the_month_first_take_the_belief_from_all(
    header: str, rows: list[str], columns: str
) -> None:
    reading = read(header, *rows, columns=columns)
    assert reading.visits == ()
    assert reading.distrusted is not None or reading.faults[-1].severity == "error"


def test_a_stamp_in_another_order_does_no_harm_to_dates_that_prove_their_own() -> None:
    assert len(read("Timestamp", f"{TIMED},2/28/2026 10:00:00").visits) == 1


# --- Times of day -----------------------------------------------------------------------------------------------------

TIMES = "id,title,date,start time"


@pytest.mark.parametrize("row", ["b,B,15/03/2026,,", "b,B,15/03/2026,,16:00", "b,B,15/03/2026,09:00,"])
def test_a_time_left_blank_on_one_line_is_no_whole_day(row: str) -> None:
    reading = read("end time", "a,A,14/03/2026,08:30,16:30", row, columns=TIMES)
    assert [visit.id for visit in reading.visits] == ["a"]
    assert [doubt.line for doubt in reading.doubtful] == [3]


def test_a_line_that_says_all_day_needs_no_times() -> None:
    rows = ["a,A,14/03/2026,08:30,16:30,False", "b,B,15/03/2026,,,True"]
    assert len(read("end time,all day event", *rows, columns=TIMES).visits) == 2


@pytest.mark.parametrize(
    ("starts", "ends"), [("0830", "1630"), ("830", "1630"), ("8.30", "16.30"), ("0830hrs", "1630hrs")]
)
def test_a_time_may_be_written_without_a_colon(starts: str, ends: str) -> None:
    (visit,) = read("end time", f"a,A,14/03/2026,{starts},{ends}", columns=TIMES).visits
    assert f"{visit.span.earliest:%H:%M}–{visit.span.latest:%H:%M}" == "08:30–16:30"


@pytest.mark.parametrize(
    "cells", ["14/03/2026 08:30,14/03/2026", "14/03/2026,14/03/2026 16:30", "14/03/2026 1:00,14/03/2026 3:00"]
)
def test_half_a_time_and_a_trip_in_the_small_hours_wait(cells: str) -> None:
    reading = read("notes", f"a,A,{cells},", "b,B,15/03/2026,15/03/2026,")
    assert [visit.id for visit in reading.visits] == ["b"]


def test_a_visit_at_night_is_read_with_an_offset() -> None:
    assert len(read("notes", "a,A,2026-03-14T01:00+00:00,2026-03-14T03:00+00:00,").visits) == 1


def test_gmt_in_summer_is_not_an_hour_later_in_silence() -> None:
    rows = ["a,A,14/07/2026 08:30,14/07/2026 16:30,GMT", "b,B,14/01/2026 08:30,14/01/2026 16:30,GMT"]
    reading = read("timezone", *rows)
    assert [visit.id for visit in reading.visits] == ["b"]
    assert "write Europe/London" in str(reading.faults)


@pytest.mark.parametrize(
    ("header", "cell"), [("nights", "3"), ("Days", "2"), ("number of days", "3"), ("duration", "2 nights")]
)
def test_another_length_in_another_column_waits_as_long_as_a_visit_may_be(header: str, cell: str) -> None:
    reading = read(header, f"{TIMED},{cell}")
    assert reading.visits == ()
    (doubt,) = reading.doubtful
    assert doubt.span is not None
    assert (doubt.span.latest - doubt.span.earliest).days > 14


@pytest.mark.parametrize(
    ("header", "cell"),
    [("nights", "0"), ("Days", "1"), ("Days", ""), ("Notice in days before", "14"), ("Pupils", "30")],
)
def test_a_length_that_agrees_does_no_harm(header: str, cell: str) -> None:
    assert len(read(header, f"{TIMED},{cell}").visits) == 1


@pytest.mark.parametrize(
    ("header", "cell"),
    [("Show time as", "1"), ("Show time as", "3"), ("Private", "True"), ("Privat", "Ein"), ("Sensitivity", "Private"),
     ("changed to", "21/03/2026"), ("actual date", "21/03/2026"), ("notes", "FW: Cancelled: Zoo")],
)  # fmt: skip
def test_what_outlook_and_people_export_may_call_a_visit_off(header: str, cell: str) -> None:
    reading = read(header, f"{TIMED},{cell}")
    assert reading.visits == ()
    assert "status" in str(reading.faults)


@pytest.mark.parametrize(
    ("header", "cell"),
    [("Show time as", "2"), ("Private", "False"), ("Reminder Date", "14/03/2026"), ("Reminder Time", "08:15:00"),
     ("last changed", "21/01/2026"), ("changed by", "a.okafor")],
)  # fmt: skip
def test_outlooks_other_columns_do_no_harm(header: str, cell: str) -> None:
    assert len(read(header, f"{TIMED},{cell}").visits) == 1


def test_outlooks_german_columns_are_read() -> None:
    columns = "id,title,Beginnt am,Beginnt um,Endet am,Endet um"
    (visit,) = read("Ort", "a,A,14.03.2026,08:30:00,14.03.2026,16:30:00,Zoo", columns=columns).visits
    assert f"{visit.span.earliest:%H:%M}–{visit.span.latest:%H:%M}" == "08:30–16:30"


@pytest.mark.parametrize(
    "title",
    ["FW: Cancelled: Zoo", "WG: Abgesagt: Zoo", "WITHDRAWN Zoo", "❌ Zoo", "Z\u0336o\u0336o\u0336", "Maybe Zoo",
     "Possible zoo trip", "Zoo - cancelled due to snow", "Zoo (CANC)",
     "Zoo (old)", "Placeholder - Zoo", "Zoo (option 2)", "Option A: Zoo"],
)  # fmt: skip
def test_a_title_that_calls_it_off_or_leaves_it_open_is_no_visit(title: str) -> None:
    reading = read("notes", f"a,{title},14/03/2026 08:30,14/03/2026 16:30,")
    assert [visit for visit in reading.visits if not visit.cancelled] == []


@pytest.mark.parametrize(
    "title",
    [
        "Old Trafford – the pitch",
        "Bath - old town",
        "Options evening",
        "RE: museum",
        "The Possibles",
        "Zoo – Year 7 options",
    ],
)
def test_a_title_that_is_only_like_one_is_a_visit(title: str) -> None:
    (visit,) = read("notes", f"a,{title},14/03/2026 08:30,14/03/2026 16:30,").visits
    assert not visit.cancelled


@pytest.mark.parametrize("cells", ["14/03/2026,15/03/2026 09:00,16:30", "14/03/2026,09:00,15/03/2026 16:30"])
def test_a_day_that_a_column_of_times_hides_is_not_believed(cells: str) -> None:
    reading = read("notes", f"a,A,{cells},", columns="id,title,date,start time,end time")
    assert reading.visits == ()
    assert "another day" in str(reading.faults)


# --- Lines ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["Summer term,,,,", ",Year 7,,,", "# add visits below,,,,", "Total,12,,,", "2026-007,,,,", "---,---,---,---,",
     "id,title,starts,ends,notes", ",,dd/mm/yyyy,dd/mm/yyyy,"],
)  # fmt: skip
def test_a_heading_a_total_or_a_prepared_id_makes_no_photo_wait(line: str) -> None:
    reading = read("notes", f"{TIMED},", line, "b,B,15/03/2026,15/03/2026,")
    assert [visit.id for visit in reading.visits] == ["a", "b"]
    assert reading.doubtful == ()
    assert [fault.severity for fault in reading.faults if fault.column is None] == ["warning"]


@pytest.mark.parametrize(
    "line", ["b,Zoo,,,", ",,15/03/2026,,", "15/03/2026,,,,", "id,title,ends,starts,notes", "b,Zoo,TBC,,"]
)
def test_a_line_that_may_be_a_visit_is_never_taken_for_a_heading(line: str) -> None:
    reading = read("notes", f"{TIMED},", line)
    assert [visit.id for visit in reading.visits] == ["a"]
    assert [doubt.line for doubt in reading.doubtful] == [3]


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("w/c 9 March 2026", "2026-02-23", "2026-03-23"), ("14-16 March 2026", "2026-03-02", "2026-03-30"),
        ("13/03/2026 and 15/03/2026", "2026-03-13", "2026-03-15"), ("14/03/202", None, None),
        ("14/03/20226", None, None),
    ],
)  # fmt: skip
def test_photos_of_every_day_that_a_cell_may_mean_wait(cell: str, first: str | None, last: str | None) -> None:
    reading = read("notes", f"a,A,{cell},{cell},", "b,B,01/02/2026,01/02/2026,")
    (doubt,) = reading.doubtful
    if first is None or last is None:
        assert doubt.span is None
    else:
        assert doubt.span is not None
        assert f"{doubt.span.earliest:%Y-%m-%d}" < first
        assert f"{doubt.span.latest:%Y-%m-%d}" > last


def test_bars_may_separate_cells_and_a_file_may_end_as_old_programs_end_it() -> None:
    raw = f"id,title,starts,ends\n{TIMED}\n\x1a".replace(",", "|").encode()
    assert len(read_visits(raw, kind="csv", rules=Rules("Europe/London")).visits) == 1


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("notes", "Free cancellation"), ("notes", "Refund if cancelled"), ("notes", "Please do not cancel"),
        ("notes", "Cancellation: 14 days"), ("notes", "Provisional numbers 45"),
        ("notes", "Withdrawn consent: 1 pupil"),
        ("notes", "Cancelled lessons: P1-P3"), ("cost", "TBC"), ("coach", "TBC"), ("letter", "Draft"), ("hotel", "tbc"),
        ("coach confirmed", "no"), ("lunch confirmed", "not yet"), ("payment status", "outstanding"),
        ("days notice", "14"), ("hire", "2 days"), ("lessons missed", "2 days"), ("deposit due", "14 days"),
        ("cancellation policy", "14 days"), ("refund", "7 days"), ("revised risk assessment", "01/03/2026"),
        ("new staff start", "01/09/2025"),
    ],
)  # fmt: skip
def test_a_part_of_the_visit_does_not_leave_the_whole_of_it_open(header: str, cell: str) -> None:
    assert len(read(header, f"{TIMED},{cell}").visits) == 1


@pytest.mark.parametrize(
    ("header", "cell"),
    [("coach", "CANCELLED"), ("letter", "Postponed"), ("notes", "Cancelled - no refund if cancelled"),
     ("notes", "Cancelled, free cancellation"), ("notes", "Provisional booking"), ("notes", "Zoo was cancelled")],
)  # fmt: skip
def test_a_part_that_is_called_off_may_mean_the_whole(header: str, cell: str) -> None:
    assert read(header, f'{TIMED},"{cell}"').visits == ()


@pytest.mark.parametrize(
    "title",
    ["Zoo - not taking place", "Zoo - cancelled due to snow", "Zoo (did not take place)", "Zoo - no longer running",
     "Zoo (off)", "Zoo - off", "Zoo (deferred)", "Zoo - scrapped", "Zoo (moved)", "Zoo TBD", "Zoo - date to follow",
     "Zoo - awaiting approval", "Zoo (waiting list)", "Zoo will not take place", "Zoo cancelled due to snow"],
)  # fmt: skip
def test_a_title_that_says_it_in_other_words_is_no_visit(title: str) -> None:
    reading = read("notes", f"a,{title},14/03/2026 08:30,14/03/2026 16:30,")
    assert [visit for visit in reading.visits if not visit.cancelled] == []


@pytest.mark.parametrize(
    "title",
    ["Maybe Tomorrow theatre", "Cancer Research Centre", "Optional Sports", "Withdrawn Books fair",
     "Holding Hands choir",
     "Possible Worlds theatre", "Potential energy lab", "Provisional Licence day", "Draft horse centre",
     "Museum (draft horse day)", "History of cancelled stamps", "Moved to Tears: theatre", "Cancel Culture debate",
     "Great British Bake-Off", "Abandoned railway walk", "Old Void Gallery"],
)  # fmt: skip
def test_the_name_of_a_thing_or_of_a_play_leaves_nothing_open(title: str) -> None:
    (visit,) = read("notes", f"a,{title},14/03/2026 08:30,14/03/2026 16:30,").visits
    assert not visit.cancelled


@pytest.mark.parametrize(
    ("ends", "header", "cell"),
    [("13/03/2026 00:30", "days", "1"), ("15/03/2026 02:00", "nights", "2"), ("13/03/2026 00:30", "days", "2"),
     ("16/03/2026 16:00", "school days", "3")],
)  # fmt: skip
def test_people_do_not_count_the_day_of_a_late_return_or_a_weekend(ends: str, header: str, cell: str) -> None:
    assert len(read(header, f"a,A,12/03/2026 16:00,{ends},{cell}").visits) == 1


def test_a_length_that_is_shorter_by_more_is_still_asked_about() -> None:
    assert read("days", "a,A,12/03/2026 16:00,14/03/2026 00:30,1").visits == ()
    assert read("days", "a,A,12/03/2026 16:00,13/03/2026 09:00,1").visits == ()
