"""What verifying found: for people, for scripts, and as the exit code of each kind of damage."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from agent.counting import counted


class RecordFault(IntEnum):
    """What is wrong with a record; the value is the exit code."""

    ALTERED = 10
    TRUNCATED = 11
    UNSIGNED = 12
    FORKED = 13
    SILENT = 14


GRAVEST_FIRST = (
    RecordFault.FORKED,
    RecordFault.ALTERED,
    RecordFault.TRUNCATED,
    RecordFault.UNSIGNED,
    RecordFault.SILENT,
)

_WORDS = {
    RecordFault.ALTERED: "altered",
    RecordFault.TRUNCATED: "truncated",
    RecordFault.UNSIGNED: "not signed",
    RecordFault.FORKED: "forked",
    RecordFault.SILENT: "heartbeat missing",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in words, with its entry and its file if they are known."""

    damage: RecordFault
    text: str
    index: int | None = None
    file: str | None = None

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        facts = {"damage": _WORDS[self.damage], "code": int(self.damage), "text": self.text}
        return facts | {key: value for key, value in (("index", self.index), ("file", self.file)) if value is not None}


@dataclass(frozen=True, slots=True)
class Former:
    """The name that the device had before, how many entries its record had then, and the root of its signed tree."""

    name: str
    entries: int
    root: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of examining one device's record. It is whole if there are no findings.

    `entries` is how many were read from the first one without a gap; `signed` how many of them a trusted signature
    covers; `root` and `keys` belong to that signature. `notes` are worth knowing but not damage. `to_erase` are entries
    that were erased on the laptop and are still in this copy, wholly or in part.

    `last_at` is when the last signed entry was written, by the laptop's clock. `last_heard` is the latest moment at
    which the device was certainly active, by the share's clock if that is known, None if nothing can be believed.
    `ahead` is how many entries are dated in the future. `renamed_to` is the name under which the record continues,
    `formers` are the device's earlier names. `version` is that of the program which signed last, `behind` the newest
    version, if another device or this program has a newer one.
    """

    device: str
    entries: int
    signed: int
    root: str | None
    keys: tuple[str, ...]
    last_at: datetime | None
    erased: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    to_erase: tuple[int, ...] = ()
    last_heard: datetime | None = None
    ahead: int = 0
    renamed_to: str | None = None
    formers: tuple[Former, ...] = ()
    version: str | None = None
    behind: str | None = None

    @property
    def exit_code(self) -> int:
        """0, or the code of the gravest damage."""
        return exit_code([self])

    def with_finding(self, damage: RecordFault, text: str) -> "Report":
        """A copy with one more finding."""
        findings = sorted((*self.findings, Finding(damage, text)), key=lambda one: GRAVEST_FIRST.index(one.damage))
        return replace(self, findings=tuple(findings))

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        return {
            "device": self.device,
            "whole": not self.findings,
            "exit_code": self.exit_code,
            "entries": self.entries,
            "signed": self.signed,
            "root": self.root,
            "keys": list(self.keys),
            "last_at": None if self.last_at is None else self.last_at.isoformat(),
            "last_heard": None if self.last_heard is None else self.last_heard.isoformat(),
            "dated_ahead": self.ahead,
            "renamed_to": self.renamed_to,
            "erased": self.erased,
            "to_erase": list(self.to_erase),
            "findings": [finding.as_json() for finding in self.findings],
            "notes": list(self.notes),
            "version": self.version,
            "behind": self.behind,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        last = "" if self.last_at is None else f", the last from {self.last_at:%Y-%m-%d %H:%M} UTC"
        if not self.findings:
            erased = f", {self.erased} erased on request" if self.erased else ""
            yield f"{self.device}: whole and signed: {counted(self.entries, 'entry', 'entries')}{last}{erased}"
        else:
            worst = _WORDS[RecordFault(self.exit_code)].upper()
            read = counted(self.entries, "entry", "entries")
            yield f"{self.device}: {worst}: {read} read, {self.signed} of them signed{last}"
        for finding in self.findings:
            yield f"  {_WORDS[finding.damage]}: {finding.text}"
        for note in self.notes:
            yield f"  note: {note}"


def exit_code(reports: Iterable[Report]) -> int:
    """0, or the code of the gravest damage in any of them."""
    found = {finding.damage for report in reports for finding in report.findings}
    return next((int(damage) for damage in GRAVEST_FIRST if damage in found), 0)


MOST_LISTED = 50
"""The most findings of one kind in a report: a record that was overwritten would fill a disk with them."""


class Findings:
    """Collects findings, and only counts those beyond `MOST_LISTED` of a kind."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[RecordFault] = Counter()

    def add(self, damage: RecordFault, text: str, *, index: int | None = None, file: str | None = None) -> None:
        """Add a finding."""
        self._counts[damage] += 1
        if self._counts[damage] <= MOST_LISTED:
            self._found.append(Finding(damage, text, index, file))

    def all(self) -> tuple[Finding, ...]:
        """The gravest first, each kind in the order in which it was found."""
        ordered: Sequence[Finding] = sorted(self._found, key=lambda one: GRAVEST_FIRST.index(one.damage))
        more = [
            Finding(damage, f"and {count - MOST_LISTED} more like these")
            for damage, count in self._counts.items()
            if count > MOST_LISTED
        ]
        return (*ordered, *more)
