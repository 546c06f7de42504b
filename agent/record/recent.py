"""An index of recent events in a record, so that an event that is recorded twice is found without reading the record.

It is written beside the record at each seal and only saves time: if it is lost, the record's end is read instead. For
each event it holds the first eight bytes of its name's SHA-256 and the byte at which its entry begins, sorted. Before
them it says how far it reaches and repeats the last leaf there, so that it cannot be taken for another record's index.
Its own SHA-256 comes last.
"""

import hashlib
import json
import re
import struct
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.files.durable import replace_file
from agent.record.files import Files
from agent.record.leaf import LEAF_LINE

LOOK_BACK = 16 * 1024 * 1024
"""How far back, in bytes from the end, an append looks for its own event: some 15,000 transfers.

An event is repeated when a crash came between its entry and the journal's commit, so within the last run; and as long
as a photo stays overdue or refused, by each run.
"""

# The last members of a line in canonical order. A quote within text is escaped, so this matches the keys alone.
_EVENT = re.compile(
    rb'"event":"([^"\\\n]*(?:\\.[^"\\\n]*)*)","index":\d+,"kind":"[a-z-]+"(?:,"share_at":"[0-9T:+-]+")?\}\n'
)
_HEAD = struct.Struct(">8sQQ130s")  # what this is; up to which byte and entry it goes; the leaf before that
_WHAT = b"events 1"
_HASH, _ONE = 8, 16  # bytes of a name's hash; of that with the place
_SUM = 32


@dataclass(frozen=True, slots=True)
class Recent:
    """The events that begin before byte `covers`, as far back as an append looks; `held` is as in the file."""

    covers: int = 0
    held: bytes = b""

    def places(self, event: str) -> Iterator[int]:
        """Where its entry may begin; another event can have the same hash."""
        wanted, held = _hash(event), self.held
        at = bisect_left(range(len(held) // _ONE), wanted, key=lambda n: held[n * _ONE : n * _ONE + _HASH])
        while held[at * _ONE : at * _ONE + _HASH] == wanted:
            yield int.from_bytes(held[at * _ONE + _HASH : (at + 1) * _ONE], "big")
            at += 1


def recent_entries(files: Files, size: int) -> Recent:
    """The index of this record, which has `size` bytes of entries now; empty if the file cannot be used."""
    try:
        content = files.recent.read_bytes()
        body = content[:-_SUM]
        if len(body) < _HEAD.size or hashlib.sha256(body).digest() != content[-_SUM:]:
            return Recent()
        what, covers, count, leaf = _HEAD.unpack_from(body)
        if what != _WHAT or covers > size or leaf != _leaf_before(files, count):
            return Recent()
    except OSError:
        return Recent()
    return Recent(covers, body[_HEAD.size :])


def keep(files: Files, before: Recent, since: Mapping[str, int], size: int, count: int) -> Recent:
    """Write `before` with the events `since` then, by their places; the record has `count` entries of `size` bytes."""
    first = max(0, size - LOOK_BACK).to_bytes(8, "big")
    ones = [before.held[at : at + _ONE] for at in range(0, len(before.held), _ONE)]
    ones += [_hash(event) + place.to_bytes(8, "big") for event, place in since.items()]
    recent = Recent(size, b"".join(sorted(one for one in ones if one[_HASH:] >= first)))
    body = _HEAD.pack(_WHAT, size, count, _leaf_before(files, count)) + recent.held
    replace_file(files.recent, body + hashlib.sha256(body).digest())
    return recent


def _leaf_before(files: Files, count: int) -> bytes:
    with files.leaves.open("rb") as leaves:
        leaves.seek(max(0, count - 1) * LEAF_LINE)
        return leaves.read(LEAF_LINE)


def read(entries: Path, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Each event from byte `start` on, or from LOOK_BACK before `end`, with the byte at which its entry begins."""
    start = max(start, end - LOOK_BACK)
    with entries.open("rb") as file:
        # Back to where a line begins: `start` is most likely in the middle of one.
        file.seek(max(0, start - 1))
        if start:
            start += len(file.readline()) - 1
        content = file.read(end - start)
    for found in _EVENT.finditer(content):
        name = found[1]
        event = json.loads(b'"' + name + b'"') if b"\\" in name else name.decode()
        yield event, start + content.rfind(b"\n", 0, found.start()) + 1


def _hash(event: str) -> bytes:
    return hashlib.sha256(event.encode()).digest()[:_HASH]
