"""Verifying a record offline: that each entry is what its leaf commits to, that the leaves make the trees that were
signed, that the keys are those that IT enrolled, and that all signed trees are one and the same log, growing.

It goes on after damage, so that a report tells all there is; it reads from end to end once and keeps only the tree's
edge, so that a million entries take no more memory than a hundred. The rules of what counts as what:

- *altered* (10): something is there that is not what was signed, or was put in;
- *truncated* (11): something that was signed, or that a file's name promises, is not there;
- *not signed* (12): a signature is missing, wrong, or by no enrolled key, for any part;
- *forked* (13): trusted signatures stand under two histories of which neither continues the other;
- *heartbeat missing* (14): the last signed entry is older than IT allows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import BinaryIO

from agent.audit.evidence import Evidence, Note, Piece, copies, device_of, of_folder, opened
from agent.audit.lines import LONGEST_LINE, Lines
from agent.audit.report import Damage, Findings, Report
from agent.audit.trust import trusted
from agent.record.checkpoint import Checkpoint
from agent.record.leaf import LEAF_LINE
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import origin
from agent.record.tree import Frontier, leaf_hash


def verify_copy(
    folder: Path,
    keys: Iterable[VerifierKey],
    *,
    now: datetime,
    max_silence: timedelta | None = None,
    seen: Sequence[Note] = (),
) -> list[Report]:
    """Verify a copy of the share, of its `record/`, or of one device's folder in it: a report for each device.

    `keys` are those that IT enrolled, `seen` checkpoints seen before. An enrolled device whose folder is missing from a
    copy of several is reported too.
    """
    enrolled = list(keys)
    found = list(verify_folders(folder, enrolled, now=now, max_silence=max_silence, seen=seen))
    reports = [report for _, report in found]
    if [path for path, _ in found] != [folder]:
        there = {origin(report.device) for report in reports}
        for missing in sorted({key.name for key in enrolled} - there):
            device = missing.removeprefix(origin(""))
            reports.append(verify(Evidence(device, (), (), (), _of_device(seen, device)), enrolled, now, max_silence))
    return reports


def verify_folders(
    folder: Path,
    keys: Iterable[VerifierKey],
    *,
    now: datetime,
    max_silence: timedelta | None = None,
    seen: Sequence[Note] = (),
) -> Iterator[tuple[Path, Report]]:
    """Each device's folder in a copy, with its report."""
    enrolled = list(keys)
    named = {key.name for key in enrolled}
    for path, name in copies(folder):
        device = name or device_of(path, lambda one: origin(one) in named)
        yield path, verify(of_folder(path, device, _of_device(seen, device)), enrolled, now, max_silence)


def _of_device(seen: Sequence[Note], device: str) -> list[Note]:
    return [note for note in seen if note.content.startswith(origin(device).encode() + b"\n")]


def verify(
    evidence: Evidence, keys: Iterable[VerifierKey], now: datetime, max_silence: timedelta | None = None
) -> Report:
    """Verify one device's record."""
    return _Examination(evidence, keys).through(now, max_silence)


@dataclass(slots=True)
class _Path:
    """One history, as far as it was followed: its tree, and the trusted checkpoints that do not fit it."""

    tree: Frontier
    contradicts: set[Checkpoint] = field(default_factory=set)

    def copy(self) -> "_Path":
        return _Path(self.tree.copy(), set(self.contradicts))


class _Examination:
    """One device's record being examined."""

    def __init__(self, evidence: Evidence, keys: Iterable[VerifierKey]) -> None:
        self._evidence = evidence
        self._findings = Findings()
        self._notes: list[str] = []
        self._trust, refused = trusted(origin(evidence.device), keys, evidence.rotations)
        for note, reason in refused:
            self._findings.add(Damage.UNSIGNED, f"a key rotation is not to be believed: {reason}", file=note.source)
        self._signed_by: dict[Checkpoint, VerifierKey] = {}
        self._by_size: dict[int, set[Checkpoint]] = {}
        self._paths: dict[int, list[_Path]] = {0: [_Path(Frontier())]}
        self._reached = 0
        self._fits: set[Checkpoint] = set()
        self._contradicted: set[Checkpoint] = set()
        self._forked: set[int] = set()
        self._named = {(note.name.size, note.name.root) for note in evidence.checkpoints if note.name is not None}
        self._broken = False
        self._lines = Lines(evidence.device, self._by_size, self._findings, self._notes)

    def through(self, now: datetime, max_silence: timedelta | None) -> Report:
        self._read_checkpoints()
        for piece in self._evidence.pieces:
            self._follow(piece)
        return self._conclude(now, max_silence)

    # --- signatures --------------------------------------------------------------------------------------------------

    def _read_checkpoints(self) -> None:
        evidence = self._evidence
        if not self._trust.keys:
            self._findings.add(Damage.UNSIGNED, "no key is enrolled for this device, so nothing here can be believed")
            return
        for note in (*evidence.checkpoints, *evidence.seen):
            try:
                said, key = self._trust.checkpoint(note)
            except NoteFault as fault:
                self._findings.add(Damage.UNSIGNED, f"{note.source}: {fault}", file=note.source)
                continue
            if note.name is not None and (note.name.size, note.name.root) != (said.size, said.root.hex()[:16]):
                self._findings.add(
                    Damage.ALTERED, f"{note.source}: it was given a name that is not its own", file=note.source
                )
            self._signed_by[said] = key
            self._by_size.setdefault(said.size, set()).add(said)
        for size, said_there in self._by_size.items():
            if len(said_there) > 1:
                self._findings.add(Damage.FORKED, f"two different records of {size} entries were signed", index=size)

    # --- entries and leaves ------------------------------------------------------------------------------------------

    def _follow(self, piece: Piece) -> None:
        """Go through one piece, on from every history that ends where it begins."""
        if piece.size is not None and (piece.size, piece.root) not in self._named:
            source = (piece.entries or piece.leaves or Path()).name
            self._findings.add(Damage.UNSIGNED, f"{source}: its checkpoint is missing", index=piece.first, file=source)
        self._paths = {size: there for size, there in self._paths.items() if size >= piece.first}  # pieces are in order
        before = self._paths.get(piece.first, [])
        if not before and not self._broken:
            text = f"entries {self._reached} to {piece.first - 1} are missing"
            self._findings.add(Damage.TRUNCATED, text, index=self._reached)
            self._broken = True
        paths = [path.copy() for path in before]
        end = self._go_through(piece, paths)
        if end is None:
            self._broken = True
            return
        if piece.size is not None:
            paths = self._named_rightly(piece, paths)
        if paths:
            self._reached = max(self._reached, end)
            there = self._paths.setdefault(end, [])
            known = {path.tree.root() for path in there}
            there += [path for path in paths if path.tree.root() not in known]

    def _named_rightly(self, piece: Piece, paths: list[_Path]) -> list[_Path]:
        """The histories whose root is the one in the piece's name, or is signed."""
        right = [path for path in paths if path.tree.root().hex().startswith(piece.root)]
        heads = {said.root for said in self._by_size.get(piece.size or 0, ())}
        signed = [path for path in paths if path.tree.root() in heads]
        if paths and not right:
            source = (piece.entries or piece.leaves or Path()).name
            self._findings.add(Damage.ALTERED, f"{source}: what its leaves make is not what its name says", file=source)
        if paths and not right and not signed:
            self._broken = True
        return right or signed

    def _go_through(self, piece: Piece, paths: list[_Path]) -> int | None:
        """Check the piece's lines and grow the histories by them; where it ends, None if it cannot be followed."""
        if piece.leaves is None:
            self._missing(piece, "leaves")
            return None
        with opened(piece.leaves) as leaves:
            if piece.entries is None:
                self._missing(piece, "entries")
                return self._grow(piece, None, leaves, paths)
            with opened(piece.entries) as entries:
                return self._grow(piece, entries, leaves, paths)

    def _missing(self, piece: Piece, what: str) -> None:
        last = "the end" if piece.size is None else piece.size - 1
        self._findings.add(Damage.TRUNCATED, f"the {what} from {piece.first} to {last} are missing", index=piece.first)

    def _grow(self, piece: Piece, entries: BinaryIO | None, leaves: BinaryIO, paths: list[_Path]) -> int | None:
        trees = [path.tree for path in paths]
        for index in count(piece.first):
            if index == piece.size:
                return self._at_the_end(piece, entries, leaves)
            line = b"" if entries is None else entries.readline(LONGEST_LINE)
            if entries is not None and not line:
                return self._short(piece, entries, index, f"the entries from {index} on")
            kept = leaves.read(LEAF_LINE)
            data = self._lines.leaf(piece, kept, line, index)
            if data is None:
                return index if piece.size is None and not line.endswith(b"\n") else None
            if entries is not None and not self._lines.line(piece, line, data, index):
                return index if piece.size is None else None
            leaf = leaf_hash(data[0])
            for tree in trees:
                tree.add(leaf)
            if index + 1 in self._by_size:
                self._compare(index + 1, paths)
        raise AssertionError("counting does not end")

    def _short(self, piece: Piece, entries: BinaryIO, index: int, what: str) -> int | None:
        """The entries end here, which only the laptop's own may do."""
        if piece.size is None:
            return index
        source = Path(entries.name).name
        self._findings.add(Damage.TRUNCATED, f"{source}: {what} are missing", index=index, file=source)
        return None

    def _at_the_end(self, piece: Piece, entries: BinaryIO | None, leaves: BinaryIO) -> int | None:
        for file in (entries, leaves):
            if file is not None and file.read(1):
                source = Path(file.name).name
                self._findings.add(
                    Damage.ALTERED, f"{source}: it goes on after its last entry", index=piece.size, file=source
                )
        return piece.size

    def _compare(self, size: int, paths: list[_Path]) -> None:
        for path in paths:
            root = path.tree.root()
            fits = {said for said in self._by_size[size] if said.root == root}
            if fits:
                self._fits |= fits
                # Whoever signed a later state of a history vouched for the earlier ones.
                self._forked |= {earlier.size for earlier in path.contradicts}
            path.contradicts |= self._by_size[size] - fits
            self._contradicted |= self._by_size[size] - fits

    # --- what it comes to --------------------------------------------------------------------------------------------

    def _conclude(self, now: datetime, max_silence: timedelta | None) -> Report:
        reached = self._reached
        # Of two forks that are here, the same one is taken whenever this copy is looked at.
        best = max(self._fits, key=lambda said: (said.size, said.root), default=None)
        signed = 0 if best is None else best.size
        self._check_histories()
        self._check_reach(reached, signed)
        self._lines.conclude(to_the_end=not self._broken)
        self._check_rotations()
        self._check_silence(now, max_silence, self._lines.times.get(signed))
        if self._evidence.strangers:
            self._notes.append(f"{len(self._evidence.strangers)} files in its folder are not of the record")
        return Report(
            device=self._evidence.device,
            entries=reached,
            signed=signed,
            root=None if best is None else best.root.hex(),
            keys=() if best is None else (str(self._signed_by[best]),),
            last_at=self._lines.times.get(signed, self._lines.last_at),
            erased=len(self._lines.erased),
            findings=self._findings.all(),
            notes=tuple(self._notes),
            to_erase=self._lines.to_erase,
        )

    def _check_histories(self) -> None:
        twice = {size for size, said_there in self._by_size.items() if len(said_there) > 1}  # told already
        for size in sorted(self._forked - twice):
            text = f"what was signed at {size} entries is not the beginning of what was signed later"
            self._findings.add(Damage.FORKED, text, index=size)
        altered = {said.size for said in self._contradicted} - {said.size for said in self._fits} - self._forked
        for size in sorted(altered) if not self._broken else ():
            text = f"the first {size} entries are not those that were signed"
            self._findings.add(Damage.ALTERED, text, index=size)

    def _check_reach(self, reached: int, signed: int) -> None:
        beyond = [size for size in self._by_size if size > reached]
        if beyond and not self._broken:
            self._findings.add(
                Damage.TRUNCATED, f"{max(beyond)} entries were signed, but only {reached} are here", index=reached
            )
        if not self._trust.keys:
            return
        if reached == 0 and not self._evidence.pieces and not self._by_size:
            self._findings.add(Damage.UNSIGNED, "there is no record of this device here")
        elif reached > signed and not self._broken:
            self._findings.add(Damage.UNSIGNED, f"entries {signed} to {reached - 1} are not signed", index=signed)

    def _check_rotations(self) -> None:
        signing = {str(key) for key in self._signed_by.values()}
        noted = {str(rotation.new) for rotation in self._trust.rotations}
        for key, index in self._lines.passed_on.items():
            if key in signing and key not in noted:
                self._findings.add(
                    Damage.UNSIGNED, "the note by which the log key was passed on is missing", index=index
                )
        for rotation in self._trust.rotations:
            told_by = self._lines.passed_on.get(str(rotation.new))
            # The old key signs the entry that names the new one; where it was lost, the new key signs that one too.
            if told_by is not None and told_by != rotation.size - (rotation not in self._trust.unvouched):
                text = "the note by which the log key was passed on is not the one that its entry tells of"
                self._findings.add(Damage.UNSIGNED, text, index=told_by)

    def _check_silence(self, now: datetime, max_silence: timedelta | None, last_at: datetime | None) -> None:
        if max_silence is None:
            return
        if last_at is None:
            self._findings.add(Damage.SILENT, "nothing signed was ever heard of this device")
        elif now - last_at > max_silence:
            days = (now - last_at).total_seconds() / 86400
            self._findings.add(Damage.SILENT, f"the last that was heard of it is {days:.1f} days old")


def utc_now() -> datetime:
    """The clock of whoever verifies."""
    return datetime.now(UTC)
