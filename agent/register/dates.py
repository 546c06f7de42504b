"""Dates as people and spreadsheets write them. Which number is the day is decided for the whole file.

`3/4/2026` can be two days, and no cell alone shows which. So each cell is first read as it is written
(`read_written`), and the order of day and month is then decided for the whole file (`distrust`): by the settings,
unless a date in the file proves another order. Year-first dates (2026-03-14) and named months (14-Mar-26) are certain.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years outside these are typing errors; and sums of dates stay within what a datetime can hold."""

FORM = "write 2026-03-14 08:30 or 14/03/2026 08:30"
_FIRST_SHORT_YEAR = 2020
"""26/03/14 hardly means a visit in 2014: more likely the year was written first."""
_MOST_YEARS = 5
"""A register whose two-digit years span more than this has probably written the year first."""


class Order(StrEnum):
    """Which number of a date such as 3/4/2026 is the day; with `iso`, such dates are not read at all."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"
    ISO = "iso"


_WORDS = {Order.DAY_FIRST: "the day first", Order.MONTH_FIRST: "the month first", Order.ISO: "the year first"}

_MONTHS = (
    ("jan", "january", "januar", "janvier", "jän", "jänner"), ("feb", "february", "februar", "février", "févr", "fév"),
    ("mar", "march", "märz", "mär", "mrz", "mars"), ("apr", "april", "avril", "avr"), ("may", "mai"),
    ("jun", "june", "juni", "juin"), ("jul", "july", "juli", "juillet", "juil"), ("aug", "august", "août"),
    ("sep", "sept", "september", "septembre"), ("oct", "october", "okt", "oktober", "octobre"),
    ("nov", "november", "novembre"), ("dec", "december", "dez", "dezember", "déc", "décembre"),
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAYS = (
    ("mon", "monday", "mo", "montag", "lundi", "lun"), ("tue", "tues", "tuesday", "di", "dienstag", "mardi"),
    ("wed", "weds", "wednesday", "mi", "mittwoch", "mercredi", "mer"),
    ("thu", "thur", "thurs", "thursday", "do", "donnerstag", "jeudi", "jeu"),
    ("fri", "friday", "fr", "freitag", "vendredi", "ven"),
    ("sat", "saturday", "sa", "samstag", "samedi", "sam"), ("sun", "sunday", "so", "sonntag", "dimanche", "dim"),
)  # fmt: skip
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_CLOCK = (
    r"(?P<h>[0-9]{1,2})(?:[:.h](?P<min>[0-9]{2})(?:[:.](?P<sec>[0-9]{2})(?:[.,]0+)?)?)?"
    r"(?: ?(?P<half>[ap]\.?m\.?|[AP]\.?M\.?))?(?: ?(?:[Uu]hr|hrs|h))?"
)
_OFFSET = r"(?: *(?:(?P<z>[Zz])|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?))?"
_RANGE = "if it is a time range, write its start and its end in columns of their own"
_DATE = re.compile(
    r"(?:(?P<weekday>[A-Za-zäöü]{2,10})[.,]{0,2} +)?"
    r"(?:(?P<y>[0-9]{4})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"
    r"|(?P<n1>[0-9]{1,2})(?P<s2>[-/.])(?P<n2>[0-9]{1,2})(?P=s2)(?P<ny>[0-9]{4}|[0-9]{2})"
    r"|(?P<nd>[0-9]{1,2})(?:st|nd|rd|th|\.)?[ -]*(?P<name>[A-Za-zäéûà]{3,9})\.?,?[ -]*(?P<nmy>[0-9]{4}|[0-9]{2})"
    r"|(?P<name2>[A-Za-z]{3,9})\.? +(?P<nd2>[0-9]{1,2})(?:st|nd|rd|th)?,? +(?P<nmy2>[0-9]{4}))"
    rf"(?:(?:(?P<exact>[Tt])|,? +(?:at +|um +)?){_CLOCK}{_OFFSET})?"
)
_TIME = re.compile(_CLOCK)
_NO_DAY = re.compile(r"(?:1899-12-3[01]|1900-01-0[01]|3[01]/12/1899|12/3[01]/1899|0?1/0?[01]/1900)[T ](.+)")
"""A time of day to which a spreadsheet has added its own first day."""
_DASHES = dict.fromkeys(map(ord, "−‐‑‒–"), "-")


@dataclass(frozen=True, slots=True)
class CellDate:
    """The value of a cell: a wall clock, an offset if one is given, and whether it is a whole day without a time.

    `doubt` says why something that is written like an offset may not be one; empty if it surely is.
    """

    wall: datetime
    offset: timedelta | None = None
    whole_day: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A date as it is written.

    In a `sure` date day and month are known; otherwise only the whole file shows which number is which.
    `clock` is None if no time of day is given; `offset` is from UTC.
    """

    text: str
    year: int
    first: int
    second: int
    sure: bool = False
    short_year: bool = False
    weekday: int | None = None
    clock: time | None = None
    offset: timedelta | None = None
    perhaps_a_range: bool = False  # 09:00-11:00: an offset, or the end of a range of times
    capital_half: bool = False  # AM or PM in capitals, as spreadsheets set to the United States write it

    @property
    def proves(self) -> Order | None:
        """The order that this date proves; None if it allows both, or neither."""
        if self.sure:
            return None
        possible = [order for order in (Order.DAY_FIRST, Order.MONTH_FIRST) if self._possible(order)]
        return possible[0] if len(possible) == 1 else None

    @property
    def either(self) -> bool:
        """Whether it would be a different day in the other order."""
        return not self.sure and self.first != self.second and self.proves is None and max(self.first, self.second) < 13

    def moment(self, order: Order) -> CellDate:
        """The moment, read in this order. Raises ValueError with the reason, in words for the cell."""
        month, day = self._month_and_day(order)
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f"the year {self.year} is out of range: check it")
        if self.short_year and self.year < _FIRST_SHORT_YEAR:
            raise ValueError(f"the year {self.year} is unlikely: write it with four digits; {FORM}")
        if month > 12 >= day:
            raise ValueError(f"there is no month {month}: dates here have {_WORDS[order]}; {FORM}")
        try:
            midnight = datetime(self.year, month, day)  # noqa: DTZ001 - a wall clock, until it is read in a zone
        except ValueError:
            wrong = f"month {month}" if month > 12 else f"such day as {day}/{month}/{self.year}"
            raise ValueError(f"there is no {wrong}; {FORM}") from None
        if self.weekday is not None and midnight.weekday() != self.weekday:
            raise ValueError(f"that day is a {_WEEKDAY_NAMES[midnight.weekday()]}: the date or the weekday is wrong")
        if self.clock is None:
            return CellDate(midnight, whole_day=True)
        doubt = f"“{self.text}” has an offset from UTC, or a time range: {_RANGE}" if self.perhaps_a_range else ""
        return CellDate(datetime.combine(midnight, self.clock), self.offset, doubt=doubt)

    def _month_and_day(self, order: Order) -> tuple[int, int]:
        return (self.first, self.second) if order is Order.MONTH_FIRST and not self.sure else (self.second, self.first)

    def _possible(self, order: Order) -> bool:
        month, day = self._month_and_day(order)
        try:
            there = date(self.year, month, day)
        except ValueError:
            return False
        return self.weekday is None or there.weekday() == self.weekday


def plain_date(cell: str) -> str:
    """The cell without invisible characters and a spreadsheet's mark for text, with plain spaces and dashes."""
    if cell.isascii():
        return " ".join(cell.removeprefix("'").split())
    seen = "".join(" " if mark.isspace() else mark for mark in cell if unicodedata.category(mark) not in {"Cf", "Mn"})
    return " ".join(unicodedata.normalize("NFKC", seen).translate(_DASHES).split())


def weekday_named(cell: str) -> int | None:
    """The weekday that is all of a cell, Monday being 0; None if it is something else."""
    return _WEEKDAY.get(plain_date(cell).casefold().rstrip(".,"))


def read_time(cell: str) -> time | None:
    """A time of day on its own, or with a spreadsheet's first day before it; None if the cell is something else.

    Raises ValueError for an impossible time, such as 25:00.
    """
    text = plain_date(cell)
    if alone := _NO_DAY.fullmatch(text):
        text = alone[1]
    found = _TIME.fullmatch(text)
    if not found or (found["min"] is None and not found["half"]):
        return None
    return _clock(found.groupdict())


def read_written(cell: str) -> Written:
    """Read a date with or without time and offset. Raises ValueError with the reason, in words for the cell."""
    text = plain_date(cell)
    found = _DATE.fullmatch(text)
    part = found.groupdict() if found else {}
    if not found or (part["h"] is not None and part["min"] is None and not part["half"]):
        raise ValueError(_why_not(text))
    weekday = None
    if part["weekday"] is not None:
        weekday = _WEEKDAY.get(part["weekday"].casefold())
        if weekday is None:
            raise ValueError(_why_not(text))
    year, first, second, sure = _numbers(part, text)
    return Written(
        text,
        _full(year),
        first,
        second,
        sure=sure,
        short_year=len(year) == 2,
        weekday=weekday,
        clock=None if part["h"] is None else _clock(part),
        offset=_offset(part),
        perhaps_a_range=part["sign"] == "-" and not part["exact"] and part["sec"] is None,
        capital_half=bool(part["half"] and part["half"].isupper() and "." not in part["half"]),
    )


def _numbers(part: dict[str, str | None], text: str) -> tuple[str, int, int, bool]:
    """Year, day and month as written (if unsure: first and second number), and whether they are sure."""
    if part["y"]:
        year, month, day = part["y"], int(part["m"] or 0), int(part["d"] or 0)
        if month > 12 >= day:
            raise ValueError(f"there is no month {month}: dates are year-month-day; {FORM}")
        return year, day, month, True
    if part["n1"]:
        return part["ny"] or "", int(part["n1"]), int(part["n2"] or 0), False
    name, day_text, year_text = (
        (part["name"], part["nd"], part["nmy"]) if part["name"] else (part["name2"], part["nd2"], part["nmy2"])
    )
    named = _MONTH.get((name or "").casefold())
    if named is None:
        raise ValueError(_why_not(text))
    return year_text or "", int(day_text or 0), named, True


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _clock(part: dict[str, str | None]) -> time:
    hour, minute, second = int(part["h"] or 0), int(part["min"] or 0), int(part["sec"] or 0)
    time_of_day = f"{part['h']}:{part['min'] or '00'}"
    half = (part["half"] or "").casefold().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no such time of day: {time_of_day} {half}")
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"there is no such time of day: {time_of_day}; midnight is 00:00 of the next day")
    return time(hour, minute, second)


def _offset(part: dict[str, str | None]) -> timedelta | None:
    if part["z"]:
        return timedelta(0)
    if not part["sign"]:
        return None
    hours, minutes = int(part["oh"] or 0), int(part["om"] or 0)
    if hours > 14 or minutes > 59:
        hint = f"; {_RANGE}" if part["sign"] == "-" else ""
        raise ValueError(f"there is no such offset from UTC: {part['sign']}{hours:02}:{minutes:02}{hint}")
    ahead = timedelta(hours=hours, minutes=minutes)
    return -ahead if part["sign"] == "-" else ahead


def _why_not(text: str) -> str:
    if re.fullmatch(r"[0-9]{5}([.,][0-9]+)?", text):
        return f"this is a spreadsheet's number, not a date: give the cell the format of a date; {FORM}"
    if re.fullmatch(r".*[0-9][/.-]?\s*", text) and not re.search(r"[0-9]{4}|[/.-][0-9]{2}\b", text):
        return f"this date has no year; {FORM}"
    return f"this date cannot be read; {FORM}"


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why the dates in a file cannot be used, and the line and column that prove it."""

    line: int
    column: str | None
    message: str


def distrust(dates: Sequence[tuple[int, str, Written]], order: Order) -> Distrust | None:
    """Whether a file's dates contradict each other or the settings. `dates` come with their line and column."""
    unsure = [entry for entry in dates if not entry[2].sure]
    proofs = {found: entry for entry in reversed(unsure) if (found := entry[2].proves)}
    if len(proofs) > 1:
        (line, column, day), (other, _, month) = proofs[Order.DAY_FIRST], proofs[Order.MONTH_FIRST]
        words = f"“{day.text}” on line {line} has the day first, and “{month.text}” on line {other} the month first"
        return Distrust(line, column, f"{words}: none of the dates in this file can be used. {_AS_ISO}")
    for proven, (line, column, written) in proofs.items():
        if proven is not order:
            return contrary(line, column, written, order)
    if order is Order.ISO and unsure:
        line, column, written = unsure[0]
        words = f"“{written.text}” does not have the year first, as the settings ask"
        return Distrust(line, column, f"{words}: none of the dates in this file can be used. {_AS_ISO}")
    if order is Order.DAY_FIRST and not proofs:
        american = next((entry for entry in unsure if entry[2].capital_half and entry[2].either), None)
        if american:
            line, column, written = american
            words = f"“{written.text}” may have the day first or, as times with AM and PM often do, the month first"
            return Distrust(line, column, f"{words}, and no date of this file proves which. {_AS_ISO}")
    return _years_apart(unsure)


def contrary(line: int, column: str | None, written: Written, order: Order) -> Distrust:
    """That a date proves another order than the settings give."""
    proven = _WORDS[written.proves or order]
    words = f"“{written.text}” has {proven}, but the settings say that dates have {_WORDS[order]}"
    message = f"{words}: none of the dates in this file can be used. {_AS_ISO}; or IT changes the settings"
    return Distrust(line, column, message)


def _years_apart(unsure: Sequence[tuple[int, str, Written]]) -> Distrust | None:
    """Two-digit years far apart: the number taken for the year is more likely the day."""
    short = sorted((entry for entry in unsure if entry[2].short_year), key=lambda entry: entry[2].year)
    if len(short) < 2 or short[-1][2].year - short[0][2].year <= _MOST_YEARS:
        return None
    (line, column, one), (other, _, last) = short[0], short[-1]
    words = f"“{one.text}” and “{last.text}” on line {other} would be {last.year - one.year} years apart"
    return Distrust(line, column, f"{words}: is the year written first? {_AS_ISO}")


_AS_ISO = "Write every date with the year first: 2026-03-14 08:30"
