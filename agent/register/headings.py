"""Rows that are not visits: headings between terms, remarks, totals, ids and formulas prepared for later.

Such a row says nothing about any day, so no photo has to wait for it. One warning lists them, because a visit whose
date is still missing looks the same.
"""

import re
from collections.abc import Sequence

from agent.register import cells
from agent.register.doubt import all_written
from agent.register.faults import Fault
from agent.register.sheet import Row

_TOTAL = re.compile(r"(?:grand |sub-?)?totals?\b|sum\b|gesamt|summe\b|cyfanswm", re.IGNORECASE)
_NOTHING = re.compile(r"[\W_0]*|#(?:N/A|REF!|VALUE!|NAME\?)", re.IGNORECASE)
_MAYBE_DATE = re.compile(r"[0-9] ?[/.:-] ?[0-9]|[0-9]{5}|[12][09][0-9]{2}-")
_NAMED = 3


def without_headings(rows: Sequence[Row]) -> tuple[list[Row], tuple[Fault, ...]]:
    """The other rows, and a warning about the ones that are not visits."""
    headings = [row for row in rows if not row.notes.failed() and _is_heading(row)]
    if not headings:
        return list(rows), ()
    lines = ", ".join(str(row.notes.line) for row in headings[:_NAMED])
    more = f" and {len(headings) - _NAMED} more lines" if len(headings) > _NAMED else ""
    shown = cells.printable(next(iter(_filled(headings[0])), ""), 40)
    message = (
        f"“{shown}” on line {lines}{more}: read as a heading, a remark or a total, and not as a visit"
        if len(headings) == 1
        else f"lines {lines}{more}, such as “{shown}”: read as headings, remarks or totals, and not as visits"
    )
    left = {row.notes.line for row in headings}
    return [row for row in rows if row.notes.line not in left], (
        Fault(headings[0].notes.line, None, message, "warning"),
    )


def _is_heading(row: Row) -> bool:
    filled = _filled(row)
    if any(all_written(cell) or cell.startswith(("=", "@")) for cell in filled):
        return False
    # An id such as 2026-001 is not a date.
    if any(_MAYBE_DATE.search(cell) for cell in filled if cell != row.cells.get("id")):
        return False
    if any(row.parts.values()) and not all(_NOTHING.fullmatch(cell) for cell in filled):
        # Something is written where a date belongs: without an id and a title it is a hint such as “dd/mm/yyyy”.
        return not row.cells.get("id") and not row.cells.get("title") and not any(map(_digits, filled))
    return (
        len(filled) == 1
        or all(_NOTHING.fullmatch(cell) for cell in filled)
        or (bool(_TOTAL.match(filled[0])) and all(_TOTAL.match(cell) or _digits(cell) for cell in filled))
    )


def _filled(row: Row) -> list[str]:
    own = [cell for cell in row.cells.values() if cell]
    return [*own, *(cell for part in row.parts.values() for _, cell in part), *(cell for _, cell in row.unread)]


def _digits(cell: str) -> bool:
    return bool(re.search("[0-9]", cell))
