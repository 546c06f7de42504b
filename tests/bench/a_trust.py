"""A share of many devices: files and time before and after gathering, the index of many entries, and their report.

    python -m tests.bench.a_trust share --devices 1000 --publications 400
    python -m tests.bench.a_trust index --entries 1000000
    python -m tests.bench.a_trust gaps --rows 10000000
    python -m tests.bench.a_trust seal --seals 100 800 8000

Times are those of the whole command, with Python's start and all processes that it starts; memory is the most that
these have resident together. With `--keep FOLDER`, `share` and `index` leave the records that they made there, and use
them again if they are there already: making takes longer than measuring. `--make` makes them and measures nothing.
"""

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from agent.record import Draft, EntryKind, Record
from agent.record.checkpoint import Checkpoint
from agent.record.entry import line_of
from agent.record.keys import LogKey
from agent.record.leaf import commit, leaf_line
from agent.record.note import sign_note
from agent.record.packed import pack
from agent.record.published import Part, origin, publication_name
from agent.record.tree import Frontier, leaf_hash
from tests.bench.a_long_record import draft
from tests.bench.measuring import Watch
from tests.unit.record.copies import append_short
from tests.unit.record.logkeys import key_of

BEGINNING = datetime(2025, 1, 1, 8, 0, tzinfo=UTC)


class Took(NamedTuple):
    """Seconds, those of the processor, and megabytes of a command."""

    seconds: float
    processor: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:>6.1f} s, {self.processor:>5.1f} s of processor, {self.memory:>5.0f} MB of memory"


def main() -> None:
    """Measure one thing."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["share", "index", "gaps", "seal"])
    options.add_argument("--devices", type=int)
    options.add_argument("--publications", type=int, default=400)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--seals", type=int, nargs="*", default=[100, 800, 8000])
    options.add_argument("--keep", type=Path, metavar="FOLDER")
    options.add_argument("--make", action="store_true")
    chosen = options.parse_args()
    if chosen.keep is not None:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="vpa-trust-", dir=chosen.keep))
    try:
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        {"share": share, "index": index, "gaps": gaps, "seal": seal}[chosen.what](home, chosen)
    finally:
        shutil.rmtree(home)


def drafts(count: int) -> Iterator[Draft]:
    """A heartbeat a day, as a laptop says that it is there."""
    for number in range(count):
        at = BEGINNING + timedelta(days=number)
        yield Draft(EntryKind.HEARTBEAT, {"version": "1.0.0", "waiting": 0}, f"heartbeat-{at:%Y-%m-%d}", at)


def publish(folder: Path, device: str, key: LogKey, batches: Iterator[list[Draft]]) -> None:
    """A device's publications, written as the agent makes them, but not synced one by one."""
    folder.mkdir(parents=True)
    tree = Frontier()
    for batch in batches:
        first, lines, leaves = tree.size, [], []
        for one in batch:
            line = line_of(one, device, tree.size)
            salt = hashlib.sha256(line).digest()
            data = commit(salt, line)
            tree.add(leaf_hash(data))
            lines.append(line + b"\n")
            leaves.append(leaf_line(data, salt))
        note = sign_note(Checkpoint(origin(device), tree.size, tree.root()).text, key)
        content = pack([(Part.CHECKPOINT, note.encode())], b"".join(leaves), b"".join(lines))
        (folder / publication_name(first, tree.size, tree.root())).write_bytes(content)


def share(home: Path, chosen: argparse.Namespace) -> None:
    """Many devices with many publications: files, bytes on disk, time to verify, before and after."""
    days = [[one] for one in drafts(chosen.publications)]
    made = records(home, chosen, chosen.devices or 100, chosen.publications, lambda: iter(days))
    if chosen.make:
        return
    where = made / "share", "--key", made / "keys", "--json"
    told("before", made, run(["log", "verify", *where]))
    witness = ["witness", made / "share", "--keys", made / "keys", "--state", home / "state", "--silence-days", "0"]
    told("witness --gather", made, run([*witness, "--gather", "--json"]))
    told("after", made, run(["log", "verify", *where]))
    if chosen.keep is not None:
        shutil.rmtree(made)  # it is gathered now


def records(
    home: Path, chosen: argparse.Namespace, devices: int, each: int, batches: Callable[[], Iterator[list[Draft]]]
) -> Path:
    """A folder with a share and its keys: so many entries of each of so many devices, made if they are not there."""
    made = (chosen.keep or home) / f"{chosen.what}-{devices}-{each}"
    if (made / "keys").exists():
        return made
    started, keys = time.perf_counter(), []
    shutil.rmtree(made, ignore_errors=True)
    for number in range(devices):
        device = f"laptop-{number:05}"
        key = key_of(device)
        keys.append(str(key.key))
        publish(made / "share" / "record" / device, device, key, batches())
    (made / "keys").write_text("\n".join(keys) + "\n")
    print(f"made in {time.perf_counter() - started:.0f} s")
    return made


def told(what: str, made: Path, measured: Took) -> None:
    """One line."""
    files = [path.stat() for path in (made / "share").rglob("*") if path.is_file()]
    disk = sum(about.st_blocks * 512 for about in files) / 1e6
    size = sum(about.st_size for about in files) / 1e6
    print(
        f"{what:>16}: {len(files):>8,} files, {size:>6.0f} MB on {disk:>6.0f} MB of disk; "
        f"{measured}; load {os.getloadavg()[0]:.1f}"
    )


def index(home: Path, chosen: argparse.Namespace) -> None:
    """So many entries of some devices, verified and indexed, and reported; then indexed again with nothing new."""
    devices = chosen.devices or 10
    each = chosen.entries // devices

    def batches() -> Iterator[list[Draft]]:
        return ([draft(n) for n in range(start, min(start + 500, each))] for start in range(0, each, 500))

    made = records(home, chosen, devices, each, batches)
    if chosen.make:
        return
    where = made / "share", "--keys", made / "keys", "--json"
    index, report = (["index", *where, "--to", home / "index"], ["report", *where, "--out", home / "report"])
    first, pages = run(index), run(report)
    both = Took(*map(sum, zip(first[:2], pages[:2], strict=True)), max(first.memory, pages.memory))
    for what, took in {"index": first, "report": pages, "together": both, "nothing new": run(index)}.items():
        print(f"{what:>12}: {took}; load {os.getloadavg()[0]:.1f}")
    size = sum(path.stat().st_size for path in (home / "index").rglob("*.parquet"))
    print(f"{size / chosen.entries:.0f} bytes a row")


def gaps(home: Path, chosen: argparse.Namespace) -> None:
    """Rows that DuckDB makes itself, in an index's places; then its gap check, and who was silent."""
    import duckdb

    from agent.audit.index import QUERIES
    from agent.audit.index.parquet import ParquetStore
    from agent.audit.index.tables import DEVICES, ENTRIES

    each = chosen.rows // 1000
    made = {
        "device": "'laptop-' || lpad(CAST(d AS VARCHAR), 5, '0')",
        "entry": "n",
        "hash": "sha256(CAST(d * 1000000 + n AS VARCHAR))",
        "kind": "CASE n % 3 WHEN 0 THEN 'heartbeat' WHEN 1 THEN 'transferred' ELSE 'removed' END",
        "recorded_at": f"TIMESTAMP '2025-01-01' + to_seconds(CAST(n AS BIGINT) * (31536000 // {each}))",
        "visit": "'visit-' || CAST(n // 500 AS VARCHAR)",
        "photo": "substr(sha256(CAST(n // 3 AS VARCHAR)), 1, 16)",
    }
    columns = ", ".join(f"{made.get(one.name, 'NULL')} AS {one.name}" for one in ENTRIES.columns)
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = false")
    for month in range(12):
        target = home / "index" / "entries" / "school=north" / f"month=2025-{month + 1:02}"
        target.mkdir(parents=True)
        first, last = each * month // 12, each * (month + 1) // 12
        database.execute(
            f"COPY (SELECT {columns} FROM range(1000) AS a(d), range({first}, {last}) AS b(n) ORDER BY d, n) "
            f"TO '{target}/entries.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    target = home / "index" / "devices" / "school=north"
    target.mkdir(parents=True)
    columns = f"{made['device']} AS device, {each} + CASE d WHEN 7 THEN 1 ELSE 0 END AS entries, '' AS root, '' AS edge"
    assert [one.name for one in DEVICES.columns] == ["device", "entries", "root", "edge"]
    database.execute(f"COPY (SELECT {columns} FROM range(1000) AS a(d)) TO '{target}/devices.parquet' (FORMAT parquet)")
    database.close()
    store = ParquetStore(home / "index", "north")
    for name in ("gaps", "silence", "devices", "visits", "months"):
        took = []
        for _ in range(3):
            started = time.perf_counter()
            answer = store.ask(QUERIES[name], {"days": 3})
            took.append(time.perf_counter() - started)
        print(f"{name:>10}: {statistics.median(took):.2f} s, {len(answer.rows)} rows; load {os.getloadavg()[0]:.1f}")


def seal(home: Path, chosen: argparse.Namespace) -> None:
    """How long a seal takes when there are this many already: in the process that made them, and in a new one."""
    for count in chosen.seals:
        record, signer = Record.open(home / f"state{count}", "laptop-17"), key_of("laptop-17")
        for _ in range(count):
            append_short(record, 1)
            record.seal(signer)
        took, opened = [], []
        for _ in range(21):
            append_short(record, 1)
            took.append(timed(record, signer))
        for _ in range(21):
            again = Record.open(home / f"state{count}", "laptop-17")
            append_short(again, 1)
            opened.append(timed(again, signer))
        print(
            f"{count:>6} seals: {statistics.median(took):.1f} ms, in a new process {statistics.median(opened):.1f} ms"
        )


def timed(record: Record, signer: LogKey) -> float:
    """Milliseconds of processor time: what a disk takes to sync is not ours."""
    started = time.process_time()
    record.seal(signer)
    return (time.process_time() - started) * 1e3


def run(words: list[object]) -> Took:
    """What a command takes, with all processes that it starts."""
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    watch = Watch(process.pid)
    _, said = process.communicate()
    seconds, now, (memory, _) = time.perf_counter() - started, os.times(), watch.end()
    if process.returncode:
        sys.exit(said[-2000:].decode())
    processor = now.children_user + now.children_system - before.children_user - before.children_system
    return Took(seconds, processor, memory / 1e6)


if __name__ == "__main__":
    main()
