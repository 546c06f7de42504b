"""Where a spot check finds its files: in a folder with the share or a copy of it, or on the share over SFTP."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli.session import settings_of

if TYPE_CHECKING:
    from agent.audit import HeldFile
    from agent.audit.spotcheck import Fetched
    from agent.audit.spotcheck.ports import SharePhotos
    from agent.model.files import Fingerprint
    from agent.pipeline.rereading import RegisterFiles
    from agent.share import Share


@dataclass(frozen=True, slots=True)
class Place:
    """Where the records are: a folder here, the share's photos if they can be read, and the connection to the share."""

    folder: Path
    photos: "SharePhotos | None"
    connection: "Share | None" = None

    def registers(self, archive: Path, more: Sequence[Path]) -> "RegisterFiles":
        """The registers on the share, in the archive and in `more`. The one on the share is added to the archive."""
        from agent.pipeline.fetch import fetch_registers
        from agent.pipeline.renew import LARGEST
        from agent.pipeline.rereading import keep_registers, registers_in, sorted_out

        if self.connection is not None:
            found = fetch_registers(self.connection, LARGEST)
        else:
            found = registers_in(self.folder / "register")
        keep_registers(archive, found)
        for number, folder in enumerate((archive, *more)):
            found |= {f"{number}/{name}": content for name, content in registers_in(folder).items()}
        return sorted_out(found)


@contextlib.contextmanager
def records_at(ctx: click.Context, directory: Path | None, share: bool) -> Iterator[Place]:
    """The given folder, or a folder with the records fetched from the share. UsageError unless exactly one is asked."""
    if share == (directory is not None):
        raise click.UsageError("Give either a folder or --share.")
    from agent.audit.spotcheck import PhotosOnDisk

    if directory is not None:
        visits = directory / "visits"
        yield Place(directory, PhotosOnDisk(visits) if visits.is_dir() else None)
        return
    from agent.pipeline.context import server_of, wall_clock
    from agent.pipeline.fetch import fetch_records
    from agent.share import open_share

    settings = settings_of(ctx)
    with (
        tempfile.TemporaryDirectory(prefix="photo-agent-spot-check-") as name,
        open_share(server_of(settings), clock=wall_clock) as connection,
    ):
        folder = Path(name) / "share"
        folder.mkdir()
        fetch_records(connection, folder, settings.device.name)
        yield Place(folder, PhotosOverSftp(connection), connection)


@dataclass(frozen=True, slots=True)
class PhotosOverSftp:
    """The share's photos, read directly from the server."""

    connection: "Share"

    def listing(self) -> "Mapping[str, HeldFile]":
        """What the server says about each photo."""
        from agent.audit import HeldFile
        from agent.pipeline.fetch import visits_there

        return {
            name: HeldFile(one.size, size_known=not one.is_file or one.size is not None, modified=one.modified)
            for name, one in visits_there(self.connection).items()
        }

    def fetch(self, name: str, expected: "Fingerprint", target: Path) -> "Fetched":
        """As `SharePhotos.fetch`."""
        from agent.audit.spotcheck import Fetched
        from agent.pipeline.fetch import fetch_photo

        same, copied = fetch_photo(self.connection, name, expected, target)
        return Fetched(same=same, copied=copied)

    def fetch_small(self, name: str, target: Path, largest: int) -> bool:
        """As `SharePhotos.fetch_small`."""
        from agent.pipeline.fetch import fetch_small

        return fetch_small(self.connection, name, target, largest)

    def fetch_head(self, name: str, target: Path, length: int) -> bool:  # noqa: ARG002
        """Not done over SFTP, because whole photos would have to be fetched."""
        return False
