"""The zones that a visit goes through, as one cell lists them: `Europe/London; Europe/Paris; Europe/London`.

They are in the order of the journey: it starts in the first and ends in the last. The cell gives no times in between,
because people put a camera's clock forward when they think of it. So the clock is read by every zone of the journey, at
any time of it.
"""

import re
from itertools import groupby

from agent.register import cells
from agent.register.faults import Notes
from agent.register.zones import WITHOUT_SUMMER, nearest_zone, zone_named

MOST_ZONES = 12
"""On one journey; more is a mistake."""


def journey(cell: str, column: str, notes: Notes) -> tuple[str, ...]:
    """The zones in their order, one that stands twice in a row once; an error in the notes for each that is none.

    Empty for an empty cell, and where there is an error.
    """
    if not cell or not cells.is_value(cell, column, notes):
        return ()
    listed = [name for part in re.split(r"[;|\r\n]", cell) if (name := " ".join(part.split()))]
    if not listed:
        notes.error(column, "the list is empty: leave the cell blank for the laptop's own zone")
    if len(listed) > MOST_ZONES:
        notes.error(column, f"a journey cannot have more than {MOST_ZONES} zones")
        return ()
    known = [_known(name, column, notes) for name in listed]
    return tuple(name for name, _ in groupby(listed)) if all(known) else ()


def _known(name: str, column: str, notes: Notes) -> bool:
    if zone_named(name) is not None:
        if name in WITHOUT_SUMMER:
            notes.warning(column, f"{name} has no summer time: write Europe/London, say, if that is meant")
        return True
    parts = [part for part in re.split(r"[\s,+&>→]+", name) if zone_named(part)]
    if len(parts) > 1:
        notes.error(column, f"zones are listed with ; or | between them: {'; '.join(parts)}")
    elif parts and re.search(r"[0-9]", name):
        notes.error(column, f"“{cells.printable(name, 40)}”: zones alone stand here, in the order of the journey")
    else:
        hint = nearest_zone(name)
        notes.error(column, f"unknown zone “{cells.printable(name, 40)}”{f'; is {hint} meant?' if hint else ''}")
    return False
