"""Reading single cells: ids, names, lists, numbers, places. Faults in a cell go into the notes."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from agent.model.capture import Place
from agent.model.ids import VisitId
from agent.register.faults import Notes
from agent.register.text import GARBLED

LONGEST_ID = 64
LONGEST_TITLE = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_ERROR_VALUE = re.compile(r"#+|#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_ANYONE: Final = frozenset({"all", "any", "anyone", "everyone", "everybody", "*", "-", "n/a", "none"})
_PEOPLE = frozenset({"staff", "X-VISIT-STAFF"})
"""Columns of people: a camera's label may have a & or a / in it."""
_BETWEEN_PEOPLE = re.compile(
    r"[;|\r\n\t•·]|\s+w/\s*|\s*[&+/]\s*|\s+(?:and|und|et|plus|with|mit|avec)\s+|(?:^|\s+)[0-9]{1,2}[.)]\s+",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[;|\r\n]")
_LOGINS = re.compile(r"\w+\.\w+(?:@\S+)?(?:\s+\w+\.\w+(?:@\S+)?)+")
"""Several logins with blanks between them."""
_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\s[-–—]\s.*|^[^:<>@]{1,20}:\s|[*†]+$")
"""What people write beside a name: “(lead)”, “– first aid”, “Leader: ”."""
_NOBODY = re.compile(
    r"(?:all|every|whole)(?:\W*|\s(?!saints).*|,\s*\w+\s+\w.*)|mr|mrs|miss|ms|mx|dr|prof|sir|any(?:one|body)?"
    r"|various|several|others?|staff|t\.?b\.?[acd]\.?|\W+|n/?a|none|nobody|unknown"
    r"|.*\b(?:team|dept|department|faculty|staff|teachers|tutors|year group)|year ?[0-9]+|alle|tous|pawb",
    re.IGNORECASE,
)
"""A group of people, nobody yet, or the first half of “Mr & Mrs Smith”: not a name that any member of staff has."""
# Characters that change the direction of text: in a title they could make one visit read like another.
_TURNING = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """A name in the form used for comparing: no case, single spaces, one Unicode form."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def is_value(cell: str, column: str, notes: Notes) -> bool:
    """Whether the cell holds a plain value. A formula or a spreadsheet's error is reported as an error."""
    if cell.startswith(("=", "@")):
        notes.error(
            column,
            "this is a formula without a saved value: write the value, or save the file in Excel again",
        )
        return False
    if _ERROR_VALUE.fullmatch(cell):
        notes.error(column, f"{cell} is not a value: it is a spreadsheet's error, or its column is too narrow")
        return False
    return True


def unsafe_id(name: str) -> str | None:
    """Why a visit's id is unsafe as a folder name on Windows, macOS, Linux or the share; None if it is safe."""
    if len(name) > LONGEST_ID:
        return f"longer than {LONGEST_ID} characters"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return "use only the letters a to z, digits, -, _ and ."
    if name.startswith("."):
        return "it starts with a dot"
    if name.endswith("."):
        return "it ends with a dot"
    if _RESERVED.fullmatch(name):
        return "Windows keeps this name for itself"
    return None


def visit_id(cell: str, column: str, notes: Notes) -> VisitId | None:
    """A visit's id, safe as a folder name."""
    if not cell:
        notes.error(
            column, "the visit has no id: write a short name that no other line has, such as 2026-science-museum"
        )
        return None
    if not is_value(cell, column, notes):
        return None
    if why := unsafe_id(cell):
        notes.error(column, f"“{printable(cell, 80)}” cannot be used as the name of a folder: {why}")
        return None
    return VisitId(cell)


def printable(text: str, longest: int) -> str:
    """Text on one line, without control characters or direction marks, at most `longest` characters."""
    calm = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text.translate(_TURNING))
    line = " ".join(calm.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def title(cell: str, column: str, notes: Notes) -> str:
    """A visit's title, fit to be shown; an empty one is an error."""
    line = printable(cell, LONGEST_TITLE)
    if not line:
        notes.error(column, "the visit has no title")
    elif line.endswith("…") and not cell.rstrip().endswith("…"):
        notes.warning(column, f"longer than {LONGEST_TITLE} characters, so it was cut")
    if GARBLED.search(line):
        notes.warning(column, "garbled letters: save the file as CSV UTF-8 and correct the title")
    if line.startswith(("=", "@")) or _ERROR_VALUE.fullmatch(line):
        notes.warning(column, "this looks like a formula or a spreadsheet's error, not a title")
    return line


def names(cell: str, column: str, notes: Notes) -> frozenset[str]:
    """A list separated by `;`, `|` or line breaks. A cell that is filled but names nobody never means "anyone".

    People are also separated as people write them (`&`, `and`, `/`), without remarks such as “(lead)”: a name that no
    laptop knew would leave that person's photos alone.
    """
    if not cell or not is_value(cell, column, notes):
        return frozenset()
    if GARBLED.search(cell):
        notes.error(column, f"“{printable(cell, 40)}” is garbled: save the file as CSV UTF-8 and correct the names")
        return frozenset()
    people = column in _PEOPLE
    parts = _people(cell) if people else _BETWEEN.split(cell)
    listed = frozenset(" ".join(name.split()) for part in parts for name in _by_commas(part)) - {""}
    if not listed:
        notes.error(column, "the list is empty: leave the cell blank to allow anyone")
    for name in sorted(listed):
        if people and _NOBODY.fullmatch(name):
            notes.error(column, f"“{printable(name, 40)}” names no person: leave the cell empty if anyone may have "
                        "taken part, or write the names of those who did")  # fmt: skip
        elif key(name) in _ANYONE:
            notes.warning(column, f"“{name}” is read as a name; leave the cell empty to allow anyone")
    if any("," in part and len(_by_commas(part)) > 1 for part in parts):
        notes.warning(column, "read as several names because of the commas: write ; or | between names")
    elif len(parts) > len(_BETWEEN.split(cell)):
        between = _BETWEEN_PEOPLE.search(_BETWEEN.sub("", cell))
        because = f" because of “{between[0].strip()}”" if between and between[0].strip() else ""
        notes.warning(column, f"read as several names{because}: write ; or | between names")
    return listed


def _people(cell: str) -> list[str]:
    """The names of people in a cell, without the remarks beside them."""
    pieces = [
        piece
        for part in _BETWEEN.split(cell)
        for piece in ([part] if _NOBODY.fullmatch(part.strip()) else _BETWEEN_PEOPLE.split(part))  # n/a is one word
    ]
    parts = [_REMARK.sub("", piece).strip(" ,") for piece in pieces]
    return [name for part in parts for name in (part.split() if _LOGINS.fullmatch(part) else [part])]


def _by_commas(part: str) -> list[str]:
    """Several full names separated by commas ("j.smith, a.okafor"); one name with a comma ("Smith, J") stays one."""
    names = [name.strip() for name in part.split(",")]
    if len(names) > 1 and all(len(re.split(r"[\s.]+", name.strip(" ."))) > 1 for name in names):
        return names
    if len(names) > 2:  # "Smith, J, Okafor, A" is ambiguous; anything else with two commas is a list
        return names
    return [part]


def number(cell: str, column: str, notes: Notes, *, separator: str = ",", thousands: bool = True) -> float | None:
    """A plain decimal number; None if empty or wrong.

    A decimal comma is read only if commas do not separate cells, or the number cannot have thousands.
    """
    if not cell or not is_value(cell, column, notes):
        return None
    text = cell.replace("−", "-")
    if not _NUMBER.fullmatch(text):
        notes.error(column, f"“{printable(cell, 40)}” is not a plain decimal number, such as 51.4978")
        return None
    if thousands and separator and re.fullmatch(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}", text):
        without, decimal = text.replace(".", ""), text.rstrip("0").rstrip(".")
        notes.error(column, f"“{cell}” may be {without} or {decimal}: write it without a point, or with fewer decimals")
        return None
    if "," in text and thousands:
        if separator == ",":
            notes.error(column, f"“{cell}” has a comma in it: write a decimal point")
            return None
        if separator in {"\t", ""} and re.fullmatch(r"[+-]?[0-9]{1,3},[0-9]{3}", text):
            notes.error(column, f"the comma in “{cell}” may mark decimals or thousands: write a decimal point")
            return None
    return float(text.replace(",", "."))


def place(
    latitude: str, longitude: str, radius: str, columns: tuple[str, str, str], notes: Notes, *, separator: str = ","
) -> tuple[Place | None, float | None]:
    """Where a visit is, and how many kilometres away its photos may be. `columns` names the three cells."""
    north = _within(number(latitude, columns[0], notes, thousands=False), 90, columns[0], notes)
    east = _within(number(longitude, columns[1], notes, thousands=False), 180, columns[1], notes)
    radius_km = number(radius, columns[2], notes, separator=separator)
    if bool(latitude) != bool(longitude):
        missing = columns[1] if latitude else columns[0]
        notes.error(missing, "half a place: fill in both latitude and longitude, or neither")
    if radius and not latitude and not longitude:
        notes.error(columns[2], "a radius without a place: give latitude and longitude, or no radius")
    if radius_km is not None and radius_km <= 0:
        notes.error(columns[2], "the radius must be greater than 0")
    if radius_km is not None and radius_km > 500:
        notes.warning(columns[2], f"a radius of {radius_km:g} km hardly checks anything: are these metres?")
    if north is None or east is None:
        return None, None
    if (
        not radius and columns[0] != columns[1]
    ):  # a calendar's GEO seldom has a radius; a spreadsheet has a column for it
        notes.warning(columns[2], "there is a place but no radius, so where photos were taken is not checked")
    return Place(north, east), radius_km


def _within(value: float | None, limit: int, column: str, notes: Notes) -> float | None:
    if value is not None and abs(value) > limit:
        notes.error(column, f"{value:g} is not between -{limit} and {limit} degrees")
        return None
    return value
