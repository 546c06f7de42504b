"""A line through a visit is how people cancel it: such a line decides nothing until somebody says so in words."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from tests.unit.register.test_workbooks import HEADER, ZOO, read
from tests.unit.register.workbooks import date_cell, ods, text_cell, xlsx

MUSEUM = ["museum", *ZOO[1:]]
STRUCK = Font(strike=True)


def whole_line(sheet: Any) -> None:
    for cell in sheet[2]:
        cell.font = STRUCK


def title_alone(sheet: Any) -> None:
    sheet["B2"].font = STRUCK


def date_alone(sheet: Any) -> None:
    sheet["C2"].font = STRUCK


def part_of_the_title(sheet: Any) -> None:
    sheet["B2"] = CellRichText("The ", TextBlock(InlineFont(strike=True), "zoo"))


def not_struck(sheet: Any) -> None:
    for cell in sheet[2]:
        cell.font = Font(strike=False, bold=True)


def only_an_empty_cell(sheet: Any) -> None:
    sheet["K2"].font = STRUCK


def book(strike: Callable[[Any], None]) -> bytes:
    return xlsx(
        ("Notes", [["zoo"], ["zoo"]]), ("Visits", [HEADER, ZOO, MUSEUM]), edit=lambda book: strike(book["Visits"])
    )


@pytest.mark.parametrize("strike", [whole_line, title_alone, date_alone, part_of_the_title])
def test_a_struck_line_is_not_a_visit_but_in_doubt(strike: Callable[[Any], None]) -> None:
    reading = read(book(strike))
    assert [visit.id for visit in reading.visits] == ["museum"]
    (fault,) = reading.faults
    assert (fault.line, fault.severity) == (2, "error")
    assert "struck through" in fault.message
    (doubt,) = reading.doubtful  # photos of its hours wait
    assert doubt.span is not None


@pytest.mark.parametrize("strike", [not_struck, only_an_empty_cell])
def test_other_formatting_changes_nothing(strike: Callable[[Any], None]) -> None:
    reading = read(book(strike))
    assert (len(reading.visits), reading.faults) == (2, ())


def test_a_struck_line_that_says_cancelled_is_cancelled() -> None:
    def edit(sheet: Any) -> None:
        sheet["I1"], sheet["I2"] = "status", "cancelled"
        whole_line(sheet)

    reading = read(book(edit))
    assert (len(reading.visits), reading.doubtful) == (1, ())
    assert [fault.severity for fault in reading.faults] == ["warning"]


THROUGH = (
    '<style:style style:name="{name}" style:family="{family}"><style:text-properties '
    'style:text-line-through-style="{how}" style:text-line-through-type="single"/></style:style>'
)


def styled(cell: str, style: str) -> str:
    return cell.replace("<table:table-cell", f'<table:table-cell table:style-name="{style}"', 1)


@pytest.mark.parametrize(
    ("title", "how", "visits"),
    [
        (styled(text_cell("Zoo"), "ce1"), "solid", 1),
        (styled(text_cell("Zoo"), "ce1"), "none", 2),
        (text_cell('The <text:span text:style-name="ce1">zoo</text:span>'), "solid", 1),
        (text_cell("Zoo"), "solid", 2),
    ],
)
def test_a_line_through_an_ods_counts_too(title: str, how: str, visits: int) -> None:
    dates = [date_cell("2026-04-03T08:30:00"), date_cell("2026-04-03T16:30:00")]
    styles = THROUGH.format(name="ce1", family="table-cell", how=how)
    reading = read(ods(HEADER[:4], ["museum", "Museum", *dates], ["zoo", title, *dates], styles=styles))
    assert len(reading.visits) == visits
    assert [fault.line for fault in reading.faults] == ([3] if visits == 1 else [])


def test_a_struck_style_nobody_can_make_sense_of_does_no_harm() -> None:
    parts = {}
    with zipfile.ZipFile(BytesIO(book(whole_line))) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name).replace(b'fontId="', b'fontId="999')
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    read(out.getvalue())
