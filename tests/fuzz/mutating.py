"""Files broken on purpose: changed, cut, doubled and put together anew, the same for the same seed."""

import random
import struct
from pathlib import Path

LARGEST = 200_000
"""Bytes of an original that are kept: headers are at the start, and a hundred thousand of these are written."""

_TELLING = (
    b"\xff" * 4,
    bytes(4),
    b"\x7f" + b"\xff" * 3,
    b"\x80" + bytes(3),
    b"\xff\xff",
    b"\0\0",
    b"\0\1",
    b"\xff\xd9",
)
_REACHES = (64, 512, 4_096, 65_536, LARGEST)


def originals(folder: Path) -> list[tuple[Path, bytes]]:
    """Every file of a folder, each with its first bytes."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as handle:
                found.append((path, handle.read(LARGEST)))
    return found


def mutated(content: bytes, dice: random.Random, other: bytes = b"") -> bytes:
    """The content with one to eight things done to it, mostly near the start; a piece of `other` may be put in."""
    changed = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(min(len(changed), dice.choice(_REACHES))) if changed else 0
        match dice.randrange(9):
            case 0:
                changed[at : at + 1] = bytes((dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256))),))
            case 1:
                told = dice.choice(_TELLING)
                changed[at : at + len(told)] = told
            case 2:
                changed[at : at + 4] = struct.pack(
                    dice.choice("<>") + "I", dice.choice((at, len(changed), at - 8 & 0xFFFF))
                )
            case 3:
                del changed[at : at + dice.randint(1, 64)]
            case 4:
                changed[at:at] = changed[at : at + dice.randint(1, 64)]
            case 5:
                changed[at : at + 1] = bytes((changed[at] ^ 1 << dice.randrange(8),)) if changed else b""
            case 6 if other:
                start = dice.randrange(len(other))
                changed[at:at] = other[start : start + dice.randint(1, 2_048)]
            case 7:
                source = dice.randrange(max(1, len(changed)))
                changed[at : at + 12] = changed[source : source + 12]
            case _:
                if dice.random() < 0.2:
                    del changed[at:]
    return bytes(changed)
