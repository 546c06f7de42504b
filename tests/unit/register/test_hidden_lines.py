"""A line that a filter or a person has hidden is a visit all the same; whoever maintains the file is warned."""

import re
import tracemalloc
import zipfile
from io import BytesIO
from typing import Any

import pytest

from agent.register.hidden import hidden_lines_of_tables, up_to, warning_of_lines
from tests.unit.register.test_struck_through import MUSEUM
from tests.unit.register.test_workbooks import HEADER, ZOO, read
from tests.unit.register.workbooks import date_cell, ods, packed, xlsx

DATES = [date_cell("2026-04-03T08:30:00"), date_cell("2026-04-03T16:30:00")]


def hidden(*lines: int) -> bytes:
    def edit(book: Any) -> None:
        for line in lines:
            book["Visits"].row_dimensions[line].hidden = True

    return xlsx(("Visits", [HEADER, ZOO, MUSEUM]), edit=edit)


@pytest.mark.parametrize(
    ("lines", "said"),
    [((3,), "line 3 is hidden"), ((2, 3), "lines 2 and 3 are hidden"), ((2, 9), "line 2 is hidden")],
)
def test_hidden_lines_of_an_xlsx_are_read_with_one_warning(lines: tuple[int, ...], said: str) -> None:
    reading = read(hidden(*lines))
    assert [visit.id for visit in reading.visits] == ["zoo", "museum"]
    (fault,) = reading.faults
    assert (fault.line, fault.severity) == (lines[0], "warning")
    assert fault.message.startswith(said)


def test_a_book_with_every_line_shown_has_no_warning() -> None:
    assert read(hidden()).faults == ()


@pytest.mark.parametrize("how", ["collapse", "filter", "visible"])
def test_hidden_lines_of_an_ods_are_found_too(how: str) -> None:
    with zipfile.ZipFile(BytesIO(ods(HEADER[:4], ["museum", "Museum", *DATES], ["zoo", "Zoo", *DATES]))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    content = str(parts["content.xml"], "utf-8")  # type: ignore[arg-type]
    rows = [found.end() - 1 for found in re.finditer("<table:table-row>", content)]
    parts["content.xml"] = f'{content[: rows[2]]} table:visibility="{how}"{content[rows[2] :]}'
    reading = read(packed(parts))
    assert len(reading.visits) == 2
    assert [fault.line for fault in reading.faults] == ([] if how == "visible" else [3])


@pytest.mark.parametrize("name", ["t{n}", "t"], ids=["many tables", "many tables of one name"])
def test_tables_with_endless_hidden_lines_take_no_memory(name: str) -> None:
    """A workbook of a few kilobytes, which took gigabytes."""
    row = '<table:table-row table:number-rows-repeated="100000" table:visibility="collapse"/>'
    tables = "".join(f'<table:table table:name="{name.format(n=n)}">{row}</table:table>' for n in range(2000))
    content = f'<office:document-content xmlns:office="o" xmlns:table="t">{tables}</office:document-content>'.encode()
    tracemalloc.start()
    try:
        found = hidden_lines_of_tables(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
    lines = list(up_to(found[name.format(n=0)], 50_000))
    assert lines == list(range(50_000))


def hidden_columns_of(*letters: str) -> bytes:
    def edit(book: Any) -> None:
        for letter in letters:
            book["Visits"].column_dimensions[letter].hidden = True

    return xlsx(("Visits", [HEADER, ZOO, MUSEUM]), edit=edit)


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        (("E",), "the column “staff” is hidden"),
        (("B", "E"), "the columns “title”, “staff” are hidden"),
        (("Z",), None),
        ((), None),
    ],
)
def test_hidden_columns_of_an_xlsx_are_read_with_a_warning(letters: tuple[str, ...], said: str | None) -> None:
    reading = read(hidden_columns_of(*letters))
    assert [visit.id for visit in reading.visits] == ["zoo", "museum"]
    if said is None:
        assert reading.faults == ()
    else:
        (fault,) = reading.faults
        assert (fault.line, fault.severity) == (1, "warning")
        assert fault.message.startswith(said)


@pytest.mark.parametrize("how", ["collapse", "filter", "visible"])
def test_hidden_columns_of_an_ods_are_found_too(how: str) -> None:
    with zipfile.ZipFile(BytesIO(ods(HEADER[:4], ["museum", "Museum", *DATES]))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    content = str(parts["content.xml"], "utf-8")  # type: ignore[arg-type]
    first = content.index("<table:table-row>")
    columns = f'<table:table-column/><table:table-column table:number-columns-repeated="2" table:visibility="{how}"/>'
    parts["content.xml"] = f"{content[:first]}{columns}{content[first:]}"
    reading = read(packed(parts))
    assert len(reading.visits) == 1
    assert [fault.message.split(" are ")[0] for fault in reading.faults] == (
        [] if how == "visible" else ["the columns “title”, “starts”"]
    )


def test_many_hidden_lines_are_one_short_warning() -> None:
    assert warning_of_lines(range(2, 12)).startswith("lines 2, 3, 4, 5, 6 and 5 more are hidden")
