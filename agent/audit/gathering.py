"""Gathering a device's publications into bundles, on IT's side, so that the share is not flooded with files.

The publications of a finished month become one bundle, and the months of a finished year another. Only a record that
verifies is touched. Each bundle is made in this order, so that a crash at any point leaves a record that verifies:

1. it is written under a name that nobody reads, and synced;
2. it is read back, and the record is verified with the bundles in place of their sources: the result must be the same;
3. it gets its final name, which replaces nothing;
4. its sources are deleted, each only if it is still exactly the file that was gathered.

If an earlier run left sources next to a bundle, the next run deletes them. A device may publish meanwhile: later
publications are left alone. Devices own these folders, so they count as hostile: see `agent.files.beneath`.

The folder of a renamed laptop also holds a part of its former record (`was-…`). That part is gathered in that folder.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from agent.audit.evidence import GATHERING, MOST_FILES, PublishedEvidence, of_file, opened_copy
from agent.audit.findings import Report
from agent.audit.renaming import all_evidence
from agent.audit.shelves import Old, Shelf, shelves_of
from agent.audit.verify import verify
from agent.errors import RecordAltered, RecordError
from agent.files.beneath import Beneath, NotPlain, Parts
from agent.record.checkpoint import checkpoint_of, read_rotation
from agent.record.leaf import LEAF_LINE, erased_index
from agent.record.note import NoteFault, VerifierKey
from agent.record.packed import pack
from agent.record.published import LARGEST, Part, bundle_name, read_name

MOST_OF_A_BUNDLE = LARGEST // 2
"""The most bytes that are put into one bundle."""

STALE = 24 * 3600
"""Seconds after which a bundle that never got its final name counts as abandoned."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The result for one device's record: how many files were gathered into how many bundles.

    `trouble` says in words why nothing, or nothing more, was done.
    """

    device: str
    files: int = 0
    bundles: int = 0
    trouble: str | None = None

    def lines(self) -> Iterator[str]:
        """For people; nothing if there was nothing to do."""
        if self.files:
            into = "1 bundle" if self.bundles == 1 else f"{self.bundles} bundles"
            yield f"{self.device}: {self.files} record files were gathered" + (f" into {into}" * bool(self.bundles))
        if self.trouble:
            yield f"{self.device}: not gathered: {self.trouble}"

    def as_json(self) -> dict[str, object]:
        """One object, for scripts."""
        return {
            "device": self.device,
            "gathered_files": self.files,
            "bundles": self.bundles,
            "not_gathered": self.trouble,
        }


def gather_records(
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    now: datetime,
    devices: Collection[str] | None = None,
    step: Callable[[str], object] = lambda _: None,
) -> Iterator[Gathered]:
    """Gather the records in a share, its `record/`, or one device's folder, for these `devices` (None means all).

    `step` is called before each change to the share with its name. UsageError if there is no record.
    """
    with opened_copy(folder) as copy:
        for evidence, trusted in all_evidence(copy, keys, lambda _: ())[0]:
            if devices is None or evidence.device in devices:
                yield _Gathering(copy, evidence, trusted, now, step).through()


@dataclass(slots=True)
class _Bundle:
    """The bundle made of a group: a digest of each source file, and the names before and after."""

    draft: Parts
    name: str
    digests: dict[Parts, bytes] = field(default_factory=dict)


class _Gathering:
    """The gathering of one device's record."""

    def __init__(
        self,
        copy: Beneath,
        evidence: PublishedEvidence,
        keys: Sequence[VerifierKey],
        now: datetime,
        step: Callable[[str], object],
    ) -> None:
        self._copy = copy
        self._evidence = evidence
        self._keys = keys
        self._now = now
        self._step = step
        self._files = 0
        self._bundles = 0

    def through(self) -> Gathered:
        device = self._evidence.device
        try:
            self._gather()
        except (RecordError, NotPlain) as fault:
            return Gathered(device, self._files, self._bundles, f"{fault}")
        except FileExistsError:
            return Gathered(
                device, self._files, self._bundles, "another run is gathering it; run this again when that has ended"
            )
        except OSError as fault:
            why = f"its folder cannot be written to: {fault.strerror}"
            return Gathered(device, self._files, self._bundles, why)
        return Gathered(device, self._files, self._bundles)

    def _gather(self) -> None:
        shelves = shelves_of(self._evidence)
        groups = [(shelf, group) for shelf in shelves for group in self._groups(shelf.line)]
        doubles = [double for shelf in shelves for double in shelf.doubles]
        if not groups and not doubles:
            return
        before = verify(self._evidence, self._keys, self._now)
        if before.findings:
            return  # `log verify` reports the damage
        folders = dict.fromkeys(shelf.folder for shelf in shelves)
        for folder in folders:
            self._sweep(folder)
        bundles: list[_Bundle] = []
        try:
            # One by one: an error leaves the list so far.
            bundles.extend(self._written(shelf, group) for shelf, group in groups)
            if bundles:
                self._verify(bundles, before)
            for bundle in bundles:
                self._step("name")
                self._copy.rename(bundle.draft, bundle.name)
        except BaseException:
            for bundle in bundles:
                self._discard(bundle.draft)
            raise
        self._bundles = len(bundles)
        for old, covering in doubles:  # first, because such a piece may be in a file that is deleted next
            self._take_double(old, covering)
        for bundle in bundles:
            for file, digest in bundle.digests.items():
                self._take_away(file, digest)
        for folder in folders:
            self._copy.sync(folder)

    # --- what belongs together ---------------------------------------------------------------------------------------

    def _groups(self, line: Sequence[Old]) -> Iterator[list[Old]]:
        """Pieces that become one bundle: those of a finished year, or of a month; no larger than a bundle may be."""
        dated: list[tuple[tuple[int, ...] | None, Old, int]] = []
        for old in line if len(line) > 1 else ():
            at, size = self._last_of(old)
            dated.append((self._period(at), old, size))
        for period, members in groupby(dated, key=lambda one: one[0]):
            if period is None:
                continue
            group: list[Old] = []
            held = 0
            for _, old, size in members:
                if group and (held + size > MOST_OF_A_BUNDLE or group[-1].piece.size != old.piece.first):
                    yield from [group] if len(group) > 1 else []
                    group, held = [], 0
                group.append(old)
                held += size
            if len(group) > 1:
                yield group

    def _period(self, at: datetime | None) -> tuple[int, ...] | None:
        """The year, or the month of this year, if it is finished; None otherwise."""
        if at is None or (at.year, at.month) >= (self._now.year, self._now.month):
            return None
        return (at.year,) if at.year < self._now.year else (at.year, at.month)

    def _last_of(self, old: Old) -> tuple[datetime | None, int]:
        """The time of a piece's last entry that was not erased, and the size of the piece in bytes."""
        entries, leaves, notes = self._content(old, {})
        size = len(entries) + len(leaves) + sum(len(note) for _, note in notes)
        for line in reversed(entries.split(b"\n")[:-1]):
            if erased_index(line) is None:
                return _written_at(line), size
        return None, size

    def _content(self, old: Old, digests: dict[Parts, bytes]) -> tuple[bytes, bytes, list[tuple[Part, bytes]]]:
        """Entries, leaves and notes of a piece, read again; the digest of each file goes into `digests`."""
        contents = {file: self._read(file) for file in old.files}
        digests |= {file: hashlib.sha256(content).digest() for file, content in contents.items()}
        piece = old.piece
        if piece.leaves is None or piece.size is None:
            raise RecordAltered("a part of it is missing")
        leaves = contents[piece.leaves.where][piece.leaves.start :][: (piece.size - piece.first) * LEAF_LINE]
        entries = b"" if piece.entries is None else contents[piece.entries.where][piece.entries.start :]
        notes = [(note.name.part, note.content) for note in old.notes if note.name is not None]
        return entries, leaves, notes

    def _read(self, where: Parts) -> bytes:
        with self._copy.open(where, LARGEST) as file:
            return file.read()

    # --- the bundle --------------------------------------------------------------------------------------------------

    def _written(self, shelf: Shelf, group: list[Old]) -> _Bundle:
        digests: dict[Parts, bytes] = {}
        entries, leaves, notes = [], [], []
        for old in group:
            some_entries, some_leaves, some_notes = self._content(old, digests)
            entries.append(some_entries)
            leaves.append(some_leaves)
            notes += sorted(dict.fromkeys(some_notes), key=_order)
        last = group[-1].piece
        draft = (*shelf.folder, f"{GATHERING}{secrets.token_hex(8)}")
        self._step("write")
        self._copy.create(draft, pack(notes, b"".join(leaves), b"".join(entries)), group[-1].files[0])
        name = bundle_name(group[0].piece.first, last.size or 0, last.root)
        return _Bundle(draft, f"{shelf.prefix}{name}", digests)

    def _verify(self, bundles: Sequence[_Bundle], before: Report) -> None:
        """RecordAltered unless the record verifies to the same result with the bundles in place of their sources."""
        self._step("verify")
        gone = {file for bundle in bundles for file in bundle.digests}
        after = replace(
            self._evidence,
            pieces=[
                piece
                for piece in self._evidence.pieces
                if not {source.where for source in (piece.entries, piece.leaves) if source is not None} & gone
            ],
            checkpoints=[note for note in self._evidence.checkpoints if note.where not in gone],
            rotations=[note for note in self._evidence.rotations if note.where not in gone],
        )
        for bundle in bundles:
            name = read_name(bundle.name)
            if name is None:
                raise RecordAltered("one of its bundles would have a wrong name")
            after = after.with_more(of_file(self._copy, bundle.draft, name, after.device))
        notes = [{note.content for note in (*one.checkpoints, *one.rotations)} for one in (self._evidence, after)]
        if notes[0] != notes[1] or _sum(verify(after, self._keys, self._now)) != _sum(before):
            raise RecordAltered(
                "it changed while it was being gathered, or a bundle was not written correctly; try again"
            )

    # --- deleting ----------------------------------------------------------------------------------------------------

    def _take_away(self, file: Parts, digest: bytes) -> None:
        """Delete a file whose content is in a bundle; RecordAltered if it is not the one that was gathered."""
        try:
            if hashlib.sha256(self._read(file)).digest() != digest:
                raise RecordAltered(f"{file[-1]} was changed while it was being gathered, so it was left in place")
            self._step("take away")
            self._copy.remove(file)
        except FileNotFoundError:
            return  # another gatherer was faster
        self._files += 1

    def _take_double(self, old: Old, covering: Old) -> None:
        """Delete a file next to a bundle that has the same content; a file that differs in any way stays."""
        digests: dict[Parts, bytes] = {}
        entries, leaves, notes = self._content(old, digests)
        theirs, their_leaves, their_notes = self._content(covering, {})
        row, rows = old.piece.first - covering.piece.first, (old.piece.size or 0) - old.piece.first
        same_leaves = their_leaves[row * LEAF_LINE : (row + rows) * LEAF_LINE] == leaves
        lines = theirs.split(b"\n")[row : row + rows]
        same_entries = old.piece.entries is None or b"".join(line + b"\n" for line in lines) == entries
        same = same_leaves and same_entries and set(notes) <= set(their_notes)
        if not same and set(old.files) & set(covering.files):
            raise RecordAltered(f"{old.files[0][-1]} differs from what was published later")
        for file, digest in digests.items() if same else ():
            if file not in covering.files:
                self._take_away(file, digest)

    def _discard(self, draft: Parts) -> None:
        try:
            self._copy.remove(draft)
        except OSError:
            return  # the next sweep deletes it

    def _sweep(self, folder: Parts) -> None:
        """Delete drafts that nobody will finish."""
        for one in self._copy.names(folder, MOST_FILES):
            draft = (*folder, one.name)
            if one.name.startswith(GATHERING) and time.time() - self._copy.about(draft).st_ctime > STALE:
                self._discard(draft)


def _written_at(line: bytes) -> datetime:
    """The time of this entry, not verified yet. RecordAltered if no agent could have written it."""
    try:
        read = json.loads(line)
        return datetime.fromisoformat(read.get("share_at") or read["at"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as fault:
        raise RecordAltered("an entry of it was not written by this program") from fault


def _order(note: tuple[Part, bytes]) -> tuple[int, bool]:
    part, content = note
    try:
        if part is Part.ROTATION:
            return read_rotation(content)[0].size, False
        return checkpoint_of(content).size, True
    except NoteFault as fault:
        raise RecordAltered(f"one of its notes cannot be read: {fault}") from fault


def _sum(report: Report) -> tuple[object, ...]:
    """Everything about a record that gathering must not change."""
    return (
        *(report.findings, report.entries, report.signed, report.root, report.keys, report.last_at, report.erased),
        *(report.to_erase, report.ahead, report.renamed_to, report.formers),
    )
