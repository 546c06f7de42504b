"""Reading a record's two files side by side: each entry against its leaf, and what a crash left behind the last one.

A write that was cut (power, kill -9) leaves the beginning of a line without its end. A disk that wrote the end of
several lines first leaves zeros for the missing part; no entry contains a zero byte. Nobody was promised either, so a
reader passes over them and the writer moves them aside, unless they were signed. Everything else that does not fit is
damage, and is reported.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.errors import RecordAltered, RecordError, RecordTruncated
from agent.model.ids import Sha256
from agent.record.entry import Entry, entry_of
from agent.record.kinds import EntryKind
from agent.record.leaf import ERASED_SALT, LEAF_LINE, commit, erased_index, read_leaf_line
from agent.record.tree import leaf_hash

BLOCK = 64 * 1024

MOST_TORN = 4 * 1024 * 1024
"""How far from the end zeros are looked for: more than is ever written at once."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a record's entries end.

    `last` is its last whole entry; `whole` is the offset behind it; `torn` is what follows. `unended` says that the
    last whole entry has everything but its line end.
    """

    last: Entry | None
    whole: int
    torn: bytes
    unended: bool = False

    @property
    def count(self) -> int:
        """How many entries there are."""
        return 0 if self.last is None else self.last.index + 1


def altered(index: int, what: str) -> RecordAltered:
    """The fault to raise if entry `index` is not as it was written."""
    return RecordAltered(f"The record was altered at entry {index}: {what}. Keep the files as they are and tell IT.")


def walk(
    entries: BinaryIO, leaves: BinaryIO, first: int = 0, *, signed: int | None = None
) -> Iterator[tuple[bytes, Entry | None]]:
    """From entry `first` on, which both files are at: the data of each leaf, with its entry, or None if it was erased.

    `signed` is how many were signed: zeros behind those mean that a write was cut, and the record ends there.
    RecordAltered or RecordTruncated, with the place, at the first that does not match. The caller must see whether an
    erased entry may be missing: a later entry of kind "erased" must name it.
    """
    for index, line in enumerate(entries, start=first):
        leaf = leaves.read(LEAF_LINE)
        if not line.endswith(b"\n"):
            entry = _unended(line, leaf, index)
            if entry is not None:
                yield read_leaf_line(leaf)[0], entry
            return
        if signed is not None and index >= signed and b"\0" in line:
            return
        yield _checked(line[:-1], leaf, index)


def chain(entries: BinaryIO, leaves: BinaryIO, signed: int | None = None) -> Iterator[Entry]:
    """All whole entries that were not erased, in their order, each checked against its leaf; see `walk`."""
    gone: set[int] = set()
    for index, (_, entry) in enumerate(walk(entries, leaves, signed=signed)):
        if entry is None:
            gone.add(index)
        else:
            if entry.kind is EntryKind.ERASED:
                gone.discard(int(str(entry.body["entry"])))
            yield entry
    if gone:
        raise altered(min(gone), "it was taken out, and no entry says why")


def _checked(line: bytes, leaf: bytes, index: int) -> tuple[bytes, Entry | None]:
    if len(leaf) < LEAF_LINE:
        raise _without_leaf(line, index)
    try:
        data, salt = read_leaf_line(leaf)
        if commit(salt, line) == data:
            return data, _in_place(entry_of(line, _digest(data)), index)
        if erased_index(line) == index and salt == ERASED_SALT:
            return data, None
    except RecordAltered as fault:
        raise altered(index, str(fault)) from fault
    raise altered(index, "its content is not what was written")


def _without_leaf(line: bytes, index: int) -> RecordError:
    try:
        _in_place(entry_of(line, Sha256("")), index)
    except RecordAltered:
        return altered(index, "it was put in")
    return RecordTruncated(f"The record was cut: the leaf of entry {index} is gone. Stop photo-agent and tell IT.")


def _in_place(entry: Entry, index: int) -> Entry:
    if entry.index != index:
        raise RecordAltered("another entry was put in its place")
    return entry


def _unended(line: bytes, leaf: bytes, index: int) -> Entry | None:
    """The entry in a last line without an end, if it is whole; None if it is a beginning only.

    Some systems leave zeros after a write that was cut. A whole entry with anything else behind it was altered.
    """
    content = line.rstrip(b"\0")
    try:
        data, salt = read_leaf_line(leaf)
        # As Latin-1 each byte is one character, so that the object's end is an offset in bytes.
        _, end = json.JSONDecoder().raw_decode(content.decode("latin-1"))
    except (ValueError, RecordAltered):
        return None
    if commit(salt, content[:end]) != data:
        return None
    if end != len(content):
        raise altered(index, "its line has something else at its end")
    return entry_of(content, _digest(data))


def _digest(data: bytes) -> Sha256:
    return Sha256(leaf_hash(data).hex())


def end_of(entries: Path, leaves: Path) -> End:
    """How the record ends; absent files are an empty record. Reads its end only, however long it is."""
    with as_record_error():
        try:
            file = entries.open("rb")
        except FileNotFoundError:
            return End(None, 0, b"")
        with file:
            size = file.seek(0, os.SEEK_END)
            hole, torn = hole_in(file, size)
            lines, start = _last_two(file, hole)
        *before, tail = lines
        last = None
        if before:
            last = _at_its_place(before[-1], leaves)
        index = 0 if last is None else last.index + 1
        unended = _unended(tail, _leaf(leaves, index), index) if tail else None
        tail += torn
    if unended is not None:
        return End(unended, start + len(tail.rstrip(b"\0")), b"", unended=True)
    return End(last, start, tail)


def _at_its_place(line: bytes, leaves: Path) -> Entry:
    try:
        stated = entry_of(line, Sha256("")).index
    except RecordAltered as fault:
        raise RecordAltered(
            f"The record was altered at its last entry: {fault}. Keep the files as they are and tell IT."
        ) from fault
    _, entry = _checked(line, _leaf(leaves, stated), stated)
    if entry is None:
        raise altered(stated, "it was taken out, and no entry says why")
    return entry


def _leaf(leaves: Path, index: int) -> bytes:
    try:
        with leaves.open("rb") as file:
            file.seek(index * LEAF_LINE)
            return file.read(LEAF_LINE)
    except (FileNotFoundError, OverflowError, TypeError):
        return b""


def hole_in(file: BinaryIO, size: int) -> tuple[int, bytes]:
    """Where a line begins that has zeros in it and an end, and everything from there on; else the file's `size`.

    So a power cut leaves lines of which the disk wrote the end first. Zeros are looked for in the last MOST_TORN bytes.
    """
    start = max(0, size - MOST_TORN)
    file.seek(start)
    content = file.read(size - start)
    zero = content.find(b"\0")
    if zero < 0 or content.find(b"\n", zero) < 0:
        return size, b""
    line = content.rfind(b"\n", 0, zero) + 1
    return start + line, content[line:]


def _last_two(file: BinaryIO, size: int) -> tuple[list[bytes], int]:
    """The last line that has an end, if there is one, and what follows it; and the offset of what follows."""
    content, start = b"", size
    while start > 0 and content.count(b"\n") < 2:
        step = min(BLOCK, start)
        start -= step
        file.seek(start)
        content = file.read(step) + content
    lines = content.split(b"\n")[-2:]
    return lines, size - len(lines[-1])


@contextmanager
def as_record_error() -> Iterator[None]:
    """A file system's faults as RecordErrors that say what to do."""
    try:
        yield
    except OSError as fault:
        raise RecordError(
            f"The record cannot be read or written: {fault.strerror}. "
            "Check the disk's space and that the state folder (state_dir in agent.toml) belongs to you."
        ) from fault
