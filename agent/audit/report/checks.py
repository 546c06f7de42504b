"""Results of spot checks, as `spot-check examine` leaves them in IT's state. Anybody could have put them there.

What is shown are bounded numbers and texts. Whether the reviewer's signature holds is not looked at here, and said so.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.audit.report.shown import count_of, shown, text_of, time_of
from agent.files.beneath import Beneath, NotPlain

FOLDER = "spot-checks"

LARGEST = 16 * 1024 * 1024
"""Bytes of a result that are read."""

MOST = 2_000
"""Results that are read, and names that are looked at."""

MOST_FINDINGS = 500
"""Findings of one result that are shown."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing that a spot check found: of which laptop's entry, what kind, and in words."""

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
    signed: bool

    @property
    def troubles(self) -> int:
        """How many things need a person."""
        return self.wrong + self.missing_entries


def read_checks(audit: Path) -> tuple[list[SpotCheck], int]:
    """The results in a folder of IT's state, the newest first; and how many files there could not be read."""
    found: list[SpotCheck] = []
    known: set[str] = set()
    unread = 0
    try:
        with Beneath(audit) as folder:
            if not folder.is_folder((FOLDER,)):
                return [], 0
            for one in folder.names((FOLDER,), MOST):
                if not one.name.endswith(".json"):
                    continue
                try:
                    with folder.open((FOLDER, one.name), LARGEST) as file:
                        check = _read(one.name.removesuffix(".json"), json.load(file))
                    if check.id.casefold() in known:
                        unread += 1  # two results cannot have one page
                        continue
                    known.add(check.id.casefold())
                    found.append(check)
                except (OSError, ValueError, TypeError, RecursionError, NotPlain):
                    unread += 1
    except FileNotFoundError:
        return [], 0
    except (OSError, NotPlain):
        return found, unread + 1
    return sorted(found, key=lambda one: (_moment(one), one.id), reverse=True), unread


def _moment(one: SpotCheck) -> str:
    at = one.examined_at or one.drawn_at
    return "" if at is None else at.isoformat()


def _read(name: str, said: Any) -> SpotCheck:
    if not isinstance(said, dict) or said.get("kind") != "spot-check":
        raise ValueError("this is not the result of a spot check")
    said_id = said.get("id")
    findings = [one for one in _list(said, "findings") if isinstance(one, dict)]
    return SpotCheck(
        id=said_id if isinstance(said_id, str) and _ID.fullmatch(said_id) else name[:64],
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
        missing_entries=len(_list(said, "missing_entries")),
        gaps=len(_list(said, "gaps")),
        signed=bool(said.get("signature")),
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
    """A count, or the length of a list of what is counted."""
    return len(value) if isinstance(value, list) else count_of({"n": value}, "n")


def _sentence(value: Any) -> str:
    """The check's own words may be a long sentence: up to 500 characters of it."""
    if not isinstance(value, str):
        return ""
    return "".join(shown(value[at : at + 100]) for at in range(0, min(len(value), 500), 100))


def _figure(value: Any) -> str:
    """A part in per cent, as a number or in words."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    if isinstance(value, str):
        return shown(value)[:20]
    return f"{value:g} %" if 0 <= value <= 100 else ""
