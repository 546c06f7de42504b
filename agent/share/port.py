"""What the pipeline may rely on from any share: a real one, one in memory, or the demo's embedded one.

One suite (tests/contract) tests every implementation against this.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from agent.errors import AgentError
from agent.model.delivery import Delivery
from agent.model.ids import RemoteName, TransferId
from agent.model.proof import Proof


@dataclass(frozen=True, slots=True)
class Sent:
    """All bytes of a delivery are on the share under temporary names, synced if the server can; not yet proven."""

    transfer: TransferId


@dataclass(frozen=True, slots=True)
class Delivered:
    """The share holds every file of the delivery under its final name: one proof each, in the delivery's order.

    `leftover`: the server did not remove a temporary name, so a later sweep has to.
    """

    transfer: TransferId
    proofs: tuple[Proof, ...]
    leftover: bool = False


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One delivery failed by itself: a LocalFault or ShareFault. Its temporary files are gone, or will be swept."""

    transfer: TransferId
    error: AgentError


Outcome = Sent | Delivered | Undelivered


class Still(StrEnum):
    """The present state of a file that was proven to be on the share."""

    HOLDS = "holds"  # read back whole just now: it is what was proven
    GONE = "gone"
    DIFFERENT = "different"  # other content, or not a file, or a folder above it is a link
    UNREADABLE = "unreadable"  # the server does not let it be read: nothing is known
    NOT_SYNCED = "not-synced"  # it was to be written to the server's disk, and the server cannot do that
    DISK_FAILED = "disk-failed"  # the same, and the server's disk failed, now or earlier


@dataclass(frozen=True, slots=True)
class HalfSent:
    """Where an interrupted transfer may have left temporary files: at most `files` of them, counted from 0.

    The caller must remember it: on a school's share a device cannot list a visit's folder.
    """

    folder: str
    transfer: TransferId
    files: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A name in a folder on the share, and what the server says about it, following no link; None if it does not say.

    `size` is in bytes, for plain files only; `modified` is aware, and anybody who may write to a file can set it.
    """

    name: str
    is_folder: bool
    is_file: bool
    size: int | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """What statvfs@openssh.com says about the share, in bytes; None if the server does not say."""

    free: int | None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the server can do, by its greeting, and as far as it was tried (`try_out`).

    `details` are pairs of a question and its answer, in words for IT.
    """

    software: str
    fsync: bool
    statvfs: bool
    limits: bool
    removes: bool = True
    details: tuple[tuple[str, str], ...] = ()


class Share(Protocol):
    """A connection to the school's share. Not for use by two threads at once; every wait inside has a timeout.

    Any method may raise `ShareUnreachable` (try again later; nothing is half-believed), `ShareRefused` (stop, a person
    must look), or `ShareFault` for a single name. After ShareUnreachable the object can only be closed.

    `disk_failed` are the files that the server could not write to its disk. Whatever it says later about such a file
    proves nothing: Linux forgets what it could not write (https://wiki.postgresql.org/wiki/Fsync_Errors). The caller
    adds those of earlier connections before the first delivery, and saves those that were added since.
    """

    disk_failed: set[RemoteName]

    @property
    def is_openssh(self) -> bool:
        """Whether OpenSSH's own server answers, which is known to do what it says."""
        ...

    def deliver(
        self,
        deliveries: Iterable[Delivery],
        sent_bytes: Callable[[int], None] = ...,
        stopping: Callable[[], bool] = ...,
    ) -> Iterator[Outcome]:
        """Send deliveries and prove them; outcomes come as they are ready, not in order.

        Deliveries are taken from the iterable only as fast as they can be sent; if it ends, the run ends after those in
        flight. For each: `Sent` (may be left out if nothing had to be sent), then `Delivered` or `Undelivered`. On
        `Delivered` every file is durable under its final name, was read back in full, and was renamed without ever
        overwriting; if a name is taken by other content, `NAME-2`, `NAME-3`, … are tried. Repeating a delivery whose
        outcome was lost is safe and ends in `Method.ALREADY_THERE` if it had arrived. `sent_bytes` is called with
        payload bytes as they are acknowledged (for a progress bar). When `stopping` says so, deliveries in flight have
        a few seconds; the rest have no outcome, and a large file continues from there another time.
        """
        ...

    def still_holds(self, proofs: Sequence[Proof], *, sync: bool = False) -> list[Still]:
        """For each proof of an earlier run, in their order: whether the share holds `held` under `name` at this moment.

        Every byte is read back; nothing is written. With `sync`, files whose proof is not `synced` are written to the
        server's disk first; `NOT_SYNCED` or `DISK_FAILED` if that fails. For `HOLDS`, files that rest on the proof may
        be removed.
        """
        ...

    def read(self, name: RemoteName, limit: int) -> bytes:
        """The content of a small file (the register). FileNotFoundError if absent; ShareFault if over `limit` bytes."""
        ...

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in order; a folder's name ends with `/`. Empty if it is missing or may not be listed."""
        ...

    def listing(self, folder: str) -> list[Listed]:
        """As `names`, with what the server says about each."""
        ...

    def sweep(self, keep: Collection[TransferId] = (), known: Iterable[HalfSent] = ()) -> int:
        """Remove this device's own temporary files, left by interrupted transfers; returns how many. Never another's.

        They are looked for in the folders that this device may list, and by name if they are `known`. Large ones of
        transfers in `keep` stay: these transfers will continue from there.
        """
        ...

    def abilities(self) -> Abilities:
        """What the server can do."""
        ...

    def space(self) -> Space:
        """What is free on the share."""
        ...

    def now(self) -> datetime:
        """The server's clock, aware, to a second or so: the time it gives to a temporary file made for this."""
        ...

    def try_out(self, folder: str = "visits") -> None:
        """Write, sync, read back, name and remove one small temporary file there; raises what prevents that."""
        ...

    def close(self) -> None:
        """End the connection; more than once does no harm."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
