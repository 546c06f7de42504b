"""Examining one device's record: every line, every tree that was signed, every history that they make.

It continues after damage, so that a report lists all damage. It reads the record once, from end to end, and holds only
the edge of the tree, so that a million entries take no more memory than a hundred. `verify` defines the kinds of
damage.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, BinaryIO, Protocol

from agent.audit.evidence import Note, Piece, PublishedEvidence, Source
from agent.audit.findings import Findings, RecordFault, Report
from agent.audit.following import Coverage
from agent.audit.lines import AHEAD, LONGEST_LINE, Lines
from agent.audit.trust import trusted
from agent.files.beneath import NotPlain
from agent.record.checkpoint import Checkpoint
from agent.record.leaf import LEAF_LINE
from agent.record.note import NoteFault, VerifierKey
from agent.record.published import origin
from agent.record.tree import Frontier, leaf_hash

MOST_STARTS = 10_000
"""Pieces that begin in the middle of others and are still followed; each takes a kilobyte or two."""


@dataclass(slots=True)
class _Path:
    """One history as far as it was followed: its tree, and the trusted checkpoints that do not fit it."""

    tree: Frontier
    contradicts: set[Checkpoint] = field(default_factory=set)

    def copy(self) -> "_Path":
        return _Path(self.tree.copy(), set(self.contradicts))


class Reader(Protocol):
    """Reads along while a record is examined, so that the record is not read twice."""

    def line(self, index: int, line: bytes, read: Mapping[str, Any] | None, leaf: bytes) -> None:
        """The next line, with the hash of its leaf. `read` is its JSON, None if it was erased or altered."""

    def signed(self, size: int, *, fits: bool) -> None:
        """The first `size` entries were signed; `fits` says whether the signed entries are those that were read."""


class Examination:
    """The examination of one device's record. A reader gets every line, even one that turns out not to be proven."""

    def __init__(
        self, evidence: PublishedEvidence, keys: Iterable[VerifierKey], now: datetime, reader: Reader | None = None
    ) -> None:
        self._evidence = evidence
        self._reader = reader
        self._findings = Findings()
        self._notes: list[str] = []
        self._trust, refused = trusted(origin(evidence.device), keys, evidence.rotations)
        for note, reason in refused:
            self._findings.add(RecordFault.UNSIGNED, f"a key rotation cannot be believed: {reason}", file=note.source)
        self._signed_by: dict[Checkpoint, VerifierKey] = {}
        self._by_size: dict[int, set[Checkpoint]] = {}
        self._paths: dict[int, list[_Path]] = {0: [_Path(Frontier())]}
        self._reached = 0
        self._fits: set[Checkpoint] = set()
        self._contradicted: set[Checkpoint] = set()
        self._forked: set[int] = set()
        # Sizes at which one piece begins inside another: it was gathered into a bundle and is still there too.
        starts = {piece.first for piece in evidence.pieces} - {piece.size for piece in evidence.pieces}
        self._starts = frozenset(heapq.nsmallest(MOST_STARTS, starts))
        self._stops: frozenset[int] = frozenset()
        self._coverage = Coverage(evidence.pieces)
        self._named = {(note.name.size, note.name.root) for note in evidence.checkpoints if note.name is not None}
        self._broken = False
        self._lines = Lines(evidence.device, self._by_size, self._findings, self._notes, now)
        self._now = now

    def through(self) -> Report:
        self._tell_of_the_folder()
        self._read_checkpoints()
        self._stops = self._starts | self._by_size.keys()
        for piece in self._evidence.pieces:
            self._follow(piece)
        return self._conclude()

    def _tell_of_the_folder(self) -> None:
        if self._evidence.closed is not None:
            self._findings.add(RecordFault.UNSIGNED, f"its folder {self._evidence.closed}, so nothing in it was read")
        for name, reason in self._evidence.unusable:
            self._findings.add(RecordFault.ALTERED, f"{name}: {reason}", file=name)

    # --- signatures --------------------------------------------------------------------------------------------------

    def _read_checkpoints(self) -> None:
        evidence = self._evidence
        if not self._trust.keys:
            self._findings.add(
                RecordFault.UNSIGNED, "no log key was given for this device, so nothing here can be believed"
            )
            return
        for note in (*evidence.checkpoints, *evidence.seen):
            try:
                said, key = self._trust.checkpoint(note)
            except NoteFault as fault:
                self._findings.add(RecordFault.UNSIGNED, f"{note.source}: {fault}", file=note.source)
                continue
            if note.name is not None and (note.name.size, note.name.root) != (said.size, said.root.hex()[:16]):
                self._findings.add(
                    RecordFault.ALTERED, f"{note.source}: its name does not match its content", file=note.source
                )
            self._signed_by[said] = key
            self._by_size.setdefault(said.size, set()).add(said)
        for size, said_there in self._by_size.items():
            if len(said_there) > 1:
                self._findings.add(
                    RecordFault.FORKED, f"two different records of {size} entries were signed", index=size
                )

    # --- entries and leaves ------------------------------------------------------------------------------------------

    def _follow(self, piece: Piece) -> None:
        """Read one piece, as a continuation of every history that ends where it begins."""
        if piece.size is not None and (piece.size, piece.root) not in self._named:
            source = _name_of(piece)
            self._findings.add(
                RecordFault.UNSIGNED, f"{source}: its checkpoint is missing", index=piece.first, file=source
            )
        if piece.leaves is None and self._coverage.has(piece):
            return  # another piece has all of it: gathering was interrupted between two files
        self._paths = {size: there for size, there in self._paths.items() if size >= piece.first}  # pieces are in order
        before = self._paths.get(piece.first, [])
        if not before and not self._broken:
            if piece.first > self._reached:
                text = f"entries {self._reached} to {piece.first - 1} are missing"
                self._findings.add(RecordFault.TRUNCATED, text, index=self._reached)
            else:
                name = _name_of(piece)
                text = f"{name}: it begins in the middle of other files; too many do, so it was not read"
                self._findings.add(RecordFault.ALTERED, text, index=piece.first, file=name)
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
            self._offer(end, paths)

    def _offer(self, size: int, paths: Iterable[_Path]) -> None:
        """Pieces that begin at this size may continue these histories."""
        there = self._paths.setdefault(size, [])
        known = {path.tree.root() for path in there}
        there += [path for path in paths if path.tree.root() not in known]

    def _named_rightly(self, piece: Piece, paths: list[_Path]) -> list[_Path]:
        """The histories whose root is signed, or is the one in the piece's name."""
        right = [path for path in paths if path.tree.root().hex().startswith(piece.root)]
        heads = {said.root for said in self._by_size.get(piece.size or 0, ())}
        signed = [path for path in paths if path.tree.root() in heads]
        if paths and not right:
            source = _name_of(piece)
            self._findings.add(RecordFault.ALTERED, f"{source}: its leaves do not match its name", file=source)
        if paths and not right and not signed:
            self._broken = True
        return right or signed

    def _go_through(self, piece: Piece, paths: list[_Path]) -> int | None:
        """Check the piece's lines and add them to the histories. Returns its end, or None if it cannot be followed."""
        leaves = self._opened(piece, piece.leaves, "leaves")
        if leaves is None:
            return None
        with leaves:
            entries = self._opened(piece, piece.entries, "entries")
            if entries is None:
                return self._grow(piece, None, leaves, paths)
            with entries:
                return self._grow(piece, entries, leaves, paths)

    def _opened(self, piece: Piece, source: Source | None, what: str) -> BinaryIO | None:
        if source is None:
            self._missing(piece, what)
            return None
        try:
            return source.open()
        except NotPlain as fault:
            self._findings.add(RecordFault.ALTERED, f"{source.name}: {fault}", file=source.name)
        except FileNotFoundError:  # other files with these entries may disappear too
            self._findings.add(
                RecordFault.TRUNCATED,
                f"{source.name}: it was removed while the record was being read; verify again",
                index=piece.first,
                file=source.name,
            )
        except OSError as fault:
            self._findings.add(
                RecordFault.TRUNCATED, f"{source.name}: cannot be read: {fault.strerror}", file=source.name
            )
        return None

    def _missing(self, piece: Piece, what: str) -> None:
        if self._coverage.has(piece):
            return  # another piece has all of it: gathering was interrupted between two files
        last = "the end" if piece.size is None else piece.size - 1
        self._findings.add(
            RecordFault.TRUNCATED, f"the {what} from {piece.first} to {last} are missing", index=piece.first
        )

    def _grow(self, piece: Piece, entries: BinaryIO | None, leaves: BinaryIO, paths: list[_Path]) -> int | None:
        trees = [path.tree for path in paths]
        for index in count(piece.first):
            if index == piece.size:
                return self._at_the_end(piece, entries, leaves)
            line = b"" if entries is None else entries.readline(LONGEST_LINE)
            if entries is not None and not line:
                return self._short(piece, index, f"the entries from {index} on")
            leaf_line = leaves.read(LEAF_LINE)
            data = self._lines.leaf(piece, leaf_line, line, index)
            if data is None:
                return index if piece.size is None and not line.endswith(b"\n") else None
            if entries is not None and not self._lines.line(piece, line, data, index):
                return index if piece.size is None else None
            leaf = leaf_hash(data[0])
            if self._reader is not None:
                self._reader.line(index, line, self._lines.read, leaf)
            for tree in trees:
                tree.add(leaf)
            if index + 1 in self._stops:
                self._compare(index + 1, paths)
        raise AssertionError("itertools.count never ends")

    def _short(self, piece: Piece, index: int, what: str) -> int | None:
        """The entries end before they should; only the laptop's own files may."""
        if piece.size is None:
            return index
        source = _name_of(piece)
        self._findings.add(RecordFault.TRUNCATED, f"{source}: {what} are missing", index=index, file=source)
        return None

    def _at_the_end(self, piece: Piece, entries: BinaryIO | None, leaves: BinaryIO) -> int | None:
        for file, of in ((entries, piece.entries), (leaves, piece.leaves)):
            if file is not None and of is not None and file.read(1):
                source = of.name
                self._findings.add(
                    RecordFault.ALTERED, f"{source}: it continues after its last entry", index=piece.size, file=source
                )
        return piece.size

    def _compare(self, size: int, paths: list[_Path]) -> None:
        there = self._by_size.get(size, set())
        if there and self._reader is not None:
            roots = {path.tree.root() for path in paths}
            self._reader.signed(size, fits=roots == {said.root for said in there})
        for path in paths if there else ():
            root = path.tree.root()
            fits = {said for said in there if said.root == root}
            if fits:
                self._fits |= fits
                # Signing a later state of a history vouches for the earlier ones.
                self._forked |= {earlier.size for earlier in path.contradicts}
            path.contradicts |= there - fits
            self._contradicted |= there - fits
        if size in self._starts:
            self._offer(size, [path.copy() for path in paths])

    # --- the report --------------------------------------------------------------------------------------------------

    def _conclude(self) -> Report:
        reached = self._reached
        # If there are two forks, every examination of this copy picks the same one.
        best = max(self._fits, key=lambda said: (said.size, said.root), default=None)
        signed = 0 if best is None else best.size
        self._check_histories()
        self._check_reach(reached, signed)
        self._lines.conclude(to_the_end=not self._broken)
        self._check_rotations()
        if self._broken and not self._findings.all():  # a record that was not read to its end is never called whole
            self._findings.add(RecordFault.TRUNCATED, f"it could only be read up to entry {reached}", index=reached)
        if self._evidence.strangers:
            self._notes.append(f"{len(self._evidence.strangers)} files in its folder do not belong to the record")
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
            last_heard=self._last_heard(best),
            ahead=self._lines.ahead,
            renamed_to=self._lines.renamed_to,
            formers=tuple(self._lines.formers),
            version=self._lines.versions.get(signed),
        )

    def _check_histories(self) -> None:
        twice = {size for size, said_there in self._by_size.items() if len(said_there) > 1}  # reported already
        for size in sorted(self._forked - twice):
            text = f"the record signed at {size} entries is not the beginning of the record signed later"
            self._findings.add(RecordFault.FORKED, text, index=size)
        altered = {said.size for said in self._contradicted} - {said.size for said in self._fits} - self._forked
        for size in sorted(altered) if not self._broken else ():
            text = f"the first {size} entries are not those that were signed"
            self._findings.add(RecordFault.ALTERED, text, index=size)

    def _check_reach(self, reached: int, signed: int) -> None:
        beyond = [size for size in self._by_size if size > reached]
        if beyond and not self._broken:
            self._findings.add(
                RecordFault.TRUNCATED, f"{max(beyond)} entries were signed, but only {reached} are here", index=reached
            )
        if not self._trust.keys:
            return
        if reached == 0 and not self._evidence.pieces and not self._by_size:
            self._findings.add(RecordFault.UNSIGNED, "there is no record of this device here")
        elif reached > signed and not self._broken:
            self._findings.add(RecordFault.UNSIGNED, _not_signed(signed, reached - 1), index=signed)

    def _check_rotations(self) -> None:
        signing = {str(key) for key in self._signed_by.values()}
        noted = {str(rotation.new) for rotation in self._trust.rotations}
        for key, index in self._lines.passed_on.items():
            if key in signing and key not in noted:
                self._findings.add(RecordFault.UNSIGNED, "the note that names the new log key is missing", index=index)
        for rotation in self._trust.rotations:
            said_by = self._lines.passed_on.get(str(rotation.new))
            # The old key signs the entry that names the new one. If it was lost, the new key signs that entry too.
            if said_by is not None and said_by != rotation.size - (rotation not in self._trust.unvouched):
                text = "the note that names the new log key is not the one that its entry describes"
                self._findings.add(RecordFault.UNSIGNED, text, index=said_by)

    def _last_heard(self, best: Checkpoint | None) -> datetime | None:
        """The latest moment at which the device was certainly active.

        Copying a file or writing to it can only make it younger. So the file's time is an upper bound and nothing more.
        """
        heard_at = None if best is None else self._lines.heard.get(best.size)
        if heard_at is None or best is None:
            return None
        written = [note.written_at for note in self._evidence.checkpoints if _is_of(note, best)]
        times = [at for at in written if at is not None and at <= self._now + AHEAD]
        return min(heard_at, max(times)) if times else heard_at


def _not_signed(first: int, last: int) -> str:
    return f"entry {first} is not signed" if first == last else f"entries {first} to {last} are not signed"


def _name_of(piece: Piece) -> str:
    source = piece.entries or piece.leaves
    return "" if source is None else source.name


def _is_of(note: Note, head: Checkpoint) -> bool:
    return note.name is not None and (note.name.size, note.name.root) == (head.size, head.root.hex()[:16])
