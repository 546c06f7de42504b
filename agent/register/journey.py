"""The zones that a visit goes through, as one cell lists them: `Europe/London; Europe/Paris; Europe/London`.

They are listed in the order of the journey, from its first zone to its last. The cell gives no times in between,
because people change a camera's clock when they remember to. So the clock is read in every zone of the journey, at any
time during it.
"""

import re
from itertools import groupby

from agent.register import cells
from agent.register.faults import Notes
from agent.register.zones import WITHOUT_SUMMER, nearest_zone, zone_named

MOST_ZONES = 12
"""The most zones in one journey; more is a mistake."""


def journey(cell: str, column: str, notes: Notes) -> tuple[str, ...]:
    """The zones in their order, repeats in a row merged; an error in the notes for each name that is not a zone.

    Empty for an empty cell, and if there is an error.
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
        if reversed_ := re.fullmatch(r"Etc/GMT([+-])([0-9]{1,2})", name):
            way = "behind" if reversed_[1] == "+" else "ahead of"
            notes.error(column, f"{name} is {reversed_[2]} h {way} UTC, which is seldom meant: write the zone of a "
                        "place, such as Europe/Paris")  # fmt: skip
            return False
        if name in WITHOUT_SUMMER:
            notes.warning(column, f"{name} has no summer time: if that is not meant, write for example Europe/London")
        return True
    parts = [part for part in re.split(r"[\s,+&>→]+", name) if zone_named(part)]
    if len(parts) > 1:
        notes.error(column, f"separate zones with ; or |: {'; '.join(parts)}")
    elif parts and re.search(r"[0-9]", name):
        notes.error(column, f"“{cells.printable(name, 40)}”: list only zones here, in the order of the journey")
    else:
        hint = nearest_zone(name)
        notes.error(column, f"unknown zone “{cells.printable(name, 40)}”{f'; is {hint} meant?' if hint else ''}")
    return False
