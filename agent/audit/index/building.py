"""Filling an index from a share: what is proven there, and since the last time only what came since."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.audit.evidence import opened_copy
from agent.audit.findings import Report
from agent.audit.index.store import Erased, Filling, Store
from agent.audit.index.tables import ENTRIES, FILES, MOST, Row, Table, entry_row, file_rows, month_of
from agent.audit.verified import Proven, ProvenRecord, proven_records
from agent.audit.verify import verify
from agent.errors import UsageError
from agent.record.note import VerifierKey
from agent.record.schema import EntryKind
from agent.record.tree import Frontier

_SCHOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class Built:
    """One device: how many entries the index has now, how many of them are new, and what verifying found where not
    everything was proven; a device whose record is whole was not looked at any further.
    """

    device: str
    entries: int
    new: int
    report: Report | None = None
    whole: bool = True

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.device}: {self.entries} entries in the index, {self.new} of them new"
        if self.report is not None:
            yield from (f"  {line}" for line in self.report.lines())
        elif not self.whole:
            yield "  the rest cannot be understood: was it written by a newer photo-agent?"

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        found = None if self.report is None else self.report.as_json()
        return {"device": self.device, "indexed": self.entries, "new": self.new, "whole": self.whole, "report": found}


def open_store(target: str, school: str, *, anew: bool = False) -> Store:
    """The index at `target`: a folder, or `clickhouse://…` (`clickhouses://…` with TLS). UsageError for a wrong one."""
    if not _SCHOOL.fullmatch(school):
        raise UsageError(f"{school!r} cannot name a school: use letters, digits, dots, hyphens and underscores")
    if target.startswith(("clickhouse://", "clickhouses://")):
        from agent.audit.index.clickhouse import ClickHouseStore, connected

        return ClickHouseStore(connected(target), school, fresh=anew)
    if "://" in target:
        raise UsageError(f"{target} is neither a folder nor clickhouse://user@host:port/database")
    from agent.audit.index.parquet import ParquetStore

    return ParquetStore(Path(target), school, fresh=anew)


def build(
    folder: Path,
    keys: Sequence[VerifierKey],
    store: Store,
    *,
    now: datetime,
    heard: Callable[[str, int], object] = lambda _device, _new: None,
) -> list[Built]:
    """Bring the index up to what is proven in a copy of the share; one line for each device, by name.

    `heard` is called as it goes on, with the device and how many of its entries are new so far. RecordError where the
    index cannot be written: then it is as it was before, or is built from nothing the next time.
    """
    built: list[Built] = []
    reached: dict[str, Frontier] = {}
    erased: set[Erased] = set()
    known = store.reached()
    with opened_copy(folder) as copy, store.filling() as filling:
        for record in proven_records(copy, keys):
            before = known.get(record.device)
            tree, new = before or Frontier(), 0
            for batch in record.batches(before):
                new += batch.tree.size - tree.size
                tree = batch.tree
                erased |= _fill(filling, batch)
                heard(record.device, new)
            if new:
                reached[record.device] = tree
            built.append(Built(record.device, tree.size, new, _report(record, now), record.whole))
        filling.commit(reached, erased)
    there = {one.device for one in built}
    missing = {key.name.partition("/")[2] for key in keys} - there if len(built) > 1 else set()
    built += [Built(device, _size(known, device), 0, _nothing(device, keys, now), whole=False) for device in missing]
    return sorted(built, key=lambda one: one.device)


def _fill(filling: Filling, batch: Proven) -> set[Erased]:
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
        filling.add(_BY_NAME[name], month, some)
    return erased


_BY_NAME: Mapping[str, Table] = {table.name: table for table in (ENTRIES, FILES)}


def _report(record: ProvenRecord, now: datetime) -> Report | None:
    """What verifying says of a record of which not everything was proven."""
    if record.whole:
        return None
    report = verify(record.evidence, record.keys, now)
    return report if report.findings else None


def _size(known: Mapping[str, Frontier], device: str) -> int:
    return known[device].size if device in known else 0


def _nothing(device: str, keys: Sequence[VerifierKey], now: datetime) -> Report:
    """What verifying says of an enrolled device that the share has nothing of."""
    from agent.audit.evidence import PublishedEvidence

    return verify(PublishedEvidence(device, (), (), ()), keys, now)
