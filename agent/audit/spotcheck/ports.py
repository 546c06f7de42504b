"""What an examination needs and IT's side of the record does not have: the share's files, and how a laptop read them.

IT's side knows the record and nothing else of a laptop. Whoever runs an examination gives it these; `ondisk` has the
first for a mounted or copied share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.audit.holdings import HeldFile
from agent.model.decision import Decision
from agent.model.files import Fingerprint


@dataclass(frozen=True, slots=True)
class Fetched:
    """Whether the file on the share is what it must be, and whether it was copied: a very large one may not be."""

    same: bool
    copied: bool


class SharePhotos(Protocol):
    """The files under `visits/` of a share. ShareFault, LocalFault and OSError are one file's; others end all."""

    def listing(self) -> Mapping[str, HeldFile]:
        """Every file, by its name on the share."""
        ...

    def fetch(self, name: str, expected: Fingerprint, target: Path) -> Fetched:
        """Read the file whole, compare it, and copy it to `target`, which is not there yet.

        FileNotFoundError where there is none; NotPlain where something else is in its place.
        """
        ...

    def fetch_small(self, name: str, target: Path, largest: int) -> bool:
        """Copy a file of whatever content; False where it is larger, or cannot be read."""
        ...

    def fetch_head(self, name: str, target: Path, length: int) -> bool:
        """Copy so many bytes from a file's beginning; False where that cannot be done."""
        ...


class Rereading(Protocol):
    """What a laptop's program makes of a file."""

    def rebuild(self, tagged: Path, target: Path) -> tuple[Fingerprint, str]:
        """Take the tag out again, into `target`: the original, and the visit that the tag names.

        LocalFault where the file does not give its original; Unforeseen where that is not known.
        """
        ...

    def transfer_in(self, file: Path) -> str | None:
        """The transfer that the tag in a file names; None where it has no tag that can be read."""
        ...

    def judge(self, photo: Path, beside: Sequence[Path], staff: str, register_version: str) -> Decision | str:
        """Judge the time of capture by that version of the register; in words, why it is not known. LocalFault."""
        ...

    def numbered(self, photo: Path) -> tuple[str, int] | None:
        """The camera, in words, and the number that it gave the picture; None where there is none. LocalFault."""
        ...

    def visits_of(self, staff: str, since: datetime, until: datetime) -> Sequence[str] | None:
        """Visits that name this member of staff and took place then; None where no register is at hand."""
        ...
