"""Seals: which entries were signed together, by which checkpoint. Each is one publication, at once or later.

A line of seals.jsonl is durable before anything of it leaves the laptop. So a publication that was cut is repeated
exactly as it began, whatever was recorded in between.

What a power cut left at its end, a line without its end or with zeros in it, was not durable: nobody was promised it.
Readers pass over it, and it is cut off before the next seal.

The list grows with every run, so nothing that a run does reads all of it: a `SealList` checks the whole list when it is
first used, by one hash over what was checked when it was written; from then on it looks at the end only.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from agent.errors import RecordAltered, RecordError
from agent.files.durable import replace_file
from agent.record import files
from agent.record.checkpoint import Checkpoint, checkpoint_of, read_rotation
from agent.record.entry import Entry
from agent.record.files import Files
from agent.record.leaf import LEAF_LINE
from agent.record.note import NoteFault, Signer, VerifierKey, open_note, sign_note
from agent.record.published import origin
from agent.record.reading import altered, as_record_error, hole_in, walk
from agent.record.tree import Frontier, leaf_hash

MOST = 8192
"""Entries in one publication: some eight megabytes, which fit in memory on any laptop."""

LONGEST = 16 * 1024
"""More bytes than a line of seals.jsonl has: a note or two, and four numbers."""

NOT_THE_SIGNER = (
    "The log key is not the one that signed this laptop's record before. Put the old key back from a backup, or run "
    "`photo-agent log rotate-key --lost` and let IT enrol the new key."
)


@dataclass(frozen=True, slots=True)
class Seal:
    """The entries from `first` up to, and without, `size`, which lie from byte `start` to `end`; and their note."""

    first: int
    size: int
    start: int
    end: int
    checkpoint: str
    rotation: str | None = None

    @property
    def head(self) -> Checkpoint:
        """What the checkpoint says."""
        return checkpoint_of(self.checkpoint.encode())

    def key_after(self, candidates: Sequence[VerifierKey]) -> VerifierKey | None:
        """Which of these keys signs what follows this seal; None if another key does."""
        if self.rotation is not None:
            following = read_rotation(self.rotation.encode())[0].new
            return following if following in candidates else None
        signed = open_note(self.checkpoint.encode(), candidates).signed_by
        return signed[0] if signed else None


def read_seals(path: Path) -> list[Seal]:
    """All seals, oldest first; a line that a crash cut is skipped. RecordAltered if they do not follow."""
    with as_record_error():
        try:
            lines, _ = _whole_lines(path)
        except FileNotFoundError:
            return []
    seals: list[Seal] = []
    for line in lines:
        seal = _seal_of(line)
        before = (0, 0) if not seals else (seals[-1].size, seals[-1].end)
        if (seal.first, seal.start) != before:
            raise RecordAltered(_PART_MISSING)
        seals.append(seal)
    return seals


_ALTERED = "The list of what was signed was altered. Keep the files and tell IT."
_PART_MISSING = "The list of what was signed was altered: a part is missing. Tell IT."


def _whole_lines(path: Path) -> tuple[list[bytes], int]:
    """The lines without what a crash left behind them, and the file's size with it."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        end, _ = hole_in(file, size)
        file.seek(0)
        return file.read(end).split(b"\n")[:-1], size


def _seal_of(line: bytes) -> Seal:
    try:
        seal = Seal(**json.loads(line))
        right = seal.head.size == seal.size > seal.first
    except (ValueError, TypeError, AttributeError) as fault:
        raise RecordAltered(_ALTERED) from fault
    if not right:
        raise RecordAltered(_PART_MISSING)
    return seal


def seals_from_the_end(path: Path) -> Iterator[Seal]:
    """The seals, newest first, each read when it is asked for; a line that a crash cut is skipped.

    RecordAltered if one does not follow the one before it.
    """
    after: Seal | None = None
    with as_record_error():
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in _lines_from_the_end(file):
                seal = _seal_of(line)
                if after is not None and (after.first, after.start) != (seal.size, seal.end):
                    raise RecordAltered(_PART_MISSING)
                after = seal
                yield seal
    if after is not None and (after.first, after.start) != (0, 0):
        raise RecordAltered(_PART_MISSING)


def _lines_from_the_end(file: BinaryIO) -> Iterator[bytes]:
    """The lines that have an end and no zeros, the last first, without their ends."""
    position, _ = hole_in(file, file.seek(0, 2))
    rest: bytes | None = None  # the part known so far of a line whose beginning was not read yet; None: it has no end
    while position > 0:
        step = min(LONGEST, position)
        position -= step
        file.seek(position)
        first, *lines = file.read(step).split(b"\n")
        if lines:
            whole = lines[:-1] if rest is None else [*lines[:-1], lines[-1] + rest]
            yield from reversed(whole)
            rest = first
        elif rest is not None:
            rest = first + rest
    if rest is not None:
        yield rest


def signed_size(path: Path) -> int:
    """How many entries are signed, according to the last whole line; 0 without one. Reads the end only."""
    try:
        with path.open("rb") as file:
            last = next(_lines_from_the_end(file), None)
    except FileNotFoundError:
        return 0
    try:
        return 0 if last is None else int(json.loads(last)["size"])
    except (ValueError, TypeError, KeyError) as fault:
        raise RecordAltered(_ALTERED) from fault


class SealList:
    """The list of one record, as the process that writes it knows it."""

    def __init__(self, where: Files) -> None:
        self._where = where
        self._known: _Checked | None = None

    def last(self) -> Seal | None:
        """The newest seal; None before the first.

        RecordAltered if the list was altered: all of it is checked once, and after that only whether another process
        has changed its length.
        """
        path = self._where.seals
        if self._known is None or self._known.length != files.size_of(path):
            self._known = _checked(path, *_stored(self._where))
        return self._known.last

    def add(self, seals: Sequence[Seal], grown: Frontier) -> None:
        """Append these seals, and store the tree that they end with; durable on return."""
        known = self._known
        if known is None:
            raise ValueError("the list is looked at before anything is added")
        path = self._where.seals
        if files.size_of(path) > known.whole:  # what a crash left
            files.cut(path, known.whole)
        lines = [json.dumps(asdict(seal), ensure_ascii=False, sort_keys=True).encode() + b"\n" for seal in seals]
        files.append(path, b"".join(lines), known.whole)
        digest, size = known.digest, known.whole
        for line in lines:
            digest, size = hashlib.sha256(digest + line).digest(), size + len(line)
        self._known = _Checked(size, size, digest, seals[-1])
        _store(self._where, grown, digest)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A list that was checked: its bytes, those of its whole lines, a hash chained over these, and the last seal."""

    length: int
    whole: int
    digest: bytes
    last: Seal | None


def _checked(path: Path, reached: int, digest_before: bytes | None) -> _Checked:
    """Check the list. If its hash is `digest_before`, that was done when it was written.

    `reached` is how many entries were signed when the tree was stored, after the list: a shorter list was cut.
    """
    try:
        lines, length = _whole_lines(path)
    except FileNotFoundError:
        return _Checked(0, 0, b"", None)  # everything is signed once more
    digest, whole = b"", 0
    for line in lines:
        digest, whole = hashlib.sha256(digest + line + b"\n").digest(), whole + len(line) + 1
    if not lines:
        last = None
    elif digest == digest_before:
        last = _seal_of(lines[-1])
    else:
        last = read_seals(path)[-1]
    if reached > (0 if last is None else last.size):
        raise RecordAltered(_PART_MISSING)
    return _Checked(length, whole, digest, last)


def make_seals(
    where: Files, device: str, signer: Signer, count: int, before: SealList, rotation: str | None = None
) -> list[Seal]:
    """Sign what was recorded since the last seal, up to entry `count`; the new seals, durable on return.

    Each entry is checked against its leaf once more. `rotation` goes with the last seal. RecordError if `signer` is
    neither the key that signed last nor the one that it passed the log on to: nobody would believe it.
    """
    last = before.last()
    first, start, grown = (0, 0, Frontier()) if last is None else (last.size, last.end, _frontier(where, last))
    if first >= count:
        return []
    passed_on = rotation is not None and not read_rotation(rotation.encode())[1]  # by IT's word: the old key is lost
    if last is not None and last.key_after([signer.key]) is None and not passed_on:
        raise RecordError(NOT_THE_SIGNER)
    seals = []
    with where.entries.open("rb") as entries, where.leaves.open("rb") as leaves:
        entries.seek(start)
        leaves.seek(first * LEAF_LINE)
        for data, _ in _known(walk(entries, leaves, first), count - first):
            grown.add(leaf_hash(data))
            if grown.size - first == MOST or grown.size == count:
                note = sign_note(Checkpoint(origin(device), grown.size, grown.root()).text, signer)
                end = entries.tell()
                seals.append(Seal(first, grown.size, start, end, note, rotation if grown.size == count else None))
                first, start = grown.size, end
    if grown.size != count:
        raise altered(grown.size, "it was there a moment ago")
    before.add(seals, grown)
    return seals


def _known(pairs: Iterator[tuple[bytes, Entry | None]], most: int) -> Iterator[tuple[bytes, Entry | None]]:
    for _ in range(most):
        pair = next(pairs, None)
        if pair is None:
            return
        yield pair


def _frontier(where: Files, seal: Seal) -> Frontier:
    """The tree at this seal: the stored one if it has the root that was signed, else made from its leaves."""
    try:
        stored = json.loads(where.tree.read_bytes())
        frontier = Frontier(stored["size"], (bytes.fromhex(one) for one in stored["hashes"]))
        if (frontier.size, frontier.root()) == (seal.size, seal.head.root):
            return frontier
    except (OSError, ValueError, TypeError, KeyError):
        pass  # it only saves time: what is signed does not rest on it
    frontier = Frontier()
    with where.entries.open("rb") as entries, where.leaves.open("rb") as leaves:
        for data, _ in _known(walk(entries, leaves), seal.size):
            frontier.add(leaf_hash(data))
    if (frontier.size, frontier.root()) != (seal.size, seal.head.root):
        raise RecordAltered("The record was altered: it is not the one that was signed. Keep the files and tell IT.")
    return frontier


def _store(where: Files, frontier: Frontier, digest: bytes) -> None:
    stored = {"size": frontier.size, "hashes": [one.hex() for one in frontier.hashes], "seals": digest.hex()}
    replace_file(where.tree, json.dumps(stored).encode())


def _stored(where: Files) -> tuple[int, bytes | None]:
    """How many entries were signed when the tree was stored, and the list's hash then; 0 and None if not known."""
    try:
        stored = json.loads(where.tree.read_bytes())
        return int(stored["size"]), bytes.fromhex(stored["seals"])
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return 0, None  # it only saves time: without it the whole list is read


def current_key(last: Seal | None, candidates: Sequence[VerifierKey]) -> VerifierKey | None:
    """Which of these keys signs the log now; None before the first seal, or if another key does."""
    try:
        return last.key_after(candidates) if last is not None else None
    except NoteFault as fault:
        raise RecordAltered(f"The last signature of the record was altered: {fault}. Tell IT.") from fault
