"""Reading a record from where the last reading stopped, for programs that pass entries on.

Earlier entries are not read. Each entry is checked against its leaf. Lines never move, because an erasure keeps their
length.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from agent.errors import RecordTruncated
from agent.record.entry import Entry
from agent.record.files import Files, size_of
from agent.record.leaf import LEAF_LINE
from agent.record.reading import altered, as_record_error, walk


@dataclass(frozen=True, slots=True)
class Followed:
    """An entry (None if it was erased), its line without the end, and the byte behind it."""

    entry: Entry | None
    line: bytes
    end: int


def following(files: Files, index: int, offset: int) -> Iterator[Followed]:
    """From entry `index` on, which begins at byte `offset`; up to the last whole line there is now.

    RecordTruncated if the record does not reach that far, RecordAltered if an entry is not what was written or does
    not begin there; RecordError if the files cannot be read.
    """
    with as_record_error():
        if offset > size_of(files.entries):
            raise RecordTruncated(f"The record was cut: entry {index - 1} was there before, and is gone. Tell IT.")
        if not files.entries.exists():
            return
        with files.entries.open("rb") as entries, files.leaves.open("rb") as leaves:
            if offset:
                entries.seek(offset - 1)
                if entries.read(1) != b"\n":
                    raise altered(index, "it does not begin where it did")
            leaves.seek(index * LEAF_LINE)
            # A line without its end is being written at this moment, or was cut by a crash.
            while (line := entries.readline()).endswith(b"\n"):
                for _, entry in walk(io.BytesIO(line), leaves, index):
                    yield Followed(entry, line[:-1], entries.tell())
                index += 1
