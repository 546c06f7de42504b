"""A table as a spreadsheet saved it: from bytes to rows by column name, with the faults found on the way.

It takes what Excel and LibreOffice write: workbooks, and text with commas, semicolons or tabs; `sep=;` in the first
line; a title above the header; quoted commas and line breaks; blank rows and columns at the end. Nothing here raises on
bad content.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from agent.register.doubt import all_written
from agent.register.faults import Fault, Notes, Which
from agent.register.hidden import Lines, up_to, warning_of_columns, warning_of_lines
from agent.register.text import WORKBOOK, decode
from agent.register.unread import says_when

if TYPE_CHECKING:
    from agent.register.workbook import Rows

SEPARATORS = (",", ";", "\t", "|")

MOST_ROWS = 20_000
"""Enough for decades of visits at the largest school; a longer file is the wrong one."""

_TITLES = 2
"""A row above the header with up to this many filled cells may be a title or a note."""

_ABOVE = 20
"""How many rows are searched for the header: titles and notes may come before it."""

_ENDS = frozenset({"start", "starts", "begin", "begins", "end", "ends", "finish", "return", "departure", "arrival",
                   "depart", "arrive", "leave", "leaving", "back", "out", "from", "to", "until"})  # fmt: skip
_STARTS = frozenset({"start", "starts", "begin", "begins", "departure", "depart", "leave", "leaving", "out", "from"})
_MOST_COLUMNS = 200

_TIMES = frozenset({"time", "date", "day", "hour", "hours", "at", "clock"})


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a register has.

    `read_as` are other names for a column; a column in `several` may be split into parts (date and time), and one in
    `instead` is not needed if the other is there. `meant` are names that people give to something else, with the column
    that they most likely mean: they are not read, only reported.
    """

    register: Which
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    meant: Mapping[str, str]
    read_as: Mapping[str, str] = field(default_factory=dict)
    several: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Every standard name."""
        return self.needed + self.optional

    def right(self, name: str) -> str | None:
        """The standard name of a column called `name`, in its plain form; None if the column is not read."""
        return name if name in self.known else self.read_as.get(name)

    def nearest(self, name: str) -> str | None:
        """The standard name that is closest to `name`, which is already in its plain form."""
        if name in self.meant:
            return self.meant[name]
        words = frozenset(name.split("_"))
        if "reminder" in words:  # Outlook's: it is about the reminder, not about the visit
            return None
        if self.several and words & _ENDS and words & _TIMES:
            return "starts" if words & _STARTS else "ends"
        names = [*self.known, *(known for known in self.read_as if len(known) > 4)]
        close = next(iter(get_close_matches(name, names, n=1, cutoff=0.75)), None)
        return self.read_as.get(close, close) if close else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank: its trimmed cells by standard column name, and the faults in the row itself.

    `parts` are the filled cells of columns that may appear several times, each with its name in the file; `unread` are
    the cells of columns that are not read.
    """

    cells: Mapping[str, str]
    notes: Notes
    parts: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    unread: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below the header; `faults` are those of the file and its header.

    `separator` is empty in a workbook; `header` is the line number of the header; `titles` are the cells above it, with
    their line numbers.
    """

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    separator: str = ","
    workbook: bool = False
    header: int = 1
    titles: tuple[tuple[int, str], ...] = ()


def plain(name: str) -> str:
    """A column's name in plain form, without the variations that people use: "Radius (km)" is radius_km."""
    return re.sub(r"[^a-z0-9äöüéß]+", "_", name.casefold()).strip("_")


def calm(cell: str) -> str:
    """A cell without outer spaces or invisible characters; other kinds of space become plain ones."""
    if cell.isascii():
        return cell.strip()
    seen = (
        " " if unicodedata.category(mark) == "Zs" else mark
        for mark in cell
        if unicodedata.category(mark) != "Cf" or mark in "\u200c\u200d"  # they join letters of some scripts
    )
    return "".join(seen).strip()


def read_sheet(raw: bytes, columns: Columns) -> Sheet:
    """The rows of a register by column name. Without a recognisable header there are no rows, only faults."""
    if raw.startswith(WORKBOOK):
        from agent.register.workbook import read_workbook  # loads ZIP and XML, needed only here

        book = read_workbook(
            raw, lambda rows: _best(rows, columns), columns.register, lambda rows: _is_register(rows, columns)
        )
        if not book.cells:
            return Sheet((), book.faults or (_empty(columns),), workbook=True)
        return _sheet(
            _numbered(book, columns), book.faults, columns, separator="", ended=True, hidden=book.hidden_columns
        )
    text, faults = decode(raw, columns.register)
    if text is None:
        return Sheet((), faults)
    directive = re.match(r"sep=([,;\t|])(\r\n|\n|\r)", text, re.IGNORECASE)
    if directive:  # Excel reads this line as an order to itself and does not show it
        text = text[directive.end() :]
    separator = directive[1] if directive else _separator(text, columns)
    records = _records(text, separator, columns.register)
    return _sheet(records, faults, columns, separator=separator, ended=text.endswith(("\n", "\r")))


def _numbered(book: "Rows", columns: Columns) -> Iterator[tuple[Notes, list[str]]]:
    hidden = [number for number in up_to(book.hidden, len(book.cells)) if any(book.cells[number])]
    for number, cells in enumerate(book.cells):
        notes = Notes(number + 1, columns.register)
        if number in hidden[:1]:
            notes.warning(None, warning_of_lines([line + 1 for line in hidden]))
        if number in book.struck:
            notes.error(
                None,
                "this line is struck through, at least in part: write cancelled in its status, delete it, or remove "
                "the line through it",
            )
        yield notes, [calm(cell) for cell in cells]


def header_names(raw: bytes) -> tuple[str, ...]:
    """The names in the first row that is not blank, in their plain form; empty if the file has no such row."""
    if raw.startswith(WORKBOOK):
        from agent.register.workbook import read_workbook

        book = read_workbook(raw, len, "visits")
        return tuple(plain(cell) for cell in next((row for row in book.cells if sum(map(bool, row)) > 1), []) if cell)
    text, _ = decode(raw, "visits")
    if text is None:
        return ()
    text = re.sub(r"\Asep=([,;\t|])(\r\n|\n|\r)", "", text, flags=re.IGNORECASE)

    def names(separator: str) -> tuple[str, ...]:
        rows = (cells for _, cells in _records(text, separator, "visits") if sum(map(bool, cells)) > 1)
        return tuple(plain(cell) for cell in next(rows, ()) if cell)

    return max((names(separator) for separator in SEPARATORS), key=len)


def _empty(columns: Columns) -> Fault:
    return Fault(1, None, "the file is empty: save the list again", "error", columns.register)


def _score(cells: Sequence[str], columns: Columns) -> int:
    """How many of the cells are column names."""
    return sum(columns.right(plain(cell)) is not None for cell in cells if cell)


def _best(rows: Iterable[Sequence[str]], columns: Columns) -> int:
    return max((_score(cells, columns) for cells in rows), default=0)


def _is_register(rows: Sequence[Sequence[str]], columns: Columns) -> bool:
    """Whether a row has every column that is needed, and something below it is filled.

    One column is no register: a list of loans has labels of cameras too.
    """
    if len(columns.needed) < 2:
        return False
    for at, cells in enumerate(rows[:_ABOVE]):
        there = {columns.right(plain(calm(cell))) for cell in cells if cell}
        if all(name in there or columns.instead.get(name) in there for name in columns.needed):
            return any(any(cells) for cells in rows[at + 1 :])
    return False


def _separator(text: str, columns: Columns) -> str:
    """The separator by which the header has the most standard names."""

    def right(separator: str) -> tuple[int, int]:
        first = [cells for _, cells in islice(_records(text, separator, columns.register), _ABOVE)]
        return _best(first, columns), max(map(len, first), default=0)

    return max(SEPARATORS, key=right)


def _records(text: str, separator: str, register: Which) -> Iterator[tuple[Notes, list[str]]]:
    """Every record, blank ones too, with its number; an invalid one comes without cells and with an error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        notes = Notes(number, register)
        try:
            cells = [calm(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as fault:
            notes.error(None, f"a quotation mark is not closed, or is in the wrong place ({fault})")
            cells = []
        yield notes, cells


def _sheet(
    records: Iterator[tuple[Notes, list[str]]],
    faults: Sequence[Fault],
    columns: Columns,
    *,
    separator: str,
    ended: bool,
    hidden: Lines = (),
) -> Sheet:
    first = list(islice(records, _ABOVE))
    filled = [at for at, (notes, cells) in enumerate(first) if notes.failed() or any(cells)]
    if not filled:
        return Sheet((), (*faults, _empty(columns)))
    at = filled[0]
    best = max(filled, key=lambda place: (_score(first[place][1], columns), -place))
    header, names = first[at]
    if best != at and _score(first[best][1], columns) >= max(2, 2 * _score(names, columns)):
        header, names = first[best]
        header.warning(None, f"the first row is not the header, so line {header.line} was used as the header")
        at = best
    above = [_above(*first[place]) for place in filled if place < at and _may_be_a_visit(first[place][1])]
    layout = _layout(names, header, columns)
    if unseen := [names[place] for place in layout.read() if any(place in some for some in hidden)]:
        header.warning(None, warning_of_columns(unseen))
    rows: list[Row] = []
    if not header.failed():
        rows = list(islice(layout.rows(_chained(first[at + 1 :], records), ended=ended), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        rows = []
        header.error(None, f"the register has more than {MOST_ROWS} lines: is it the right file?")
    titles = tuple((first[place][0].line, cell) for place in filled if place < at for cell in first[place][1] if cell)
    return Sheet((*above, *rows), (*faults, *header.faults), separator, not separator, header.line, titles[:_ABOVE])


def _may_be_a_visit(cells: Sequence[str]) -> bool:
    """Whether a row above the header is fuller than a title, and has a date or something like it."""
    return sum(map(bool, cells)) > _TITLES and any(
        re.search(r"[0-9] ?[-/.:] ?[0-9]", cell) or all_written(cell) for cell in cells
    )


def _above(notes: Notes, cells: Sequence[str]) -> Row:
    """A row above the header that may be a visit: sorting a sheet together with its header puts lines there."""
    notes.error(None, "this line is above the header, so it is not read: move it below the header")
    return Row({}, notes, {"starts": [("", cell) for cell in cells if cell]})


def _chained(
    first: Iterable[tuple[Notes, list[str]]], rest: Iterator[tuple[Notes, list[str]]]
) -> Iterator[tuple[Notes, list[str]]]:
    yield from first
    yield from rest


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which cell of a row is which column. `named` cells reach to the last column with a name, `width` to the last."""

    named: int
    width: int
    places: Mapping[str, int]
    parts: Mapping[str, Sequence[tuple[str, int]]]
    unread: Sequence[tuple[str, int]]
    lookalikes: Mapping[int, tuple[str, str]]  # place -> (name as written, the column it looks like)
    nameless: frozenset[int]
    header: Notes
    names: Sequence[str] = ()
    times: frozenset[int] = frozenset()  # lookalikes of a start or an end that other columns give

    def read(self) -> list[int]:
        """The places of the columns that are read."""
        return sorted({*self.places.values(), *(at for places in self.parts.values() for _, at in places)})

    def rows(self, records: Iterator[tuple[Notes, list[str]]], *, ended: bool) -> Iterator[Row]:
        """The rows that are not blank. `ended` is whether the file's last line has its line end."""
        nameless_reported: set[int] = set()
        last: tuple[Row, int] | None = None
        for notes, cells in records:
            if not notes.failed() and not any(cells):
                continue
            if not notes.failed() and len(cells) >= self.named and [plain(cell) for cell in cells] == self.names:
                self.header.warning(None, f"line {notes.line} has the header again, and is not read")
                continue
            if last:
                yield last[0]
            if any(cells[self.width :]):
                notes.error(None, "more cells than the header has columns: put quotes around a cell with a separator")
            for place, (written, column) in self.lookalikes.items():
                if (
                    place < len(cells)
                    and cells[place]
                    and (place not in self.times or says_when(written, cells[place]))
                ):
                    notes.error(written, f"this column is not read; if it is meant as {column}, rename it to that")
            for place in self.nameless - nameless_reported:
                if place < len(cells) and cells[place]:
                    nameless_reported.add(place)
                    self.header.warning(None, f"column {place + 1} has no name, so it is not read")
            last = self._row(cells, notes), len(cells)
        if last:
            row, count = last
            if not ended and count < self.named and not row.notes.failed():
                row.notes.error(None, "the file seems to be cut off here: the last line is short and has no line end")
            yield row

    def _row(self, cells: list[str], notes: Notes) -> Row:
        count = len(cells)
        return Row(
            {name: cells[at] if at < count else "" for name, at in self.places.items()},
            notes,
            {
                name: [(written, cells[at]) for written, at in places if at < count and cells[at]]
                for name, places in self.parts.items()
            },
            [(written, cells[at]) for written, at in self.unread if at < count and cells[at]],
        )


def _layout(names: list[str], header: Notes, columns: Columns) -> _Layout:
    """Make sense of a header; its faults go into its notes, as an error if no row can be used."""
    places: dict[str, int] = {}
    parts: dict[str, list[tuple[str, int]]] = {}
    unknown: dict[int, str] = {}
    nameless: set[int] = set()
    seen: set[str] = set()
    if len(names) > _MOST_COLUMNS and any(names[_MOST_COLUMNS:]):
        header.error(None, f"the header has more than {_MOST_COLUMNS} columns: is it the right file?")
        names = names[:_MOST_COLUMNS]
    for place, written in enumerate(names):
        name = plain(written)
        right = columns.right(name)
        if not written:
            nameless.add(place)
        elif right is None:
            unknown[place] = written
        elif name in seen or (right in places and right not in columns.several):
            header.error(name, "this column appears twice: which one is meant?")
        elif right in columns.several:
            parts.setdefault(right, []).append((written, place))
        else:
            places[right] = place
        seen.add(name)
    there = {*places, *parts}
    lookalikes: dict[int, tuple[str, str]] = {}
    dated = {"starts", "ends"} <= there
    for place, written in unknown.items():
        nearest = columns.nearest(plain(written))
        absent = nearest if nearest not in there and not (nearest == "date" and dated) else None
        hint = f"; is it meant as {absent}?" if absent else ""
        header.warning(written, f"unknown column, not read{hint}")
        # An unread "cameras", "status" or "end time" with a spelling mistake would let a visit take other photos.
        if absent in columns.optional or (nearest in columns.several and not (nearest == "date" and dated)):
            lookalikes[place] = written, str(nearest)
    for name in columns.needed:
        if name not in there and columns.instead.get(name) not in there:
            meant = next((written for written in unknown.values() if columns.nearest(plain(written)) == name), None)
            rename = f"rename “{meant}” if that is it, or " if meant else ""
            header.error(name, f"this column is missing: {rename}add it to the header")
    named = max(place + 1 for place, written in enumerate(names) if written) if any(names) else 0
    unread = [(written, place) for place, written in unknown.items() if place not in lookalikes]
    unread += [(f"column {place + 1}", place) for place in sorted(nameless)]
    plain_names = [plain(name) for name in names]
    times = frozenset(place for place, (_, right) in lookalikes.items() if right in columns.several and dated)
    return _Layout(
        named, len(names), places, parts, unread, lookalikes, frozenset(nameless), header, plain_names, times
    )
