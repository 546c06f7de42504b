"""Lines and columns of a workbook that are hidden, by hand or by a filter: nobody who looks at the sheet sees that they
are read.

The library that reads workbooks does not say which they are (ECMA-376 part 1, 18.3.1.13 and 18.3.1.73; ODF's
`table:visibility`).
"""

import re
from collections.abc import Iterator, Sequence
from xml.parsers import expat

_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
_NUMBER = re.compile(rb"""\br=["']([0-9]{1,7})["']""")
_HIDDEN = re.compile(rb"""\b(?:hidden=["'](?:1|true)["']|ht=["']0(?:\.0*)?["'])""")
_COLUMN = re.compile(rb"<(?:\w+:)?col(?=[\s/>])([^>]*)>")
_FROM_TO = re.compile(rb"""\b(min|max)=["']([0-9]{1,5})["']""")
_HIDDEN_COLUMN = re.compile(rb"""\b(?:hidden=["'](?:1|true)["']|width=["']0(?:\.0*)?["'])""")
MOST = 100_000
"""Lines further down are not looked at: no register reaches that far."""
MOST_NAMED = 5
"""The most lines that a warning names."""

Lines = tuple[range, ...]
"""Lines or columns, from 0. A few bytes of a workbook can hide any number of them, so that they are not listed."""


def hidden_lines(xml: bytes) -> Lines:
    """The hidden lines of a worksheet of an .xlsx."""
    return tuple(range(line, line + 1) for line in frozenset(_hidden_lines(xml)))


def _hidden_lines(xml: bytes) -> Iterator[int]:
    before = 0
    for row in _ROW.finditer(xml):
        given = _NUMBER.search(row[1])
        before = int(given[1]) if given else before + 1
        if before <= MOST and _HIDDEN.search(row[1]):
            yield before - 1


def hidden_columns(xml: bytes) -> Lines:
    """The hidden columns of a worksheet of an .xlsx."""
    found = []
    for column in _COLUMN.finditer(xml):
        ends = {name: int(number) for name, number in _FROM_TO.findall(column[1])}
        if len(ends) == 2 and _HIDDEN_COLUMN.search(column[1]):
            found.append(range(ends[b"min"] - 1, min(ends[b"max"], MOST)))
    return tuple(found)


def hidden_lines_of_tables(content: bytes) -> dict[str, Lines]:
    """The hidden lines of each table of an .ods, whose XML was found well-formed."""
    return _hidden_in_tables(content, "row")


def hidden_columns_of_tables(content: bytes) -> dict[str, Lines]:
    """The hidden columns of each table."""
    return _hidden_in_tables(content, "column")


def _hidden_in_tables(content: bytes, which: str) -> dict[str, Lines]:
    if b"table:visibility=" not in content:
        return {}
    found: dict[str, list[range]] = {}
    table, at = "", 0

    def start(name: str, values: dict[str, str]) -> None:
        nonlocal table, at
        if name == "table:table":
            table, at = values.get("table:name", ""), 0
        elif name == f"table:table-{which}":
            times = values.get(f"table:number-{which}s-repeated", "1")
            many = min(int(times), MOST) if times.isdecimal() and len(times) < 8 else 1
            if values.get("table:visibility") in {"collapse", "filter"} and at < MOST:
                found.setdefault(table, []).append(range(at, min(at + many, MOST)))
            at += many

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(content, True)
    return {name: tuple(ranges) for name, ranges in found.items()}


def warning_of_lines(numbers: Sequence[int]) -> str:
    """What a warning says about these hidden lines, by their numbers in the file."""
    if len(numbers) == 1:
        return f"line {numbers[0]} is hidden in the spreadsheet, and counts all the same: show it, or delete it"
    more = len(numbers) - MOST_NAMED
    names = [str(number) for number in numbers[:MOST_NAMED]]
    listed = ", ".join(names) + f" and {more} more" if more > 0 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"lines {listed} are hidden in the spreadsheet, and count all the same: show them, or delete them"


def warning_of_columns(names: Sequence[str]) -> str:
    """What a warning says about hidden columns with these names."""
    listed = ", ".join(f"“{name}”" for name in names)
    if len(names) == 1:
        return f"the column {listed} is hidden in the spreadsheet, and read all the same: show it to check it"
    return f"the columns {listed} are hidden in the spreadsheet, and read all the same: show them to check them"


def up_to(lines: Lines, end: int) -> Iterator[int]:
    """Those of these lines that are before line `end`, each once and in order."""
    after = 0
    for some in sorted(lines, key=lambda one: one.start):
        yield from range(max(some.start, after), min(some.stop, end))
        after = max(after, some.stop)
