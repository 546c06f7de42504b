"""A file on the laptop as one look saw it, the disk it is on, and the photo that it belongs to. Sizes are bytes."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agent.model.ids import Sha256


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The identity of a content: its SHA-256 and its size in bytes."""

    sha256: Sha256
    size: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A regular file as one look (`lstat`) saw it. Two equal looks are what "settled" means.

    `changed_ns` is when anything about the file last changed (POSIX's ctime), which no program can set back; 0 if the
    system does not say (Windows: st_ctime is the time of creation there).
    """

    path: Path
    size: int
    mtime_ns: int
    device: int
    inode: int
    changed_ns: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """The disk or card that a folder is on.

    `id` is the same whenever and wherever it is mounted (a file system's UUID, a server's export), None if it is not
    known. `top` is where it is mounted. `steady` says whether files have the same number (inode) each time they are
    looked at and their time of change means something: not so on FAT, exFAT and most phones.
    """

    id: str | None = None
    top: Path | None = None
    steady: bool = True


class Role(StrEnum):
    """The role of a file in the photo it belongs to."""

    MAIN = "main"
    PARTNER = "partner"  # the other half of a Live Photo
    SIDECAR = "sidecar"  # .xmp, .aae, .thm: describes the main file


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a photo."""

    file: LocalFile
    role: Role


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with its partner and sidecars: decided, sent and removed as one. The first member is the main file."""

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if not self.members or self.members[0].role is not Role.MAIN:
            raise ValueError("a photo's first member is its main file")

    @property
    def main(self) -> LocalFile:
        """The file that the photo's name, time and format are taken from."""
        return self.members[0].file

    @property
    def size(self) -> int:
        """Bytes of all members together."""
        return sum(member.file.size for member in self.members)
