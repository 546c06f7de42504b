"""Workbooks as spreadsheets write them: .xlsx by openpyxl, .ods by hand as LibreOffice lays it out."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl

SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def xlsx(*sheets: tuple[str, Sequence[Sequence[object]]], edit: Callable[[Any], None] = lambda book: None) -> bytes:
    """A workbook of named sheets; `edit` may change the book before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(*rows: Sequence[str], styles: str = "") -> bytes:
    """A sheet of these cells, each as XML or as its text; with the blank rest that LibreOffice repeats.

    `styles` are elements for its automatic styles.
    """
    body = "".join(
        "<table:table-row>"
        + "".join(cell if cell.startswith("<") else text_cell(cell) for cell in row)
        + '<table:table-cell table:number-columns-repeated="16373"/></table:table-row>'
        for row in rows
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES} office:version="1.2">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="Visits">{body}<table:table-row '
        'table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return packed({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def packed(parts: dict[str, str | bytes]) -> bytes:
    """A ZIP file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def text_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def date_cell(iso: str) -> str:
    """A real date; what it shows is not what counts."""
    shown = "<text:p>03/04/26</text:p>"
    return f'<table:table-cell office:value-type="date" office:date-value="{iso}">{shown}</table:table-cell>'


def time_cell(duration: str) -> str:
    """A real time of day, such as PT08H30M00S."""
    return f'<table:table-cell office:value-type="time" office:time-value="{duration}"/>'


ERROR_CELL = (
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
)
