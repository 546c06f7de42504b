"""A fault in a register, described so that the person who maintains the spreadsheet finds the cell."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from agent.errors import Unforeseen, contained, kind_and_place

Read = TypeVar("Read")
Severity = Literal["error", "warning"]
Which = Literal["visits", "cameras"]
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and where it is.

    `line` counts from 1 as a spreadsheet numbers its rows: the header is line 1 and a row with line breaks inside a
    cell is one row. In a calendar it is the line of the file on which the event begins. 0: not known. `column` is the
    column's name (in a calendar the property's); None means the whole line. An *error* leaves its line out of the
    register; a *warning* does not.
    """

    line: int
    column: str | None
    message: str
    severity: Severity
    register: Which = "visits"

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "register"
        return f"{where}, {self.column}: {self.message}" if self.column else f"{where}: {self.message}"


@dataclass(slots=True)
class Notes:
    """Collects the faults of one line while it is read."""

    line: int
    register: Which = "visits"
    faults: list[Fault] = field(default_factory=list)

    def error(self, column: str | None, message: str) -> None:
        """This line cannot be used and is left out."""
        self.faults.append(Fault(self.line, column, message, "error", self.register))

    def warning(self, column: str | None, message: str) -> None:
        """This line is used, but someone should look at it."""
        self.faults.append(Fault(self.line, column, message, "warning", self.register))

    def failed(self) -> bool:
        """Whether the line is left out."""
        return any(fault.severity == "error" for fault in self.faults)


def contained_line(notes: Notes, read: Callable[[], Read | None]) -> Read | None:
    """What `read` returns for one line. An unforeseen fault becomes an error of that line, and other lines are read."""
    made: Read | None = None
    try:
        with contained("a line of the register"):
            made = read()
    except Unforeseen as fault:
        notes.error(None, f"this line cannot be read ({kind_and_place(fault.__cause__ or fault)}): tell IT")
    return made


def doubled(entries: list[tuple[str | None, Notes]], column: str) -> None:
    """Give each of the lines that share a name an error: nothing shows which of them is meant.

    Names that differ only by case are the same: they would be one folder on Windows and macOS.
    """
    lines: dict[str, list[Notes]] = {}
    for name, notes in entries:
        if name:
            lines.setdefault(name.casefold(), []).append(notes)
    for sharing in lines.values():
        for notes in sharing if len(sharing) > 1 else ():
            # Each fault names only a few of the other lines: a file may repeat one name on all of its lines.
            others = [str(other.line) for other in sharing[: _NAMED + 1] if other is not notes][:_NAMED]
            more = f" and {len(sharing) - 1 - len(others)} more" if len(sharing) - 1 > len(others) else ""
            where = f"line {others[0]}" if len(others) == 1 and not more else f"lines {', '.join(others)}{more}"
            notes.error(
                column, f"this {column} is also on {where}: neither line is used until each has its own {column}"
            )


def as_warnings(notes: Notes) -> None:
    """Turn the errors of a line that is certainly not a visit into warnings: nothing waits for its correction."""
    notes.faults = [replace(fault, severity="warning") for fault in notes.faults]
