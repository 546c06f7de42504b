"""The proven entries of published records, and no others, in one reading from end to end.

An entry is passed on when a checkpoint that covers it, signed by a key that IT enrolled, fits all entries up to there;
until then it is held back. So a caller need not verify first, and nothing that changes on the share between two reads
gets in. A device's entries end where its record is damaged, forked or not signed; `verify` says what is wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from agent.audit.atonce import Part, Place, Say, opened
from agent.audit.evidence import Piece, PublishedEvidence, opened_copy
from agent.audit.examination import Examination
from agent.audit.findings import RecordFault, Report
from agent.audit.following import Pieces, lines_of
from agent.audit.renaming import Records, all_evidence
from agent.audit.trust import trusted
from agent.audit.verify import concluded
from agent.errors import RecordAltered, RecordError
from agent.files.beneath import NotPlain
from agent.model.ids import Sha256
from agent.record.entry import Entry, entry_from, entry_of
from agent.record.kinds import EntryKind
from agent.record.leaf import ERASED_SALT, commit, erased_index, read_leaf_line
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import LARGEST, origin
from agent.record.seals import MOST
from agent.record.tree import Frontier, leaf_hash

MOST_USELESS = 20
"""Pieces without a signature after which a record is given up; a laptop has one if a signature is missing."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The entries that one checkpoint proves, without erased ones, and the tree up to there."""

    entries: Sequence[Entry]
    tree: Frontier


@dataclass(slots=True)
class ProvenRecord:
    """One device's record on the share. After its `batches` were read, `whole` says whether that was the whole record,
    with nothing strange about it. If it is False, verify the record to learn whether something is wrong.
    """

    evidence: PublishedEvidence
    keys: Sequence[VerifierKey]
    whole: bool = field(default=True, init=False)
    _erased: set[int] = field(default_factory=set, init=False)

    @property
    def device(self) -> str:
        """Whose record it is."""
        return self.evidence.device

    def batches(self, after: Frontier | None = None) -> Iterator[Proven]:
        """The proven entries, checkpoint by checkpoint; `after` is a tree returned earlier: then only what came since.

        A batch has a few thousand entries at most. A record that does not continue that tree gives nothing.
        """
        evidence = self.evidence
        trust, refused = trusted(origin(evidence.device), self.keys, evidence.rotations)
        self.whole = not (refused or evidence.unusable or evidence.closed is not None) and _is_plain(evidence.pieces)
        roots: dict[int, set[bytes]] = {}
        for note in evidence.checkpoints:
            try:
                said, _ = trust.checkpoint(note)
                roots.setdefault(said.size, set()).add(said.root)
            except NoteFault:
                self.whole = False
        forks = [size for size, there in roots.items() if len(there) > 1]
        heads = {size: next(iter(there)) for size, there in roots.items() if not forks or size < min(forks)}
        tree = Frontier() if after is None else after.copy()
        if heads.get(tree.size, tree.root()) != tree.root():
            self.whole = False
            return
        pieces, useless = Pieces(evidence.pieces), 0
        while (piece := pieces.at(tree.size)) is not None:
            reached = tree.size
            for batch in _within(pieces, heads, tree, evidence.device):
                self._explain(batch, tree.size)
                tree = batch.tree.copy()
                yield batch
            if tree.size == reached:
                self.whole = False
                useless += 1
                if useless > MOST_USELESS:
                    break
                pieces = pieces.without(piece)  # what was read after it is needed again
        reach = max((piece.size or 0 for piece in evidence.pieces), default=0)
        complete = tree.size == max(roots, default=-1) and tree.size >= reach
        self.whole = self.whole and complete and not forks and not self._erased

    def _explain(self, batch: Proven, first: int) -> None:
        """Remember which entries were erased, until a later entry says why."""
        here = {entry.index for entry in batch.entries}
        if len(here) < batch.tree.size - first:
            self._erased |= {index for index in range(first, batch.tree.size) if index not in here}
        for entry in batch.entries if self._erased else ():
            index = entry.body.get("entry") if entry.kind is EntryKind.ERASED else None
            if type(index) is int:
                self._erased.discard(index)


def _is_plain(pieces: Sequence[Piece]) -> bool:
    """Whether each piece is complete and begins where the one before it ends, so that reading misses none."""
    reached = 0
    for piece in pieces:
        if piece.first != reached or piece.entries is None or piece.leaves is None:
            return False
        reached = piece.size or 0
    return True


def _within(pieces: Pieces, heads: dict[int, bytes], start: Frontier, device: str) -> Iterator[Proven]:
    """The batches from this tree on, as far as pieces follow one another without damage."""
    tree, held, size = start.copy(), list[Entry](), 0
    while (piece := pieces.at(tree.size)) is not None:
        before = tree.size
        try:
            for line, leaf_line in lines_of(piece, tree.size):
                entry, size = _entry(line, leaf_line, tree, device), size + len(line)
                if entry is not None:
                    held.append(entry)
                head = heads.get(tree.size)
                if head is not None and head != tree.root():
                    return  # the device's own key signed something else here
                if head is not None:
                    yield Proven(held, tree.copy())
                    start, held, size = tree.copy(), [], 0
                elif tree.size - start.size > MOST or size > LARGEST:
                    return  # no agent signs so many entries at once
        except (RecordError, NotPlain, OSError):
            return
        if tree.size == before or tree.size != piece.size:
            return


def _entry(line: bytes, leaf_line: bytes, tree: Frontier, device: str) -> Entry | None:
    """Extend the tree by an entry and return it, None if it was erased. RecordAltered if it does not fit."""
    index, text = tree.size, line[:-1]
    data, salt = read_leaf_line(leaf_line)
    leaf = leaf_hash(data)
    tree.add(leaf)
    if not line.endswith(b"\n"):
        raise RecordAltered("its line is cut short")
    if commit(salt, text) != data:
        if erased_index(text) == index and salt == ERASED_SALT:
            return None
        raise RecordAltered("it has been altered")
    return _checked(entry_of(text, Sha256(leaf.hex())), index, device)


def _checked(entry: Entry, index: int, device: str) -> Entry:
    """The entry, if this program wrote it for this device and this place; otherwise RecordAltered."""
    here = type(entry.index) is int and entry.index == index and entry.device == device
    times = [at for at in (entry.at, entry.share_at) if at is not None]
    if not here or not isinstance(entry.body, dict) or any(at.tzinfo is None for at in times):
        raise RecordAltered("it was not written by this program, or belongs elsewhere")
    return entry


def verified_entries(folder: Path, keys: Sequence[VerifierKey]) -> Iterator[tuple[str, int, Entry]]:
    """Every proven entry in a copy of the share: its device, its index there, and itself, device by device.

    Memory does not grow with the number of entries. UsageError if there is no record, or it may not be read.
    """
    with opened_copy(folder) as copy:
        for evidence, trusted_keys in all_evidence(copy, keys, lambda _: ())[0]:
            for batch in ProvenRecord(evidence, trusted_keys).batches():
                for entry in batch.entries:
                    yield evidence.device, entry.index, entry


class Sink(Protocol):
    """Receives proven entries: each device's in their order, one device after the other."""

    def entry(self, entry: Entry) -> None:
        """One proven entry."""

    def forget(self, device: str) -> None:
        """Forget all entries of this device, the last one. They may be passed once more."""


Sums = TypeVar("Sums", bound=Sink)


def read_verified(
    folder: Path,
    keys: Iterable[VerifierKey],
    sink: Sums,
    *,
    now: datetime,
    max_silence: timedelta | None = None,
    join: Callable[[Sums], object] | None = None,
) -> list[Report]:
    """Verify a copy of the share as `verify_copy` does, and pass every proven entry to `sink`.

    With `join`, several processes may read at once: each fills copies of `sink`, which is empty, and `join` is called
    with each of these, in the order of the devices.
    """
    reports: list[Report] = []

    def take(read: tuple[list[Report], Sums]) -> None:
        some, filled = read
        reports.extend(some)
        if join is not None and filled is not sink:
            join(filled)

    with opened(Place(folder, list(keys))) as here:
        here.each(_Reading(now, sink), take, here=join is None)
        return concluded(here, reports, now=now, max_silence=max_silence)


@dataclass(frozen=True, slots=True)
class _Reading(Generic[Sums]):
    """Verifies some devices' records, and passes their proven entries to a sink.

    An intact record is read once. A damaged one is read again by `ProvenRecord`, so that only one place decides where
    its proven entries end. If a device signed two histories, none of its entries count.
    """

    now: datetime
    sink: Sums

    def __call__(self, records: Records, part: Part, _say: Say) -> tuple[list[Report], Sums]:
        return [self._read(*records.of(device)) for device in part.devices], self.sink

    def _read(self, evidence: PublishedEvidence, keys: Sequence[VerifierKey]) -> Report:
        along = _Along(evidence.device, self.sink) if _is_plain(evidence.pieces) else None
        report = Examination(evidence, keys, self.now, along).through()
        if along is not None and not report.findings:
            return report
        if along is not None:
            self.sink.forget(evidence.device)
        if not any(finding.damage is RecordFault.FORKED for finding in report.findings):
            for batch in ProvenRecord(evidence, keys).batches():
                for entry in batch.entries:
                    self.sink.entry(entry)
        return report


class _Along:
    """Reads along while a record is examined. Passes on signed entries, up to the first unexpected one."""

    def __init__(self, device: str, sink: Sink) -> None:
        self._device = device
        self._sink = sink
        self._held: list[Entry] = []
        self._proven = 0
        self._bytes = 0
        self._ended = False

    def line(self, index: int, line: bytes, read: Mapping[str, Any] | None, leaf: bytes) -> None:
        """Hold the entry back until it is signed. An erased line has no entry; the report names an altered one."""
        if index - self._proven > MOST or self._bytes > LARGEST:
            self._end()
        self._bytes += len(line)
        if self._ended or read is None:
            return
        try:
            self._held.append(_checked(entry_from(read, Sha256(leaf.hex())), index, self._device))
        except RecordError:  # it is from a newer version, or from another program
            self._end()

    def signed(self, size: int, *, fits: bool) -> None:
        """Pass on the entries that this signature proves."""
        if not fits:
            self._end()
        for entry in self._held:
            self._sink.entry(entry)
        self._held.clear()
        self._proven, self._bytes = size, 0

    def _end(self) -> None:
        self._ended = True
        self._held.clear()
