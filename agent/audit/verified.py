"""The entries of published records that are proven, and no others, in one reading from end to end.

An entry is given out when a checkpoint that covers it, signed by a key that IT enrolled, fits all entries up to there;
until then it is held back. So whoever uses them needs not verify first, and nothing that changes on the share between
two looks gets in. What is damaged, forked or not signed ends a device's entries; what it is, `verify` tells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from agent.audit.evidence import Piece, PublishedEvidence, opened_copy
from agent.audit.examination import Examination
from agent.audit.findings import RecordFault, Report
from agent.audit.following import Pieces, lines_of
from agent.audit.renaming import all_evidence
from agent.audit.trust import trusted
from agent.audit.verify import verify_copy
from agent.errors import RecordAltered, RecordError
from agent.files.beneath import Beneath, NotPlain
from agent.model import Sha256
from agent.record.entry import Entry, entry_from, entry_of
from agent.record.leaf import ERASED_SALT, commit, erased_index, read_leaf_line
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import LARGEST, origin
from agent.record.schema import EntryKind
from agent.record.seals import MOST
from agent.record.tree import Frontier, leaf_hash

MOST_USELESS = 20
"""Pieces that lead to no signature before a record is given up; a laptop's own has one where a signature is missing."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Entries that one checkpoint proves, erased ones left out, and the tree up to there."""

    entries: Sequence[Entry]
    tree: Frontier


@dataclass(slots=True)
class ProvenRecord:
    """One device's record on the share. When its `batches` were gone through, `whole` says whether that was all of it,
    and nothing about it was strange: else it has to be verified to learn whether something is wrong.
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
        """What is proven, checkpoint by checkpoint; `after` is a tree given out before: then what came since.

        A batch has some thousand entries at most. Nothing comes of a record that does not continue that tree.
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
                pieces = pieces.without(piece)  # what was asked for behind it is needed again
        reach = max((piece.size or 0 for piece in evidence.pieces), default=0)
        complete = tree.size == max(roots, default=-1) and tree.size >= reach
        self.whole = self.whole and complete and not forks and not self._erased

    def _explain(self, batch: Proven, first: int) -> None:
        """Remember which entries were taken out, until a later one says why."""
        here = {entry.index for entry in batch.entries}
        if len(here) < batch.tree.size - first:
            self._erased |= {index for index in range(first, batch.tree.size) if index not in here}
        for entry in batch.entries if self._erased else ():
            index = entry.body.get("entry") if entry.kind is EntryKind.ERASED else None
            if type(index) is int:
                self._erased.discard(index)


def _is_plain(pieces: Sequence[Piece]) -> bool:
    """Whether each piece has all of its parts and begins where the one before it ends, so that reading misses none."""
    reached = 0
    for piece in pieces:
        if piece.first != reached or piece.entries is None or piece.leaves is None:
            return False
        reached = piece.size or 0
    return True


def _within(pieces: Pieces, heads: dict[int, bytes], start: Frontier, device: str) -> Iterator[Proven]:
    """From this tree on, as far as pieces follow one another without damage."""
    tree, held, size = start.copy(), list[Entry](), 0
    while (piece := pieces.at(tree.size)) is not None:
        before = tree.size
        try:
            for line, kept in lines_of(piece, tree.size):
                entry, size = _entry(line, kept, tree, device), size + len(line)
                if entry is not None:
                    held.append(entry)
                head = heads.get(tree.size)
                if head is not None and head != tree.root():
                    return  # its own key signed something else here
                if head is not None:
                    yield Proven(held, tree.copy())
                    start, held, size = tree.copy(), [], 0
                elif tree.size - start.size > MOST or size > LARGEST:
                    return  # no agent puts so much under one signature
        except (RecordError, NotPlain, OSError):
            return
        if tree.size == before or tree.size != piece.size:
            return


def _entry(line: bytes, kept: bytes, tree: Frontier, device: str) -> Entry | None:
    """The entry, None if it was erased, after the tree grew by it. RecordAltered where it does not hold."""
    index, text = tree.size, line[:-1]
    data, salt = read_leaf_line(kept)
    leaf = leaf_hash(data)
    tree.add(leaf)
    if not line.endswith(b"\n"):
        raise RecordAltered("its line is cut")
    if commit(salt, text) != data:
        if erased_index(text) == index and salt == ERASED_SALT:
            return None
        raise RecordAltered("it is not what was written")
    return _checked(entry_of(text, Sha256(leaf.hex())), index, device)


def _checked(entry: Entry, index: int, device: str) -> Entry:
    """The entry, if it is one of this program's, in its place and this device's; else RecordAltered."""
    here = type(entry.index) is int and entry.index == index and entry.device == device
    times = [at for at in (entry.at, entry.share_at) if at is not None]
    if not here or not isinstance(entry.body, dict) or any(at.tzinfo is None for at in times):
        raise RecordAltered("it was not written by this program, or not here")
    return entry


def proven_records(copy: Beneath, keys: Sequence[VerifierKey]) -> tuple[Iterator[ProvenRecord], bool]:
    """The record of each device that an opened copy of the share has; and whether it is a copy of one device alone."""
    found, alone = all_evidence(copy, keys, lambda _: ())
    return (ProvenRecord(evidence, trusted_keys) for evidence, trusted_keys in found), alone


def verified_entries(folder: Path, keys: Sequence[VerifierKey]) -> Iterator[tuple[str, int, Entry]]:
    """Every entry that is proven, in a copy of the share: its device, its index there, and itself, device by device.

    Memory does not grow with the number of entries. UsageError where there is no record, or it may not be read.
    """
    with opened_copy(folder) as copy:
        for record in proven_records(copy, keys)[0]:
            for batch in record.batches():
                for entry in batch.entries:
                    yield record.device, entry.index, entry


class Sink(Protocol):
    """Where proven entries go: each device's in their order, one device after the other."""

    def entry(self, entry: Entry) -> None:
        """One proven entry."""

    def forget(self, device: str) -> None:
        """Nothing that was given of this device, the last one, counts. Its entries may follow once more."""


def read_verified(
    folder: Path, keys: Iterable[VerifierKey], sink: Sink, *, now: datetime, max_silence: timedelta | None = None
) -> list[Report]:
    """Verify a copy of the share as `verify_copy` does, and give every proven entry to `sink`.

    A record that is whole is read once. One with damage is read again, as `ProvenRecord` does: where its proven
    entries end is said in one place. Of a device that signed two histories nothing counts.
    """

    def examine(evidence: PublishedEvidence, trusted_keys: Sequence[VerifierKey], at: datetime) -> Report:
        along = _Along(evidence.device, sink) if _is_plain(evidence.pieces) else None
        report = Examination(evidence, trusted_keys, at, along).through()
        if along is not None and not report.findings:
            return report
        if along is not None:
            sink.forget(evidence.device)
        if not any(finding.damage is RecordFault.FORKED for finding in report.findings):
            for batch in ProvenRecord(evidence, trusted_keys).batches():
                for entry in batch.entries:
                    sink.entry(entry)
        return report

    return verify_copy(folder, list(keys), now=now, max_silence=max_silence, examine=examine)


class _Along:
    """Reads along while a record is examined; gives out what a signature covers, and nothing after what is strange."""

    def __init__(self, device: str, sink: Sink) -> None:
        self._device = device
        self._sink = sink
        self._held: list[Entry] = []
        self._proven = 0
        self._bytes = 0
        self._ended = False

    def line(self, index: int, line: bytes, read: Mapping[str, Any] | None, leaf: bytes) -> None:
        """Hold the entry back until it is signed. An erased one is none, and an altered one is told of in the end."""
        if index - self._proven > MOST or self._bytes > LARGEST:
            self._end()
        self._bytes += len(line)
        if self._ended or read is None:
            return
        try:
            self._held.append(_checked(entry_from(read, Sha256(leaf.hex())), index, self._device))
        except RecordError:  # of a newer version, or another's
            self._end()

    def signed(self, size: int, *, fits: bool) -> None:
        """Give on what this signature proves."""
        if not fits:
            self._end()
        for entry in self._held:
            self._sink.entry(entry)
        self._held.clear()
        self._proven, self._bytes = size, 0

    def _end(self) -> None:
        self._ended = True
        self._held.clear()
