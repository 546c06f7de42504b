"""How long one look at a whole folder counts: for all photos that are removed in the same moment.

A look lists a folder, or reads every item of a trash. One for each photo would take longer with every photo.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic as steady
from typing import Generic, TypeVar

FRESH = 2.0
"""Seconds that a look counts, from its end."""

SHARE = 10
"""Times as long as it took that a longer look counts: or a trash of 50,000 items would be read for each photo."""

LONGEST = 300.0
"""Seconds that any look counts: it may have seemed long only because the laptop slept."""

MOST = 4
"""Looks that are remembered, of each kind."""

Seen = TypeVar("Seen")


@dataclass(slots=True)
class Looks(Generic[Seen]):
    """The last looks of one kind. Each is made again once it is stale, or if what it depends on has changed."""

    _seen: dict[Hashable, tuple[Hashable, float, Seen]] = field(default_factory=dict)

    def at(self, place: Hashable, look: Callable[[], Seen], *, state: Hashable = None) -> Seen:
        """What `look` finds at a place, now or a moment ago; at once again if the place is in another `state`.

        Raises what `look` raises, which is not remembered.
        """
        begun = steady()
        self._seen = {key: kept for key, kept in self._seen.items() if begun < kept[1]}
        if place in self._seen and self._seen[place][0] == state:
            return self._seen[place][2]
        seen = look()
        ended = steady()
        self._seen.pop(place, None)
        while len(self._seen) >= MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[place] = (state, ended + max(FRESH, min(SHARE * (ended - begun), LONGEST)), seen)
        return seen
