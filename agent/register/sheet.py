"""A table as a spreadsheet saved it: bytes in, rows by column name out, with what was wrong on the way.

Takes what Excel and LibreOffice write: UTF-8 with or without a byte order mark, UTF-16 with one ("Unicode text"),
Windows-1252; commas, semicolons or tabs; `sep=;` in the first line; quoted commas and line breaks; blank rows and
columns at the end. Nothing here raises on bad content.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from agent.register.faults import Fault, Notes, Which

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns a register has. `meant` are names people give instead, by the right name they most likely mean."""

    register: Which
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    meant: Mapping[str, str]

    @property
    def known(self) -> tuple[str, ...]:
        """Every right name."""
        return self.needed + self.optional

    def nearest(self, name: str) -> str | None:
        """The right name that `name`, already in its plain form, is most likely meant for."""
        if name in self.meant:
            return self.meant[name]
        return next(iter(get_close_matches(name, self.known, n=1, cutoff=0.75)), None)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank: its cells by the right column name, trimmed, and what is wrong with the row as such."""

    cells: Mapping[str, str]
    notes: Notes


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below the header; `faults` are those of the file and its header."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    separator: str = ","


def decode(raw: bytes, register: Which) -> tuple[str | None, tuple[Fault, ...]]:
    """The text of a register; None, with the error, where it has none."""
    notes = Notes(1, register)
    if not raw.strip():
        notes.error(None, "the file is empty")
    elif raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        notes.error(None, "this is a workbook, not a CSV file: in Excel choose Save As, CSV UTF-8")
    if notes.failed():
        return None, tuple(notes.faults)
    try:
        text = raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as fault:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            notes.error(None, "this is not text in UTF-8: in Excel choose Save As, CSV UTF-8")
            return None, tuple(notes.faults)
        notes.line = 1 + raw.count(b"\n", 0, fault.start)
        notes.warning(None, "not in UTF-8, read as Windows-1252: check names with accents, or save as CSV UTF-8")
    if "\0" in text:
        notes.error(None, "this is not text: zero bytes in it; in Excel choose Save As, CSV UTF-8")
        return None, tuple(notes.faults)
    return text, tuple(notes.faults)


def plain(name: str) -> str:
    """A column's name without the freedoms people take: "Radius (km)" is radius_km."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def read_sheet(raw: bytes, columns: Columns) -> Sheet:
    """The rows of a register by column name. Without a believable header there are no rows, and the faults say why."""
    text, faults = decode(raw, columns.register)
    if text is None:
        return Sheet((), faults)
    directive = re.match(r"sep=([,;\t])(\r\n|\n|\r)", text, re.IGNORECASE)
    if directive:  # Excel reads this line as an order to itself and does not show it
        text = text[directive.end() :]
    separator = directive[1] if directive else _separator(text, columns)
    records = _records(text, separator, columns.register)
    header, names = next(((notes, cells) for notes, cells in records if notes.failed() or any(cells)), (None, []))
    if header is None:
        return Sheet((), (*faults, Fault(1, None, "the file is empty", "error", columns.register)))
    layout = _layout(names, header, columns)
    rows = []
    if not header.failed():
        rows = list(layout.rows(records, ended=text.endswith(("\n", "\r"))))
    return Sheet(tuple(rows), (*faults, *header.faults), separator)


def header_names(raw: bytes) -> tuple[str, ...]:
    """The names in the first row that is not blank, in their plain form; none where the file has no such row."""
    text, _ = decode(raw, "visits")
    if text is None:
        return ()
    text = re.sub(r"\Asep=([,;\t])(\r\n|\n|\r)", "", text, flags=re.IGNORECASE)

    def names(separator: str) -> tuple[str, ...]:
        rows = (cells for _, cells in _records(text, separator, "visits") if any(cells))
        return tuple(plain(cell) for cell in next(rows, ()) if cell)

    return max((names(separator) for separator in SEPARATORS), key=len)


def _separator(text: str, columns: Columns) -> str:
    """The separator by which the header has the most right names."""

    def right(separator: str) -> tuple[int, int]:
        widest = 0
        for _, cells in _records(text, separator, columns.register):
            widest = max(widest, len(cells))
            if any(cells):
                return sum(plain(cell) in columns.known for cell in cells), widest
        return 0, widest

    return max(SEPARATORS, key=right)


def _records(text: str, separator: str, register: Which) -> Iterator[tuple[Notes, list[str]]]:
    """Every record, blank ones too, with its number; one that is no CSV comes without cells and with an error."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        notes = Notes(number, register)
        try:
            cells = [cell.strip().strip("\ufeff\u200b") for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as fault:
            notes.error(None, f"a quotation mark is not closed, or stands in the wrong place ({fault})")
            cells = []
        yield notes, cells


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which cell of a row is which column. `named` cells reach to the last column with a name, `width` to the last."""

    named: int
    width: int
    places: Mapping[str, int]
    lookalikes: Mapping[int, tuple[str, str]]  # place -> (name as written, the absent column it looks like)
    nameless: frozenset[int]
    header: Notes

    def rows(self, records: Iterator[tuple[Notes, list[str]]], *, ended: bool) -> Iterator[Row]:
        """The rows that are not blank. `ended` is whether the file's last line has its line end."""
        nameless_told: set[int] = set()
        last: tuple[Row, int] | None = None
        for notes, cells in records:
            if not notes.failed() and not any(cells):
                continue
            if last:
                yield last[0]
            if any(cells[self.width :]):
                notes.error(None, "more cells than the header has columns: a cell with a separator in it needs quotes")
            for place, (written, column) in self.lookalikes.items():
                if place < len(cells) and cells[place]:
                    notes.error(written, f"this column is not read; if it is meant as {column}, name it so")
            for place in self.nameless - nameless_told:
                if place < len(cells) and cells[place]:
                    nameless_told.add(place)
                    self.header.warning(None, f"column {place + 1} has no name: what stands in it is not read")
            row = Row({name: cells[at] if at < len(cells) else "" for name, at in self.places.items()}, notes)
            last = row, len(cells)
        if last:
            row, count = last
            if not ended and count < self.named and not row.notes.failed():
                row.notes.error(None, "the file seems to be cut off here: the last line is short and has no line end")
            yield row


def _layout(names: list[str], header: Notes, columns: Columns) -> _Layout:
    """Make sense of a header; what is wrong with it goes into its notes, an error if no row can be believed."""
    places: dict[str, int] = {}
    unknown: dict[int, str] = {}
    nameless: set[int] = set()
    for place, written in enumerate(names):
        name = plain(written)
        if not written:
            nameless.add(place)
        elif name not in columns.known:
            unknown[place] = written
        elif name in places:
            header.error(name, "this column stands there twice: which one is meant?")
        else:
            places[name] = place
    lookalikes: dict[int, tuple[str, str]] = {}
    for place, written in unknown.items():
        nearest = columns.nearest(plain(written))
        absent = nearest if nearest not in places else None
        hint = f"; is it meant as {absent}?" if absent else ""
        header.warning(written, f"unknown column, not read{hint}")
        # A misspelt "cameras" or "status" would, unread, let a visit take photos that are not of it.
        if absent in columns.optional:
            lookalikes[place] = written, str(absent)
    for name in columns.needed:
        if name not in places:
            meant = next((written for written in unknown.values() if columns.nearest(plain(written)) == name), None)
            header.error(name, f"this column is missing{f'; rename “{meant}” if that is it' if meant else ''}")
    named = max(place + 1 for place, written in enumerate(names) if written) if any(names) else 0
    return _Layout(named, len(names), places, lookalikes, frozenset(nameless), header)
