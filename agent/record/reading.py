"""Reading a record's file: its entries as a checked chain, its last entry, and what a crash left behind that.

A write that was cut (power, kill -9) leaves a beginning of a line with no end: that was never promised to anyone, so a
reader passes over it and the writer moves it aside. Everything else that does not fit is damage and is told.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.errors import RecordAltered, RecordError
from agent.record.entry import NOTHING_BEFORE, Entry, entry_of

BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class End:
    """Where a record's file ends.

    `last` is its last whole entry; `whole` is the offset behind it; `torn` is what follows. `unended` says that the
    last whole entry has everything but its line end.
    """

    last: Entry | None
    whole: int
    torn: bytes
    unended: bool = False


def chain(file: BinaryIO) -> Iterator[Entry]:
    """All whole entries in their order, each checked: its own hash, its place, and the entry before it.

    RecordAltered, with the place, at the first that does not hold.
    """
    index, previous = 0, NOTHING_BEFORE
    for line in file:
        if not line.endswith(b"\n"):
            entry = _unended(line, f"entry {index}")
            if entry is None:
                return
        else:
            entry = _checked(line[:-1], f"entry {index}")
        if entry.index != index or entry.previous != previous:
            raise RecordAltered(
                f"The record was altered at entry {index}: it does not follow the one before it. "
                "Entries were dropped, doubled, swapped or put in."
            )
        yield entry
        index, previous = index + 1, entry.hash


def end_of(path: Path) -> End:
    """How the file at `path` ends; an absent file is an empty record. Reads its end only, however long it is."""
    with told():
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return End(None, 0, b"")
        with file:
            lines, start = _last_two(file, file.seek(0, os.SEEK_END))
    *before, tail = lines
    unended = _unended(tail, "its last entry") if tail else None
    if unended is not None:
        return End(unended, start + len(tail.rstrip(b"\0")), b"", unended=True)
    last = _checked(before[-1], "its last entry") if before else None
    return End(last, start, tail)


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


def _unended(tail: bytes, which: str) -> Entry | None:
    """The entry in a last line without an end, if it is whole; None if it is a beginning only.

    Some systems leave zeros where a write was cut. A whole entry with anything else behind it was not cut: altered.
    """
    content = tail.rstrip(b"\0")
    try:
        # As Latin-1 each byte is one character, so that the object's end is an offset in bytes.
        _, end = json.JSONDecoder().raw_decode(content.decode("latin-1"))
        entry = entry_of(content[:end])
    except (ValueError, RecordAltered):
        return None
    if end != len(content):
        raise RecordAltered(f"The record was altered at {which}: something else stands where its line ends.")
    return entry


def _checked(line: bytes, which: str) -> Entry:
    try:
        return entry_of(line)
    except RecordAltered as fault:
        raise RecordAltered(
            f"The record was altered at {which}: {fault}. Keep the file as it is and tell IT."
        ) from fault


@contextmanager
def told() -> Iterator[None]:
    """A file system's faults as RecordErrors that say what to do."""
    try:
        yield
    except OSError as fault:
        raise RecordError(
            f"The record cannot be read or written: {fault.strerror}. "
            "Check the disk's space and that the state folder (state_dir in agent.toml) belongs to you."
        ) from fault
