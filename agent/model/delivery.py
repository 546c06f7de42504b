"""What is sent to the share for a photo. Names on the share are `/`-separated, below the agent's root there."""

from dataclasses import dataclass, field

from agent.model.files import Fingerprint, LocalFile
from agent.model.ids import PhotoId, RemoteName, TransferId


@dataclass(frozen=True, slots=True)
class Splice:
    """A reversible change while streaming: at offset `at`, leave out `drop` bytes and put `insert` in their place."""

    at: int
    drop: int
    insert: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One file for the share: a local file, with at most one splice, or bytes made here (a tag's sidecar).

    `original` is the local content on which the decision was made (for `bytes`: their own fingerprint). A sender stops
    with `LocalFault` if the content it reads differs. `size` is the size on the share. `held` is what the share will
    hold, if that was worked out before: a proof then needs exactly that.
    """

    name: RemoteName
    source: LocalFile | bytes = field(repr=False)
    original: Fingerprint
    splice: Splice | None = None
    held: Fingerprint | None = None

    @property
    def size(self) -> int:
        """Bytes as sent."""
        if self.splice is None:
            return self.original.size
        return self.original.size - self.splice.drop + len(self.splice.insert)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that one photo sends to the share; proven as one."""

    transfer: TransferId
    photo: PhotoId
    files: tuple[Outgoing, ...]

    @property
    def size(self) -> int:
        """Bytes as sent, of all files."""
        return sum(outgoing.size for outgoing in self.files)
