"""Registers as .xlsx and .ods: real dates, several sheets, titles above the header, and messages about the others."""

import zipfile
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.register import Rules, VisitsReading, check, read_cameras, read_visits
from tests.unit.register.workbooks import ERROR_CELL, date_cell, ods, packed, time_cell, xlsx

HEADER = ["id", "title", "starts", "ends", "staff", "latitude", "longitude", "radius_km"]
STARTS, ENDS = datetime(2026, 4, 3, 8, 30), datetime(2026, 4, 3, 16, 30)  # noqa: DTZ001  # as a cell has them
ZOO = ["zoo", "Zoo", STARTS, ENDS, "j.smith", 51.4978, -0.1745, 2]
SPAN = (datetime(2026, 4, 3, 7, 30, tzinfo=UTC), datetime(2026, 4, 3, 15, 30, tzinfo=UTC))


def read(raw: bytes) -> VisitsReading:
    """Read on a laptop in London, under any name."""
    return read_visits(raw, kind="csv", rules=Rules("Europe/London"))


def only(reading: VisitsReading) -> tuple[datetime, datetime]:
    """The span of the one visit."""
    (visit,) = reading.visits
    return visit.span.earliest, visit.span.latest


def test_real_dates_and_numbers_of_a_workbook_are_read() -> None:
    reading = read(xlsx(("Visits", [HEADER, ZOO])))
    assert (reading.faults, only(reading)) == ((), SPAN)
    visit = reading.visits[0]
    assert (visit.staff, visit.place and visit.place.latitude, visit.radius_km, visit.line) == (
        {"j.smith"}, 51.4978, 2, 2,
    )  # fmt: skip


def test_real_dates_of_an_ods_are_read_whatever_they_show() -> None:
    header = HEADER[:4]
    reading = read(ods(header, ["zoo", "Zoo", date_cell("2026-04-03T08:30:00"), date_cell("2026-04-03T16:30:00")]))
    assert (reading.faults, only(reading)) == ((), SPAN)


def test_date_and_times_in_columns_of_their_own_are_read_from_both_kinds() -> None:
    header = ["id", "title", "date", "start time", "end time"]
    books = (
        xlsx(("Visits", [header, ["zoo", "Zoo", date(2026, 4, 3), time(8, 30), time(16, 30)]])),
        ods(header, ["zoo", "Zoo", date_cell("2026-04-03"), time_cell("PT08H30M00S"), time_cell("PT16H30M00S")]),
    )
    for book in books:
        reading = read(book)
        assert (reading.faults, only(reading)) == ((), SPAN)


def test_the_sheet_with_the_header_is_read_wherever_it_is() -> None:
    notes = ("Notes", [["To do", "Ring the zoo"], ["x", "y"]])
    reading = read(xlsx(notes, ("Year 2026", [["School visits 2026"], [], HEADER, ZOO])))
    assert only(reading) == SPAN
    assert reading.visits[0].line == 4
    assert [fault.severity for fault in reading.faults] == ["warning"]


def test_two_sheets_with_the_header_are_not_chosen_from() -> None:
    reading = read(xlsx(("2025", [HEADER, ZOO]), ("2026", [HEADER, ZOO])))
    assert reading.visits == ()
    assert "“2025” and “2026”" in reading.faults[0].message


def test_a_hidden_sheet_is_not_read() -> None:
    def hide(book: Any) -> None:
        book["Old"].sheet_state = "hidden"

    assert only(read(xlsx(("Old", [HEADER, ZOO]), ("2026", [HEADER, ZOO]), edit=hide))) == SPAN


@pytest.mark.parametrize("cell", ["#N/A", "=B2"])
def test_an_error_or_an_unsaved_formula_does_not_make_a_visit_for_anyone(cell: str) -> None:
    reading = read(xlsx(("Visits", [HEADER, [*ZOO[:4], cell], ["farm", *ZOO[1:]]])))
    assert [visit.id for visit in reading.visits] == ["farm"]
    assert (reading.faults[0].line, reading.faults[0].column) == (2, "staff")


def test_an_end_at_midnight_is_not_taken_for_a_whole_day_more() -> None:
    midnight = datetime(2026, 4, 4)  # noqa: DTZ001
    reading = read(xlsx(("Visits", [HEADER, ["zoo", "Zoo", STARTS, midnight]])))
    assert reading.visits == ()
    assert "midnight" in reading.faults[0].message


def test_dates_typed_as_text_with_the_month_first_are_not_believed() -> None:
    reading = read(xlsx(("Visits", [HEADER, ["zoo", "Zoo", "3/14/2026 8:30", "3/14/2026 16:30"], ZOO])))
    assert reading.distrusted is not None


def _far(book: Any) -> None:
    book["Visits"].cell(1048576, 3, " ")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old workbook"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (packed({"word/document.xml": "<a/>"}), "cannot be read"),
        (packed({"xl/workbook.xml": bytes(70 << 20)}), "unpacks to more than 64 MiB"),
        (packed({"content.xml": "<a><b></a>"}), "damaged"),
        (packed({"content.xml": "<?xml version='1.0' encoding='A9UTF-8'?><a/>"}), "damaged"),
        (packed({"content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "not one that a spreadsheet wrote"),
        (xlsx(("Visits", [HEADER, ZOO]), edit=_far), "C1048576"),
        (ods(HEADER, ["zoo", "Zoo", date_cell("2026-04-03"), date_cell("2026-04-03"), ERROR_CELL]), "shows an error"),
        (xlsx(("Visits", [["a", "b"], ["c", "d"]])), "missing"),
        (xlsx(("Visits", [])), "empty"),
    ],
)
def test_a_workbook_that_is_not_a_register_says_what_it_is(raw: bytes, words: str) -> None:
    reading = read(raw)
    assert reading.visits == ()
    assert any(words in fault.message and fault.severity == "error" for fault in reading.faults)


def test_a_name_merged_over_several_lines_is_the_name_of_each() -> None:
    days = [["a", "Zoo", datetime(2026, 4, 3, 9), datetime(2026, 4, 3, 16), "j.smith"],  # noqa: DTZ001
            ["b", "Zoo", datetime(2026, 4, 4, 9), datetime(2026, 4, 4, 16), None]]  # fmt: skip  # noqa: DTZ001
    reading = read(xlsx(("V", [HEADER, *days]), edit=lambda book: book.worksheets[0].merge_cells("E2:E3")))
    assert [visit.staff for visit in reading.visits] == [{"j.smith"}, {"j.smith"}]


def test_an_ods_with_cells_merged_over_several_lines_is_not_believed() -> None:
    two_lines = 'office:value-type="string" table:number-rows-spanned="2"'
    merged = f"<table:table-cell {two_lines}><text:p>j.smith</text:p></table:table-cell>"
    day = date_cell("2026-04-03T09:00:00"), date_cell("2026-04-03T16:00:00")
    reading = read(ods(HEADER[:5], ["a", "Zoo", *day, merged], ["b", "Zoo", *day]))
    assert reading.visits == ()
    assert "merged over several lines" in reading.faults[0].message


def test_a_cameras_register_may_be_a_workbook_too() -> None:
    raw = xlsx(("Cameras", [["label", "make", "model", "serial"], ["Camera 1", "Canon", "R50", 32024001234]]))
    assert [camera.serial for camera in read_cameras(raw).cameras] == ["32024001234"]
    assert check(raw, "cameras.xlsx", rules=Rules("Europe/London")).register == "cameras"


BOOKS = (xlsx(("Visits", [HEADER, ZOO])), ods(HEADER[:4], ["zoo", "Zoo", date_cell("2026-04-03"), "x"]))


@given(st.sampled_from(BOOKS), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_to_a_workbook_makes_reading_raise(raw: bytes, chance: Any) -> None:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    content = bytearray(parts[name])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) or 1)
        content[at : at + chance.randint(0, 9)] = chance.choice([b"", b'"', b"<", b"999999999", b"\xff", b"A1048576"])
    read(packed({**parts, name: bytes(content)}))
    damaged = bytearray(raw)
    damaged[chance.randrange(4, len(raw))] ^= chance.randrange(1, 256)
    read(bytes(damaged))


def test_the_template_has_the_register_columns_and_dates_with_the_year_first(tmp_path: Path) -> None:
    template = Path(__file__).resolve().parents[3] / "config" / "visits-template.xlsx"
    empty = read(template.read_bytes())
    assert [fault.message for fault in empty.faults] == [
        "the register contains no visits: write each one on a line below the header"
    ]
    book = openpyxl.load_workbook(template)
    for place, value in enumerate(ZOO[:4], 1):
        cell = book.active.cell(2, place)
        shown_as = cell.number_format
        cell.value = value
        cell.number_format = shown_as
    book.save(tmp_path / "visits.xlsx")
    assert only(read((tmp_path / "visits.xlsx").read_bytes())) == SPAN
    assert shown_as == "yyyy-mm-dd hh:mm"


def edited(raw: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The workbook with a change in one of its parts."""
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    content = parts[part]
    assert isinstance(content, bytes)
    return packed({**parts, part: content.replace(old, new)})


def museum(*more: list[object]) -> bytes:
    """A workbook with one visit, and more rows."""
    first = ["museum", "Museum", datetime(2026, 3, 14, 8, 30), datetime(2026, 3, 14, 16, 30)]  # noqa: DTZ001
    return xlsx(("Visits", [["id", "title", "starts", "ends"], first, *more]))


def test_formulas_prepared_for_later_rows_are_blank() -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="str"><f>IF(B{n}="","","x")</f><v></v></c>'
        f'<c r="B{n}" t="str"><f>C{n}</f><v/></c></row>'
        for n in range(3, 40)
    )
    raw = edited(museum(), "xl/worksheets/sheet1.xml", b"</sheetData>", rows.encode() + b"</sheetData>")
    reading = read_visits(raw, kind="csv", rules=Rules("Europe/London"))
    assert ([visit.id for visit in reading.visits], reading.faults) == (["museum"], ())


def test_text_among_real_dates_that_all_fit_the_other_order_is_not_believed() -> None:
    turned = datetime(2026, 4, 3, 8, 30)  # noqa: DTZ001
    text = ["zoo", "Zoo", "14/03/2026 08:30", "14/03/2026 16:30"]
    rows = [["id", "title", "starts", "ends"], ["farm", "Farm", turned, turned.replace(hour=16)], text]
    reading = read_visits(xlsx(("Visits", rows)), kind="csv", rules=Rules("Europe/London"))
    assert reading.distrusted is not None
    assert "is text" in reading.distrusted.message
    assert len(read_visits(museum(text), kind="csv", rules=Rules("Europe/London")).visits) == 2  # 14 is no month


@pytest.mark.parametrize(
    "rows",
    ["<c-x>1</c-x>" * 50_000, "<!--<c>-->" * 50_000, "<row r='9'>" + "<c r='A9'><v>1</v></c >" * 40_000 + "</row>"],
)
def test_no_xml_makes_a_workbook_take_long(rows: str) -> None:
    raw = edited(museum(), "xl/worksheets/sheet1.xml", b"</sheetData>", rows.encode() + b"</sheetData>")
    before = process_time()
    read_visits(raw, kind="csv", rules=Rules("Europe/London"))
    assert process_time() - before < 2


def test_a_second_sheet_that_is_a_register_too_is_an_error_and_not_left_out() -> None:
    spring = [HEADER[:4], ["y", "Y", STARTS, ENDS]]
    reading = read(xlsx(("Autumn", [HEADER, ZOO]), ("Spring", spring)))
    assert reading.visits == ()
    assert "“Autumn” and “Spring”" in str(reading.faults)
    for other in (spring[:1], [["title", "starts"], ["Half-term", "26 October"]]):
        assert len(read(xlsx(("Autumn", [HEADER, ZOO]), ("Spring", other))).visits) == 1
