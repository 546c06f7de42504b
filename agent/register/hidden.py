"""Lines of a workbook that are hidden, by hand or by a filter: nobody who looks at the sheet sees that they are read.

The library that reads workbooks does not say which they are (ECMA-376 part 1, 18.3.1.73; ODF's `table:visibility`).
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
_NUMBER = re.compile(rb"""\br=["']([0-9]{1,7})["']""")
_HIDDEN = re.compile(rb"""\b(?:hidden=["'](?:1|true)["']|ht=["']0(?:\.0*)?["'])""")
MOST = 100_000
"""Lines further down are not looked at: no register reaches that far."""


Lines = tuple[range, ...]
"""Lines, counted from 0. A few bytes of a workbook can hide any number of them, so that they are not listed."""


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


def hidden_lines_of_tables(content: bytes) -> dict[str, Lines]:
    """The same for each table of an .ods, whose XML was found well-formed."""
    if b"table:visibility=" not in content:
        return {}
    found: dict[str, list[range]] = {}
    table, line = "", 0

    def start(name: str, values: dict[str, str]) -> None:
        nonlocal table, line
        if name == "table:table":
            table, line = values.get("table:name", ""), 0
        elif name == "table:table-row":
            times = values.get("table:number-rows-repeated", "1")
            lines = min(int(times), MOST) if times.isdecimal() and len(times) < 8 else 1
            if values.get("table:visibility") in {"collapse", "filter"} and line < MOST:
                found.setdefault(table, []).append(range(line, min(line + lines, MOST)))
            line += lines

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(content, True)
    return {name: tuple(lines) for name, lines in found.items()}


def up_to(lines: Lines, end: int) -> Iterator[int]:
    """Those of these lines that are before line `end`, each once and in order."""
    after = 0
    for some in sorted(lines, key=lambda one: one.start):
        yield from range(max(some.start, after), min(some.stop, end))
        after = max(after, some.stop)
