"""Every small change that somebody could make to a published record, and the exit code that each must have.

Of each file: every bit flipped, the file cut at every byte, every line dropped, doubled, emptied, swapped with every
other, replaced by the line of another device's record that stands in the same place, and the file taken away or
replaced by the other device's.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.record import Draft, EntryKind, Record
from agent.record.keys import KeyPlace
from agent.record.note import VerifierKey
from agent.record.published import Part, read_name
from agent.record.rotation import rotate, signer_of
from tests.unit.record.before import publish, published
from tests.unit.record.bodies import AT
from tests.unit.record.copies import append_short
from tests.unit.record.logkeys import key_of

ALTERED, TRUNCATED, UNSIGNED = 10, 11, 12


@dataclass(frozen=True, slots=True)
class Change:
    """One file's new content (None: it is removed), what was done to it, and the exit code that verifying must give."""

    what: str
    path: Path
    content: bytes | None
    code: int

    @contextmanager
    def made(self) -> Iterator[None]:
        """While it is made."""
        before = self.path.read_bytes()
        if self.content is None:
            self.path.unlink()
        else:
            self.path.write_bytes(self.content)
        yield
        self.path.write_bytes(before)


def each_change(copy: Path, other: Path) -> Iterator[Change]:
    """All changes to the record in `copy`; `other` is the record of another device, published in the same steps."""
    theirs = {_place(path): path for path in sorted(other.iterdir())}
    for path in sorted(copy.iterdir()):
        content, note = path.read_bytes(), _is_note(path)
        changed = UNSIGNED if note else ALTERED
        cut = UNSIGNED if note else TRUNCATED
        for flipped in each_flip(content):
            yield Change("bit flipped", path, flipped, changed)
        for length in range(len(content)):
            yield Change("cut at a byte", path, content[:length], cut)
        lines = content.splitlines(keepends=True)
        for what, new in each_line(lines):
            last_gone = what == "line dropped" and not note and new == lines[:-1]
            yield Change(what, path, b"".join(new), TRUNCATED if last_gone else changed)
        yield Change("file taken away", path, None, cut)
        foreign = theirs[_place(path)].read_bytes()
        yield Change("file of another device", path, foreign, changed)
        for number, line in enumerate(foreign.splitlines(keepends=True)[: len(lines)]):
            new = [*lines[:number], line, *lines[number + 1 :]]
            if new != lines:
                yield Change("line of another device", path, b"".join(new), changed)


def each_flip(content: bytes) -> Iterator[bytes]:
    """The content with each of its bits the other way round."""
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


def each_bit_of_a_proof(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The proof with each bit of each of its hashes the other way round."""
    for number, step in enumerate(proof):
        for flipped in each_flip(step):
            yield [*proof[:number], flipped, *proof[number + 1 :]]


def each_line(lines: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Every line dropped, doubled, emptied, swapped with every other, and rubbish put in."""
    changes: list[tuple[str, list[bytes]]] = []
    for n in range(len(lines)):
        changes.append(("line dropped", [*lines[:n], *lines[n + 1 :]]))
        changes.append(("line doubled", [*lines[: n + 1], *lines[n:]]))
        changes.append(("line emptied", [*lines[:n], b"\n", *lines[n + 1 :]]))
        changes.append(("line put in", [*lines[:n], b"rubbish\n", *lines[n:]]))
    for a, b in itertools.combinations(range(len(lines)), 2):
        swapped = list(lines)
        swapped[a], swapped[b] = lines[b], lines[a]
        changes.append(("lines swapped", swapped))
    changes.append(("lines reversed", list(lines[::-1])))
    changes.append(("line put behind", [*lines, b"rubbish\n"]))
    return ((what, new) for what, new in changes if new != list(lines))


def _is_note(path: Path) -> bool:
    name = read_name(path.name)
    assert name is not None
    return name.part in {Part.CHECKPOINT, Part.ROTATION}


def _place(path: Path) -> tuple[Part, int | None, int]:
    name = read_name(path.name)
    assert name is not None
    return name.part, name.first, name.size


# --- Records to change ---

Made = Callable[[Path], tuple[Path, Path, list[VerifierKey]]]
"""Makes, in a folder, a published record, that of another device, and the keys that are enrolled."""

DEVICES = ("laptop-17", "laptop-18")


def in_two_publications(home: Path) -> tuple[Path, Path, list[VerifierKey]]:
    """Of two entries and of one."""
    keys = [key_of(device) for device in DEVICES]
    copy, other = (
        published(Record.open(home / "record", device), home / "share", key, [2, 1])
        for device, key in zip(DEVICES, keys, strict=True)
    )
    return copy, other, [key.key for key in keys]


def with_an_erased_entry(home: Path) -> tuple[Path, Path, list[VerifierKey]]:
    """Two entries, the first of which was erased, and the one that says so."""
    for device in DEVICES:
        record = Record.open(home / "record", device)
        append_short(record, 2)
        record.erase(0, at=AT)
        record.seal(key_of(device))
        publish(record, home / "share")
    copy, other = (home / "share" / "record" / device for device in DEVICES)
    return copy, other, [key_of(device).key for device in DEVICES]


def with_a_new_key(home: Path, *, first: bool, second: bool) -> tuple[Path, Path, list[VerifierKey]]:
    """Passed on to a second key; enrolled is the first, the second, or both."""
    keys = []
    for device in DEVICES:
        place = KeyPlace(home / f"log_ed25519 of {device}", device, None)
        old = place.make()
        record = Record.open(home / "record", device)
        record.append(Draft(EntryKind.ENROLLED, {"log_key": str(old.key)}, event="enrolled", at=AT))
        new = rotate(record, place, at=AT)
        append_short(record, 1)
        record.seal(signer_of(record, place))
        publish(record, home / "share")
        keys += [key.key for key, enrolled in ((old, first), (new, second)) if enrolled]
    copy, other = (home / "share" / "record" / device for device in DEVICES)
    return copy, other, keys


def old_key_enrolled(home: Path) -> tuple[Path, Path, list[VerifierKey]]:
    """The log key was passed on, and IT knows the first one."""
    return with_a_new_key(home, first=True, second=False)


def new_key_enrolled(home: Path) -> tuple[Path, Path, list[VerifierKey]]:
    """The log key was passed on, and IT knows the second one."""
    return with_a_new_key(home, first=False, second=True)


def both_keys_enrolled(home: Path) -> tuple[Path, Path, list[VerifierKey]]:
    """The log key was passed on, and IT knows both."""
    return with_a_new_key(home, first=True, second=True)


RECORDS: tuple[Made, ...] = (
    in_two_publications,
    with_an_erased_entry,
    old_key_enrolled,
    new_key_enrolled,
    both_keys_enrolled,
)
