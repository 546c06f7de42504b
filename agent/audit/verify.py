"""Verifying a record offline: that each entry matches its leaf, that the leaves make the trees that were signed, that
the keys are those that IT enrolled, and that all signed trees are states of one growing log.

`examination` reads one record; this module verifies a whole copy. Each kind of damage has its exit code:

- *altered* (10): something differs from what was signed, or was inserted;
- *truncated* (11): something that was signed, or that a file's name promises, is missing;
- *not signed* (12): for some part, a signature is missing, wrong, or made by a key that is not enrolled;
- *forked* (13): there are trusted signatures under two histories, and neither continues the other;
- *heartbeat missing* (14): by the reader's own clock, the device has been silent for longer than IT allows.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.audit.atonce import Opened, Part, Place, Say, opened
from agent.audit.evidence import Note, PublishedEvidence
from agent.audit.examination import Examination
from agent.audit.findings import Report
from agent.audit.renaming import Records, succeeded, with_former_names
from agent.audit.silence import with_silence
from agent.audit.versions import with_versions
from agent.files.beneath import Beneath
from agent.record.note import VerifierKey
from agent.record.published import origin


def verify_copy(
    folder: Path,
    keys: Iterable[VerifierKey],
    *,
    now: datetime,
    max_silence: timedelta | None = None,
    seen: Sequence[Note] = (),
) -> list[Report]:
    """Verify a copy of the share, of its `record/`, or of one device's folder in it: a report for each device.

    `keys` are those that IT enrolled, `seen` are checkpoints seen before. If the copy holds several devices, an
    enrolled device without a folder is reported too. UsageError if there is no record in the folder, or it may not be
    read.
    """
    with opened(Place(folder, list(keys), seen)) as here:
        reports: list[Report] = []
        here.each(_Verifying(now), reports.extend)
        return concluded(here, reports, now=now, max_silence=max_silence)


@dataclass(frozen=True, slots=True)
class _Verifying:
    """Verifies some devices' records."""

    now: datetime

    def __call__(self, records: Records, part: Part, _say: Say) -> list[Report]:
        return [verify(*records.of(device), self.now) for device in part.devices]


def concluded(here: Opened, reports: list[Report], *, now: datetime, max_silence: timedelta | None) -> list[Report]:
    """The reports on the records in a copy, with what only shows when they are seen together."""
    if not here.records.alone:
        missing = _missing(here.place, {report.device for report in reports})
        reports = with_former_names([*reports, *(verify(one, here.place.keys, now) for one in missing)])
    goes_on = succeeded(reports)
    return [
        report if report.device in goes_on else with_silence(report, report.last_heard, now, max_silence)
        for report in with_versions(reports, goes_on)
    ]


def verify_all(
    copy: Beneath, keys: Sequence[VerifierKey], *, now: datetime, seen: Sequence[Note] = ()
) -> list[tuple[PublishedEvidence, Report]]:
    """Everything that a copy holds, with a report on each device. The caller checks for silent devices."""
    place = Place(copy.root, keys, seen)
    records = Records(copy, keys, place.seen_of)
    found = [records.of(device) for device in records.devices]
    if not records.alone:
        found += [(evidence, keys) for evidence in _missing(place, set(records.devices))]
    reports = [verify(evidence, trusted_keys, now) for evidence, trusted_keys in found]
    if not records.alone:
        reports = with_former_names(reports)
    return [(evidence, report) for (evidence, _), report in zip(found, reports, strict=True)]


def _missing(place: Place, there: AbstractSet[str]) -> list[PublishedEvidence]:
    """The nothing that a copy has of enrolled devices that are not among these."""
    enrolled = sorted({key.name for key in place.keys} - {origin(device) for device in there})
    devices = [name.removeprefix(origin("")) for name in enrolled]
    return [PublishedEvidence(device, (), (), (), place.seen_of(device)) for device in devices]


def verify(
    evidence: PublishedEvidence, keys: Iterable[VerifierKey], now: datetime, max_silence: timedelta | None = None
) -> Report:
    """Verify one device's record."""
    report = Examination(evidence, keys, now).through()
    return with_silence(report, report.last_heard, now, max_silence)


def utc_now() -> datetime:
    """The clock of the machine that verifies."""
    return datetime.now(UTC)
