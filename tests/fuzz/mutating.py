"""Files broken on purpose: changed, cut, doubled and put together again, always the same for the same seed."""

import random
import re
import struct
from pathlib import Path

LARGEST = 200_000
"""Bytes of an original that are used: headers are at the start, and a hundred thousand of these are written."""

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
_DATE = re.compile(rb"\d{4}[:-]\d\d[:-]\d\d[ T:]\d\d:\d\d:\d\d|[+-]\d\d:\d\d\0")
"""Times and offsets as they are written: what a decision rests on, so they are changed oftener than chance would."""

ANOTHER_TIME = 0.5
ANOTHER_DAY = 0.6
EVERYWHERE = 0.7

_REACHES = (64, 512, 4_096, 65_536, LARGEST)


def originals(folder: Path) -> list[tuple[Path, bytes]]:
    """Every file of a folder, each with its first bytes."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as handle:
                found.append((path, handle.read(LARGEST)))
    return found


def _another_time(content: bytearray, dice: random.Random) -> None:
    """Put another time, or another digit, in place of one of the times and offsets: there, or wherever it stands, as if
    the camera's clock had been another. Where only one of several changed, the file contradicts itself.
    """
    found = [match.span() for match in _DATE.finditer(content)]
    if not found:
        return
    start, end = dice.choice(found)
    before = bytes(content[start:end])
    after = bytearray(before)
    at = dice.randrange(len(before))
    if before[:1] in b"+-":
        after[0] ^= ord("+") ^ ord("-")
    elif dice.random() < ANOTHER_DAY:
        after[:10] = b"%d%c%02d%c%02d" % (
            dice.randint(1995, 2029), before[4], dice.randint(1, 12), before[7], dice.randint(1, 28),
        )  # fmt: skip
    elif chr(before[at]).isdigit():
        after[at] = ord(dice.choice("0123456789" * 3 + " :\0"))
    if dice.random() < EVERYWHERE:
        content[:] = content.replace(before, after)
    else:
        content[start:end] = after


def mutated(content: bytes, dice: random.Random, other: bytes = b"") -> bytes:
    """The content with one to eight things done to it, mostly near the start; a piece of `other` may be put in.

    In half of them one of its times is another as well, so that many of these say that they were taken on a visit.
    """
    changed = bytearray(content)
    if dice.random() < ANOTHER_TIME:
        _another_time(changed, dice)
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
