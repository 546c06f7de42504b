"""What is forwarded, where from, and where to: the words of this room."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An entry of the signed record, on its way to whoever watches over many laptops.

    `id` is the same whenever this entry is delivered, so that a receiver can drop what it has. `entry` is the record's
    entry (`at`, `body`, `device`, `event`, `index`, `kind`), `line` its canonical JSON byte for byte, `leaf_hash` what
    the tree holds of it, in hexadecimal, `document` the same event in the Elastic Common Schema. `erases` is the index
    of an entry that this one says was taken out: it must not be sent any more.
    """

    id: str
    index: int
    entry: Mapping[str, object]
    line: bytes
    leaf_hash: str
    document: Mapping[str, object]
    erases: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far the record was taken over: the next entry's index, and at which byte of the entries it begins."""

    index: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One entry further: the event (None of an entry that was erased), and where the next one begins."""

    event: LogEvent | None
    after: Position


Source = Callable[[Position], Iterator[Step]]
"""The record from a position on. It may raise what `agent.errors` has, or OSError."""


class Target(Protocol):
    """A receiver."""

    @property
    def name(self) -> str:
        """What its queue is kept under: it must not change while something waits."""
        ...

    @property
    def description(self) -> str:
        """For messages: what it is, and where."""
        ...

    def render(self, event: LogEvent) -> bytes:
        """The event as this receiver gets it, with whatever separates it from the next."""
        ...

    def send(self, payloads: Sequence[bytes]) -> None:
        """Give these to the receiver. On return it has taken all of them; NotForwarded if that is not certain.

        Then all are sent again, later: a receiver sees every event at least once.
        """
        ...

    def try_out(self) -> None:
        """See whether it would take something, without giving it anything; NotForwarded, with the reason, if not."""
        ...
