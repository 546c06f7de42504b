"""The share's photos in a mounted or copied folder: no link is followed, and every read is bounded."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from agent.audit.holdings import VISITS, HeldFile, on_disk
from agent.audit.spotcheck.ports import Fetched
from agent.files.beneath import Beneath, NotPlain
from agent.model.files import Fingerprint
from agent.model.ids import Sha256

_CHUNK = 1 << 20


class PhotosOnDisk:
    """`visits` is the `visits/` folder itself."""

    def __init__(self, visits: Path) -> None:
        self._visits = visits

    def listing(self) -> Mapping[str, HeldFile]:
        """Every file, by its name on the share. OSError or NotPlain if they cannot be listed."""
        return on_disk(self._visits)

    def fetch(self, name: str, expected: Fingerprint, target: Path) -> Fetched:
        """As `SharePhotos.fetch`; a file of another size is not read."""
        with self._opened(name, 1 << 62) as (file, size):
            if size != expected.size:
                return Fetched(same=False, copied=False)
            found = _copied(file, target)
        return Fetched(same=found == expected, copied=True)

    def fetch_small(self, name: str, target: Path, largest: int) -> bool:
        """As `SharePhotos.fetch_small`."""
        try:
            with self._opened(name, largest) as (file, _):
                _copied(file, target)
        except (OSError, NotPlain):
            return False
        return True

    def fetch_head(self, name: str, target: Path, length: int) -> bool:
        """As `SharePhotos.fetch_head`."""
        try:
            with self._opened(name, 1 << 62) as (file, _), target.open("xb") as out:
                out.write(file.read(length))
        except (OSError, NotPlain):
            return False
        return True

    @contextlib.contextmanager
    def _opened(self, name: str, largest: int) -> Iterator[tuple[BinaryIO, int]]:
        top, *parts = name.split("/")
        if top != VISITS or not parts:
            raise NotPlain("is not in a visit's folder")
        with Beneath(self._visits) as folder, folder.open(tuple(parts), largest) as file:
            yield file, Beneath.size(file)


def _copied(file: BinaryIO, target: Path) -> Fingerprint:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as out:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return Fingerprint(Sha256(digest.hexdigest()), size)
