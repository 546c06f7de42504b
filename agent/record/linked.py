"""The hash-linked record of the first version, `record.jsonl`: read, checked and carried over, never written any more.

A line was the canonical JSON of `at, body, device, event, hash, index, kind, previous`: `hash` the SHA-256 of the line
without that member, `previous` the hash of the line before, or sixty-four zeros. Both are left out when an entry is
carried over, and nothing is lost by it: whoever has the entries can compute them again, and the "carried-over" entry
says what must come out.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from agent.errors import RecordAltered
from agent.model import Sha256
from agent.record.entry import Entry, entry_of

FILE = "record.jsonl"

CARRIED = "record-carried-over.jsonl"
"""What that file is called when all of it stands in the new record."""

NOTHING_BEFORE = Sha256("0" * 64)

_HASH_KEY = b'"hash":"'
_HASH_MEMBER = len(_HASH_KEY) + 64 + len(b'",')
_PREVIOUS_KEY = b',"previous":"'
_PREVIOUS_MEMBER = len(_PREVIOUS_KEY) + 64 + len(b'"')


def is_there(folder: Path) -> bool:
    """Whether a record of the first version waits to be carried over."""
    return (folder / FILE).exists()


def entries(folder: Path) -> Iterator[Entry]:
    """The entries of the old record, checked. RecordAltered, with the place, at the first that does not hold."""
    with (folder / FILE).open("rb") as file:
        for line, digest in chain(file):
            yield entry_of(line, digest)


def chain(file: BinaryIO) -> Iterator[tuple[bytes, Sha256]]:
    """Each entry as a line of the new record (without its end), with the hash it had in the old one.

    What a crash cut in the middle of the last line was never promised to anyone: it is passed over.
    """
    index, previous = 0, NOTHING_BEFORE
    for line in file:
        if line.endswith(b"\n"):
            whole, digest = _checked(line[:-1], index)
        else:
            last = _unended(line, index)
            if last is None:
                return
            whole, digest = last
        entry = entry_of(whole[: -_PREVIOUS_MEMBER - 1] + b"}", digest)
        if entry.index != index or whole[-66:-2] != previous.encode():
            raise RecordAltered(
                f"The record was altered at entry {index}: it does not follow the one before it. "
                "Entries were dropped, doubled, swapped or put in."
            )
        yield whole[: -_PREVIOUS_MEMBER - 1] + b"}", digest
        index, previous = index + 1, digest


def _checked(line: bytes, index: int) -> tuple[bytes, Sha256]:
    """The line without its `hash` member, and its hash."""
    cut = line.rfind(_HASH_KEY)
    content = line[:cut] + line[cut + _HASH_MEMBER :]
    digest = hashlib.sha256(content).hexdigest()
    stated = line[cut + len(_HASH_KEY) : cut + len(_HASH_KEY) + 64]
    if cut < 0 or line[cut + _HASH_MEMBER - 2 : cut + _HASH_MEMBER] != b'",' or stated != digest.encode():
        raise RecordAltered(
            f"The record was altered at entry {index}: its content is not what was written. "
            "Keep the file as it is and tell IT."
        )
    if content[-_PREVIOUS_MEMBER - 1 :][: len(_PREVIOUS_KEY)] != _PREVIOUS_KEY:
        raise RecordAltered(f"The record was altered at entry {index}: it is no entry of this program.")
    return content, Sha256(digest)


def _unended(line: bytes, index: int) -> tuple[bytes, Sha256] | None:
    """The entry in a last line without an end, if it is whole; None if it is a beginning only.

    Some systems leave zeros where a write was cut. A whole entry with anything else behind it was not cut: altered.
    """
    content = line.rstrip(b"\0")
    try:
        # As Latin-1 each byte is one character, so that the object's end is an offset in bytes.
        _, end = json.JSONDecoder().raw_decode(content.decode("latin-1"))
        whole = _checked(content[:end], index)
    except (ValueError, RecordAltered):
        return None
    if end != len(content):
        raise RecordAltered(f"The record was altered at entry {index}: something else stands where its line ends.")
    return whole
