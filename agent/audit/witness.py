"""The witness: remembers, outside the share, the last checkpoint it saw of each device, and says what contradicts it.

Whoever can write to the share can put an older record there, or another one. A machine of IT's that has seen a later
checkpoint knows better. For each device that is whole and continues what was seen before, the new checkpoint is
cosigned and kept in its place; of any other the old one stays, and the trouble is told each time until IT has looked::

    STATE/witness.key, witness.key.pub   the witness's own key; its verifier key
    STATE/seen/<device>.txt              the last checkpoint, signed by the device and by the witness
    STATE/strangers.json                 files on the share that have no entry, and when each was first seen
"""

import json
import re
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from agent.audit.cosigning import WitnessKey
from agent.audit.evidence import Evidence, Note, copies, device_of, of_folder
from agent.audit.holdings import VISITS, Held, Holdings, compare, is_under_way, on_disk, recorded
from agent.audit.report import Damage, Finding, Report, exit_code
from agent.audit.verify import verify
from agent.errors import RecordError, UsageError
from agent.files.durable import make_folder, replace_file
from agent.record.checkpoint import Checkpoint, checkpoint_of
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import ORIGIN, origin

DISAGREES = 15
"""The exit code where records are whole, and the share does not hold what they say."""

_DEVICE = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
"""What a device may be called: a file here is named after it."""


class Trouble(StrEnum):
    """What a witness has to tell of a device."""

    FORK = "fork"
    ROLLBACK = "rollback"
    ALTERED = "altered"
    TRUNCATED = "truncated"
    UNSIGNED = "not signed"
    SILENCE = "silence"


_TROUBLES = {
    Damage.FORKED: Trouble.FORK,
    Damage.ALTERED: Trouble.ALTERED,
    Damage.TRUNCATED: Trouble.TRUNCATED,
    Damage.UNSIGNED: Trouble.UNSIGNED,
    Damage.SILENT: Trouble.SILENCE,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """One device: the report on its record, how many entries had been seen before, and how many are cosigned now."""

    report: Report
    seen: int | None
    cosigned: int | None

    @property
    def is_damaged(self) -> bool:
        """Whether anything but silence is to be told."""
        return any(one.damage is not Damage.SILENT for one in self.report.findings)

    @property
    def troubles(self) -> tuple[tuple[Trouble, Finding], ...]:
        """Each finding under its name; a record that ends before what was seen was rolled back."""
        back = self.seen is not None and self.report.entries < self.seen
        return tuple(
            (Trouble.ROLLBACK if back and one.damage is Damage.TRUNCATED else _TROUBLES[one.damage], one)
            for one in self.report.findings
        )

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.troubles:
            names = ", ".join(dict.fromkeys(trouble.value.upper() for trouble, _ in self.troubles))
            before = "never seen before" if self.seen is None else f"{self.seen} entries were seen before"
            yield f"{self.report.device}: {names}: {self.report.entries} entries read; {before}"
        else:
            yield next(self.report.lines())
        for trouble, finding in self.troubles:
            yield f"  {trouble.value}: {finding.text}"
        for note in self.report.notes:
            yield f"  note: {note}"

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        told = [finding.as_json() | {"trouble": trouble.value} for trouble, finding in self.troubles]
        return {**self.report.as_json(), "findings": told, "seen_before": self.seen, "cosigned": self.cosigned}


@dataclass(frozen=True, slots=True)
class Watch:
    """What one look at the share found; `holdings` is None where its visits were not looked at."""

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
        """That of the gravest damage, as `log verify` has it; 15 where only record and share disagree; else 0."""
        code = exit_code(one.report for one in self.devices)
        return code or (0 if self.holdings is None or self.holdings.agree else DISAGREES)


class Witness:
    """Keeps its memory in the folder `state`, which is made if it is not there. `name` is what its cosignatures carry.

    UsageError where this witness went by another name before; RecordError where its folder or key cannot be used.
    """

    def __init__(self, state: Path, name: str) -> None:
        self._seen = state / "seen"
        self._strangers = state / "strangers.json"
        try:
            make_folder(self._seen)
            self._key = WitnessKey.kept(state / "witness.key", name)
        except OSError as fault:
            raise RecordError(f"The witness's folder {state} cannot be used: {fault.strerror}.") from fault

    @property
    def key(self) -> WitnessKey:
        """With which it cosigns."""
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
        listed: Callable[[], Mapping[str, Held]] | None = None,
    ) -> Watch:
        """Look at a share, its `record/`, or a copy of them; `keys` are those that IT enrolled.

        Every device is looked at that has a folder, is enrolled, or was ever seen. `visits` is its folder of photos;
        None: `share / "visits"`, if it is there; `listed` tells its files where they are not here. Whether files have
        entries is asked of a whole share only. Where a record seems damaged, `pause` is called and all is looked at
        once more: its device may just be publishing.
        """
        evidences, alone = self._gather(share, keys)
        watched = tuple(self._watch(one, keys, now, max_silence) for one in evidences)
        if any(one.is_damaged for one in watched):
            pause()
            evidences, alone = self._gather(share, keys)
            watched = tuple(self._watch(one, keys, now, max_silence) for one in evidences)
        folder = visits or share / VISITS
        if listed is not None:
            there = listed()
        elif visits is None and (alone or not folder.is_dir()):
            return Watch(watched, None)
        elif not folder.is_dir():
            raise UsageError(f"there is no folder {folder}")
        else:
            there = on_disk(folder)
        said = recorded(evidences)
        since = self._strange_since({name for name in there if name not in said and not is_under_way(name)}, now)
        return Watch(watched, compare(there, said, now, retired, strange_since=since))

    def _strange_since(self, strangers: Collection[str], now: datetime) -> dict[str, datetime]:
        """When each of these files was first seen without an entry; remembered for the next look."""
        try:
            before = dict(json.loads(self._strangers.read_bytes()))
            since = {name: datetime.fromisoformat(before[name]) if name in before else now for name in strangers}
        except FileNotFoundError:
            since = dict.fromkeys(strangers, now)
        except (OSError, ValueError, TypeError) as fault:
            raise RecordError(
                f"What this witness remembers of files without an entry cannot be read: {self._strangers}. Put it back "
                "from a backup, or delete it: then it begins to wait for their entries anew."
            ) from fault
        replace_file(self._strangers, json.dumps({name: at.isoformat() for name, at in sorted(since.items())}).encode())
        return since

    def _gather(self, share: Path, keys: Sequence[VerifierKey]) -> tuple[list[Evidence], bool]:
        named = {key.name for key in keys}
        evidences: dict[str, Evidence] = {}
        alone = False
        for path, name in copies(share):
            alone = alone or name is None
            device = name or device_of(path, lambda one: origin(one) in named)
            evidences[device] = of_folder(path, device, self._before(device))
        if not alone:
            kept = {path.stem for path in self._seen.glob("*.txt")}
            for device in sorted((kept | {one.removeprefix(ORIGIN) for one in named}) - evidences.keys()):
                evidences[device] = Evidence(device, (), (), (), self._before(device))
        return list(evidences.values()), alone

    def _watch(
        self, evidence: Evidence, keys: Sequence[VerifierKey], now: datetime, max_silence: timedelta | None
    ) -> Watched:
        report = verify(evidence, keys, now, max_silence)
        before = checkpoint_of(evidence.seen[0].content) if evidence.seen else None
        damaged = any(one.damage is not Damage.SILENT for one in report.findings)
        head = None if damaged or report.root is None else _head(evidence, report)
        if head is not None and not _DEVICE.fullmatch(evidence.device):
            head = None
        if head is not None and (before is None or checkpoint_of(head) != before):
            replace_file(self._file(evidence.device), self._key.cosign(head, int(now.timestamp())))
        size = None if head is None else checkpoint_of(head).size
        return Watched(report, None if before is None else before.size, size)

    def _before(self, device: str) -> list[Note]:
        file = self._file(device)
        if not _DEVICE.fullmatch(device):
            return []  # a folder that no device made; verifying tells that no key is enrolled for it
        try:
            content = file.read_bytes()
            checkpoint_of(content)
        except FileNotFoundError:
            return []
        except (OSError, NoteFault) as fault:
            raise RecordError(
                f"What this witness saw of {device} cannot be read: {file}. Put it back from a backup; whoever deletes "
                "it lets the witness forget."
            ) from fault
        return [Note("what this witness saw", content)]

    def _file(self, device: str) -> Path:
        return self._seen / f"{device}.txt"


def _head(evidence: Evidence, report: Report) -> bytes | None:
    """The published note of the checkpoint that the report rests on; as it lies there, but for others' signatures."""
    wanted = Checkpoint(origin(evidence.device), report.signed, bytes.fromhex(report.root or ""))
    for note in evidence.checkpoints:
        try:
            if checkpoint_of(note.content) == wanted:
                return note.content
        except NoteFault:
            continue  # verifying tells of it
    return None


def default_name() -> str:
    """What a witness is called unless it is told: after its machine."""
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname()) or "unnamed"
    return f"witness/{host}"
