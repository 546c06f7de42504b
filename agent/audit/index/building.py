"""Filling an index from a share: everything that is proven there and is not yet in the index."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.audit.atonce import Part, Place, Say, opened
from agent.audit.evidence import Note
from agent.audit.findings import RecordFault, Report
from agent.audit.index.store import Erased, Rows, Store
from agent.audit.index.tables import ENTRIES, FILES, MOST, Row, Table, entry_row, file_rows, month_of
from agent.audit.renaming import Records
from agent.audit.verified import Proven, ProvenRecord
from agent.audit.verify import verify
from agent.counting import counted
from agent.errors import UsageError
from agent.record.checkpoint import checkpoint_of
from agent.record.kinds import EntryKind
from agent.record.note import VerifierKey
from agent.record.published import origin
from agent.record.tree import Frontier

_SCHOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class Built:
    """One device: how many entries the index has now, how many of them are new, and what verifying found if not
    everything was proven. A device whose record is whole is not examined further.
    """

    device: str
    entries: int
    new: int
    report: Report | None = None
    whole: bool = True

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.device}: {counted(self.entries, 'entry', 'entries')} in the index, {self.new} of them new"
        if self.report is not None:
            yield from (f"  {line}" for line in self.report.lines())
        elif not self.whole:
            yield "  the rest cannot be understood: a newer photo-agent may have written it"

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        found = None if self.report is None else self.report.as_json()
        return {"device": self.device, "indexed": self.entries, "new": self.new, "whole": self.whole, "report": found}


def open_store(target: str, school: str, *, anew: bool = False) -> Store:
    """The index at `target`: a folder, or `clickhouse://…` (`clickhouses://…` with TLS). UsageError otherwise."""
    if not _SCHOOL.fullmatch(school):
        raise UsageError(
            f"{school!r} cannot be a school's name here. Use letters, digits, dots, hyphens and underscores."
        )
    if target.startswith(("clickhouse://", "clickhouses://")):
        from agent.audit.index.clickhouse import ClickHouseStore, connected

        return ClickHouseStore(connected(target), school, fresh=anew)
    if "://" in target:
        scheme = target.partition("://")[0]  # the rest may contain a password
        raise UsageError(f"{scheme}:// is neither a folder nor clickhouse://user@host:port/database")
    from agent.audit.index.parquet import ParquetStore

    folder = Path(target)
    if not target or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{target!r} is not a folder. Name a new folder, the folder of an index, or clickhouse://…")
    return ParquetStore(folder, school, fresh=anew)


def build(
    folder: Path,
    keys: Sequence[VerifierKey],
    store: Store,
    *,
    now: datetime,
    heard: Say = lambda _device, _new: None,
) -> list[Built]:
    """Bring the index up to what is proven in a copy of the share; one result for each device, by name.

    `heard` is called during the run, with the device and how many of its entries are new so far. RecordError if the
    index cannot be written: then it is as it was before, or is rebuilt from nothing the next time.
    """
    known = store.reached()
    all_of_it = _Filled()
    with opened(Place(folder, keys)) as here, store.filling() as filling:
        here.each(_Filler(known, filling.rows, now), all_of_it.add, heard, here=not filling.apart)
        filling.commit(all_of_it.reached, all_of_it.erased)
        alone = here.records.alone
    built = all_of_it.built
    there = {one.device for one in built}
    missing = set() if alone else {*(key.name.removeprefix(origin("")) for key in keys), *known} - there
    built += [Built(device, _size(known, device), 0, _nothing(device, keys, now), whole=False) for device in missing]
    return sorted(built, key=lambda one: one.device)


@dataclass(slots=True)
class _Filled:
    """Some devices: the results, how far those with new rows are indexed now, and what was erased."""

    built: list[Built] = field(default_factory=list)
    reached: dict[str, Frontier] = field(default_factory=dict)
    erased: set[Erased] = field(default_factory=set)

    def add(self, other: "_Filled") -> None:
        self.built += other.built
        self.reached |= other.reached
        self.erased |= other.erased


@dataclass(frozen=True, slots=True)
class _Filler:
    """Makes the rows of some devices, from where the index has `reached`."""

    known: Mapping[str, Frontier]
    begin: Callable[[int], Rows]
    now: datetime

    def __call__(self, records: Records, part: Part, say: Say) -> _Filled:
        filled, rows = _Filled(), self.begin(part.number)
        for device in part.devices:
            record, before = ProvenRecord(*records.of(device)), self.known.get(device)
            tree, new = before or Frontier(), 0
            for batch in record.batches(before):
                new += batch.tree.size - tree.size
                tree = batch.tree
                filled.erased |= _fill(rows, batch)
                say(device, new)
            if new:
                filled.reached[device] = tree
            report = _report(record, before, self.now)
            whole = record.whole or (report is not None and not report.findings and report.signed == tree.size)
            filled.built.append(Built(device, tree.size, new, report if report and report.findings else None, whole))
        rows.close()
        return filled


def _fill(into: Rows, batch: Proven) -> set[Erased]:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    erased = set()
    for entry in batch.entries:
        month = month_of(entry)
        rows[ENTRIES.name, month].append(entry_row(entry))
        if entry.kind is EntryKind.TRANSFERRED:
            rows[FILES.name, month] += file_rows(entry)
        elif entry.kind is EntryKind.ERASED and isinstance(index := entry.body.get("entry"), int):
            erased.add((entry.device, min(index, MOST)))
    for (name, month), some in rows.items():
        into.add(_BY_NAME[name], month, some)
    return erased


_BY_NAME: Mapping[str, Table] = {table.name: table for table in (ENTRIES, FILES)}


def _report(record: ProvenRecord, before: Frontier | None, now: datetime) -> Report | None:
    """What verifying says about a record that was not proven in full, and how it contradicts the index."""
    if record.whole:
        return None
    report = verify(record.evidence, record.keys, now)
    if before is None or not before.size or report.findings:
        return report
    if report.signed < before.size:
        return report.with_finding(
            RecordFault.TRUNCATED,
            f"the index has {before.size} of its entries, but the share only {report.signed}: its end was removed, or "
            "an older copy was put in its place",
        )
    there = _roots_at(record.evidence.checkpoints, before.size)
    if before.root() in there:
        return report
    return report.with_finding(
        RecordFault.FORKED if there else RecordFault.TRUNCATED,
        f"its first {before.size} entries are not those in the index: the record was replaced by another",
    )


def _roots_at(notes: Sequence[Note], size: int) -> set[bytes]:
    """The roots in checkpoints of this size; their record has been verified."""
    said = (checkpoint_of(note.content) for note in notes)
    return {one.root for one in said if one.size == size}


def _size(known: Mapping[str, Frontier], device: str) -> int:
    return known[device].size if device in known else 0


def _nothing(device: str, keys: Sequence[VerifierKey], now: datetime) -> Report:
    """What verifying says about an enrolled device that has nothing on the share."""
    from agent.audit.evidence import PublishedEvidence

    return verify(PublishedEvidence(device, (), (), ()), keys, now)
