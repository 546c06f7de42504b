"""What stores an index, as `building` sees it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from agent.audit.index.queries import Answer
from agent.audit.index.tables import Row, Table
from agent.record.tree import Frontier

Erased = tuple[str, int]
"""A device, and the index of one of its entries that was erased."""


class Rows(Protocol):
    """Where the rows of some devices are put."""

    def add(self, table: Table, month: str, rows: Iterable[Row]) -> None:
        """Add these rows of a month; a device's rows come in the order of its record."""
        ...

    def close(self) -> None:
        """Call this after the last row."""
        ...


class Filling(Protocol):
    """Rows that are being added to a store."""

    @property
    def rows(self) -> Callable[[int], Rows]:
        """Begins the rows of the devices with this number; the numbers follow the devices' order."""
        ...

    @property
    def apart(self) -> bool:
        """Whether `rows` may be sent to other processes and called there."""
        ...

    def commit(self, devices: Mapping[str, Frontier], erased: Collection[Erased]) -> None:
        """Store everything that was added, without the rows of entries that were erased, now or before.

        `devices` says how far each device with new rows is indexed now. Durable on return.
        """
        ...


class Store(Protocol):
    """An index of one or several schools. Building it again from the same records gives the same rows.

    Raises RecordError if it cannot be read or written.
    """

    def reached(self) -> Mapping[str, Frontier]:
        """How far each device of this school is indexed; empty if filling was interrupted: then all is added again."""
        ...

    def filling(self) -> AbstractContextManager[Filling]:
        """Start filling it; what was not committed when the context ends is thrown away."""
        ...

    def ask(self, sql: str, values: Mapping[str, str | int] | None = None) -> Answer:
        """Run one of the `queries`, over all schools."""
        ...

    def tables(self) -> Sequence[str]:
        """The names of the tables that can be queried."""
        ...
