"""A record of years: how long an append, a seal and `log verify` take, and in how much memory.

Of appends, each durable on return: the mean, the 95th percentile and the worst of 500, and the mean of nine first ones,
each by a run that knows nothing of the files yet.

Of 10,000, 100,000 and 1,000,000 entries as a run writes them (a transfer and its removal in turn), published as the
share would hold them, verified by the command in a process of its own, and reported by another.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from agent.record import Draft, EntryKind, Record
from agent.record.publish import to_publish
from tests.unit.record.bodies import AT, removed, transferred
from tests.unit.record.logkeys import key_of

BATCH = 1000
APPENDS = 500
FIRSTS = 9


def main() -> None:
    """Make, append, verify; a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--entries", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    chosen = options.parse_args()
    columns = (
        "entries",
        "MB",
        "append ms",
        "95 %",
        "worst",
        "first",
        "worst",
        "seal ms",
        "verify s",
        "MB",
        "report s",
        "MB",
    )
    print(*(f"{name:>9}" for name in columns))
    for entries in chosen.entries:
        home = Path(tempfile.mkdtemp(prefix="vpa-record-"))
        try:
            measure(home, entries)
        finally:
            shutil.rmtree(home)


def measure(home: Path, entries: int) -> None:
    """One line of the table."""
    signer = key_of("laptop-17")
    record = Record.open(home / "state", "laptop-17")
    for start in range(0, entries, BATCH):
        record.append_all([draft(number) for number in range(start, min(start + BATCH, entries))])
        record.seal(signer)
    # What a run begins with: it knows nothing of the files yet. Each writes one entry more.
    opened = [Record.open(home / "state", "laptop-17") for _ in range(FIRSTS)]
    first = [timed(lambda n=n, one=one: one.append_all([draft(entries + n)])) for n, one in enumerate(opened)]  # type: ignore[misc]
    again, start = opened[-1], entries + FIRSTS
    took = [timed(lambda n=n: again.append_all([draft(n)])) for n in range(start, start + APPENDS)]  # type: ignore[misc]
    sealed = timed(lambda: again.seal(signer))
    for publication in to_publish(again, 0):
        for outgoing in publication.delivery.files:
            path = home / "share" / outgoing.name
            path.parent.mkdir(parents=True, exist_ok=True)
            assert isinstance(outgoing.source, bytes)
            path.write_bytes(outgoing.source)
    size = sum(path.stat().st_size for path in (home / "share").rglob("*") if path.is_file())
    (home / "keys").write_text(f"{signer.key}\n")
    seconds, memory = verified(home)
    made, filled = reported(home)
    appends = (statistics.mean(took), sorted(took)[-len(took) // 20], max(took), statistics.mean(first), max(first))
    milliseconds = (f"{one * 1e3:>9.2f}" for one in (*appends, sealed))
    print(
        f"{entries:>9,} {size / 1e6:>9.0f}",
        *milliseconds,
        f"{seconds:>9.1f} {memory:>9.0f}",
        f"{made:>9.1f} {filled:>9.0f}",
    )


def verified(home: Path) -> tuple[float, float]:
    """Seconds and megabytes that `log verify` of the copy takes."""
    report, seconds, megabytes = measured("log", "verify", home / "share", "--key", home / "keys", "--json")
    assert report["whole"]
    return seconds, megabytes


def reported(home: Path) -> tuple[float, float]:
    """Seconds and megabytes that `report` takes to verify this record, add it up and write the pages."""
    words = ("report", home / "share", "--keys", home / "keys", "--out", home / "report", "--json")
    report, seconds, megabytes = measured(*words)
    assert (report["devices"], report["not_whole"]) == (1, [])
    return seconds, megabytes


def measured(*words: object) -> tuple[dict[str, object], float, float]:
    """What a command prints, the seconds that it took, and its most memory, in megabytes."""
    line = [sys.executable, "-c", MEASURED, *(str(word) for word in words)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    said, told = (json.loads(one) for one in done.stdout.splitlines())
    return said, told["seconds"], told["kilobytes"] / 1024


# The peak of this very process (Linux: VmHWM); what rusage says of a child counts its parent, too.
MEASURED = """
import json, sys, time
started = time.perf_counter()
from agent.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": time.perf_counter() - started, "kilobytes": int(peak.split()[1])}))
"""


def draft(number: int) -> Draft:
    """A transfer, or its removal."""
    photo, at = f"{number // 2:08x}", AT + timedelta(seconds=number)
    if number % 2:
        return Draft(EntryKind.REMOVED, removed(photo), f"{photo}-removed", at)
    return Draft(EntryKind.TRANSFERRED, transferred(photo), f"{photo}-transferred", at)


def timed(what: object) -> float:
    """Seconds."""
    started = time.perf_counter()
    what()  # type: ignore[operator]
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
