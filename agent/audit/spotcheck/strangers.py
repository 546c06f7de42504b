"""A file on the share that no entry describes: wrong, unless its entry may still be on its way.

An entry is published after the run that sent its photo. So a file that arrived recently, with the tag of a transfer
that no record has, is not called wrong yet. Names may be other people's and private: a file's name is repeated only if
this program gives such names, and a folder's only if it belongs to a visit on record.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.audit.holdings import SETTLING, VISITS, HeldFile
from agent.audit.lines import AHEAD
from agent.audit.spotcheck.claims import Claims
from agent.audit.spotcheck.outcome import Stranger
from agent.audit.spotcheck.ports import Rereading, SharePhotos

LARGEST_LOOKED_INTO = 64 * 1024 * 1024
MOST_LOOKED_INTO = 200

_OURS = re.compile(
    r"(?:undated|[0-9]{8}-[0-9]{6})_[a-z0-9-]{1,40}_[0-9a-f]{12}(?:-[0-9]{1,3})?(?:\.[a-z0-9]{1,15}){1,3}"
)


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """It arrived recently, from this program: its entry may follow."""


@dataclass(slots=True)
class Strangers:
    """Judges files without an entry."""

    claims: Claims
    photos: SharePhotos
    reading: Rereading
    listing: Mapping[str, HeldFile]
    now: datetime
    _looked_into: int = field(default=0)

    def judge(self, name: str, file: HeldFile) -> Stranger | OnItsWay:
        """Decide whether its entry is certainly missing."""
        # Anyone can set a file's time: a time in the future does not make it recent.
        old = file.modified is not None and not -AHEAD < self.now - file.modified <= SETTLING
        transfer = None if old or (file.size_known and file.size is None) else self._transfer_of(name)
        if transfer is not None and not self.claims.has_transfer(transfer):
            return OnItsWay()
        parts = name.split("/")
        visit = parts[1] if len(parts) == 3 and parts[0] == VISITS and parts[1] in self.claims.visits else None
        ours = visit is not None and _OURS.fullmatch(parts[-1]) is not None
        detail = "no entry of any laptop says that it was sent"
        if file.size_known and file.size is None:
            detail = "it is a link or something else that is not a file, and no entry describes it"
        elif transfer is not None:
            detail = "it is a copy: its transfer is on record under another name"
        return Stranger(visit, name if ours else None, file.size, file.modified, detail)

    def _transfer_of(self, name: str) -> str | None:
        """Which transfer its tag names, in the file itself or in its sidecar."""
        beside = f"{name}.xmp"
        for one in (name, *((beside,) if beside in self.listing else ())):
            self._looked_into += 1
            if self._looked_into > MOST_LOOKED_INTO:
                return None
            with TemporaryDirectory(prefix="photo-agent-spot-check-") as folder:
                target = Path(folder) / "file"
                if self.photos.fetch_small(one, target, LARGEST_LOOKED_INTO):
                    found = self.reading.transfer_in(target)
                    if found is not None:
                        return found
        return None
