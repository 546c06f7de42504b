"""Which transfers may have left temporary files on the share, remembered before their first byte leaves.

On a school's share a device cannot list a visit's folder, so what a cut transfer left there is found by its name only:
also when its photo is never sent again, because it was taken away here or turned out to be private.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from agent.journal import Journal, TrackedPhoto
from agent.model import TransferId
from agent.pipeline.journal_keys import HALF_SENT
from agent.share import HalfSent

FILES_OF_A_MEMBER = 2
"""A photo or a clip, and the tag beside it where it carries none inside."""


@dataclass(slots=True)
class HalfSentTransfers:
    """What the journal knows of them; every change is on disk when a method returns, but for `arrived`."""

    journal: Journal
    _left: dict[TransferId, HalfSent] = field(init=False)

    def __post_init__(self) -> None:
        kept: dict[str, tuple[str, int]] = json.loads(self.journal.fact(HALF_SENT) or "{}")
        self._left = {
            TransferId(transfer): HalfSent(folder, TransferId(transfer), files)
            for transfer, (folder, files) in kept.items()
        }

    def known(self) -> tuple[HalfSent, ...]:
        """All of them."""
        return tuple(self._left.values())

    def begin(self, tracked_photos: Iterable[TrackedPhoto]) -> None:
        """These are sent next."""
        for tracked in tracked_photos:
            if tracked.transfer is not None and tracked.decision is not None and tracked.decision.visit is not None:
                files = FILES_OF_A_MEMBER * len(tracked.photo.members)
                folder = f"visits/{tracked.decision.visit}"
                self._left[tracked.transfer] = HalfSent(folder, tracked.transfer, files)
        self._put_down()

    def arrived(self, transfer: TransferId) -> None:
        """This one left nothing. Put down with the next batch: until then it would only be looked for once more."""
        self._left.pop(transfer, None)

    def keep_only(self, transfers: Collection[TransferId]) -> None:
        """The others were looked for on the share, and are not there any more."""
        wanted = set(transfers)
        self._left = {transfer: left for transfer, left in self._left.items() if transfer in wanted}
        self._put_down()

    def _put_down(self) -> None:
        text = json.dumps({left.transfer: (left.folder, left.files) for left in self._left.values()})
        if text != (self.journal.fact(HALF_SENT) or "{}"):
            self.journal.set_fact(HALF_SENT, None if text == "{}" else text)
