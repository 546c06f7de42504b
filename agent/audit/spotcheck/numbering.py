"""Gaps in a camera's numbering: pictures of a visit that a camera counted and that this agent did not see.

A gap is not wrong: a picture may have been deleted in the camera, or be private. It is something to ask about. Phones
do not number their pictures, so nothing is known of those.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.audit.spotcheck.outcome import Gap
from agent.audit.spotcheck.ports import Rereading, SharePhotos
from agent.audit.spotcheck.words import plain
from agent.counting import counted
from agent.errors import LocalFault

MOST_READ = 2_000
"""The most photos whose numbers are read in one examination."""

HEAD = 2 * 1024 * 1024
"""The bytes from a photo's beginning in which its number is looked for."""

FARTHEST = 3_000
"""A larger step is not a gap: the counter started again, or it is another card."""

Sent = Mapping[tuple[str, str], Sequence[str]]
"""By device and visit, the photos that were sent, by their names on the share."""


def numbering_gaps(sent: Sent, photos: SharePhotos, reading: Rereading) -> tuple[list[Gap], list[str]]:
    """What is missing between each camera's first and last number on a visit, and what is not known."""
    found: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
    read = without = 0
    for (device, visit), names in sorted(sent.items()):
        for name in names[: max(MOST_READ - read, 0)]:
            read += 1
            numbered = _number(name, photos, reading)
            if numbered is None:
                without += 1
            else:
                found[device, visit, numbered[0]].add(numbered[1])
    notes = []
    if read < sum(map(len, sent.values())):
        notes.append(f"Camera numbers were read from {read:,} photos, the most that one examination reads.")
    if without:
        has, it = ("has", "it") if without == 1 else ("have", "them")
        said = counted(without, "photo", grouped=True)
        notes.append(f"{said} {has} no readable camera number: gaps next to {it} are not known.")
    return [gap for where, numbers in sorted(found.items()) for gap in _gaps(*where, sorted(numbers))], notes


def _gaps(device: str, visit: str, camera: str, numbers: Sequence[int]) -> list[Gap]:
    steps = [after - before - 1 for before, after in pairwise(numbers)]
    missing = sum(step for step in steps if step < FARTHEST)
    if not missing:
        return []
    count = counted(missing, "number", grouped=True)
    detail = f"{count} of a {plain(camera)} between its first and last photo never reached this agent"
    return [Gap("numbering", plain(device), plain(visit), detail)]


def _number(name: str, photos: SharePhotos, reading: Rereading) -> tuple[str, int] | None:
    with TemporaryDirectory(prefix="photo-agent-spot-check-") as folder:
        target = Path(folder) / "photo"
        try:
            return reading.numbered(target) if photos.fetch_head(name, target, HEAD) else None
        except LocalFault:
            return None
