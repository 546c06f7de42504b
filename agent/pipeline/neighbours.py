"""A hint for reviewing a photo without a time of its own: the photos before and after it are of a visit.

Cameras number their photos, so neighbours by name are usually neighbours in time. That is worth a hint to a person, but
never decides. Only neighbours of a visit are mentioned: nothing is noted about a private photo, not even that it is
next to this one. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.journal import State, TrackedPhoto
from agent.model.ids import VisitId

NEAR = 3
"""The largest difference of numbers between neighbours: photos between them may have been deleted in the camera."""

_COUNTED = re.compile(r"(.*?)(\d{3,6})", re.ASCII)

_Series = tuple[Path, str]


def with_neighbours(tracked_photos: Sequence[TrackedPhoto]) -> list[TrackedPhoto]:
    """The photos in the same order; those held because they have no time get the hint about their neighbours."""
    visits: defaultdict[_Series, dict[int, VisitId]] = defaultdict(dict)
    for tracked in tracked_photos:
        place = _place(tracked)
        if place is not None and tracked.state is State.DECIDED and tracked.decision and tracked.decision.visit:
            visits[place[0]][place[1]] = tracked.decision.visit
    return [_with_hint(tracked, visits) for tracked in tracked_photos]


def _with_hint(tracked: TrackedPhoto, visits: dict[_Series, dict[int, VisitId]]) -> TrackedPhoto:
    place, decision = _place(tracked), tracked.decision
    if tracked.state is not State.REVIEW or decision is None or decision.level.decides or place is None:
        return tracked
    series = visits.get(place[0], {})
    before = next((series[place[1] - away] for away in range(1, NEAR + 1) if place[1] - away in series), None)
    after = next((series[place[1] + away] for away in range(1, NEAR + 1) if place[1] + away in series), None)
    if before is None or before != after:
        return tracked
    hint = f"by their names, the photos before and after it are of {before}"
    held = replace(decision, reasons=(*decision.reasons, hint))
    return replace(tracked, decision=held, reason=f"{tracked.reason}; {hint}")


def _place(tracked: TrackedPhoto) -> tuple[_Series, int] | None:
    """The folder and the name up to its number, and the number: `IMG_` and 42 for `IMG_0042.JPG`."""
    path = tracked.photo.main.path
    match = _COUNTED.fullmatch(path.stem)
    return None if match is None else ((path.parent, match[1].lower()), int(match[2]))
