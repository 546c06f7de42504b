"""The parts of IPTC that the judge may need: a program's capture time, and the mark of a messenger.

In a JPEG it is in APP13, in Photoshop's resource 0x0404, as datasets 2:55 (date) and 2:60 (time, with its offset) (IPTC
IIM 4.2, 2.2 and 6). Exif and XMP are consulted first; agencies and older programs wrote nothing else.
"""

import re

from agent.capture.bounded import Block, Broken

HEADER = b"Photoshop 3.0\0"
"""The first bytes of an APP13 with resources."""

MAX_RESOURCES = 200
"""Most resources in one segment; Photoshop writes under 40."""

MAX_DATASETS = 2_000
"""Most datasets in one resource; long lists of keywords have some hundreds."""

_RESOURCE, _IPTC = b"8BIM", 0x0404
_DATASET, _RECORD, _DATE, _TIME = 0x1C, 2, 55, 60
_INSTRUCTIONS, _TRANSMISSION = 40, 103
_WANTED = {_DATE, _TIME, _INSTRUCTIONS, _TRANSMISSION}
_REFERENCE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]{20}", re.ASCII)
_LIMIT = 32

_WRITTEN = re.compile(r"(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)([+\-]\d{4})?", re.ASCII)


def original_time(payload: bytes) -> str | None:
    """DateCreated with TimeCreated in Exif's form, from an APP13's payload after `HEADER`; None if one of the two is
    missing or broken, because a day alone is not a time.
    """
    try:
        records = _records(Block(payload))
    except Broken:
        return None
    found = _WRITTEN.fullmatch(f"{records.get(_DATE, '')} {records.get(_TIME, '')}")
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups("")
    return f"{year}:{month}:{day} {hour}:{minute}:{second}{offset}"


def has_day(payload: bytes) -> bool:
    """Whether there is a DateCreated, even without an hour."""
    try:
        return bool(_records(Block(payload)).get(_DATE))
    except Broken:
        return True


def messenger(payload: bytes) -> str | None:
    """The messenger whose mark is in an APP13's payload: Facebook and Instagram leave `FBMD…` in its instructions
    (2:40), or a reference of twenty letters (2:103).
    """
    try:
        records = _records(Block(payload))
    except Broken:
        return None
    found = records.get(_INSTRUCTIONS, "").startswith("FBMD") or _REFERENCE.fullmatch(records.get(_TRANSMISSION, ""))
    return "Facebook or Instagram" if found else None


def _records(block: Block) -> dict[int, str]:
    position = 0
    for _ in range(MAX_RESOURCES):
        head = block.at(position, 7)
        if head[:4] != _RESOURCE:
            break
        position += 6 + (head[6] + 2) // 2 * 2  # a name, padded with its length byte to an even size
        size = int.from_bytes(block.at(position, 4), "big")
        if int.from_bytes(head[4:6], "big") == _IPTC:
            return _datasets(Block(block.at(position + 4, min(size, block.size - position - 4))))
        position += 4 + size + size % 2
    return {}


def _datasets(block: Block) -> dict[int, str]:
    found: dict[int, str] = {}
    position = 0
    for _ in range(MAX_DATASETS):
        if position + 5 > block.size:
            break
        mark, record, dataset, high, low = block.at(position, 5)
        size = high << 8 | low
        if mark != _DATASET or size & 0x8000:  # an extended dataset: longer than any time
            break
        if record == _RECORD and dataset in _WANTED and dataset not in found:
            found[dataset] = block.at(position + 5, min(size, _LIMIT)).decode("latin-1").strip("\0 ")
        position += 5 + size
    return found
