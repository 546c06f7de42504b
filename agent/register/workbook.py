"""A workbook (.xlsx, .ods) as rows of text, from the one sheet that has the register's header.

Dates become year-first text, so that they are no longer ambiguous. The library that reads workbooks ignores some things
without a word, so they are looked for first: cells that show an error, formulas without a saved value, cells merged
over several lines (an empty “staff” would mean anyone), lines that are struck through or hidden, and sizes that would
use up the laptop's memory.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from agent.register.faults import Fault, Which
from agent.register.hidden import (
    Lines,
    hidden_columns,
    hidden_columns_of_tables,
    hidden_lines,
    hidden_lines_of_tables,
)
from agent.register.struck import struck_lines, struck_lines_of_tables

LARGEST_INSIDE = 64 * 1024 * 1024
"""Bytes that a workbook may unpack to; a register of 20,000 lines needs some 15 MB."""

LAST_ROW, LAST_COLUMN = 100_000, 200
"""No register reaches beyond these, and the library would use memory for every cell before them."""

_ERROR = "#N/A"
_UNSAVED = "=formula"
_INDEX = frozenset(
    {"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml", "styles.xml"}
)
_PART = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml", re.IGNORECASE)


class NoWorkbook(Exception):
    """Why the file cannot be read, in words for the person who maintains it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one sheet from its first line, cells as text; `struck` are the lines, from 0, struck through, and
    `hidden` and `hidden_columns` those that nobody sees.
    """

    cells: list[list[str]]
    faults: tuple[Fault, ...]
    struck: frozenset[int] = frozenset()
    hidden: Lines = ()
    hidden_columns: Lines = ()


def read_workbook(
    raw: bytes,
    score: Callable[[Sequence[Sequence[str]]], int],
    register: Which,
    another: Callable[[Sequence[Sequence[str]]], bool] = lambda _: False,
) -> Rows:
    """The rows of the sheet whose first rows have the highest `score`; empty, with an error, if it cannot be read.

    `another` is whether the first rows of a sheet are a register too: what is on a second sheet would never be read.
    """
    try:
        return _rows(raw, score, another)
    except NoWorkbook as fault:
        return Rows([], (Fault(1, None, str(fault), "error", register),))


def _rows(
    raw: bytes, score: Callable[[Sequence[Sequence[str]]], int], another: Callable[[Sequence[Sequence[str]]], bool]
) -> Rows:
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise NoWorkbook(
            "this is an old workbook (.xls), or one with a password: save it as an Excel workbook (.xlsx) without one"
        )
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum, WorksheetNotFound

    looked_at = _looked_through(raw)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        names = [one.name for one in book.sheets_metadata if one.visible is SheetVisibleEnum.Visible]
        sheets = [(name, _Sheet(book.get_sheet_by_name(name))) for name in names]
    except (CalamineError, WorksheetNotFound, OSError, ValueError) as fault:
        raise NoWorkbook(f"this workbook cannot be read ({fault}): save it again, or as CSV UTF-8") from fault
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":  # from the library's Rust code; not an Exception
            raise
        raise NoWorkbook("this workbook cannot be read: save it again, or as CSV UTF-8") from fault
    if not sheets:
        raise NoWorkbook("every sheet of this workbook is hidden: unhide the register's sheet")
    scored = [(score(sheet.first(20)), name, sheet) for name, sheet in sheets]
    best = max(points for points, _, _ in scored)
    chosen = [(name, sheet) for points, name, sheet in scored if points == best]
    chosen += [(name, sheet) for points, name, sheet in scored if points < best and another(sheet.first(40))]
    if len(chosen) > 1 and best > 1:
        names_of = " and ".join(f"“{name}”" for name, _ in chosen[:3])
        raise NoWorkbook(
            f"the sheets {names_of} both have the register's columns: keep the register on one sheet of its file, and "
            "hide the others or save them in another file"
        )
    name, sheet = chosen[0]
    rows = list(sheet.rows())
    found = looked_at.get(name, _Found())
    _fill_in(rows, found)
    return Rows(rows, (), found.struck, found.hidden, found.hidden_columns)


def _fill_in(rows: list[list[str]], found: "_Found") -> None:
    """Fill in the details of the rows that the library does not give."""
    for first, last, column in found.merged:
        for number in range(first + 1, min(last + 1, len(rows))):
            if column < len(rows[first]):
                rows[number] += [""] * (column + 1 - len(rows[number]))
                rows[number][column] = rows[number][column] or rows[first][column]
    for (line, column), mark in found.marks.items():
        while len(rows) <= line:
            rows.append([])
        rows[line] += [""] * (column + 1 - len(rows[line]))
        if not rows[line][column]:
            rows[line][column] = mark


@dataclass(frozen=True, slots=True)
class _Found:
    """The details of a sheet that the library does not give, lines and columns counted from 0.

    `marks` are the cells that show an error or have no saved value; `merged` are the first and last line, and the
    column, of cells that were merged over several lines: only the first one has the value. `struck` are the lines with
    a cell that is struck through, `hidden` those that are not shown, as `hidden_columns` are not.
    """

    marks: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int], ...] = ()
    struck: frozenset[int] = frozenset()
    hidden: Lines = ()
    hidden_columns: Lines = ()


class _Sheet:
    """One of the library's sheets, with its rows from the file's first line on."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet

    def first(self, number: int) -> list[list[str]]:
        return [row for _, row in zip(range(number), self.rows(), strict=False)]

    def rows(self) -> Iterator[list[str]]:
        for row in self._sheet.iter_rows():
            yield [_text(cell) for cell in row]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        # A spreadsheet's times are sums of fractions: 08:30 may be half a second off.
        return (cell + timedelta(microseconds=500_000)).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()[:10] if isinstance(cell, date) else cell.replace(microsecond=0).isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(cell)


def _looked_through(raw: bytes) -> dict[str, _Found]:
    """The details found in each sheet. Raises NoWorkbook if the workbook is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = _unpacked(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as fault:
        raise NoWorkbook(f"this workbook is damaged ({fault}): save it again, or as CSV UTF-8") from fault
    content = parts.get("content.xml")
    if content is not None:
        if b'value-type="error"' in content or b">Err:" in content:
            raise NoWorkbook("a cell of this workbook shows an error, such as #N/A or Err:502: correct it")
        if _OVER_LINES.search(content):
            raise NoWorkbook("a cell is merged over several lines: undo that, and fill in each line")
        if _REPEATED.search(content):
            raise NoWorkbook("a cell is repeated thousands of times: delete what is below and beside the register")
        none = frozenset[int]()
        tables = struck_lines_of_tables(content, parts.get("styles.xml", b""))
        unseen, narrow = hidden_lines_of_tables(content), hidden_columns_of_tables(content)
        return {
            name: _Found({}, (), tables.get(name, none), unseen.get(name, ()), narrow.get(name, ()))
            for name in tables | unseen | narrow
        }
    names, struck = _sheet_names(parts), struck_lines(parts)
    return {
        names.get(part, part): _Found(
            _marks(xml), tuple(_merged(xml)), struck.get(part, frozenset()), hidden_lines(xml), hidden_columns(xml)
        )
        for part, xml in parts.items()
        if part.startswith("xl/worksheets/")
    }


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts that are read; all others are only measured, because a ZIP may give false sizes."""
    parts, left = {}, LARGEST_INSIDE
    for member in archive.infolist():
        keep = member.filename.lower().endswith((".xml", ".rels"))
        content = bytearray()
        with archive.open(member) as file:
            while chunk := file.read(1 << 20):
                left -= len(chunk)
                if left < 0:
                    raise NoWorkbook(
                        f"this workbook unpacks to more than {LARGEST_INSIDE >> 20} MiB: is it the right file?"
                    )
                if keep:
                    content += chunk
        if keep:
            _well_formed(bytes(content))
            if _PART.fullmatch(member.filename) or member.filename in _INDEX:
                parts[member.filename] = _without_asides(bytes(content))
    return parts


def _well_formed(xml: bytes) -> None:
    """Raise NoWorkbook for malformed XML: on some of it the library never finishes."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError) as fault:  # LookupError: an encoding that does not exist
        raise NoWorkbook(f"this workbook is damaged ({fault}): save it again, or as CSV UTF-8") from fault


def _no_doctype(*_: object) -> None:
    raise NoWorkbook("this workbook is not one that a spreadsheet wrote: save it again, or as CSV UTF-8")


def _sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """The sheets' names by the parts that hold them."""
    targets = {
        found["id"]: found["target"]
        for tag in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", _ascii(parts, "xl/_rels/workbook.xml.rels"))
        if (found := {key.lower(): value for key, value in re.findall(r'\b(Id|Target)="([^"]*)"', tag)}).keys()
        >= {"id", "target"}
    }
    names = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", _ascii(parts, "xl/workbook.xml")):
        name, number = re.search(r'\bname="([^"]*)"', tag), re.search(r'\b\w+:id="([^"]*)"', tag)
        if name and number and number[1] in targets:
            from html import unescape

            target = targets[number[1]]
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            names[part] = unescape(name[1])
    return names


def _ascii(parts: dict[str, bytes], name: str) -> str:
    return parts.get(name, b"").decode("utf-8", "replace")


_REPEATED = re.compile(
    rb'<table:table-cell\b(?=[^>]*value-type=)[^>]*columns-repeated="[0-9]{4,}"'
    rb'|<table:table-row\b[^>]*rows-repeated="[0-9]{4,}"[^>]*>\s*(?:<table:table-cell\b[^>]*/>\s*)*'
    rb"<table:table-cell\b[^>]*value-type="
)
_OVER_LINES = re.compile(rb'\bnumber-rows-spanned="(?!1")[0-9]+"')
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*\bref=["']([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})["']""")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*?)(/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
"""Comments and instructions, which are nobody's cells, and text that may look like cells."""
_REF = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


def _marks(xml: bytes) -> dict[tuple[int, int], str]:
    found = {}
    for cell in _CELL.finditer(xml):
        reference = _REF.search(cell[1])
        if reference is None:
            continue
        column = _column(reference[1])
        row, inside = int(reference[2]), cell[3] or b""
        if inside and (row > LAST_ROW or column > LAST_COLUMN):
            where = (reference[1] + reference[2]).decode()
            raise NoWorkbook(f"cell {where}, far from any table, is filled: delete what is below the register")
        if b't="e"' in cell[1]:
            found[row - 1, column - 1] = _ERROR
        elif re.search(rb"<(?:\w+:)?f(?=[\s/>])", inside) and not _saved(cell[1], inside):
            found[row - 1, column - 1] = _UNSAVED
    return found


def _saved(values: bytes, inside: bytes) -> bool:
    """Whether a formula's cell has its value; Excel saves an empty text as a value of no length."""
    return bool(re.search(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<]", inside)) or (
        b't="str"' in values and bool(re.search(rb"<(?:\w+:)?v(?=[\s/>])", inside))
    )


def _without_asides(xml: bytes) -> bytes:
    """The same XML without comments, and with CDATA written as other text is."""
    return _ASIDE.sub(lambda found: (found[1] or b"").replace(b"&", b"&amp;").replace(b"<", b"&lt;"), xml)


def _merged(xml: bytes) -> Iterator[tuple[int, int, int]]:
    for found in _MERGED.finditer(xml):
        first, last = int(found[2]), min(int(found[3]), LAST_ROW)
        if last > first:
            yield first - 1, last - 1, _column(found[1]) - 1


def _column(letters: bytes) -> int:
    """A to 1, Z to 26, AA to 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
