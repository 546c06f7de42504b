"""What an examination needs beyond IT's side of the record: the share's files, and how a laptop reads photos.

IT's side knows the record and nothing else of a laptop, so the caller provides these. `ondisk` implements the first for
a mounted or copied share.
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
    """Whether the file on the share is as expected, and whether it was copied: a very large one may not be."""

    same: bool
    copied: bool


class SharePhotos(Protocol):
    """The files under `visits/` of a share. ShareFault, LocalFault and OSError concern one file; others end it all."""

    def listing(self) -> Mapping[str, HeldFile]:
        """Every file, by its name on the share."""
        ...

    def fetch(self, name: str, expected: Fingerprint, target: Path) -> Fetched:
        """Read the whole file, compare it, and copy it to `target`, which does not exist yet.

        FileNotFoundError if there is no file; NotPlain if something else is in its place.
        """
        ...

    def fetch_small(self, name: str, target: Path, largest: int) -> bool:
        """Copy a file, whatever its content; False if it is larger, or cannot be read."""
        ...

    def fetch_head(self, name: str, target: Path, length: int) -> bool:
        """Copy this many bytes from a file's beginning; False if that cannot be done."""
        ...


class Rereading(Protocol):
    """How a laptop's program reads a file."""

    def rebuild(self, tagged: Path, target: Path) -> tuple[Fingerprint, str]:
        """Take the tag out again, into `target`: returns the original's fingerprint, and the visit that the tag names.

        LocalFault if the file does not give its original; Unforeseen if that is not known.
        """
        ...

    def transfer_in(self, file: Path) -> str | None:
        """The transfer that the tag in a file names; None if it has no readable tag."""
        ...

    def judge(self, photo: Path, beside: Sequence[Path], staff: str, register_version: str) -> Decision | str:
        """Judge the time of capture by that version of the register, or say why it is not known. Raises LocalFault."""
        ...

    def numbered(self, photo: Path) -> tuple[str, int] | None:
        """The camera, in words, and the number that it gave the picture; None if it has none. LocalFault."""
        ...

    def visits_of(self, staff: str, since: datetime, until: datetime) -> Sequence[str] | None:
        """The visits that name this member of staff and took place then; None if no register is available."""
        ...
