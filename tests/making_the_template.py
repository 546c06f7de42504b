"""config/visits-template.xlsx: a register to begin with, its date columns formatted so that nothing is ambiguous.

`python -m tests.making_the_template` writes it anew.
"""

from pathlib import Path

import openpyxl
from openpyxl.styles import Font

from agent.register.visits import COLUMNS

TEMPLATE = Path(__file__).resolve().parents[1] / "config" / "visits-template.xlsx"
WIDTHS = {"id": 24, "title": 32, "starts": 18, "ends": 18, "timezone": 16, "staff": 24, "cameras": 24}
LINES = 200


def make() -> None:
    """Write the template: one sheet, the header, and cells that keep dates with the year first."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Visits"
    sheet.freeze_panes = "A2"
    for place, name in enumerate(COLUMNS.known, 1):
        cell = sheet.cell(1, place, name)
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = WIDTHS.get(name, 12)
        for line in range(2, LINES + 2) if name in {"starts", "ends"} else ():
            sheet.cell(line, place).number_format = "yyyy-mm-dd hh:mm"
    book.save(TEMPLATE)


if __name__ == "__main__":
    make()
