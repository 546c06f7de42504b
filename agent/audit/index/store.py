"""What an index is kept in, as the one that builds it sees it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from agent.audit.index.queries import Answer
from agent.audit.index.tables import Row, Table
from agent.record.tree import Frontier

Erased = tuple[str, int]
"""A device and the index of an entry of its that was erased."""


class Filling(Protocol):
    """Rows on their way into a store."""

    def add(self, table: Table, month: str, rows: Iterable[Row]) -> None:
        """Take these rows of a month; of one device they come in the order of its record."""
        ...

    def commit(self, devices: Mapping[str, Frontier], erased: Collection[Erased]) -> None:
        """Keep all that was added, without the rows of entries that were erased, now or before.

        `devices` says how far each device that has new rows is indexed now. Durable on return.
        """
        ...


class Store(Protocol):
    """An index of one school or of several. Building it again from the same records gives the same rows.

    Raises RecordError where it cannot be read or written.
    """

    def reached(self) -> Mapping[str, Frontier]:
        """How far each device of this school is indexed; nothing where a filling was cut off: all comes anew."""
        ...

    def filling(self) -> AbstractContextManager[Filling]:
        """Begin to fill it; what was not committed when the context ends is thrown away."""
        ...

    def ask(self, sql: str, values: Mapping[str, str | int] | None = None) -> Answer:
        """Ask a query of `queries`, over all schools."""
        ...

    def tables(self) -> Sequence[str]:
        """The names of the tables that can be asked."""
        ...
