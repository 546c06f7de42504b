"""A leaf of the tree: a commitment to an entry's line, and the salt that opens it. Pure.

The salt is stored apart from the entry. While both are there, anyone can check that the tree was made from this line.
When both are erased, the leaf's data stays: every root and proof is as it was, and nobody can find out by trying what
the line may have been.
"""

import hashlib
import re

from agent.errors import RecordAltered

SALT = 32
"""Bytes of a salt."""

LEAF_LINE = 130
"""Bytes of a leaf's line: so leaf `n` is at `n * LEAF_LINE`."""

ERASED_SALT = bytes(SALT)

_LINE = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{64})\n")
_TOMBSTONE = re.compile(rb'\{"erased":true,"index":(0|[1-9][0-9]*)\} *')


def commit(salt: bytes, line: bytes) -> bytes:
    """A leaf's data: SHA-256 over the salt and the entry's line without its end."""
    return hashlib.sha256(salt + line).digest()


def leaf_line(data: bytes, salt: bytes) -> bytes:
    """The leaf as it is written, with its line feed."""
    return b"%b %b\n" % (data.hex().encode(), salt.hex().encode())


def read_leaf_line(line: bytes) -> tuple[bytes, bytes]:
    """A leaf's data and its salt; RecordAltered unless the line is one that `leaf_line` can have made."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise RecordAltered("its leaf is not as it was written")
    return bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode())


def tombstone(index: int, length: int) -> bytes:
    """The replacement of an erased entry's line, as long as that was, so that nothing behind it moves."""
    return (b'{"erased":true,"index":%d}' % index).ljust(length)


def erased_index(line: bytes) -> int | None:
    """Which entry this line says was erased; None for the line of an entry."""
    found = _TOMBSTONE.fullmatch(line)
    return None if found is None else int(found[1])
