"""A share in memory, with the same promises as the real one: for tests, and for seeing what would be sent.

The `Disk` is what the server would hold; several `MemoryShare`s may use one, as several laptops use one server.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.errors import LocalFault, NotProven, ShareDenied, ShareFault, ShareFull, ShareUnreachable
from agent.files.closing import Closing
from agent.model.delivery import Delivery, Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, Sha256, TransferId
from agent.model.proof import Method, Proof
from agent.share.names import another, own_temporary, temporary_name
from agent.share.port import Abilities, Delivered, HalfSent, Listed, Outcome, Sent, Space, Still, Undelivered
from agent.share.source import LocalSource, judge_local


@dataclass(slots=True)
class Disk:
    """What the server holds, by name below the agent's root; and how it behaves. Tests look into it and change it.

    `free` is None if the server does not state it; `denied` are folders in which nothing may be written; setting
    `reachable` to False loses the connection at the next step.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    free: int | None = None
    fsync: bool = True
    denied: set[str] = field(default_factory=set)
    reachable: bool = True


class MemoryShare(Closing):
    """A connection to a `Disk`; see `Share` for what its methods promise."""

    def __init__(self, disk: Disk, *, device: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.disk = disk
        self._device = device
        self._clock = clock
        self._closed = False
        self.disk_failed: set[RemoteName] = set()
        self.is_openssh = True

    def deliver(
        self,
        deliveries: Iterable[Delivery],
        sent_bytes: Callable[[int], None] = lambda _: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """One after the other: a caller that relies on an order which the port does not promise gets it here."""
        for delivery in deliveries:
            self._reach()
            if stopping():
                return
            temporary: list[str] = []
            try:
                arrived = [
                    self._arrive(outgoing, delivery.transfer, n, temporary, sent_bytes)
                    for n, outgoing in enumerate(delivery.files)
                ]
                if temporary:
                    yield Sent(delivery.transfer)
                self._reach()
                outcome: Outcome = Delivered(delivery.transfer, tuple(self._settle(*one) for one in arrived))
            except (LocalFault, ShareFault) as fault:
                outcome = Undelivered(delivery.transfer, fault)
            finally:
                if self.disk.reachable:
                    for name in temporary:
                        self.disk.files.pop(name, None)
            yield outcome

    def _arrive(
        self, outgoing: Outgoing, transfer: TransferId, n: int, temporary: list[str], sent_bytes: Callable[[int], None]
    ) -> tuple[Outgoing, str | None, bytes]:
        content, held = _content(outgoing), self._named(outgoing.name)
        if any(other == content for _, other in held):
            return outgoing, None, content
        folder, _, _ = outgoing.name.rpartition("/")
        if folder in self.disk.denied:
            raise ShareDenied("The share does not permit this laptop to make a file. Ask IT.")
        if self.disk.free is not None and self.disk.free < len(content):
            raise ShareFull("The share has no space left for this photo. Ask IT to make room.")
        name = f"{folder}/{temporary_name(self._device, transfer, n)}"
        temporary.append(name)
        self.disk.files[name] = content
        if content:
            sent_bytes(len(content))
        return outgoing, name, content

    def _settle(self, outgoing: Outgoing, temporary: str | None, content: bytes) -> Proof:
        held = self._named(outgoing.name)
        there = next((name for name, other in held if other == content), None)
        method = Method.ALREADY_THERE
        if there is None:
            method, there = Method.READ_BACK, another(outgoing.name, len(held) + 1)
            if temporary is None:
                raise ShareFault("The share lost the photo while it was being looked at.")
            self.disk.files[there] = self.disk.files.pop(temporary)
            if self.disk.free is not None:
                self.disk.free -= len(content)
        read = self.disk.files[there]
        proven = Fingerprint(Sha256(hashlib.sha256(read).hexdigest()), len(read))
        return Proof(there, proven, outgoing.original, method, self.disk.fsync, self._clock())

    def _named(self, name: RemoteName) -> list[tuple[RemoteName, bytes]]:
        """What the share holds under the name, NAME-2, …, without a gap."""
        found: list[tuple[RemoteName, bytes]] = []
        while (choice := another(name, len(found) + 1)) in self.disk.files:
            found.append((choice, self.disk.files[choice]))
        return found

    def still_holds(self, proofs: Sequence[Proof], *, sync: bool = False) -> list[Still]:  # noqa: ARG002  # it has no disk
        """Whether the share holds it as it was proven."""
        self._reach()
        return [self._still(proof) for proof in proofs]

    def _still(self, proof: Proof) -> Still:
        content = self.disk.files.get(proof.name)
        if content is None:
            return Still.GONE
        now = Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content))
        return Still.HOLDS if now == proof.held else Still.DIFFERENT

    def read(self, name: RemoteName, limit: int) -> bytes:
        """The content of a small file."""
        self._reach()
        if name not in self.disk.files:
            raise FileNotFoundError("The share has no such file.")
        content = self.disk.files[name]
        if len(content) > limit:
            raise ShareFault(f"A file on the share is larger than the {limit} bytes that are allowed for it.")
        return content

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        self._reach()
        below = (name[len(folder) + 1 :] for name in self.disk.files if name.startswith(f"{folder}/"))
        return sorted({f"{first}{slash}" for first, slash, _ in (name.partition("/") for name in below)})

    def listing(self, folder: str) -> list[Listed]:
        """What is in a folder; this share does not know when a file was written."""
        return [self._listed(folder, name) for name in self.names(folder)]

    def _listed(self, folder: str, name: str) -> Listed:
        content = self.disk.files.get(f"{folder}/{name}")
        is_folder = content is None
        return Listed(name.removesuffix("/"), is_folder, not is_folder, None if content is None else len(content))

    def sweep(self, keep: Collection[TransferId] = (), known: Iterable[HalfSent] = ()) -> int:  # noqa: ARG002  # the port has them
        """Remove this device's own temporary files."""
        self._reach()
        found = {name: own_temporary(self._device, name.rpartition("/")[2]) for name in self.disk.files}
        own = [name for name, transfer in found.items() if transfer is not None]  # this share never leaves large ones
        for name in own:
            del self.disk.files[name]
        return len(own)

    def abilities(self) -> Abilities:
        """What this share can do."""
        self._reach()
        return Abilities("memory", self.disk.fsync, self.disk.free is not None, limits=False)

    def space(self) -> Space:
        """What is free."""
        self._reach()
        return Space(self.disk.free)

    def now(self) -> datetime:
        """The clock that this share was given."""
        self._reach()
        return self._clock()

    def try_out(self, folder: str = "visits") -> None:
        """Raise what prevents writing."""
        self._reach()
        if folder in self.disk.denied:
            raise ShareDenied("The share does not permit this laptop to make a file. Ask IT.")
        if self.disk.free is not None and self.disk.free < 1024:
            raise ShareFull("The share has no space left. Ask IT to make room.")

    def _reach(self) -> None:
        if self._closed or not self.disk.reachable:
            raise ShareUnreachable(
                "The connection to the share was lost. Photos that could not be checked stay on this laptop."
            )

    def close(self) -> None:
        """End the connection; more than once does no harm."""
        self._closed = True


def _content(outgoing: Outgoing) -> bytes:
    with LocalSource(outgoing) as source:
        content = b"".join(iter(lambda: source.read(1 << 20), b""))
        if source.sent() != Fingerprint(Sha256(hashlib.sha256(content).hexdigest()), len(content)):
            judge_local(outgoing)
            raise NotProven("The share does not hold what was meant to be sent. The photo stays on this laptop.")
    return content
