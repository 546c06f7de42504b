"""Making the whole report from a copy of the share: verify, add up, work out the facts, write a folder of pages."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent import __version__
from agent.audit.evidence import opened_copy
from agent.audit.findings import Report
from agent.audit.onshare import is_on_share
from agent.audit.report.asked import Asked, Examined, OnShare
from agent.audit.report.cells import Cell
from agent.audit.report.certificate import copies_of, delays_of, visit_facts
from agent.audit.report.folder import ReportFolder, making, read_before
from agent.audit.report.inspections import rows as rows_of_inspections
from agent.audit.report.laptops import laptop_facts
from agent.audit.report.metrics import metrics
from agent.audit.report.mhl import Recorded, manifest
from agent.audit.report.pages import Pages
from agent.audit.report.retention import due_of
from agent.audit.report.school import headline, school_facts
from agent.audit.report.shown import FileNames
from agent.audit.report.signing import ReviewerKey, certificate_note
from agent.audit.report.tables import (
    CHECKS,
    CONTRAVENTIONS,
    DEVICE_VISITS,
    DEVICES,
    FINDINGS,
    INSPECTIONS,
    LAPTOPS,
    MONTHS,
    NEEDS,
    VISITS,
    to_csv,
    to_json,
)
from agent.audit.report.tally import Tally
from agent.audit.report.words import count
from agent.audit.verified import read_verified
from agent.errors import UsageError
from agent.files.beneath import Beneath, NotPlain
from agent.record.entry import Entry
from agent.record.note import VerifierKey

DELETED = "retention.json"
"""For which visits IT's deletion was seen, and when first: the only thing that one report takes over from the last."""

MOST_PHOTOS = 5_000_000
"""The most names below `visits/` that are read."""

DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Made:
    """The result: the reports on the records, the first sentence of the first page, and how many pages were written."""

    reports: Sequence[Report]
    sentence: str
    visits: int
    devices: int
    not_as_recorded: int = 0


def make_report(
    share: Path,
    keys: Iterable[VerifierKey],
    out: Path,
    asked: Asked,
    *,
    mhl: bool = False,
    progress: Callable[[str], object] = lambda _: None,
) -> Made:
    """Make the report on a copy of the share (or of its `record/`) in the folder `out`; `progress` is called with
    messages.

    UsageError if there is no record, or the folder cannot be used; then nothing is written.
    """
    if is_on_share(share, out):
        raise UsageError(f"{out} is inside {share}. Name a folder that is not on the share.")
    tally, recorded = Tally(asked.now, asked.clock.zone), Recorded()
    if mhl:
        found = read_verified(share, keys, _Both(tally, recorded), now=asked.now, max_silence=asked.silence)
    else:
        found = read_verified(share, keys, tally, now=asked.now, max_silence=asked.silence, join=tally.join)
    reports = {one.device: one for one in found}
    tally.settle()
    progress(f"{count(sum(one.entries for one in reports.values()), 'entry', 'entries')} read. Making the pages …")
    examined = Examined(reports, _folders(share))
    with making(out) as folder:
        return _write(folder, share, out, tally, examined, asked, recorded if mhl else None, progress)


class _Both:
    """Passes everything on to two sinks."""

    def __init__(self, tally: Tally, recorded: Recorded) -> None:
        self._tally, self._recorded = tally, recorded

    def entry(self, entry: Entry) -> None:
        self._tally.entry(entry)
        self._recorded.entry(entry)

    def forget(self, device: str) -> None:
        self._tally.forget(device)
        self._recorded.forget(device)


def _write(
    folder: ReportFolder,
    share: Path,
    out: Path,
    tally: Tally,
    examined: Examined,
    asked: Asked,
    recorded: Recorded | None,
    progress: Callable[[str], object],
) -> Made:
    by_visit, by_device = _sorted(tally)
    remembered = _remembered(out)
    visits = [
        visit_facts(
            visit,
            by_visit.get(visit, []),
            tally,
            examined,
            asked,
            due_of(visit, *_last_and_files(by_visit.get(visit, [])), examined.folders, asked, remembered),
        )
        for visit in _visits(by_visit, asked)
    ]
    devices = [
        laptop_facts(report, cells, tally, asked, delays_of(cells), copies_of(cells))
        for report in examined.reports.values()
        for cells in [by_device.get(report.device, [])]
    ]
    devices.sort(key=lambda one: ({"stop": 0, "ask": 1}.get(one["state"], 2), one["device"]))
    visits.sort(key=lambda one: (one["starts"] or _latest(one), one["visit"]), reverse=True)
    school = school_facts(devices, visits, tally, examined, asked)
    titles = {one["visit"]: one["title"] for one in visits}
    pages = Pages(asked, folder.put, titles)
    pages.style()
    pages.school(school, devices)
    pages.lists(school, visits, devices)
    for one in visits:
        _put_visit(pages, folder, one, asked)
    for one in devices:
        pages.device(one)
        _put(folder, f"devices/{pages.device_files.of(one['device'])}", one, DEVICE_VISITS, one["visits"])
    for one in school["spot_checks"]:
        pages.check(one)
        _put(folder, f"spot-checks/{pages.check_files.of(one['id'])}", one, FINDINGS, one["findings"])
    _put_lists(folder, school, visits, devices)
    folder.put("photo-agent.prom", metrics(school, devices, pages.device_files.of))
    seen = {one["visit"]: one["retention"]["deleted_seen_at"] for one in visits}
    deleted = {visit: at for visit, at in seen.items() if at}
    folder.put(DELETED, json.dumps({"deleted_seen_at": deleted}, sort_keys=True).encode())
    strange = 0 if recorded is None else _put_manifests(folder, share, recorded, asked, progress)
    folder.exchange()
    return Made(list(examined.reports.values()), headline(school)[1], len(visits), len(devices), strange)


# --- writing ---------------------------------------------------------------------------------------------------------


def _put_visit(pages: Pages, folder: ReportFolder, facts: Mapping[str, Any], asked: Asked) -> None:
    import hashlib

    name = f"visits/{pages.visit_files.of(facts['visit'])}"
    content = to_json(facts)
    digest = hashlib.sha256(content).hexdigest()
    pages.visit(facts, digest)
    folder.put(f"{name}.json", content)
    folder.put(f"{name}.csv", to_csv(LAPTOPS, ({**one, "visit": facts["visit"]} for one in facts["laptops"])))
    if isinstance(asked.signer, ReviewerKey):
        folder.put(f"{name}.txt", certificate_note(f"{name}.json", digest, asked.signer))


def _put_lists(
    folder: ReportFolder,
    school: Mapping[str, Any],
    visits: Sequence[Mapping[str, Any]],
    devices: Sequence[Mapping[str, Any]],
) -> None:
    _put(folder, "index", school, NEEDS, school["needs"])
    folder.put("months.csv", to_csv(MONTHS, school["months"]))
    rows = [
        {
            **one,
            "keep_until": one["retention"]["until"],
            "held": one["retention"]["held"],
            "deleted_seen_at": one["retention"]["deleted_seen_at"],
        }
        for one in visits
    ]
    _put(folder, "visits/index", {"visits": [{key: one[key] for key in VISITS} for one in rows]}, VISITS, rows)
    listed = [{key: one[key] for key in DEVICES} for one in devices]
    _put(folder, "devices/index", {"devices": listed}, DEVICES, listed)
    checks = {"spot_checks": school["spot_checks"], "inspections": school["inspections"]}
    _put(folder, "spot-checks/index", checks, CHECKS, school["spot_checks"])
    folder.put("spot-checks/inspections.csv", to_csv(INSPECTIONS, rows_of_inspections(school["inspections"])))
    contravened = school["contraventions"]
    _put(folder, "headteacher", {"contraventions": contravened}, CONTRAVENTIONS, contravened)


def _put(folder: ReportFolder, name: str, facts: Mapping[str, Any], columns: Sequence[str], rows: Any) -> None:
    folder.put(f"{name}.json", to_json(facts))
    folder.put(f"{name}.csv", to_csv(columns, rows))


def _put_manifests(
    folder: ReportFolder, share: Path, recorded: Recorded, asked: Asked, progress: Callable[[str], object]
) -> int:
    """Write a manifest for each visit's folder; returns how many files do not match the record."""
    names, strange = FileNames(), 0
    with opened_copy(share) as copy:
        for visit, digests in sorted(recorded.digests.items()):
            progress(f"Reading the files of {visit} …")
            made = manifest(copy, visit, digests, asked.now, __version__)
            if made is None:
                continue
            strange += made.left_out
            for name, content in made.files.items():
                folder.put(f"mhl/{names.of(visit)}/ascmhl/{name}", content)
    return strange


# --- reading the share -----------------------------------------------------------------------------------------------


def _folders(share: Path) -> dict[str, OnShare] | None:
    """How many files each visit's folder holds; None if this is not a whole share, or its folders may not be read."""
    import stat

    found: dict[str, OnShare] = {}
    try:
        with Beneath(share) as copy:
            if not copy.is_folder(("record",)) or not copy.is_folder(("visits",)):
                return None
            for name, about in copy.walk(("visits",), MOST_PHOTOS, DEEPEST):
                visit, _, rest = name.partition("/")
                if rest and stat.S_ISREG(about.st_mode) and not rest.startswith(".uploading-"):
                    before = found.get(visit, OnShare(0, 0))
                    found[visit] = OnShare(before.files + 1, before.bytes + about.st_size)
    except (OSError, NotPlain):
        return None
    return found


def _remembered(out: Path) -> dict[str, datetime]:
    content = read_before(out, DELETED, 16 * 1024 * 1024)
    try:
        said = json.loads(content or b"{}").get("deleted_seen_at", {})
        return {str(visit): datetime.fromisoformat(at) for visit, at in said.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _sorted(tally: Tally) -> tuple[dict[str, list[Cell]], dict[str, list[Cell]]]:
    by_visit: dict[str, list[Cell]] = {}
    by_device: dict[str, list[Cell]] = {}
    for cell in tally.cells.values():
        by_visit.setdefault(cell.visit, []).append(cell)
        by_device.setdefault(cell.device, []).append(cell)
    return by_visit, by_device


def _visits(by_visit: Mapping[str, Any], asked: Asked) -> list[str]:
    """The visits on record, and those in the visits list that have begun."""
    begun = [visit for visit, words in (asked.visits or {}).items() if words.starts <= asked.now]
    return list(dict.fromkeys((*by_visit, *begun)))


def _last_and_files(cells: Sequence[Cell]) -> tuple[datetime | None, int, int]:
    last = max((cell.last for cell in cells if cell.last is not None), default=None)
    return last, sum(cell.files for cell in cells), sum(cell.own_files for cell in cells)


def _latest(facts: Mapping[str, Any]) -> str:
    return max((one["last_removed"] or "" for one in facts["laptops"]), default="")
