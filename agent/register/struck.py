"""Cells of a workbook that are struck through, which is how people cancel a visit without writing a word.

The library that reads workbooks gives no formatting, so this module reads the parts itself: cell styles whose font is
struck through (ECMA-376 part 1, 18.8.22 and 18.8.45; ODF 1.3 part 3, 20.377), and texts with a piece that is.
Formatting that depends on a condition is not read.
"""

import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

_STRIKE = re.compile(rb'<(?:\w+:)?strike\b(?![^>]*\bval="(?:0|false)")')
_FONTS = re.compile(rb"<(?:\w+:)?fonts(?=[\s/>]).*?</(?:\w+:)?fonts\s*>", re.DOTALL)
_FONT = re.compile(rb"<(?:\w+:)?font(?=[\s/>])[^>]*?(?:/>|>.*?</(?:\w+:)?font\s*>)", re.DOTALL)
_CELL_STYLES = re.compile(rb"<(?:\w+:)?cellXfs(?=[\s/>]).*?</(?:\w+:)?cellXfs\s*>", re.DOTALL)
_CELL_STYLE = re.compile(rb"<(?:\w+:)?xf(?=[\s/>])[^>]*>")
_TEXT = re.compile(rb"<(?:\w+:)?si(?=[\s/>])[^>]*?(?:/>|>(.*?)</(?:\w+:)?si\s*>)", re.DOTALL)
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_ROW_OF = re.compile(rb'\br="[A-Z]{1,3}([0-9]{1,7})"')
_STYLE_OF = re.compile(rb'\bs="([0-9]{1,7})"')
_SHARED = re.compile(rb"<(?:\w+:)?v>([0-9]{1,9})</")


def struck_lines(parts: Mapping[str, bytes]) -> dict[str, frozenset[int]]:
    """For each worksheet part of an .xlsx: its lines, counted from 0, with a filled cell struck through."""
    styles = _struck_styles(parts.get("xl/styles.xml", b""))
    texts = _struck_texts(parts.get("xl/sharedStrings.xml", b""))
    return {part: frozenset(_lines(xml, styles, texts)) for part, xml in parts.items() if "/worksheets/" in part}


def _struck_styles(xml: bytes) -> frozenset[int]:
    fonts, styles = _FONTS.search(xml), _CELL_STYLES.search(xml)
    if fonts is None or styles is None:
        return frozenset()
    struck = {number for number, font in enumerate(_FONT.findall(fonts[0])) if _STRIKE.search(font)}
    if not struck:
        return frozenset()
    found = set()
    for number, style in enumerate(_CELL_STYLE.findall(styles[0])):
        font = re.search(rb'\bfontId="([0-9]{1,7})"', style)
        if font and int(font[1]) in struck:
            found.add(number)
    return frozenset(found)


def _struck_texts(xml: bytes) -> frozenset[int]:
    if not _STRIKE.search(xml):
        return frozenset()
    return frozenset(number for number, text in enumerate(_TEXT.finditer(xml)) if text[1] and _STRIKE.search(text[1]))


def _lines(xml: bytes, styles: frozenset[int], texts: frozenset[int]) -> Iterator[int]:
    if not styles and not texts and not _STRIKE.search(xml):
        return
    for cell in _CELL.finditer(xml):
        row = _ROW_OF.search(cell[1])
        if row is None or cell[2] is None or not re.search(rb"<(?:\w+:)?(?:v|t)\b[^>]*>[^<]", cell[2]):
            continue
        style, shared = _STYLE_OF.search(cell[1]), _SHARED.search(cell[2])
        if (
            (style is not None and int(style[1]) in styles)
            or (b't="s"' in cell[1] and shared is not None and int(shared[1]) in texts)
            or _STRIKE.search(cell[2])
        ):
            yield int(row[1]) - 1


def struck_lines_of_tables(content: bytes, styles: bytes) -> dict[str, frozenset[int]]:
    """For each table of an .ods: the same. Both parts are XML that was found well-formed."""
    if b"text-line-through-style" not in content and b"text-line-through-style" not in styles:
        return {}
    reading = _Tables()
    for xml in (styles, content):
        if xml:
            reading.read(xml)
    return {name: frozenset(lines) for name, lines in reading.found.items()}


class _Tables:
    """Reads OpenDocument's XML: first the styles, then the tables with their rows."""

    def __init__(self) -> None:
        self.found: dict[str, set[int]] = {}
        self._struck: set[str] = set()
        self._style = ""
        self._table = ""
        self._row, self._rows = 0, 1
        self._row_style = ""
        self._cell_is_struck = False
        self._spans: list[bool] = []

    def read(self, xml: bytes) -> None:
        """Process one part."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(xml, True)

    def _start(self, name: str, values: dict[str, str]) -> None:
        if name == "style:style":
            self._style = values.get("style:name", "")
            if values.get("style:parent-style-name") in self._struck:
                self._struck.add(self._style)
        elif name == "style:text-properties" and "style:text-line-through-style" in values:
            off = values["style:text-line-through-style"] == "none"
            (self._struck.discard if off else self._struck.add)(self._style)
        elif name == "table:table":
            self._table, self._row, self._rows = values.get("table:name", ""), 0, 0
        elif name == "table:table-row":
            self._row += self._rows
            repeated = values.get("table:number-rows-repeated", "1")
            self._rows = int(repeated) if repeated.isdecimal() and len(repeated) < 8 else 1
            self._row_style = values.get("table:default-cell-style-name", "")
        elif name in {"table:table-cell", "table:covered-table-cell"}:
            self._cell_is_struck = values.get("table:style-name", self._row_style) in self._struck
        elif name == "text:span":
            self._spans.append(values.get("text:style-name") in self._struck)

    def _end(self, name: str) -> None:
        if name == "text:span" and self._spans:
            self._spans.pop()
        elif name == "table:table-cell":
            self._cell_is_struck = False

    def _text(self, text: str) -> None:
        if text.strip() and self._table and (self._cell_is_struck or any(self._spans)):
            self.found.setdefault(self._table, set()).add(self._row)
