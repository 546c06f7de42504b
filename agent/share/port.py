"""What the pipeline may rely on from a share, whichever one it is: real, in memory, or the demo's embedded one.

One suite (tests/contract) holds every implementation to this.
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
    """All bytes of a delivery are on the share under temporary names, synced where the server can; not yet proven."""

    transfer: TransferId


@dataclass(frozen=True, slots=True)
class Delivered:
    """The share holds every file of the delivery under its final name: a proof each, in the delivery's order."""

    transfer: TransferId
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One delivery failed by itself: a LocalFault or ShareFault. Its temporary files are gone, or will be swept."""

    transfer: TransferId
    error: AgentError


Outcome = Sent | Delivered | Undelivered


class Still(StrEnum):
    """What became of a file on the share that was proven there."""

    HOLDS = "holds"  # read back whole just now: it is what was proven
    GONE = "gone"
    DIFFERENT = "different"  # other content, or something that is no file, or a folder above it that is a link
    UNREADABLE = "unreadable"  # the server does not let it be read: nothing is known


@dataclass(frozen=True, slots=True)
class HalfSent:
    """Where a transfer that was cut may have left temporary files: `files` of them at most, counted from 0.

    Remembered by whoever had it sent: on a school's share a device cannot list the folder of a visit.
    """

    folder: str
    transfer: TransferId
    files: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A name in a folder on the share, and what the server says of it, no link followed; None where it does not say.

    `size` is in bytes, of a plain file only; `modified` is aware, and whoever may write to a file can set it.
    """

    name: str
    is_folder: bool
    is_file: bool
    size: int | None = None
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """What statvfs@openssh.com says of the share, in bytes; None where the server does not say."""

    free: int | None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the server can do, as it said when it greeted us, and as far as it was tried (`try_out`).

    `details` are pairs of what was looked at and how it is, in words for IT.
    """

    software: str
    fsync: bool
    statvfs: bool
    limits: bool
    details: tuple[tuple[str, str], ...] = ()


class Share(Protocol):
    """A connection to the school's share. Not for use by two threads at once; every wait inside has a timeout.

    Raised by any method: `ShareUnreachable` (try again later; nothing is half-believed), `ShareRefused` (stop, a person
    must look), `ShareFault` for a single name. After ShareUnreachable the object is of no more use but to be closed.
    """

    def deliver(
        self,
        deliveries: Iterable[Delivery],
        sent_bytes: Callable[[int], None] = ...,
        stopping: Callable[[], bool] = ...,
    ) -> Iterator[Outcome]:
        """Send deliveries and prove them; outcomes come as they are ready, not in order.

        Deliveries are taken from the iterable only as fast as they can be sent, so that stopping to supply them ends
        the run after those in flight. For each: `Sent` (may be left out where nothing had to be sent), then `Delivered`
        or `Undelivered`. On `Delivered` every file is durable under its final name, was read back whole, and was
        renamed without ever overwriting; a name that is taken by other content is passed over for `NAME-2`, `NAME-3`, …
        Repeating a delivery whose outcome was lost is safe and ends in `Method.ALREADY_THERE` where it had arrived.
        `sent_bytes` is told of payload bytes as they are acknowledged (for a progress bar). When `stopping` says so,
        those under way have a few seconds; the rest have no outcome, and a large file goes on from there another time.
        """
        ...

    def still_holds(self, proofs: Sequence[Proof]) -> list[Still]:
        """For each proof of an earlier run, in their order: whether the share holds `held` under `name` at this moment.

        Every byte is read back; nothing is written. Where it is `HOLDS`, what rests on the proof may be removed.
        """
        ...

    def read(self, name: RemoteName, limit: int) -> bytes:
        """The content of a small file (the register). FileNotFoundError if absent; ShareFault if over `limit` bytes."""
        ...

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in order; a folder's name ends with `/`. Empty where it is missing or not for us."""
        ...

    def listing(self, folder: str) -> list[Listed]:
        """As `names`, with what the server says of each."""
        ...

    def sweep(self, keep: Collection[TransferId] = (), known: Iterable[HalfSent] = ()) -> int:
        """Remove this device's own temporary files, left by transfers that were cut; how many. Never another's.

        They are looked for in the folders that this device may list, and by name where they are `known`. Large ones of
        transfers in `keep` stay: these are still to be made, and go on from there.
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
        """Write, sync, read back, name and remove one small temporary file there; raises what stands in the way."""
        ...

    def close(self) -> None:
        """End the connection; more than once does no harm."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...
