"""A file of the published record that has everything in one: its first line, the notes, the leaves, the entries. Pure.

`published` describes the format. Only the notes' lengths need to be stated: the leaves' length follows from the file's
name, and the entries reach to the file's end.
"""

import hashlib
import re
from collections.abc import Sequence

from agent.errors import RecordAltered, RecordTruncated
from agent.record.published import Part

LONGEST_HEAD = 1024 * 1024
"""Bytes of the first line that are read: those of a bundle of 100,000 publications."""

_BEGINNING = b"visit-photo-agent record 1 "
_HEAD = re.compile(rb"visit-photo-agent record 1 ([cr][1-9][0-9]{0,6}(?:,[cr][1-9][0-9]{0,6})*) ([0-9a-f]{8})\n")
_LETTERS = {Part.CHECKPOINT: "c", Part.ROTATION: "r"}
_PARTS = {letter: part for part, letter in _LETTERS.items()}

Notes = Sequence[tuple[Part, bytes]]
"""Signed notes in the order in which they were published, each with what it is: a checkpoint or a rotation."""


def pack(notes: Notes, leaves: bytes, entries: bytes) -> bytes:
    """The whole file."""
    listed = ",".join(f"{_LETTERS[part]}{len(note)}" for part, note in notes)
    stated = _BEGINNING + listed.encode()
    head = b"%b %b\n" % (stated, _check(stated))
    return b"".join((head, *(note for _, note in notes), leaves, entries))


def read_head(line: bytes) -> list[tuple[Part, int]]:
    """What notes follow the first line, and how long each is.

    RecordTruncated if the file ends within it, RecordAltered if it is not as it was written.
    """
    found = _HEAD.fullmatch(line)
    if found is None:
        if not line.endswith(b"\n") and len(line) < LONGEST_HEAD:
            raise RecordTruncated("it ends within its first line")
        raise RecordAltered("its first line is not what was written")
    listed, check = found.groups()
    if _check(_BEGINNING + listed) != check:
        raise RecordAltered("its first line is not what was written")
    return [(_PARTS[one[0]], int(one[1:])) for one in listed.decode().split(",")]


def _check(stated: bytes) -> bytes:
    return hashlib.sha256(stated).hexdigest()[:8].encode()
