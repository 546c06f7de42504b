"""Erasing an entry in its place: its line becomes a tombstone of the same length, and its salt becomes zeros.

What will be overwritten is noted first, so that the next append completes an erasure that a crash cut short. A
journalling or flash disk may keep the old bytes for a while; SECURITY.md says so, of photos too.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import RecordAltered
from agent.files.durable import replace_file
from agent.model.ids import Sha256
from agent.record import files
from agent.record.entry import entry_of
from agent.record.files import Files
from agent.record.kinds import EntryKind
from agent.record.leaf import ERASED_SALT, LEAF_LINE, erased_index, tombstone

SALT_AT = 65
"""Where in a leaf's line its salt begins."""


@dataclass(frozen=True, slots=True)
class Place:
    """Entry `index` is line `row` of its file, at byte `offset`, `length` bytes without the line's end."""

    index: int
    row: int
    offset: int
    length: int


def find(where: Files, index: int) -> Place:
    """Where the entry lies. ValueError if it does not exist, or if it says that another was erased."""
    offset = 0
    if index >= 0 and where.entries.exists():
        with where.entries.open("rb") as entries:
            for row, line in enumerate(entries):
                if row == index:
                    _check_may_go(line[:-1], index)
                    return Place(index, row, offset, len(line) - 1)
                offset += len(line)
    raise ValueError(f"the record has no entry {index}")


def _check_may_go(line: bytes, index: int) -> None:
    if erased_index(line) is not None:
        return
    if entry_of(line, Sha256("")).kind is EntryKind.ERASED:
        raise ValueError(f"entry {index} says that another was erased: it must stay")


def overwrite(where: Files, place: Place) -> None:
    """Erase what is there; durable on return."""
    replace_file(where.erasing, json.dumps(asdict(place)).encode())
    _do(where.entries, where.leaves, place)
    where.erasing.unlink()


def finish(where: Files) -> None:
    """Complete an erasure that was cut."""
    if not where.erasing.exists():
        return
    try:
        place = Place(**json.loads(where.erasing.read_bytes()))
    except (ValueError, TypeError) as fault:
        raise RecordAltered("The note of an erasure under way was altered. Keep the files and tell IT.") from fault
    _do(where.entries, where.leaves, place)
    where.erasing.unlink()


def _do(entries: Path, leaves: Path, place: Place) -> None:
    files.overwrite(entries, place.offset, tombstone(place.index, place.length))
    files.overwrite(leaves, place.row * LEAF_LINE + SALT_AT, ERASED_SALT.hex().encode())
