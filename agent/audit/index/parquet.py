"""An index in a folder: Parquet files by school and month, queried by an embedded DuckDB (extra `audit`).

::

    FOLDER/entries/school=S/month=2026-03/entries.parquet
    FOLDER/files/school=S/month=2026-03/files.parquet
    FOLDER/devices/school=S/devices.parquet
    FOLDER/index.json      how far the devices of each school are indexed; `filling` while files are being exchanged
    FOLDER/.new-…          rows that are being added; safe to delete if a run was interrupted

The same records give the same bytes, whatever the number of runs, as long as the version of DuckDB is the same: rows
are sorted, and one thread writes them.
"""

import contextlib
import csv
import json
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.audit.index.queries import Answer
from agent.audit.index.store import Erased
from agent.audit.index.tables import DEVICES, ENTRIES, FILES, TABLES, Column, Of, Row, Table
from agent.errors import RecordError, UsageError
from agent.extras import to_install
from agent.files.durable import make_folder, replace_file, sync_file, sync_folder
from agent.record.tree import Frontier

if TYPE_CHECKING:
    from types import ModuleType

    import duckdb

_State = dict[str, dict[str, dict[str, Any]]]
"""By school and device: how many `entries`, the `root`, and the `edge` of the tree."""

AT_ONCE = 2000
"""The number of rows of a month that are collected before they are written to a file."""

ROWS_OF_A_GROUP = 122_880
"""Rows in one row group of a Parquet file: DuckDB's default, stated so that it stays the same."""

_TYPES = {Of.TEXT: "VARCHAR", Of.COUNT: "BIGINT", Of.FLAG: "BOOLEAN", Of.TIME: "TIMESTAMP"}


class ParquetStore:
    """One school's part of an index in `folder`; queries cover all schools in it."""

    def __init__(self, folder: Path, school: str, *, fresh: bool = False) -> None:
        self._folder = folder
        self._school = school
        _duckdb()  # check first: reading may take a while
        try:
            make_folder(folder)
            self._state = _read_state(folder / "index.json", fresh=fresh)
        except OSError as fault:
            raise RecordError(f"The index in {folder} cannot be read or written: {fault.strerror}.") from fault
        if fresh:
            self._state.pop(school, None)

    def reached(self) -> Mapping[str, Frontier]:
        """How far each device of this school is indexed."""
        try:
            return {
                device: Frontier(one["entries"], (bytes.fromhex(each) for each in one["edge"]))
                for device, one in self._state.get(self._school, {}).items()
            }
        except (ValueError, TypeError, KeyError) as fault:
            raise _unreadable(self._folder / "index.json") from fault

    @contextlib.contextmanager
    def filling(self) -> Iterator["_Filling"]:
        """Start filling it."""
        import filelock

        lock = filelock.FileLock(self._folder / ".lock", timeout=0)
        try:
            with lock:
                for left in self._folder.glob(".new-*"):
                    shutil.rmtree(left, ignore_errors=True)
                with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as name:
                    yield _Filling(self._folder, self._school, self._state, Path(name))
        except filelock.Timeout as fault:
            raise RecordError(
                f"Another index command is filling {self._folder}. Wait until it has finished."
            ) from fault
        except OSError as fault:
            raise RecordError(f"The index in {self._folder} cannot be written: {fault.strerror}.") from fault

    def ask(self, sql: str, values: Mapping[str, str | int] | None = None) -> Answer:
        """Run a query."""
        with _database(None) as database:
            for table in TABLES:
                database.execute(f"CREATE VIEW {table.name} AS {self._rows_of(table)}")  # the names are our own
            asked = database.execute(sql.format(**(values or {})))
            columns = [str(one[0]) for one in asked.description or ()]
            return Answer(columns, asked.fetchall())

    def tables(self) -> Sequence[str]:
        """The tables' names."""
        return [table.name for table in TABLES]

    def _rows_of(self, table: Table) -> str:
        place = self._folder / table.name
        if any(place.rglob("*.parquet")):
            pattern = _quoted(f"{_plain(place)}/**/*.parquet")
            hive = "hive_partitioning = true, hive_types_autocast = false"
            return f"SELECT * FROM read_parquet({pattern}, {hive})"  # noqa: S608
        extra = ", CAST(NULL AS VARCHAR) AS school, CAST(NULL AS VARCHAR) AS month"
        columns = ", ".join(f"CAST(NULL AS {_TYPES[one.of]}) AS {one.name}" for one in table.columns)
        return f"SELECT {columns}{extra} WHERE false"


class _Rows:
    """Rows of some devices, in CSV files by table and month."""

    def __init__(self, new: Path, number: int) -> None:
        self._new = new
        self._number = number
        self._rows: dict[tuple[str, str], list[Row]] = defaultdict(list)

    def add(self, table: Table, month: str, rows: Iterable[Row]) -> None:
        """Add rows."""
        held = self._rows[table.name, month]
        held += rows
        if len(held) >= AT_ONCE:
            self._flush(table.name, month)

    def _flush(self, table: str, month: str) -> None:
        rows = self._rows.pop((table, month), [])
        with (self._new / f"{table}-{month}-{self._number:02}.csv").open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    def close(self) -> None:
        """Write the rows that are left."""
        for table, month in list(self._rows):
            self._flush(table, month)


class _Filling:
    """Rows in CSV files, until they are merged into the Parquet files."""

    apart = True

    def __init__(self, folder: Path, school: str, state: _State, new: Path) -> None:
        self._folder = folder
        self._school = school
        self._state = state
        self._new = new

    @property
    def rows(self) -> Callable[[int], _Rows]:
        """Begins the rows of some devices."""
        return partial(_Rows, self._new)

    def commit(self, devices: Mapping[str, Frontier], erased: Collection[Erased]) -> None:
        """Merge."""
        fresh = not self._state.get(self._school)
        if not devices and not fresh:
            return
        state = self._folder / "index.json"
        # If this stays behind, some files may be new and others old, and the next run starts from nothing.
        _write_state(state, {**self._state, self._school: {}})
        with _database(self._new) as database:
            _make(database, "erased", "device VARCHAR, entry BIGINT", sorted(erased))
            for table in (ENTRIES, FILES):
                self._merge(database, table, fresh=fresh, erased=sorted(erased))
            known = {} if fresh else dict(self._state.get(self._school, {}))
            known |= {device: _place(tree) for device, tree in devices.items()}
            self._write_devices(database, known)
        self._state[self._school] = known
        _write_state(state, self._state)

    def _merge(self, database: "duckdb.DuckDBPyConnection", table: Table, *, fresh: bool, erased: list[Erased]) -> None:
        place = self._folder / table.name / f"school={self._school}"
        if fresh and place.exists():
            shutil.rmtree(place)
        new: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(self._new.glob(f"{table.name}-*.csv")):
            new[path.stem.removeprefix(f"{table.name}-").rpartition("-")[0]].append(path)
        months = set(new)
        if erased and any(place.rglob("*.parquet")):
            pattern = _quoted(f"{_plain(place)}/*/*.parquet")
            months |= {
                str(month)
                for (month,) in database.execute(
                    f"SELECT DISTINCT month FROM read_parquet({pattern}, hive_partitioning = true, "  # noqa: S608
                    "hive_types_autocast = false) SEMI JOIN erased USING (device, entry)"
                ).fetchall()
            }
        for month in sorted(months):
            target = place / f"month={month}" / f"{table.name}.parquet"
            self._write_month(database, table, new.get(month, []), target)

    @staticmethod
    def _write_month(database: "duckdb.DuckDBPyConnection", table: Table, new: list[Path], target: Path) -> None:
        names = ", ".join(table.names)
        parts = []
        if target.exists():
            parts.append(f"SELECT {names} FROM read_parquet({_quoted(_plain(target))}, hive_partitioning = false)")  # noqa: S608
        if new:
            files = ", ".join(_quoted(_plain(path)) for path in new)
            columns = ", ".join(f"'{one.name}': '{_TYPES[one.of]}'" for one in table.columns)
            form = "header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', auto_detect = false"
            form += ", max_line_size = 262144, buffer_size = 2097152"  # the default reads 32 MB at a time
            parts.append(f"SELECT * FROM read_csv([{files}], {form}, columns = {{{columns}}})")  # noqa: S608
        _copy_to(
            database,
            f"SELECT {names} FROM ({' UNION ALL '.join(parts)}) ANTI JOIN erased USING (device, entry) "  # noqa: S608
            f"ORDER BY {', '.join(table.key)}",
            target,
        )

    def _write_devices(self, database: "duckdb.DuckDBPyConnection", known: Mapping[str, Mapping[str, Any]]) -> None:
        rows = [(device, one["entries"], one["root"], ",".join(one["edge"])) for device, one in sorted(known.items())]
        _make(database, "devices", ", ".join(_typed(one) for one in DEVICES.columns), rows)
        target = self._folder / DEVICES.name / f"school={self._school}" / f"{DEVICES.name}.parquet"
        _copy_to(database, "SELECT * FROM devices ORDER BY device", target)


def _place(tree: Frontier) -> dict[str, Any]:
    return {"entries": tree.size, "root": tree.root().hex(), "edge": [one.hex() for one in tree.hashes]}


def _typed(column: Column) -> str:
    return f"{column.name} {_TYPES[column.of]}"


def _make(database: "duckdb.DuckDBPyConnection", name: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
    database.execute(f"CREATE TEMP TABLE {name} ({columns})")
    if rows:
        database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608


def _copy_to(database: "duckdb.DuckDBPyConnection", rows: str, target: Path) -> None:
    """Write these rows into a Parquet file, replacing an existing one; durable on return."""
    make_folder(target.parent)
    draft = target.with_name(f".{target.name}.new")
    # Through a table, so that DuckDB's facts about a column (such as no NULL) come from its rows, not their source.
    database.execute(f"CREATE OR REPLACE TEMP TABLE sorted AS {rows}")
    database.execute(
        f"COPY sorted TO {_quoted(str(draft))} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_OF_A_GROUP}, PARQUET_VERSION v1)"
    )
    database.execute("DROP TABLE sorted")
    with draft.open("r+b") as file:
        sync_file(file.fileno())
    draft.replace(target)
    sync_folder(target.parent)


def _duckdb() -> "ModuleType":
    try:
        import duckdb
    except ImportError as fault:
        raise UsageError(f"An index in a folder needs DuckDB. To install it: {to_install('audit')}") from fault
    return duckdb


@contextlib.contextmanager
def _database(scratch: Path | None) -> Iterator["duckdb.DuckDBPyConnection"]:
    """A database in memory. With `scratch` it is for writing: one thread, little memory, the rest in that folder."""
    duckdb = _duckdb()
    settings: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": "false"}
    if scratch is not None:
        settings |= {"threads": 1, "memory_limit": "256MB", "temp_directory": str(scratch / "spilled")}
    database = duckdb.connect(":memory:", config=settings)
    try:
        database.execute("SET enable_progress_bar = false")  # it would go to standard output
        yield database
    except duckdb.Error as fault:
        what = str(fault).partition("\n")[0]
        raise RecordError(f"DuckDB could not read or write the index: {what}") from fault
    finally:
        database.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(path: Path) -> str:
    """A path that DuckDB takes literally and not as a pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def _read_state(path: Path, *, fresh: bool) -> _State:
    try:
        read = json.loads(path.read_bytes())
        if read["format"] != 1:
            raise UsageError(
                f"{path} was written by a newer version of photo-agent. Use that version, or another folder."
            )
        return {school: dict(devices) for school, devices in dict(read["schools"]).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, RecursionError) as fault:
        if fresh:
            return {}  # other schools are rebuilt by their next run
        raise _unreadable(path) from fault


def _unreadable(path: Path) -> RecordError:
    return RecordError(f"{path} cannot be understood. Run the command with --anew: the index is built from nothing.")


def _write_state(path: Path, schools: Mapping[str, Mapping[str, object]]) -> None:
    replace_file(path, json.dumps({"format": 1, "schools": schools}, indent=1, sort_keys=True).encode())
