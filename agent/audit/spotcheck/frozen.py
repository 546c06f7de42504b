"""Which transfers may be drawn: those in the checkpoints that a witness has seen.

A checkpoint that was seen fixes every entry that it covers. Writing entries later, or changing earlier ones, changes
neither what may be drawn nor any lot. Entries count only if they give the very root that was seen. Other damage to a
record does not hold up the draw; it is reported separately.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.audit.copied import leaves_and_entries
from agent.audit.cosigning import CosigningKey
from agent.audit.evidence import MOST_DEVICES, MOST_OF_A_NOTE, Note, PublishedEvidence
from agent.audit.renaming import all_evidence
from agent.audit.spotcheck.leaves import Tree
from agent.audit.spotcheck.lots import Candidate
from agent.audit.spotcheck.transfers import read_transfer
from agent.audit.spotcheck.words import plain
from agent.audit.trust import trusted
from agent.errors import RecordError, UsageError
from agent.files.beneath import Beneath, NotPlain
from agent.record.checkpoint import Checkpoint, checkpoint_of
from agent.record.kinds import EntryKind
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import ORIGIN, origin
from agent.record.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """A checkpoint as the witness stores it: signed by its device, cosigned by the witness, seen at that time."""

    origin: str
    size: int
    root: bytes
    note: bytes
    at: datetime

    @property
    def device(self) -> str:
        """The device whose record this is."""
        return self.origin.removeprefix(ORIGIN)

    def as_note(self) -> Note:
        """For verifying: the record must contain everything that it covers."""
        return Note("the checkpoint that the witness saw", self.note)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a witness has seen."""

    key: CosigningKey
    checkpoints: tuple[SeenCheckpoint, ...]


def seen_by(state: Path) -> Seen:
    """What the witness with this folder has seen. UsageError if there is no witness; RecordError if it is damaged."""
    try:
        with Beneath(state) as folder:
            key = CosigningKey.parse(_read(folder, ("witness.key.pub",)).decode("utf-8"))
            names = [one.name for one in folder.names(("seen",), MOST_DEVICES) if one.name.endswith(".txt")]
            notes = [_read(folder, ("seen", name)) for name in names]
    except FileNotFoundError as fault:
        raise UsageError(
            f"{state} is not a witness's folder. Name the one that `photo-agent witness` uses (its --state)"
        ) from fault
    except OSError as fault:
        raise UsageError(f"The witness's folder {state} cannot be read: {fault.strerror}.") from fault
    except (ValueError, NotPlain) as fault:
        raise RecordError(f"What the witness saw cannot be read from {state}: {fault}.") from fault
    return Seen(key, tuple(seen_checkpoint(note, key) for note in notes))


def _read(folder: Beneath, parts: tuple[str, ...]) -> bytes:
    with folder.open(parts, MOST_OF_A_NOTE) as file:
        return file.read()


def seen_checkpoint(note: bytes, key: CosigningKey) -> SeenCheckpoint:
    """A checkpoint that this witness saw. RecordError unless the witness cosigned it."""
    try:
        said = checkpoint_of(note)
        at = datetime.fromtimestamp(key.seen_at(note), UTC)
    except (NoteFault, ValueError, OverflowError, OSError) as fault:
        raise RecordError(f"A checkpoint said to have been seen by the witness cannot be trusted: {fault}.") from fault
    return SeenCheckpoint(said.origin, said.size, said.root, note, at)


@dataclass(frozen=True, slots=True)
class FrozenRecord:
    """One device's record up to a checkpoint that was seen; `erased` counts entries that were erased on request.

    `published` are its signed checkpoints up to that one, the smallest first; `leaves` the leaf hashes up to it.
    """

    seen: SeenCheckpoint
    evidence: PublishedEvidence
    published: tuple[Checkpoint, ...]
    leaves: bytes
    transfers: int
    erased: int

    def candidates(self) -> Iterator[Candidate]:
        """Its transfers, in order."""
        for index, (_, entry) in zip(range(self.seen.size), leaves_and_entries(self.evidence), strict=False):
            if entry is not None and entry.kind is EntryKind.TRANSFERRED:
                said = read_transfer(entry.body)
                transfer, visit = ("", "") if said is None else (said.transfer, said.visit)
                yield Candidate(self.seen.origin, index, entry.hash, transfer, visit)


@dataclass(frozen=True, slots=True)
class Population:
    """All transfers that may be drawn, and the devices that are left out, each with the reason."""

    records: tuple[FrozenRecord, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        """How many transfers."""
        return sum(record.transfers for record in self.records)

    @property
    def erased(self) -> int:
        """How many entries were erased on request: nobody can say what they were."""
        return sum(record.erased for record in self.records)

    def candidates(self) -> Iterator[Candidate]:
        """All of them."""
        for record in self.records:
            yield from record.candidates()


def freeze(copy: Beneath, keys: Sequence[VerifierKey], seen: Seen) -> Population:
    """The transfers that a copy of the records proves to be in the checkpoints seen."""
    found, _ = all_evidence(copy, keys, lambda _: ())
    there = {origin(evidence.device): (evidence, of_device) for evidence, of_device in found}
    records: list[FrozenRecord] = []
    left_out: list[tuple[str, str]] = []
    for checkpoint in sorted(seen.checkpoints, key=lambda one: one.origin):
        mine = there.pop(checkpoint.origin, None)
        record = "its record is not in this copy" if mine is None else _frozen(*mine, checkpoint)
        if isinstance(record, str):
            left_out.append((checkpoint.device, plain(record)))
        else:
            records.append(record)
    left_out += [
        (plain(name.removeprefix(ORIGIN)), "the witness has not seen a complete record of it") for name in sorted(there)
    ]
    return Population(tuple(records), tuple(left_out))


def _frozen(evidence: PublishedEvidence, keys: Sequence[VerifierKey], seen: SeenCheckpoint) -> FrozenRecord | str:
    trust, _ = trusted(seen.origin, keys, evidence.rotations)
    try:
        trust.checkpoint(seen.as_note())
    except NoteFault as fault:
        return f"the checkpoint that the witness saw cannot be trusted: {fault}"
    signed = {Checkpoint(seen.origin, seen.size, seen.root)}
    for note in evidence.checkpoints:
        try:
            said, _ = trust.checkpoint(note)
        except NoteFault:
            continue  # a piece that nobody signed is not read
        signed.add(said)
    heads = {(said.size, said.root.hex()[:16]) for said in signed}
    mine = replace(evidence, pieces=[one for one in evidence.pieces if (one.size, one.root) in heads])
    leaves = bytearray()
    transfers = erased = 0
    for _, (data, entry) in zip(range(seen.size), leaves_and_entries(mine), strict=False):
        leaves += leaf_hash(data)
        erased += entry is None
        transfers += entry is not None and entry.kind is EntryKind.TRANSFERRED
    tree = Tree(bytes(leaves))
    if tree.size < seen.size:
        return f"only {tree.size} of the {seen.size} entries that the witness saw are here and whole"
    if tree.root != seen.root:
        return f"its first {seen.size} entries are not those that the witness saw"
    published = sorted((one for one in signed if one.size <= seen.size), key=lambda one: (one.size, one.root))
    return FrozenRecord(seen, mine, tuple(published), bytes(leaves), transfers, erased)
