"""Seals: which entries were signed together, by which checkpoint. Each is one publication, at once or later.

A line of seals.jsonl is durable before anything of it leaves the laptop. So a publication that was cut is repeated
exactly as it began, whatever was recorded meanwhile.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import RecordAltered, RecordError
from agent.files.durable import replace_file
from agent.record import files
from agent.record.checkpoint import Checkpoint, checkpoint_of, read_rotation
from agent.record.entry import Entry
from agent.record.files import Files
from agent.record.leaf import LEAF_LINE
from agent.record.note import NoteFault, Signer, VerifierKey, open_note, sign_note
from agent.record.published import origin
from agent.record.reading import altered, as_record_error, walk
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
    """The entries from `first` up to, and without, `size`, which lie from byte `start` to `end`; and the note."""

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
        """Which of these keys signs what follows this seal; None if it is none of them."""
        if self.rotation is not None:
            following = read_rotation(self.rotation.encode())[0].new
            return following if following in candidates else None
        signed = open_note(self.checkpoint.encode(), candidates).signed_by
        return signed[0] if signed else None


def read_seals(path: Path) -> list[Seal]:
    """All seals, oldest first; a line that a crash cut is passed over. RecordAltered if they do not follow."""
    with as_record_error():
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return []
    seals: list[Seal] = []
    size = end = 0
    for line in content.split(b"\n")[:-1]:
        try:
            seal = Seal(**json.loads(line))
            right = (seal.first, seal.start, seal.head.size) == (size, end, seal.size) and seal.size > size
        except (ValueError, TypeError, AttributeError) as fault:
            raise RecordAltered("The list of what was signed was altered. Keep the files and tell IT.") from fault
        if not right:
            raise RecordAltered("The list of what was signed was altered: a part is missing. Tell IT.")
        seals.append(seal)
        size, end = seal.size, seal.end
    return seals


def signed_size(path: Path) -> int:
    """How many entries are signed, as the last line that is whole says; 0 if there is none. Reads the end only."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LONGEST))
            *whole, _ = file.read().split(b"\n")
    except FileNotFoundError:
        return 0
    try:
        return int(json.loads(whole[-1])["size"]) if whole else 0
    except (ValueError, TypeError, KeyError) as fault:
        raise RecordAltered("The list of what was signed was altered. Keep the files and tell IT.") from fault


def make_seals(
    where: Files, device: str, signer: Signer, count: int, before: Sequence[Seal], rotation: str | None = None
) -> list[Seal]:
    """Sign what was put on record since the last seal, up to entry `count`; the new seals, durable on return.

    Each entry is checked against its leaf once more. `rotation` goes with the last of them. RecordError where `signer`
    is not the key that signed last, or that it passed the log on to: nobody would believe it.
    """
    last = before[-1] if before else None
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
    _mend(where.seals)
    lines = (json.dumps(asdict(seal), ensure_ascii=False, sort_keys=True).encode() + b"\n" for seal in seals)
    files.append(where.seals, b"".join(lines), files.size_of(where.seals))
    _keep(where, grown)
    return seals


def _known(pairs: Iterator[tuple[bytes, Entry | None]], most: int) -> Iterator[tuple[bytes, Entry | None]]:
    for _ in range(most):
        pair = next(pairs, None)
        if pair is None:
            return
        yield pair


def _mend(path: Path) -> None:
    """Cut away a line that a crash left without its end."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    if not content.endswith(b"\n"):
        files.cut(path, content.rfind(b"\n") + 1)


def _frontier(where: Files, seal: Seal) -> Frontier:
    """The tree at this seal: as it was kept, if it has the root that was signed, else from its leaves."""
    try:
        kept = json.loads(where.tree.read_bytes())
        frontier = Frontier(kept["size"], (bytes.fromhex(one) for one in kept["hashes"]))
        if (frontier.size, frontier.root()) == (seal.size, seal.head.root):
            return frontier
    except (OSError, ValueError, TypeError, KeyError):
        pass  # only quicker: what is signed does not rest on it
    frontier = Frontier()
    with where.entries.open("rb") as entries, where.leaves.open("rb") as leaves:
        for data, _ in _known(walk(entries, leaves), seal.size):
            frontier.add(leaf_hash(data))
    if (frontier.size, frontier.root()) != (seal.size, seal.head.root):
        raise RecordAltered("The record was altered: it is not the one that was signed. Keep the files and tell IT.")
    return frontier


def _keep(where: Files, frontier: Frontier) -> None:
    kept = {"size": frontier.size, "hashes": [one.hex() for one in frontier.hashes]}
    replace_file(where.tree, json.dumps(kept).encode())


def current_key(seals: Sequence[Seal], candidates: Sequence[VerifierKey]) -> VerifierKey | None:
    """Which of these keys the log is signed by now; None before the first seal, or if it is none of them."""
    try:
        return seals[-1].key_after(candidates) if seals else None
    except NoteFault as fault:
        raise RecordAltered(f"The last signature of the record was altered: {fault}. Tell IT.") from fault
