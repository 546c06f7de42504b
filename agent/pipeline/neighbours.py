"""A hint for whoever reviews a photo without a time of its own: that the photos before and after it are of a visit.

Cameras count up, so neighbours by name are neighbours in time, most of the time; that is worth a word to a person and
never a decision. Only neighbours decided for a visit are spoken of: of a private photo nothing is put down, not even
that it lies beside this one. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent.journal import State, TrackedPhoto
from agent.model.ids import VisitId

NEAR = 3
"""How many counts away a neighbour may be: those between may have been deleted in the camera."""

_COUNTED = re.compile(r"(.*?)(\d{3,6})", re.ASCII)

_Series = tuple[Path, str]


def with_neighbours(tracked_photos: Sequence[TrackedPhoto]) -> list[TrackedPhoto]:
    """The standings, in their order; those held for want of a time say whose neighbours they are."""
    visits: defaultdict[_Series, dict[int, VisitId]] = defaultdict(dict)
    for tracked in tracked_photos:
        place = _place(tracked)
        if place is not None and tracked.state is State.DECIDED and tracked.decision and tracked.decision.visit:
            visits[place[0]][place[1]] = tracked.decision.visit
    return [_told(tracked, visits) for tracked in tracked_photos]


def _told(tracked: TrackedPhoto, visits: dict[_Series, dict[int, VisitId]]) -> TrackedPhoto:
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
    """The folder and the name up to its count, and the count: `IMG_` and 42 of `IMG_0042.JPG`."""
    path = tracked.photo.main.path
    match = _COUNTED.fullmatch(path.stem)
    return None if match is None else ((path.parent, match[1].lower()), int(match[2]))
