"""Verifying a record offline: that each entry is what its leaf commits to, that the leaves make the trees that were
signed, that the keys are those that IT enrolled, and that all signed trees are one and the same log, growing.

`examination` goes through a record; here is what is asked of a whole copy. The rules of what counts as what:

- *altered* (10): something is there that is not what was signed, or was put in;
- *truncated* (11): something that was signed, or that a file's name promises, is not there;
- *not signed* (12): a signature is missing, wrong, or by no enrolled key, for any part;
- *forked* (13): trusted signatures stand under two histories of which neither continues the other;
- *heartbeat missing* (14): nothing was heard of the device for longer than IT allows, by the reader's own clock.
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
"""`verify`, or what does the same and more with one device's record."""


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

    `keys` are those that IT enrolled, `seen` checkpoints seen before. An enrolled device whose folder is missing from a
    copy of several is reported too. `examine` stands in for `verify`. UsageError where there is no record in the
    folder, or it may not be read.
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
    """All that a copy has, and a report on each device; silence is for the caller to see."""
    examined, alone = _examined(copy, keys, now, seen, verify)
    found = list(examined)
    reports = [report for _, report in found]
    if not alone:
        reports = with_former_names(reports)
    return [(evidence, report) for (evidence, _), report in zip(found, reports, strict=True)]


def _examined(
    copy: Beneath, keys: Sequence[VerifierKey], now: datetime, seen: Sequence[Note], examine: Examine
) -> tuple[Iterator[tuple[PublishedEvidence, Report]], bool]:
    """Each device's record as it is verified, so that no more than one need be held; and whether it is one alone."""
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
    begins = origin(device).encode("utf-8", "backslashreplace") + b"\n"  # a folder's name may be no text
    return [note for note in seen if note.content.startswith(begins)]


def verify(
    evidence: PublishedEvidence, keys: Iterable[VerifierKey], now: datetime, max_silence: timedelta | None = None
) -> Report:
    """Verify one device's record."""
    report = Examination(evidence, keys, now).through()
    return with_silence(report, report.last_heard, now, max_silence)


def utc_now() -> datetime:
    """The clock of whoever verifies."""
    return datetime.now(UTC)
