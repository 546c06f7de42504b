"""Verifying a record offline: that each entry matches its leaf, that the leaves make the trees that were signed, that
the keys are those that IT enrolled, and that all signed trees are states of one growing log.

`examination` reads one record; this module verifies a whole copy. Each kind of damage has its exit code:

- *altered* (10): something differs from what was signed, or was inserted;
- *truncated* (11): something that was signed, or that a file's name promises, is missing;
- *not signed* (12): for some part, a signature is missing, wrong, or made by a key that is not enrolled;
- *forked* (13): there are trusted signatures under two histories, and neither continues the other;
- *heartbeat missing* (14): by the reader's own clock, the device has been silent for longer than IT allows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.audit.evidence import Note, PublishedEvidence, opened_copy
from agent.audit.examination import Examination
from agent.audit.findings import Report
from agent.audit.renaming import all_evidence, succeeded, with_former_names
from agent.audit.silence import with_silence
from agent.audit.versions import with_versions
from agent.files.beneath import Beneath
from agent.record.note import VerifierKey
from agent.record.published import origin

Examine = Callable[[PublishedEvidence, Sequence[VerifierKey], datetime], Report]
"""`verify`, or a function that does the same for one device's record and more."""


def verify_copy(
    folder: Path,
    keys: Iterable[VerifierKey],
    *,
    now: datetime,
    max_silence: timedelta | None = None,
    seen: Sequence[Note] = (),
    examine: Examine | None = None,
) -> list[Report]:
    """Verify a copy of the share, of its `record/`, or of one device's folder in it: a report for each device.

    `keys` are those that IT enrolled, `seen` are checkpoints seen before. `examine` is called instead of `verify`. If
    the copy holds several devices, an enrolled device without a folder is reported too. UsageError if there is no
    record in the folder, or it may not be read.
    """
    with opened_copy(folder) as copy:
        examined, alone = _examined(copy, list(keys), now, seen, examine or verify)
        reports = [report for _, report in examined]
    if not alone:
        reports = with_former_names(reports)
    goes_on = succeeded(reports)
    return [
        report if report.device in goes_on else with_silence(report, report.last_heard, now, max_silence)
        for report in with_versions(reports, goes_on)
    ]


def verify_all(
    copy: Beneath, keys: Sequence[VerifierKey], *, now: datetime, seen: Sequence[Note] = ()
) -> list[tuple[PublishedEvidence, Report]]:
    """Everything that a copy holds, with a report on each device. The caller checks for silent devices."""
    examined, alone = _examined(copy, keys, now, seen, verify)
    found = list(examined)
    reports = [report for _, report in found]
    if not alone:
        reports = with_former_names(reports)
    return [(evidence, report) for (evidence, _), report in zip(found, reports, strict=True)]


def _examined(
    copy: Beneath, keys: Sequence[VerifierKey], now: datetime, seen: Sequence[Note], examine: Examine
) -> tuple[Iterator[tuple[PublishedEvidence, Report]], bool]:
    """Each device's record as it is verified, one at a time to save memory; and whether there is only one device."""
    found, alone = all_evidence(copy, keys, lambda device: _of_device(seen, device))

    def each() -> Iterator[tuple[PublishedEvidence, Report]]:
        there = set()
        for evidence, trusted_keys in found:
            there.add(origin(evidence.device))
            yield evidence, examine(evidence, trusted_keys, now)
        for missing in sorted({key.name for key in keys} - there) if not alone else ():
            device = missing.removeprefix(origin(""))
            evidence = PublishedEvidence(device, (), (), (), _of_device(seen, device))
            yield evidence, examine(evidence, keys, now)

    return each(), alone


def _of_device(seen: Sequence[Note], device: str) -> list[Note]:
    begins = origin(device).encode("utf-8", "backslashreplace") + b"\n"  # a folder's name may not be valid text
    return [note for note in seen if note.content.startswith(begins)]


def verify(
    evidence: PublishedEvidence, keys: Iterable[VerifierKey], now: datetime, max_silence: timedelta | None = None
) -> Report:
    """Verify one device's record."""
    report = Examination(evidence, keys, now).through()
    return with_silence(report, report.last_heard, now, max_silence)


def utc_now() -> datetime:
    """The clock of the machine that verifies."""
    return datetime.now(UTC)
