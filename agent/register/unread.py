"""What the cells say that no column of the register reads: a note, a time, a name.

A column that is not read must not make a visit longer, or anyone's: “Cancelled” in a note, a time in “coach leaves”, a
name in “visit leader” are errors of their line, and the message says where to write them. Whatever else people write
there is their own.
"""

import re
from collections.abc import Collection, Sequence
from datetime import time
from typing import NamedTuple

from agent.register import approval, cells
from agent.register.dates import plain_date, read_time, weekday_named
from agent.register.doubt import all_written
from agent.register.faults import Notes

_ONLY_TIMES = frozenset(
    {"time", "times", "timing", "timings", "hour", "hours", "duration", "session", "sessions", "period",
     "periods", "am", "pm", "half", "etd", "eta", "uhrzeit", "zeit", "zeiten", "heure", "heures", "horaire",
     "amser", "amseroedd"}
)  # fmt: skip
"""In a column with such a name, every number is a time."""
_PERHAPS_TIMES = frozenset(
    {"start", "starts", "begin", "begins", "end", "ends", "finish", "depart", "departs", "departing",
     "departure", "departures", "leave", "leaves", "leaving", "return", "returns", "returning", "back", "out",
     "in", "from", "to", "until", "arrive", "arrives", "arriving", "arrival", "dep", "ret", "arr", "pick",
     "pickup", "drop", "dropoff", "collect", "collected", "collection", "returned", "meet",
     "meeting", "lesson", "lessons", "coach", "bus", "abfahrt", "ankunft", "rückkehr", "beginn", "ende", "von",
     "bis", "dechrau", "gorffen", "début", "debut", "fin", "départ", "retour"}
)  # fmt: skip
"""In a column with such a name, what looks like a time is one."""
_PEOPLE = frozenset(
    {"staff", "teacher", "teachers", "leader", "leaders", "lead", "adult", "adults", "accompanying",
     "supervisor", "supervisors", "supervising", "colleague", "colleagues", "chaperone", "chaperones", "lehrer",
     "lehrerin", "lehrkraft", "lehrkräfte", "begleitung", "betreuer", "enseignant", "enseignants",
     "enseignante", "professeur", "professeurs", "accompagnateur", "accompagnateurs", "athro", "athrawes",
     "athrawon", "arweinydd"}
)  # fmt: skip
_AGREEMENT = frozenset(
    {"approved", "approval", "authorised", "authorized", "agreed", "confirmed", "decision", "signed", "ahead", "status",
     "genehmigt", "genehmigung"}
)  # fmt: skip
_ELSE = frozenset(
    {"coach", "bus", "minibus", "transport", "driver", "train", "flight", "flights", "ferry", "lunch", "lunches",
     "meal", "meals", "menu", "food", "payment", "payments", "paid", "cost", "costs", "price", "budget", "charge",
     "charging", "deposit", "deposits", "refund", "refunds", "invoice", "letter", "letters", "hotel", "hostel",
     "accommodation", "room", "rooms", "insurance", "consent", "consents", "numbers", "seats", "tickets", "kit",
     "contact", "phone", "email", "cover", "lessons", "notice", "hire", "policy", "training"}
)  # fmt: skip
"""A column with such a word in its name is about a part of the visit: that a letter is a draft leaves nothing open."""
_NOT_ITS_LENGTH = _ELSE | {"before", "due", "missed", "recovery", "reply", "school", "teaching", "working"}
"""Days of lessons are fewer than those of a visit over a weekend."""
_NOT_ITS_DATE = _ELSE | {"risk", "assessment", "ra", "staff", "by", "last"}
_CALLED_OFF = re.compile(r"cancell?ed|canx|postpon|withdrawn|deleted|abgesagt|annul|ganslo|resched|rearrang|called off")
_DAYS = frozenset({"days", "tage", "jours", "diwrnod", "diwrnodau"})
_NIGHTS = frozenset({"nights", "overnights", "nächte", "übernachtungen", "nuits", "nosweithiau", "noson"})
_SHOWN_AS = re.compile(r"show[_ ]?(?:time )?as|zeitspanne zeigen als|anzeigen als|busy ?status")
"""Outlook's column for free (3), tentative (1) and busy time."""
_PRIVATE = re.compile(r"private|privat|privé|sensitivity|vertraulichkeit|critère de diffusion")
_YES = frozenset({"yes", "y", "ja", "oui", "true", "wahr", "vrai", "on", "ein", "1", "private", "privat", "privé",
                  "confidential", "personal", "persönlich", "vertraulich"})  # fmt: skip
_MOVED = frozenset(
    {"actual", "changed", "new", "revised", "rearranged", "rescheduled", "moved", "postponed", "alternative"}
)
_NO = frozenset({"no", "n", "nein", "non", "nage", "false", "0", "-", "–", "none", "n/a"})
_NOT_YET = re.compile(r"(?:not\b|pending|await|waiting|outstanding|refus|reject|declin|unapproved|unconfirmed|✗|✘|x$)")
_ALL_DAY = re.compile(r"(?:all|whole|full|ganzt[aä]gig|journ[ée]e)")
_PART = r"am|pm|a\.m\.|p\.m\.|morning|afternoon|evening|half[ -]?day|matin|apr[èe]s-midi|vormittags?|nachmittags?"
_PART_OF_DAY = re.compile(rf"(?:in the )?(?:{_PART})(?: only)?")
_ANY_PART_OF_DAY = re.compile(rf"\b(?:{_PART})\b")
_CLOCK = re.compile(r"(?<![0-9:.])[0-9]{1,2}(?::[0-9]{2}(?![0-9])|(?:[:.][0-9]{2})? ?[ap]\.?m\b)")
_DIGITS = re.compile(r"([01]?[0-9]|2[0-3])([0-5][0-9])(?: ?(?:hrs?|h|uhr))?")
_FEES = re.compile(
    r"cancell?ations? (?:insurance|cover|policy|fees?|terms|charges?|deadline|until|by|protection)"
    r"|\b(?:free|no|on|upon|against|late|for) cancell?ations?\b|\bcancell?ations?\s*:\s*(?=[0-9£]|full|no\b|free|none)"
    r"|\b(?:if|once|when|unless|not|never) (?:it is |we are |this is )?(?:cancel(?:l?ed)?|postponed?|rearranged)\b"
    r"|\bcancel (?:by|before|if|free|until)\b|\bcancelled (?=(?:lessons?|classes|clubs|places|tickets)\b)"
    r"|\bwithdrawn (?=consent|pupils?\b)|\bprovisional (?=numbers?\b|costs?\b|prices?\b|lists?\b|menus?\b|groups?\b)"
)
"""What is said of fees, of other things, or of what would be if: not that the visit is off."""
_RATIOS = frozenset({"ratio", "ratios", "scale", "score", "odds"})
_LENGTH = re.compile(r"([0-9]{1,2})(?:[ -]?(days?|nights?|tage?|nächte|jours?|nuits?))?")
_LONGEST = 400


class Clock(NamedTuple):
    """A time of day, and how it is written."""

    time: time
    text: str


def clock_times(cell: str, column: str) -> list[Clock]:
    """The time of day in a cell, or the two of a range such as 08:30–16:30; empty if it holds anything else.

    0830 is a time too, unless the column's name leaves open whether it may be a year. Raises ValueError for an
    impossible time.
    """
    for dash in ("–", "—", " to ", " bis ", " à ", "-"):
        before, found, after = cell.partition(dash)
        if found and len(cell) < 30:
            both = [_one_time(piece, column) for piece in (before, after)]
            if None not in both:
                return [clock for clock in both if clock is not None]
    alone = _one_time(cell, column)
    return [] if alone is None else [alone]


def _one_time(cell: str, column: str) -> Clock | None:
    found = read_time(cell)
    if found is not None:
        return Clock(found, cell)
    digits = _DIGITS.fullmatch(plain_date(cell).casefold())
    if digits is None or (plain_date(cell)[:2] in {"19", "20"} and not _words(column) & _ONLY_TIMES):
        return None
    return Clock(time(int(digits[1]), int(digits[2])), cell)


def report_unread(
    unread: Sequence[tuple[str, str]], notes: Notes, *, known: Collection[str], timed: bool, approved: bool
) -> None:
    """Add an error for each cell that would narrow the visit or call it off, if it were read.

    `unread` are the filled cells, each with its column's name; `known` are the columns that the register has; `timed`
    is whether the visit has times of day; `approved` is whether its status says that it takes place.
    """
    for column, cell in unread:
        words, value = _words(column), plain_date(cell[:_LONGEST]).casefold()
        shown = cells.printable(cell, 40)
        if not approved and _says_off(column.casefold(), words, value):
            notes.error(column, f"“{shown}” may mean that the visit does not take place, and this column is not read: "
                        "write approved or cancelled in the column status")  # fmt: skip
        elif "staff" not in known and words & _PEOPLE and re.search(r"[^\W\d_]{2}", cell) and value not in _NO:
            notes.error(column, "this column is not read; if it says who takes part, rename it to staff")
        elif not timed and _says_time(words, value, cell, column):
            notes.error(column, f"“{shown}” is not read, and the visit would last all day: write its times in columns "
                        "named start time and end time")  # fmt: skip


def other_length(unread: Sequence[tuple[str, str]], days: int, *, by_night: bool) -> tuple[str, str] | None:
    """The column and the cell that give another number of days than the visit has, or another number of nights.

    For a visit that ends `by_night`, soon after midnight, people do not count its last day.
    """
    for column, cell in unread:
        length = _length(column, cell)
        if length is not None and length not in {days, days - by_night}:
            return column, cells.printable(cell, 40)
    return None


def says_length(column: str, cell: str) -> bool:
    """Whether a cell gives a number of days or nights."""
    return _length(column, cell) is not None


def _length(column: str, cell: str) -> int | None:
    """The number of days in a cell; one more than its number of nights."""
    words = _words(column)
    found = _LENGTH.fullmatch(plain_date(cell[:_LONGEST]).casefold())
    if found is None or not (found[2] or words & (_DAYS | _NIGHTS)) or words & _NOT_ITS_LENGTH:
        return None
    unit = found[2] or ""
    nights = unit.startswith(("night", "nächt", "nuit")) or (not unit and bool(words & _NIGHTS))
    return int(found[1]) + nights or None


def weekday_beside(unread: Sequence[tuple[str, str]]) -> int | None:
    """The weekday that a cell of its own gives; Monday is 0."""
    found = {weekday_named(cell) for column, cell in unread if re.search("day|tag|jour", column.casefold())} - {None}
    return found.pop() if len(found) == 1 else None


def whole_day_beside(unread: Sequence[tuple[str, str]]) -> bool:
    """Whether a cell says that the visit lasts all day."""
    return any(
        (_ALL_DAY.match(column.casefold()) and cell.casefold() not in _NO) or
        re.fullmatch(r"(?:all|whole|full) day|ganzt[aä]gig", cell.casefold())
        for column, cell in unread
    )  # fmt: skip


def says_when(column: str, cell: str) -> bool:
    """Whether a cell gives a date or a time of day, by itself or by its column's name."""
    value = plain_date(cell[:_LONGEST]).casefold()
    return bool(all_written(value)) or _says_time(_words(column), value, cell, column)


def _words(column: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\d_]+", column.casefold()))


def says_off(note: str) -> bool:
    """Whether a note begins or ends by saying that the visit may not take place."""
    rest = _FEES.sub("", plain_date(note[:_LONGEST]).casefold())
    return bool(approval.by_title(rest)) or approval.begins_unsure(rest)


def _says_off(name: str, words: frozenset[str], value: str) -> bool:
    elsewhere = bool(words & _ELSE)
    if says_off(value):
        return not elsewhere or approval.by_title(value) in {approval.CANCELLED, approval.POSTPONED}
    if _CALLED_OFF.search(name):
        return value not in _NO
    if _SHOWN_AS.fullmatch(name) and value in {"1", "3", "free", "tentative", "frei", "mit vorbehalt"}:
        return True
    if _PRIVATE.fullmatch(name) and value in _YES:
        return True
    if words & _MOVED and not words & _NOT_ITS_DATE and all_written(value):
        return True
    return not elsewhere and bool(words & _AGREEMENT) and (value in _NO or bool(_NOT_YET.match(value)))


def _says_time(words: frozenset[str], value: str, cell: str, column: str) -> bool:
    if all_written(value):
        return False  # a date, such as that of a booking
    if _PART_OF_DAY.fullmatch(value) or (_CLOCK.search(value) and not words & _RATIOS):
        return True
    try:
        times = clock_times(cell, column)
    except ValueError:
        return True
    if len(times) == 2 or (times and words & (_ONLY_TIMES | _PERHAPS_TIMES)):
        return True
    return bool(words & _ONLY_TIMES) and bool(re.search("[0-9]", value) or _ANY_PART_OF_DAY.search(value))
