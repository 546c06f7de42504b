"""The witness: it remembers, outside the share, each device's last checkpoint, and reports what contradicts it.

Anybody who can write to the share can put an older record there, or a different one. A machine of IT's that has seen a
later checkpoint notices. If a device's record is whole and continues what was seen before, its new checkpoint is
cosigned and replaces the stored one. Otherwise the old one stays, and the trouble is reported every time until IT has
dealt with it. The files::

    STATE/witness.key, witness.key.pub   the witness's own key; its verifier key
    STATE/seen/<device>.txt              the last checkpoint, signed by the device and by the witness
    STATE/strangers.json                 files on the share that have no entry, and when each was first seen
    STATE/heard.json                     when this witness saw each device's record grow, by its own clock
"""

import json
import re
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from agent.audit.cosigning import CosigningKey, WitnessKey
from agent.audit.evidence import Note, PublishedEvidence, opened_copy
from agent.audit.findings import Finding, RecordFault, Report, exit_code
from agent.audit.heard import HeardFile
from agent.audit.holdings import VISITS, HeldFile, Holdings, compare, is_under_way, not_compared, on_disk, recorded
from agent.audit.renaming import all_evidence, succeeded, with_former_names
from agent.audit.silence import with_silence
from agent.audit.verify import verify
from agent.audit.versions import with_versions
from agent.counting import counted
from agent.errors import RecordError, UsageError
from agent.files.beneath import NotPlain
from agent.files.durable import make_folder, replace_file
from agent.record.checkpoint import Checkpoint, checkpoint_of
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import ORIGIN, origin

DISAGREES = 15
"""The exit code if the records are whole, but the share does not hold what they say."""

_DEVICE = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
"""The names that a device may have: a file here is named after it."""


class WitnessFinding(StrEnum):
    """What a witness can report about a device."""

    FORK = "fork"
    ROLLBACK = "rollback"
    ALTERED = "altered"
    TRUNCATED = "truncated"
    UNSIGNED = "not signed"
    SILENCE = "silence"


_TROUBLES = {
    RecordFault.FORKED: WitnessFinding.FORK,
    RecordFault.ALTERED: WitnessFinding.ALTERED,
    RecordFault.TRUNCATED: WitnessFinding.TRUNCATED,
    RecordFault.UNSIGNED: WitnessFinding.UNSIGNED,
    RecordFault.SILENT: WitnessFinding.SILENCE,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """One device: the report on its record, how many entries had been seen before, and how many are cosigned now."""

    report: Report
    seen: int | None
    cosigned: int | None

    @property
    def troubles(self) -> tuple[tuple[WitnessFinding, Finding], ...]:
        """Each finding with its kind; a record that ends before what was seen was rolled back."""
        back = self.seen is not None and self.report.entries < self.seen
        return tuple(
            (WitnessFinding.ROLLBACK if back and one.damage is RecordFault.TRUNCATED else _TROUBLES[one.damage], one)
            for one in self.report.findings
        )

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.troubles:
            names = ", ".join(dict.fromkeys(trouble.value.upper() for trouble, _ in self.troubles))
            before = (
                "never seen before"
                if self.seen is None
                else f"{counted(self.seen, 'entry', 'entries')} {'was' if self.seen == 1 else 'were'} seen before"
            )
            yield f"{self.report.device}: {names}: {counted(self.report.entries, 'entry', 'entries')} read; {before}"
        else:
            yield next(self.report.lines())
        for trouble, finding in self.troubles:
            yield f"  {trouble.value}: {finding.text}"
        for note in self.report.notes:
            yield f"  note: {note}"

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        findings = [finding.as_json() | {"trouble": trouble.value} for trouble, finding in self.troubles]
        return {**self.report.as_json(), "findings": findings, "seen_before": self.seen, "cosigned": self.cosigned}


@dataclass(frozen=True, slots=True)
class Watch:
    """What one look at the share found; `holdings` is None if its visits were not looked at."""

    devices: tuple[Watched, ...]
    holdings: Holdings | None

    def lines(self) -> Iterator[str]:
        """For people."""
        for one in self.devices:
            yield from one.lines()
        if self.holdings is not None:
            yield from self.holdings.lines()

    def as_json(self) -> Iterator[dict[str, object]]:
        """One object for each device, and one for the share's files."""
        yield from (one.as_json() for one in self.devices)
        if self.holdings is not None:
            yield self.holdings.as_json()

    @property
    def exit_code(self) -> int:
        """That of the gravest damage, as in `log verify`; 15 if only record and share disagree; otherwise 0."""
        code = exit_code(one.report for one in self.devices)
        return code or (0 if self.holdings is None or self.holdings.agree else DISAGREES)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One device: its report, what this witness remembered of it, and the newest checkpoint that may be cosigned."""

    report: Report
    before: Sequence[Note]
    head: bytes | None


@dataclass(frozen=True, slots=True)
class _Looked:
    """One look: the devices; whether it was at one device's folder alone; and the files that are on record."""

    devices: tuple[_Seen, ...]
    alone: bool
    recorded: Mapping[str, int]


class Witness:
    """Stores its memory in the folder `state`, which is made if it is not there. `name` goes into its cosignatures.

    UsageError if this witness had another name before, or its folder cannot be used; RecordError if its key cannot.
    """

    def __init__(self, state: Path, name: str) -> None:
        self._seen = state / "seen"
        self._strangers = state / "strangers.json"
        self._heard = HeardFile(state / "heard.json")
        try:
            make_folder(self._seen)
            self._key = WitnessKey.load_or_make(state / "witness.key", name)
        except OSError as fault:
            raise UsageError(
                f"The witness's folder {state} cannot be used: {fault.strerror}. Name another one with --state."
            ) from fault

    @property
    def key(self) -> WitnessKey:
        """The key with which it cosigns."""
        return self._key

    def look(
        self,
        share: Path,
        keys: Sequence[VerifierKey],
        *,
        now: datetime,
        max_silence: timedelta | None = None,
        visits: Path | None = None,
        retired: Collection[str] = (),
        pause: Callable[[], object] = lambda: None,
        listed: Callable[[], Mapping[str, HeldFile]] | None = None,
    ) -> Watch:
        """Look at a share, its `record/`, or a copy of them; `keys` are those that IT enrolled.

        Looks at every device that has a folder, is enrolled, or was ever seen. `visits` is the folder of photos; None
        means `share / "visits"`, if it is there; `listed` lists its files if they are elsewhere. Only for a whole share
        does it check whether files have entries. If a record seems damaged, it calls `pause` and looks at everything
        again: the device may be publishing at that moment.
        """
        looked = self._looked_twice(share, keys, now, pause)
        watched = self._watched(looked, now, max_silence)
        folder = visits or share / VISITS
        try:
            if listed is not None:
                there = listed()
            elif visits is None and (looked.alone or not folder.is_dir()):
                return Watch(watched, None)
            else:
                there = on_disk(folder)
        except NotPlain as fault:
            return Watch(watched, not_compared(f"{folder} {fault}"))
        except OSError as fault:
            return Watch(watched, not_compared(f"{folder} cannot be read: {fault.strerror}"))
        strange = {name for name in there if name not in looked.recorded and not is_under_way(name)}
        since = self._strange_since(strange, now)
        return Watch(watched, compare(there, looked.recorded, now, retired, strange_since=since))

    def look_at_records(
        self,
        share: Path,
        keys: Sequence[VerifierKey],
        *,
        now: datetime,
        pause: Callable[[], object] = lambda: None,
    ) -> tuple[Watched, ...]:
        """As `look`, but without checking the share's photos or silence."""
        return self._watched(self._looked_twice(share, keys, now, pause), now, None)

    def _looked_twice(
        self, share: Path, keys: Sequence[VerifierKey], now: datetime, pause: Callable[[], object]
    ) -> "_Looked":
        looked = self._looked(share, keys, now)
        if any(one.report.findings for one in looked.devices):
            pause()
            looked = self._looked(share, keys, now)
        return looked

    def _looked(self, share: Path, keys: Sequence[VerifierKey], now: datetime) -> "_Looked":
        """Every device's record, examined; and what the records say is on the share."""
        files: dict[str, int] = {}
        devices: list[_Seen] = []

        def take(evidence: PublishedEvidence, trusted_keys: Sequence[VerifierKey]) -> None:
            report = verify(evidence, trusted_keys, now)
            devices.append(_Seen(report, evidence.seen, None if report.root is None else _head(evidence, report)))
            files.update(recorded([evidence]))

        with opened_copy(share) as copy:
            found, alone = all_evidence(copy, keys, self._before)
            for evidence, trusted_keys in found:  # one at a time: a share may have thousands
                take(evidence, trusted_keys)
            if not alone:
                known = {path.stem for path in self._seen.glob("*.txt")}
                known |= {key.name.removeprefix(ORIGIN) for key in keys}
                for device in sorted(known - {one.report.device for one in devices}):
                    take(PublishedEvidence(device, (), (), (), self._before(device)), keys)
        reports = [one.report for one in devices]
        if not alone:
            reports = with_former_names(reports)
        judged = [replace(one, report=report) for one, report in zip(devices, reports, strict=True)]
        return _Looked(tuple(judged), alone, files)

    def _watched(self, looked: "_Looked", now: datetime, max_silence: timedelta | None) -> tuple[Watched, ...]:
        """Cosign what is whole, remember when each device was heard from, and report those silent for too long."""
        heard = self._heard.read()
        reports = [one.report for one in looked.devices]
        goes_on = succeeded(reports)
        watched = []
        for one, report in zip(looked.devices, with_versions(reports, goes_on), strict=True):
            before = checkpoint_of(one.before[0].content) if one.before else None
            cosigned = self._cosign(one, before, now)
            last = heard.update(report, now, anew=before is None)
            judged = report if report.device in goes_on else with_silence(report, last, now, max_silence)
            watched.append(Watched(judged, None if before is None else before.size, cosigned))
        self._heard.write(heard)
        return tuple(watched)

    def _strange_since(self, strangers: Collection[str], now: datetime) -> dict[str, datetime]:
        """When each of these files was first seen without an entry; remembered for the next look."""
        try:
            before = dict(json.loads(self._strangers.read_bytes()))
            since = {name: datetime.fromisoformat(before[name]) if name in before else now for name in strangers}
        except FileNotFoundError:
            since = dict.fromkeys(strangers, now)
        except (OSError, ValueError, TypeError) as fault:
            raise RecordError(
                f"This witness's list of files without an entry cannot be read: {self._strangers}. Restore it from a "
                "backup, or delete it: then the witness starts waiting for their entries again."
            ) from fault
        replace_file(self._strangers, json.dumps({name: at.isoformat() for name, at in sorted(since.items())}).encode())
        return since

    def _cosign(self, seen: _Seen, before: Checkpoint | None, now: datetime) -> int | None:
        """Cosign the newest checkpoint of a record that is whole, and store it; returns how many entries it has."""
        device, head = seen.report.device, seen.head
        if head is None or seen.report.findings or not _DEVICE.fullmatch(device):
            return None
        if before is None or checkpoint_of(head) != before:
            replace_file(self._file(device), self._key.cosign(head, int(now.timestamp())))
        return checkpoint_of(head).size

    def _before(self, device: str) -> list[Note]:
        file = self._file(device)
        if not _DEVICE.fullmatch(device):
            return []  # not made by any device; verifying reports that it has no enrolled key
        try:
            content = file.read_bytes()
            checkpoint_of(content)
        except FileNotFoundError:
            return []
        except (OSError, NoteFault) as fault:
            raise RecordError(
                f"What this witness saw of {device} cannot be read: {file}. Restore it from a backup. If it is "
                "deleted, the witness forgets what it saw."
            ) from fault
        return [Note("what this witness saw", content)]

    def _file(self, device: str) -> Path:
        return self._seen / f"{device}.txt"


def _head(evidence: PublishedEvidence, report: Report) -> bytes | None:
    """The published note of the checkpoint that the report rests on, unchanged but for other people's signatures."""
    wanted = Checkpoint(origin(evidence.device), report.signed, bytes.fromhex(report.root or ""))
    for note in evidence.checkpoints:
        try:
            if checkpoint_of(note.content) == wanted:
                return note.content
        except NoteFault:
            continue  # verifying reports it
    return None


def default_name() -> str:
    """The name of a witness if none is given: its machine's."""
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname()) or "unnamed"
    return f"witness/{host}"


def name_of_witness(state: Path) -> str | None:
    """The name of the witness with this folder; None if there is none yet."""
    try:
        return CosigningKey.parse((state / "witness.key.pub").read_text("utf-8")).name
    except (OSError, ValueError):
        return None
