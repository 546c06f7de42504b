"""A share of many devices: files and time before and after gathering, and the index of many entries.

    python -m tests.bench.a_trust share --devices 1000 --publications 400
    python -m tests.bench.a_trust index --entries 1000000 [--kept FOLDER]
    python -m tests.bench.a_trust gaps --rows 10000000
    python -m tests.bench.a_trust seal --seals 100 800 8000

Each measured command is a process of its own; its peak is what Linux says of that process.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from tests.unit.record.copies import append_short
from tests.unit.record.logkeys import key_of

BEGINNING = datetime(2025, 1, 1, 8, 0, tzinfo=UTC)


def main() -> None:
    """Measure one thing."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["share", "index", "gaps", "seal"])
    options.add_argument("--devices", type=int, default=100)
    options.add_argument("--publications", type=int, default=400)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--kept", type=Path, help="where the records are, or are made and stay for the next time")
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--seals", type=int, nargs="*", default=[100, 800, 8000])
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="vpa-trust-"))
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
    started = time.perf_counter()
    keys = []
    for number in range(chosen.devices):
        device = f"laptop-{number:05}"
        key = key_of(device)
        keys.append(str(key.key))
        days = ([one] for one in drafts(chosen.publications))
        publish(home / "share" / "record" / device, device, key, days)
    (home / "keys").write_text("\n".join(keys) + "\n")
    print(f"made in {time.perf_counter() - started:.0f} s")
    told("before", home, run(["log", "verify", home / "share", "--key", home / "keys", "--json"]))
    witness = ["witness", home / "share", "--keys", home / "keys", "--state", home / "state", "--silence-days", "0"]
    told("witness --gather", home, run([*witness, "--gather", "--json"]))
    told("after", home, run(["log", "verify", home / "share", "--key", home / "keys", "--json"]))


def told(what: str, home: Path, measured: tuple[float, float, float]) -> None:
    """One line."""
    files = [path.stat() for path in (home / "share").rglob("*") if path.is_file()]
    disk = sum(about.st_blocks * 512 for about in files) / 1e6
    size = sum(about.st_size for about in files) / 1e6
    print(
        f"{what:>16}: {len(files):>8,} files, {size:>6.0f} MB on {disk:>6.0f} MB of disk; "
        f"{measured[0]:>6.1f} s, {measured[1]:>5.1f} s of processor, {measured[2]:>5.0f} MB of memory; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def index(home: Path, chosen: argparse.Namespace) -> None:
    """So many entries of ten devices: indexed and reported at once, as IT's machine may do it each night; indexed
    alone; and then again with nothing new.
    """
    made = chosen.kept or home
    if not (made / "keys").exists():
        _entries_of_ten(made, chosen.entries)
    indexing = ["index", made / "share", "--keys", made / "keys", "--json", "--to"]
    reporting = ["report", made / "share", "--keys", made / "keys", "--json", "--out", home / "report"]
    started = time.perf_counter()
    both = [start([*indexing, home / "beside"]), start(reporting)]
    done = [finish(one) for one in both]
    print(
        f"index and report at once: {time.perf_counter() - started:.1f} s, {sum(one[1] for one in done):.1f} s of "
        f"processor, {sum(one[2] for one in done):.0f} MB of memory; load {os.getloadavg()[0]:.1f}"
    )
    for what, words in (("index", [*indexing, home / "index"]), ("nothing new", [*indexing, home / "index"])):
        seconds, processor, memory = run(words)
        size = sum(path.stat().st_size for path in (home / "index").rglob("*.parquet"))
        print(
            f"{what:>12}: {seconds:.1f} s, {processor:.1f} s of processor, {memory:.0f} MB of memory, "
            f"{size / chosen.entries:.0f} bytes a row; load {os.getloadavg()[0]:.1f}"
        )


def _entries_of_ten(home: Path, entries: int) -> None:
    each, keys = entries // 10, []
    for number in range(10):
        device = f"laptop-{number:05}"
        keys.append(str(key_of(device).key))
        batches = ([draft(n) for n in range(start, min(start + 500, each))] for start in range(0, each, 500))
        publish(home / "share" / "record" / device, device, key_of(device), batches)
    (home / "keys").write_text("\n".join(keys) + "\n")


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


def run(words: list[object]) -> tuple[float, float, float]:
    """Seconds, those of the processor, and megabytes of a command."""
    return finish(start(words))


def start(words: list[object]) -> "subprocess.Popen[str]":
    """A command in a process of its own."""
    line = [sys.executable, "-c", MEASURED, *map(str, words)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> tuple[float, float, float]:
    """Wait for it; as `run`."""
    said, faults = process.communicate()
    if process.returncode:
        sys.exit(said[-2000:] + faults[-2000:])
    last = json.loads(said.splitlines()[-1])
    return last["seconds"], last["processor"], last["kilobytes"] / 1024


MEASURED = """
import json, sys, time
started = time.perf_counter()
from agent.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
seconds, processor = time.perf_counter() - started, time.process_time()
print(json.dumps({"seconds": seconds, "processor": processor, "kilobytes": int(peak.split()[1])}))
"""


if __name__ == "__main__":
    main()
