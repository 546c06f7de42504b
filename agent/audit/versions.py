"""Which version of the program each device runs, as its signed record says, and which devices are behind. Pure.

The newest version is that of all devices examined and of this program, because IT's machine is set up first. A device
that is behind gets a note, not a finding. A device can claim any version: it is shown, not believed.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from agent import __version__
from agent.audit.findings import Report

_VERSION = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[.+-]?[A-Za-z0-9.+-]{1,32})?", re.ASCII)
LONGEST = 64


def as_version(said: object) -> str | None:
    """The version that an entry states; None if it states none."""
    return said if isinstance(said, str) and len(said) <= LONGEST and _VERSION.fullmatch(said) else None


def with_versions(reports: Sequence[Report], gone_on: set[str]) -> list[Report]:
    """The reports, with a note for each device that is behind; `gone_on` are devices that have another name now."""
    newest, who = __version__, "this program"
    for report in reports:
        if report.version is not None and report.device not in gone_on and _order(report.version) > _order(newest):
            newest, who = report.version, report.device
    return [
        replace(report, behind=newest, notes=(*report.notes, _note(report.version, newest, who)))
        if report.version is not None and report.device not in gone_on and _order(report.version) < _order(newest)
        else report
        for report in reports
    ]


def _note(version: str, newest: str, who: str) -> str:
    return f"it runs version {version}, but {who} runs {newest}: update it"


def _order(version: str) -> tuple[int, ...]:
    """Its numbers, for comparing; a build or candidate suffix does not make a device behind."""
    found = _VERSION.fullmatch(version)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
