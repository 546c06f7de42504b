"""A forwarded event, its source and its receiver: the terms of this room."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An entry of the signed record, on its way to whoever watches over many laptops.

    `id` is the same each time this entry is delivered, so that a receiver can drop repeats. `entry` is the record's
    entry (`at`, `body`, `device`, `event`, `index`, `kind`), `line` its canonical JSON byte for byte, `leaf_hash` its
    hash in the tree, in hexadecimal, `document` the same event in the Elastic Common Schema. `severity` is how
    soon a person should look at it (RFC 5424, table 2: 0 to 7). `erases` is the index of an entry that was erased
    according to this one: it must not be sent any more.
    """

    id: str
    index: int
    entry: Mapping[str, object]
    line: bytes
    leaf_hash: str
    document: Mapping[str, object]
    severity: int
    erases: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far the record was read into the queue: the next entry's index, and the byte where it begins."""

    index: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One entry further: the event (None for an entry that was erased), and where the next one begins."""

    event: LogEvent | None
    after: Position


Source = Callable[[Position], Iterator[Step]]
"""The record from a position on. It may raise any error of `agent.errors`, or OSError."""


class Target(Protocol):
    """A receiver."""

    @property
    def name(self) -> str:
        """The name of its queue: it must not change while something waits."""
        ...

    @property
    def description(self) -> str:
        """For messages: its kind and its place."""
        ...

    def render(self, event: LogEvent) -> bytes:
        """The event in this receiver's form, with the separator before the next."""
        ...

    def send(self, payloads: Sequence[bytes]) -> None:
        """Give these to the receiver. On return it has accepted all of them; NotForwarded if that is not certain.

        Then all are sent again, later: a receiver gets every event at least once.
        """
        ...

    def try_out(self) -> None:
        """Check whether it would accept an event, without sending one; NotForwarded, with the reason, if not."""
        ...
