"""Results of spot checks, as `spot-check examine` leaves them in IT's state. Anybody could have put a file there.

Only what a reviewer signed is shown, as bounded numbers and texts, and whether it was this machine's reviewer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.audit.report.shown import count_of, shown, text_of, time_of
from agent.audit.spotcheck.results import FOLDER, Result, read_results

MOST = 2_000
"""The most results that are shown: the newest."""

MOST_FINDINGS = 500
"""The most findings of one result that are shown."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing that a spot check found: in which laptop's entry, of what kind, and a description."""

    device: str
    index: int | None
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """One spot check's result."""

    id: str
    drawn_at: datetime | None
    examined_at: datetime | None
    reviewer: str
    statement: str
    population: int
    sample: int
    examined: int
    right: int
    wrong: int
    not_known: int
    confidence: str
    max_error: str
    findings: tuple[CheckFinding, ...]
    more_findings: int
    missing_entries: int
    gaps: int
    trusted: bool

    @property
    def troubles(self) -> int:
        """How many things need a person."""
        return max(self.wrong, len(self.findings) + self.more_findings) + self.missing_entries


def read_checks(audit: Path) -> tuple[list[SpotCheck], int]:
    """The results in a folder of IT's state, the newest first; and how many files there could not be believed."""
    stored = read_results(audit / FOLDER)
    unread = len(stored.problems)
    found: dict[str, SpotCheck] = {}
    for result in reversed(stored.results[-MOST:]):
        try:
            check = _read(result)
        except (ValueError, TypeError, RecursionError):
            unread += 1
            continue
        if check.id.casefold() in found:
            unread += 1  # two results cannot have one page
        else:
            found[check.id.casefold()] = check
    return sorted(found.values(), key=lambda one: (_moment(one), one.id), reverse=True), unread


def _moment(one: SpotCheck) -> str:
    at = one.examined_at or one.drawn_at
    return "" if at is None else at.isoformat()


def _read(result: Result) -> SpotCheck:
    said = result.body
    if not _ID.fullmatch(result.id):
        raise ValueError("this id cannot be a page's name")
    findings = [one for one in _list(said, "findings") if isinstance(one, dict)]
    return SpotCheck(
        id=result.id,
        drawn_at=time_of(said, "drawn_at"),
        examined_at=time_of(said, "examined_at"),
        reviewer=text_of(said, "reviewer"),
        statement=_sentence(said.get("statement")),
        population=count_of(said, "population"),
        sample=_number(said.get("sample")),
        examined=_number(said.get("examined")),
        right=_number(said.get("right")),
        wrong=_number(said.get("wrong")),
        not_known=_number(said.get("not_known")),
        confidence=_figure(said.get("confidence")),
        max_error=_figure(said.get("max_error")),
        findings=tuple(_finding(one) for one in findings[:MOST_FINDINGS]),
        more_findings=max(0, len(findings) - MOST_FINDINGS),
        missing_entries=max(len(_list(said, "missing_entries")), count_of(said, "without_entry")),
        gaps=len(_list(said, "gaps")),
        trusted=result.trusted,
    )


def _finding(said: Mapping[str, Any]) -> CheckFinding:
    index = said.get("index")
    device = text_of(said, "origin").removeprefix("visit-photo-agent/")
    whole = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < 2**53
    return CheckFinding(device, index if whole else None, text_of(said, "kind"), text_of(said, "detail"))


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    value = said.get(name)
    return value if isinstance(value, list) else []


def _number(value: Any) -> int:
    """A number, or the length of a list."""
    return len(value) if isinstance(value, list) else count_of({"n": value}, "n")


def _sentence(value: Any) -> str:
    """Up to 500 characters of the check's own words, which may be one long sentence."""
    if not isinstance(value, str):
        return ""
    return "".join(shown(value[at : at + 100]) for at in range(0, min(len(value), 500), 100))


def _figure(value: Any) -> str:
    """A percentage, given as a number or in words."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    if isinstance(value, str):
        return shown(value)[:20]
    return f"{value:g} %" if 0 <= value <= 100 else ""
