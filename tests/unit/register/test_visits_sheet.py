"""visits.csv as Excel, LibreOffice and people write it, and every fault that `visits check` names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.capture import Place
from agent.model.ids import Sha256, VisitId
from agent.model.register import Register, Visit
from agent.model.times import Interval
from agent.register import Fault, Rules, VisitsReading, cross_check, read_cameras, read_visits

ROOT = Path(__file__).resolve().parents[3]
HEADER = "id,title,starts,ends,timezone,staff,cameras,latitude,longitude,radius_km,status"


def read(text: str | bytes, zone: str = "Europe/London") -> VisitsReading:
    """Read a CSV on a laptop in London."""
    return read_visits(text if isinstance(text, bytes) else text.encode(), kind="csv", rules=Rules(zone))


def row(**cells: str) -> str:
    """A good row, changed by `cells`."""
    good = {"id": "museum", "title": "Museum", "starts": "2026-03-14 09:00", "ends": "2026-03-14 16:30"}
    assert set(cells) <= set(HEADER.split(","))
    return ",".join((good | cells).get(name, "") for name in HEADER.split(","))


def one(**cells: str) -> VisitsReading:
    """A register of one row."""
    return read(f"{HEADER}\r\n{row(**cells)}\r\n")


def at(text: str) -> datetime:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(first: str, last: str) -> Interval:
    """A span in UTC."""
    return Interval(at(first), at(last))


def found(reading: VisitsReading) -> list[tuple[int, str | None, str]]:
    """Faults without their words."""
    return [(fault.line, fault.column, fault.severity) for fault in reading.faults]


PLAIN = Visit(VisitId("museum"), "Museum", span("2026-03-14 09:00", "2026-03-14 16:30"), "Europe/London")


# --- Habits that are no faults ---------------------------------------------------------------------------------------


def test_the_sample_register_has_no_fault_and_its_cameras_are_known() -> None:
    visits = read((ROOT / "config" / "visits.csv").read_bytes())
    cameras = read_cameras((ROOT / "config" / "cameras.csv").read_bytes())
    assert (visits.faults, cameras.faults) == ((), ())
    assert (len(visits.visits), len(cameras.cameras)) == (6, 5)
    assert cross_check(Register(visits.visits, cameras.cameras, Sha256("0" * 64), at("2026-03-01"))) == ()


def test_every_column_is_read() -> None:
    reading = one(
        timezone="Asia/Tokyo", staff="j.smith;A Okafor", cameras=" Camera 1 | Camera 2 ", latitude="51.5",
        longitude="-0.17", radius_km="2.5", status="Cancelled",
    )  # fmt: skip
    assert reading.faults == ()
    assert reading.lines == (2,)
    assert reading.visits == (
        Visit(
            VisitId("museum"), "Museum", span("2026-03-14 00:00", "2026-03-14 07:30"), "Asia/Tokyo",
            frozenset({"j.smith", "A Okafor"}), frozenset({"Camera 1", "Camera 2"}), Place(51.5, -0.17), 2.5, True,
        ),
    )  # fmt: skip


SMALL = "id,title,starts,ends\r\nmuseum,Museum,14/03/2026 09:00,14/03/2026 16:30\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(SMALL.encode(), id="plain"),
        pytest.param(SMALL.encode("utf-8-sig"), id="UTF-8 with a byte order mark"),
        pytest.param(SMALL.replace(",", ";").encode("utf-8-sig"), id="semicolons"),
        pytest.param(SMALL.replace(",", "\t").encode("utf-16"), id="Unicode text"),
        pytest.param(SMALL.encode("utf-16-le"), id="UTF-16 without its mark"),
        pytest.param(b"\xfe\xff" + SMALL.replace(",", "\t").encode("utf-16-be"), id="Unicode text, big endian"),
        pytest.param(b"sep=;\r\n" + SMALL.replace(",", ";").encode(), id="sep="),
        pytest.param(SMALL.replace("\r\n", "\n").encode(), id="line feeds"),
        pytest.param(SMALL.replace("\r\n", "\r").encode(), id="an old Mac"),
        pytest.param(SMALL.rstrip().encode(), id="no last line end"),
        pytest.param((SMALL + ",,,\r\n" * 40 + "\r\n").encode(), id="blank rows at the end"),
        pytest.param(SMALL.replace("\r\n", ",,,\r\n").encode(), id="blank columns at the end"),
        pytest.param(SMALL.replace("id,", '"ID ",').replace("starts", "STARTS").encode(), id="header in capitals"),
        pytest.param(
            b'starts,ends,"title",id\r\n2026-03-14 09:00:00, 2026-03-14T16:30 ,"Museum",museum\r\n', id="another order"
        ),
    ],
)
def test_a_spreadsheets_habits_are_not_faults(raw: bytes) -> None:
    reading = read(raw)
    assert reading.faults == ()
    assert reading.visits == (PLAIN,)


@pytest.mark.parametrize("name", ["Radius km", "radius_km", "RADIUS KM", "Radius (km)", "radius-km"])
def test_a_columns_name_may_have_capitals_spaces_and_brackets(name: str) -> None:
    reading = read(f"{HEADER.replace('radius_km', name)}\n{row(latitude='1', longitude='2', radius_km='3')}\n")
    assert reading.faults == ()
    assert reading.visits[0].radius_km == 3


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2026-03-14 09:00", "2026-03-14 16:30", ("2026-03-14 09:00", "2026-03-14 16:30")),
        ("14/03/2026 09:00", "14/03/2026 16:30:30", ("2026-03-14 09:00", "2026-03-14 16:30:30")),
        ("4/3/2026 9:00", "04/03/2026 16.30", ("2026-03-04 09:00", "2026-03-04 16:30")),
        ("14.03.2026 09:00", "14-03-2026 16:30", ("2026-03-14 09:00", "2026-03-14 16:30")),
        ("2026-06-14 09:00", "2026-06-14 16:30", ("2026-06-14 08:00", "2026-06-14 15:30")),
        ("2026-06-14T09:00+02:00", "2026-06-14T16:30Z", ("2026-06-14 07:00", "2026-06-14 16:30")),
        ("2026-06-14 09:00 +0100", "14/06/2026 16:30+01", ("2026-06-14 08:00", "2026-06-14 15:30")),
        ("2026-03-14", "2026-03-14", ("2026-03-14 00:00", "2026-03-15 00:00")),
        ("14/03/2026", "16/03/2026", ("2026-03-14 00:00", "2026-03-17 00:00")),
        ("2026-03-29", "2026-03-29", ("2026-03-29 00:00", "2026-03-29 23:00")),  # a day of 23 hours
        ("2026-10-25", "2026-10-25", ("2026-10-24 23:00", "2026-10-26 00:00")),  # and one of 25
    ],
)
def test_dates_have_days_before_months_or_the_year_first(starts: str, ends: str, expected: tuple[str, str]) -> None:
    assert one(starts=starts, ends=ends).visits[0].span == span(*expected)


def test_a_day_whose_midnight_never_was_begins_with_its_first_instant() -> None:
    # Beirut put its clocks forward at midnight of 29 March 2026 (22:00 UTC the day before).
    reading = one(timezone="Asia/Beirut", starts="2026-03-29", ends="2026-03-29")
    assert reading.faults == ()
    assert reading.visits[0].span == span("2026-03-28 22:00", "2026-03-29 21:00")


def test_quoted_commas_and_line_breaks_stay_in_their_cell() -> None:
    reading = read(
        "\r\n".join([HEADER, row(title='"Science Museum,\r\nYear 5"'), row(id="later", ends="never"), ""]),
    )
    assert reading.visits[0].title == "Science Museum, Year 5"
    assert found(reading) == [(3, "ends", "error")]  # as the spreadsheet numbers it


def test_blank_rows_between_count_as_the_spreadsheet_counts_them() -> None:
    assert found(read(f"\n{HEADER}\n\n,,,,,,,,,,\n{row(ends='never')}\n"))[0] == (5, "ends", "error")


def test_a_list_may_stand_on_several_lines_of_a_cell() -> None:
    assert one(staff='"j.smith\na.okafor"').visits[0].staff == {"j.smith", "a.okafor"}


@pytest.mark.parametrize("between", [" & ", "&", "/", " / ", " and ", " AND ", " + ", " with "])
def test_people_listed_as_in_a_sentence_are_several_people(between: str) -> None:
    """As one name they would be nobody here, and their photos those of other staff."""
    reading = read(f"id,title,starts,ends,staff\nzoo,Zoo,2026-03-14 09:00,2026-03-14 16:00,j.smith{between}a.okafor\n")
    assert [visit.staff for visit in reading.visits] == [{"j.smith", "a.okafor"}]
    (fault,) = reading.faults
    assert (fault.line, fault.column, fault.severity) == (2, "staff", "warning")
    assert between.strip() in fault.message


@pytest.mark.parametrize("name", ["A. Sandford", "Withers, J", "R. Anderson", "Band-Smith, K"])
def test_a_name_with_such_a_word_in_it_is_one_name(name: str) -> None:
    reading = read(f'id,title,starts,ends,staff\nzoo,Zoo,2026-03-14 09:00,2026-03-14 16:00,"{name}"\n')
    assert [visit.staff for visit in reading.visits] == [{name}]
    assert reading.faults == ()


def test_a_cameras_label_may_have_such_a_word_in_it() -> None:
    row = "zoo,Zoo,2026-03-14 09:00,2026-03-14 16:00,Art & Design Nikon"
    reading = read(f"id,title,starts,ends,cameras\n{row}\n")
    assert [visit.cameras for visit in reading.visits] == [{"Art & Design Nikon"}]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_read_where_commas_do_not_separate_cells(separator: str) -> None:
    text = f"{HEADER}\n{row(latitude='51.4978', longitude='−0.1745', radius_km='2.5')}\n"
    reading = read(text.replace(",", separator).replace("51.4978", "51,4978").replace("2.5", "2,5"))
    assert reading.faults == ()
    assert reading.visits[0].place == Place(51.4978, -0.1745)
    assert reading.visits[0].radius_km == 2.5


def test_windows_1252_is_read_with_a_warning() -> None:
    reading = read(f"{HEADER}\n{row(title='Musée d’Orsay')}\n".encode("cp1252"))
    assert reading.visits[0].title == "Musée d’Orsay"
    assert found(reading) == [(2, None, "warning")]


def test_a_title_is_shown_on_one_line_without_marks_that_turn_it_around() -> None:
    assert one(title='"A\x07\nB\u202egnp.exe"').visits[0].title == "A Bgnp.exe"


# --- Faults of a row -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"id": ""}, "id", "no id"),
        ({"id": "a/b"}, "id", "name of a folder"),
        ({"id": ".."}, "id", "starts with a dot"),
        ({"id": ".hidden"}, "id", "starts with a dot"),
        ({"id": "museum."}, "id", "ends with a dot"),
        ({"id": "CON"}, "id", "Windows"),
        ({"id": "nul.txt"}, "id", "Windows"),
        ({"id": "Com1"}, "id", "Windows"),
        ({"id": "a" * 65}, "id", "longer than 64"),
        ({"id": "Muséum"}, "id", "letters a to z"),
        ({"id": "٣"}, "id", "letters a to z"),
        ({"id": "two words"}, "id", "letters a to z"),
        ({"id": "=A1"}, "id", "formula"),
        ({"title": ""}, "title", "no title"),
        ({"starts": ""}, "starts", "no date"),
        ({"starts": "=NOW()"}, "starts", "formula"),
        ({"starts": "#REF!"}, "starts", "spreadsheet's error"),
        ({"starts": "########"}, "starts", "too narrow"),
        ({"starts": "30/02/2026 09:00"}, "starts", "no such day as 30/2/2026"),
        ({"starts": "2026-02-30"}, "starts", "no such day"),
        ({"starts": "2026-14-03"}, "starts", "no month 14: dates are year-month-day"),
        ({"starts": "14/03/2026 13:00 pm"}, "starts", "no such time of day"),
        ({"starts": "Sun 14/03/2026 09:00"}, "starts", "that day is a Saturday"),
        ({"starts": "14/03 09:00"}, "starts", "this date cannot be read"),
        ({"starts": "46095.375"}, "starts", "spreadsheet's number"),
        ({"starts": "2026-03-14 25:00"}, "starts", "no such time of day"),
        ({"starts": "2026-03-14 09:60"}, "starts", "no such time of day"),
        ({"starts": "14th of March"}, "starts", "this date cannot be read"),
        ({"starts": "2026-03/14"}, "starts", "this date cannot be read"),
        ({"starts": "1926-03-14"}, "starts", "year 1926"),
        ({"starts": "0001-01-01"}, "starts", "year 1 "),
        ({"ends": "9999-12-31"}, "ends", "year 9999"),
        ({"starts": "2026-03-14 09:00+19:00"}, "starts", "no such offset"),
        ({"ends": "2026-03-14 08:59"}, "ends", "ends before it starts"),
        ({"ends": "2026-03-14 09:00"}, "ends", "ends when it starts"),
        ({"ends": "2026-03-13"}, "ends", "ends before it starts"),
        ({"starts": "2026-03-29 01:30", "ends": "2026-03-29 16:00"}, "starts", "the clocks go forward over it"),
        ({"starts": "2026-03-28", "ends": "2026-03-29 01:00"}, "ends", "the clocks go forward over it"),
        ({"timezone": "Europe/Londn"}, "timezone", "is Europe/London meant?"),
        ({"timezone": "europe/london"}, "timezone", "is Europe/London meant?"),
        ({"timezone": "London"}, "timezone", "is Europe/London meant?"),
        ({"timezone": "BST"}, "timezone", "is Europe/London meant?"),
        ({"timezone": "localtime"}, "timezone", "unknown zone"),
        ({"timezone": "right/Europe/London"}, "timezone", "unknown zone"),
        ({"timezone": "../../etc/passwd"}, "timezone", "unknown zone"),
        ({"timezone": "Europe"}, "timezone", "unknown zone"),
        ({"latitude": "51.5"}, "longitude", "half a place"),
        ({"longitude": "0.1", "radius_km": "2"}, "latitude", "half a place"),
        ({"radius_km": "2"}, "radius_km", "radius without a place"),
        ({"latitude": "91", "longitude": "0", "radius_km": "2"}, "latitude", "between -90 and 90"),
        ({"latitude": "0", "longitude": "-180.5", "radius_km": "2"}, "longitude", "between -180 and 180"),
        ({"latitude": "51°30'N", "longitude": "0", "radius_km": "2"}, "latitude", "plain decimal"),
        ({"latitude": "nan", "longitude": "0", "radius_km": "2"}, "latitude", "plain decimal"),
        ({"latitude": "1", "longitude": "0", "radius_km": '"2,5"'}, "radius_km", "comma"),
        ({"staff": '"MÃ¼ller"'}, "staff", "garbled"),
        ({"latitude": "1", "longitude": "0", "radius_km": "0"}, "radius_km", "greater than 0"),
        ({"latitude": "1", "longitude": "0", "radius_km": "-2"}, "radius_km", "greater than 0"),
        ({"status": "maybe"}, "status", "unknown status"),
        ({"status": "cancel"}, "status", "unknown status"),
        ({"staff": ";"}, "staff", "the list is empty"),
        ({"cameras": " | "}, "cameras", "the list is empty"),
        ({"staff": "=B2"}, "staff", "formula"),
        ({"cameras": "#N/A"}, "cameras", "spreadsheet's error"),
    ],
)  # fmt: skip
def test_a_row_with_an_error_is_left_out_and_reported_with_its_cell(
    cells: dict[str, str], column: str, words: str
) -> None:
    reading = read(f"{HEADER}\n{row(id='good')}\n{row(**cells)}\n")
    assert [visit.id for visit in reading.visits] == ["good"]
    assert [(fault.line, fault.column, fault.severity) for fault in reading.faults] == [(3, column, "error")]
    assert words in reading.faults[0].message


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"latitude": "1", "longitude": "0"}, "radius_km", "a place but no radius"),
        ({"latitude": "1", "longitude": "0", "radius_km": "2000"}, "radius_km", "metres"),
        ({"staff": '"j.smith, a.okafor"'}, "staff", "because of the commas"),
        ({"timezone": "GMT"}, "timezone", "no summer time"),
        ({"title": "=1+1"}, "title", "formula"),
        ({"title": "T" * 300}, "title", "longer than 200"),
        ({"starts": "2026-03-14 09:00+05:00"}, "starts", "the offset is used"),
        ({"starts": "2026-10-25 01:30", "ends": "2026-10-25 15:00"}, "starts", "twice: the first"),
        ({"starts": "2026-10-24 09:00", "ends": "2026-10-25 01:30"}, "ends", "twice: the second"),
    ],
)
def test_a_row_with_a_warning_is_taken(cells: dict[str, str], column: str, words: str) -> None:
    reading = one(**cells)
    assert len(reading.visits) == 1
    assert found(reading) == [(2, column, "warning")]
    assert words in reading.faults[0].message


@pytest.mark.parametrize("column", ["starts", "ends"])
@pytest.mark.parametrize("cell", ["2026-03-14 09:00-11:00", "14/03/2026 09:00–11:00", "14 March 2026 09:00 −11"])
def test_a_range_of_times_is_not_read_as_an_offset_from_utc(cell: str, column: str) -> None:
    reading = one(**{"starts": "2026-03-14 08:00", "ends": "2026-03-14 23:00", column: cell})
    assert reading.visits == ()
    assert found(reading) == [(2, column, "error")]
    assert "time range" in reading.faults[0].message
    assert [doubt.line for doubt in reading.doubtful] == [2]


@pytest.mark.parametrize("cell", ["2026-03-14 19:00-00:00", "2026-03-14 19:00-00"])
def test_a_range_that_ends_at_midnight_is_not_read_as_utc(cell: str) -> None:
    reading = one(starts=cell, ends="2026-03-15 00:00", timezone="America/New_York")
    assert reading.visits == ()
    assert "time range" in reading.faults[0].message


def test_an_offset_that_is_surely_one_is_used() -> None:
    new_york = one(starts="2026-03-14 09:00-04:00", ends="2026-03-14 16:30-04:00", timezone="America/New_York")
    written = one(starts="2026-03-14T09:00-04:00", ends="2026-03-14T16:30-04:00")
    for reading in (new_york, written):
        assert reading.visits[0].span == span("2026-03-14 13:00", "2026-03-14 20:30")


def test_the_words_for_an_end_before_a_start_name_two_columns() -> None:
    text = "id,title,starts,ends\nv,V,14/03/2026 22:30,06:30\n"
    (fault,) = read_visits(text.encode(), kind="csv", rules=Rules("Europe/London")).faults
    assert "swapped" not in fault.message


def test_a_time_that_autumn_repeats_is_read_so_that_the_visit_is_longer() -> None:
    starts = one(starts="2026-10-25 01:30", ends="2026-10-25 15:45")
    assert starts.visits[0].span == span("2026-10-25 00:30", "2026-10-25 15:45")
    ends = one(starts="2026-10-24 09:30", ends="2026-10-25 01:45")
    assert ends.visits[0].span == span("2026-10-24 08:30", "2026-10-25 01:45")


def test_an_offset_tells_the_two_times_apart() -> None:
    reading = one(starts="2026-10-25 01:30+00:00", ends="2026-10-25 03:00")
    assert reading.faults == ()
    assert reading.visits[0].span.earliest == at("2026-10-25 01:30")


@pytest.mark.parametrize("second", ["museum", "MUSEUM"])
def test_both_rows_of_a_doubled_id_are_left_out(second: str) -> None:
    reading = read(f"{HEADER}\n{row()}\n{row(id='other')}\n{row(id=second, title='Another')}\n")
    assert [visit.id for visit in reading.visits] == ["other"]
    assert found(reading) == [(2, "id", "error"), (4, "id", "error")]
    assert "line 4" in reading.faults[0].message


def test_an_id_doubled_by_a_row_with_another_error_is_doubled_all_the_same() -> None:
    assert read(f"{HEADER}\n{row()}\n{row(ends='never')}\n").visits == ()


def test_every_fault_of_a_row_is_reported_at_once() -> None:
    assert [column for _, column, _ in found(one(id="a b", ends="never", status="maybe"))] == ["id", "ends", "status"]


def test_an_unknown_zone_of_the_device_is_reported_where_it_is_used() -> None:
    text = f"{HEADER}\n{row()}\n{row(id='abroad', timezone='Asia/Tokyo')}\n"
    reading = read(text, zone="Nowhere/Land")
    assert [visit.id for visit in reading.visits] == ["abroad"]
    assert found(reading) == [(2, "timezone", "error")]


# --- Faults of the file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b",,,\n,,,\n", "empty"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
        (b"\x89\x81\x8d\x00", "neither a workbook nor text"),
        (b"\xff\xfe\x00", "neither a workbook nor text"),
        (HEADER.encode() + b"\n", "contains no visits"),
        (b"<!DOCTYPE html><html>Please log in</html>", "web page"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_register_has_one_clear_error(raw: bytes, words: str) -> None:
    reading = read(raw)
    assert reading.visits == ()
    assert any(words in fault.message and fault.severity == "error" for fault in reading.faults)


def test_missing_columns_are_named_with_what_may_be_meant() -> None:
    reading = read("visit,titel,start,finish\nmuseum,Museum,2026-03-14,2026-03-15\n")
    assert reading.visits == ()
    assert found(reading) == [
        (1, "visit", "warning"), (1, "titel", "warning"), (1, "id", "error"), (1, "title", "error"),
    ]  # fmt: skip
    assert "is it meant as id?" in reading.faults[0].message
    assert "“titel”" in reading.faults[3].message


def test_an_unknown_column_is_a_warning() -> None:
    reading = read(f"{HEADER},Risk assessment\n{row()},done\n")
    assert len(reading.visits) == 1
    assert found(reading) == [(1, "Risk assessment", "warning")]


@pytest.mark.parametrize("name", ["camera", "Camras", "statuss", "Cancelled", "teachers", "lat"])
def test_a_misspelt_column_that_would_narrow_a_visit_is_an_error(name: str) -> None:
    header = "id,title,starts,ends," + name
    filled = read(f"{header}\nmuseum,Museum,2026-03-14,2026-03-14,something\n")
    assert filled.visits == ()
    assert [fault.severity for fault in filled.faults] == ["warning", "error"]
    assert len(read(f"{header}\nmuseum,Museum,2026-03-14,2026-03-14,\n").visits) == 1


def test_a_repeated_column_is_an_error() -> None:
    assert read(f"{HEADER},staff\n{row()},j.smith\n").visits == ()


def test_cells_below_an_unnamed_column_are_reported_once() -> None:
    reading = read(f"{HEADER},\n{row()},ask Jane\n{row(id='b')},and Jim\n")
    assert len(reading.visits) == 2
    assert found(reading) == [(1, None, "warning")]


def test_a_row_with_too_many_cells_lost_its_quotes() -> None:
    reading = read(f"{HEADER}\n{row(staff='j.smith, a.okafor', status='approved')}\n{row(id='good')}\n")
    assert [visit.id for visit in reading.visits] == ["good"]
    assert any("quotes" in fault.message for fault in reading.faults)


def test_a_quotation_mark_that_is_not_closed_is_reported_on_its_line() -> None:
    reading = read(f"{HEADER}\n{row(id='good')}\n{row(title=chr(34) + 'Museum')}\n")
    assert [visit.id for visit in reading.visits] == ["good"]
    assert found(reading) == [(3, None, "error")]


def test_rows_after_an_invalid_one_are_read() -> None:
    reading = read(f"{HEADER}\n{row(title=chr(34) + 'Museum' + chr(34) + ' x')}\n{row(id='good')}\n")
    assert [visit.id for visit in reading.visits] == ["good"]


def test_a_file_that_was_cut_off_does_not_lose_the_staff_of_its_last_visit() -> None:
    reading = read("id,title,starts,ends,staff\na,A,2026-03-14,2026-03-14,j.smith\nb,B,2026-03-15,2026-03-15")
    assert [visit.id for visit in reading.visits] == ["a"]
    assert "cut off" in reading.faults[0].message


def test_a_short_row_elsewhere_has_empty_cells() -> None:
    reading = read("id,title,starts,ends,staff\na,A,2026-03-14,2026-03-14\nb,B,2026-03-15,2026-03-15,\n")
    assert len(reading.visits) == 2


def test_labels_that_no_camera_has_are_warned_of() -> None:
    visits = one(cameras="Camera 1;camera 2;Camera 3")
    cameras = read_cameras(b"label,serial,make,model\nCamera 1,1,A,B\nCAMERA 2,2,A,B\n").cameras
    register = Register(visits.visits, cameras, Sha256("0" * 64), at("2026-03-01"))
    assert cross_check(register, {VisitId("museum"): 2}) == (
        Fault(2, "cameras", "no registered camera is labelled “Camera 3”", "warning"),
    )
    assert cross_check(register)[0].line == 0


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_reading_raise(raw: bytes) -> None:
    for text in (raw, HEADER.encode() + b"\n" + raw):
        assert all(fault.line >= 1 for fault in read(text).faults)


CELLS = st.sampled_from(
    [
        "",
        "museum",
        "2026-03-14 09:00",
        "14/03/2026 16:30",
        "=A1",
        "1,5",
        "91",
        "-1",
        ";",
        "a;b",
        "cancelled",
        '"',
        "Z",
        "\u202e",
    ]
)


@given(st.lists(st.lists(CELLS, max_size=13).map(",".join), max_size=5))
def test_every_reading_is_sound_whatever_the_cells(rows: list[str]) -> None:
    reading = read("\n".join([HEADER, *rows]) + "\n")
    ids = [visit.id.casefold() for visit in reading.visits]
    assert len(ids) == len(set(ids)) == len(reading.lines)
    told = {fault.line for fault in reading.faults if fault.severity == "error"}
    assert not told & set(reading.lines)
    assert all(visit.span.earliest < visit.span.latest for visit in reading.visits)
