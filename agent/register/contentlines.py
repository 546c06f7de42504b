"""The lines of a calendar file (iCalendar, RFC 5545), read leniently: components with their lines.

Outlook, Google and scripts write lines that the standard does not allow: descriptions that are not folded, quotes in
names, alarms of their own making, line ends of an old Mac. A reader asks a component only for the lines it needs; all
others are skipped unread.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PART = re.compile(r"(BEGIN|END):([A-Z][A-Z0-9-]*)\s*", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?=[;:])")
_TIME = re.compile(r"(?:DTSTART|DTEND)(;.*)?:\s*([0-9TZ]*)\s*", re.IGNORECASE)
_MAIN = frozenset({"VCALENDAR", "VEVENT", "VTIMEZONE"})
_DEEPEST = 20
"""An alarm in an event in a calendar is at the third level."""
_FOLD_IN_A_LETTER = re.compile(rb"([\xc2-\xf4][\x80-\xbf]{0,2})((?:\r\n|\n|\r)[ \t])([\x80-\xbf]{1,3})")


@dataclass(frozen=True, slots=True)
class Property:
    """One line: its name in capitals, its parameters as written, and its value."""

    name: str
    parameters: str
    value: str

    def parameter(self, name: str) -> str:
        """A parameter's value without its quotes; empty if it is missing."""
        found = re.search(rf";\s*{name}\s*=\s*(?:\"([^\"]*)\"?|([^;]*))", self.parameters, re.IGNORECASE)
        return "" if found is None else (found[1] if found[1] is not None else found[2]).strip()


@dataclass(slots=True)
class Component:
    """The lines between BEGIN and END. `line` is where it begins; `strange` are lines that are not properties."""

    kind: str
    line: int
    properties: list[Property] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    unclosed: str | None = None
    _by_name: dict[str, list[Property]] = field(default_factory=dict)
    _counted: int = 0

    def all(self, name: str) -> list[Property]:
        """Every property of that name."""
        if self._counted != len(self.properties):
            self._by_name = {}
            for one in self.properties:
                self._by_name.setdefault(one.name, []).append(one)
            self._counted = len(self.properties)
        return self._by_name.get(name, [])

    def text(self, name: str) -> str:
        """A property's value with text escapes undone; empty if it is missing or appears more than once."""
        found = self.all(name)
        return _unescaped(found[0].value).strip() if len(found) == 1 else ""


class NoCalendar(Exception):
    """Why the file is not a calendar, in words for the person who maintains it."""


def read_components(text: str) -> list[Component]:
    """The calendars in a file. Raises NoCalendar if it contains none, or is cut off."""
    calendars: list[Component] = []
    opened: list[Component] = []
    for number, line in _unfolded(text):
        part = _PART.fullmatch(line)
        if part is None:
            if opened:
                _add(opened[-1], line)
            continue
        kind = part[2].upper()
        if part[1].upper() == "BEGIN":
            component = Component(kind, number)
            if opened:
                opened[-1].parts.append(component)
            elif kind == "VCALENDAR":
                calendars.append(component)
            else:
                raise NoCalendar(f"BEGIN:{kind[:20]} on line {number} is outside BEGIN:VCALENDAR")
            opened.append(component)
            if len(opened) > _DEEPEST:
                raise NoCalendar(f"on line {number}, one part is inside {_DEEPEST} others")
        else:
            _close(opened, kind, number)
    if opened:
        raise NoCalendar(f"it is cut off: END:{opened[-1].kind[:20]} is missing")
    if not calendars:
        raise NoCalendar("BEGIN:VCALENDAR is missing")
    return calendars


def _close(opened: list[Component], kind: str, number: int) -> None:
    """Close the component that an END belongs to; components left open inside it are noted on it."""
    at = next((at for at in reversed(range(len(opened))) if opened[at].kind == kind), None)
    if at is None:
        if kind in _MAIN:
            raise NoCalendar(f"an END:{kind} without its BEGIN on line {number}")
        if opened:
            opened[-1].strange.append(f"END:{kind}")
        return
    left = opened[at + 1 :]
    for inner in left:
        if inner.kind in _MAIN:
            raise NoCalendar(f"it is cut off: END:{inner.kind} is missing before line {number}")
    if left:
        opened[at].unclosed = left[0].kind
    del opened[at:]


def folds_between_letters(raw: bytes) -> bytes:
    """The same bytes, with no line folded inside a letter of UTF-8, as some programs do (RFC 5545, 3.1)."""
    return _FOLD_IN_A_LETTER.sub(rb"\1\3\2", raw)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first line."""
    current: list[str] = []
    start = 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")), 1):
        if line[:1] in {" ", "\t"} and start:
            current.append(line[1:])
            continue
        if start and (whole := "".join(current)):
            yield start, whole
        current, start = [line], number
    if whole := "".join(current):
        yield start, whole


def _add(component: Component, line: str) -> None:
    name = _NAME.match(line)
    if name is None:
        component.strange.append(line)
        return
    if times := _TIME.fullmatch(line):
        # The zone's name may have colons in it, and no quotes around it: the time follows the last one.
        component.properties.append(Property(name[1].upper(), times[1] or "", times[2]))
        return
    at = _colon(line, name.end())
    if at is None:
        component.strange.append(line)
    else:
        component.properties.append(Property(name[1].upper(), line[name.end() : at], line[at + 1 :]))


def _colon(line: str, start: int) -> int | None:
    """Where the value begins: after the first colon outside quotes, or the very first if the quotes are not closed."""
    quoted = False
    for at in range(start, len(line)):
        if line[at] == '"':
            quoted = not quoted
        elif line[at] == ":" and not quoted:
            return at
    first = line.find(":", start)
    return first if first >= 0 else None


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value, flags=re.DOTALL)
