"""An index in ClickHouse, for a trust of many schools: the same tables and questions as in a folder.

Each table is a ReplacingMergeTree that identifies a row by its school, device and entry, so that a row inserted twice
is there once; a view with the table's name shows it so. `devices` says how far each device is indexed, and is written
last: a run that was interrupted is repeated from there. Erased entries are deleted from the table's files, too.
"""

import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from agent.audit.index.queries import Answer
from agent.audit.index.store import Erased
from agent.audit.index.tables import DEVICES, TABLES, Column, Of, Row, Table
from agent.errors import RecordError, UsageError
from agent.extras import to_install
from agent.record.tree import Frontier

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

AT_ONCE = 50_000
"""The number of rows sent to the server at once."""

_TYPES = {Of.TEXT: "String", Of.COUNT: "Int64", Of.FLAG: "Bool", Of.TIME: "DateTime64(6, 'UTC')"}


def connected(target: str) -> "Client":
    """A client of the server that `clickhouse://user:password@host:port/database` names.

    UsageError if this cannot be parsed, or the package is missing; RecordError if the server cannot be reached.
    """
    try:
        import clickhouse_connect
    except ImportError as fault:
        raise UsageError(f"ClickHouse needs its client. To install it: {to_install('audit')}") from fault
    try:
        parts = urlsplit(target)
        host, port, user, password = parts.hostname, parts.port, parts.username, parts.password
    except ValueError as fault:
        # The cause is not shown: it may contain a part of the password.
        raise UsageError(
            "The address cannot be understood. Write clickhouse://user@host:port/database, and give the password in "
            "CLICKHOUSE_PASSWORD."
        ) from fault
    if not host:
        raise UsageError("The address has no server in it. Write clickhouse://user@host:port/database.")
    secure = parts.scheme == "clickhouses"
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # this module reports each fault itself, once
    try:
        return clickhouse_connect.get_client(
            host=host,
            port=port or (8443 if secure else 8123),
            username=unquote(user) if user else None,
            password=unquote(password) if password else os.environ.get("CLICKHOUSE_PASSWORD", ""),
            database=unquote(parts.path.strip("/")) or "default",
            secure=secure,
            interface="https" if secure else "http",
        )
    except Exception as fault:
        raise RecordError(
            f"ClickHouse at {host} cannot be used. Check the address, that the database is there, the user, and the "
            f"password in CLICKHOUSE_PASSWORD. Its message: {_without(_first(fault), password)}"
        ) from fault


class ClickHouseStore:
    """One school's part of an index; queries cover all schools in it."""

    def __init__(self, client: "Client", school: str, *, fresh: bool = False) -> None:
        self._client = client
        self._school = school
        with _as_record_error():
            for table in TABLES:
                client.command(_made(table))
                client.command(f"CREATE VIEW IF NOT EXISTS {table.name} AS SELECT * FROM {table.name}_rows FINAL")  # noqa: S608
            if fresh:
                for table in reversed(TABLES):
                    self._delete(table, "1 = 1", {})

    def reached(self) -> Mapping[str, Frontier]:
        """How far each device of this school is indexed."""
        with _as_record_error():
            asked = self._client.query(
                "SELECT device, entries, edge FROM devices WHERE school = {school:String}",
                parameters={"school": self._school},
            )
        try:
            return {
                device: Frontier(entries, (bytes.fromhex(one) for one in edge.split(",") if one))
                for device, entries, edge in asked.result_rows
            }
        except (ValueError, TypeError) as fault:
            raise RecordError("The table devices was altered. Run the command with --anew.") from fault

    @contextlib.contextmanager
    def filling(self) -> Iterator["_Filling"]:
        """Start filling it. Rows go to the server at once, and count when they are committed."""
        yield _Filling(self._client, self._school, self._delete)

    def ask(self, sql: str, values: Mapping[str, str | int] | None = None) -> Answer:
        """Run a query."""
        with _as_record_error():
            asked = self._client.query(sql.format(**(values or {})), settings={"join_use_nulls": 1})
            return Answer(list(asked.column_names), [_plain(row) for row in asked.result_rows])

    def tables(self) -> Sequence[str]:
        """The tables' names."""
        return [table.name for table in TABLES]

    def _delete(self, table: Table, where: str, values: Mapping[str, object]) -> None:
        """Delete rows of this school for good: durable, and gone from the table's files, on return."""
        self._client.command(
            f"ALTER TABLE {table.name}_rows DELETE WHERE school = {{school:String}} AND {where} "
            "SETTINGS mutations_sync = 2",
            parameters={"school": self._school, **values},
        )


class _Filling:
    def __init__(self, client: "Client", school: str, delete: Any) -> None:
        self._client = client
        self._school = school
        self._delete = delete
        self._rows: dict[str, list[Sequence[object]]] = defaultdict(list)

    apart = False  # there is one connection

    def rows(self, _number: int) -> Self:
        """All go the same way."""
        return self

    def close(self) -> None:
        """Nothing to do: rows of several devices are sent together."""

    def add(self, table: Table, month: str, rows: Iterable[Row]) -> None:
        """Add rows."""
        held = self._rows[table.name]
        held += ((self._school, month, *row) for row in rows)
        if len(held) >= AT_ONCE:
            self._flush(table)

    def _flush(self, table: Table) -> None:
        rows = self._rows.pop(table.name, [])
        if rows:
            with _as_record_error():
                self._client.insert(f"{table.name}_rows", rows, column_names=_columns(table))

    def commit(self, devices: Mapping[str, Frontier], erased: Collection[Erased]) -> None:
        """Send the remaining rows, delete what was erased, and store how far it is indexed."""
        for table in TABLES:
            self._flush(table)
        by_device: dict[str, list[int]] = defaultdict(list)
        for device, entry in sorted(erased):
            by_device[device].append(entry)
        with _as_record_error():
            for device, entries in by_device.items():
                for table in TABLES[:2]:
                    values = {"device": device, "entries": entries}
                    self._delete(table, "device = {device:String} AND entry IN {entries:Array(Int64)}", values)
            rows = [
                (self._school, device, tree.size, tree.root().hex(), ",".join(one.hex() for one in tree.hashes))
                for device, tree in sorted(devices.items())
            ]
            if rows:
                self._client.insert(f"{DEVICES.name}_rows", rows, column_names=_columns(DEVICES))


def _columns(table: Table) -> list[str]:
    return ["school", *([] if table is DEVICES else ["month"]), *table.names]


def _made(table: Table) -> str:
    own = ["school LowCardinality(String)", *([] if table is DEVICES else ["month LowCardinality(String)"])]
    columns = ", ".join([*own, *(f"{column.name} {_type(column)}" for column in table.columns)])
    version = "entries" if table is DEVICES else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name}_rows ({columns}) ENGINE = ReplacingMergeTree({version}) "
        f"ORDER BY (school, {', '.join(table.key)})" + ("" if table is DEVICES else " PARTITION BY month")
    )


def _type(column: Column) -> str:
    inner = _TYPES[column.of] if column.needed else f"Nullable({_TYPES[column.of]})"
    return f"LowCardinality({inner})" if column.of is Of.TEXT and column.few else inner


def _plain(row: Sequence[object]) -> list[object]:
    """A row as DuckDB would return it: times in UTC, without a zone."""
    return [one.replace(tzinfo=None) if isinstance(one, datetime) else one for one in row]


@contextlib.contextmanager
def _as_record_error() -> Iterator[None]:
    from clickhouse_connect.driver.exceptions import ClickHouseError

    try:
        yield
    except (ClickHouseError, OSError) as fault:
        raise RecordError(f"ClickHouse could not read or write the index: {_first(fault)}") from fault


def _without(text: str, password: str | None) -> str:
    """The text without the password, in both its encoded and its plain form."""
    for secret in (password, unquote(password or "")):
        text = text.replace(secret, "…") if secret else text
    return text


def _first(fault: BaseException) -> str:
    return str(fault).strip().partition("\n")[0][:200]
